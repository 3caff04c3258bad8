import type { OwnCoupon } from '@client/index'

/** Goods as coupons look at them. */
export interface Goods {
  sku: string
  merchant: string
  amountFen: number
}

/** How many coupons an order takes. */
export const mostCoupons = 5

/**
 * Why a coupon cannot be used for the goods, as the server's code, or '' where
 * the rules that the coupon itself states let it. Before an order is placed; the
 * server decides and works out the amounts.
 */
export function whyNot(coupon: OwnCoupon, goods: Goods[], now: number): string {
  if (Date.parse(coupon.use_starts_at) > now) return 'coupon.not_yet'
  if (Date.parse(coupon.expires_at) <= now) return 'coupon.expired'
  const covered = goods.filter((g) => covers(coupon, g))
  if (covered.length === 0) return 'coupon.scope'
  return lacking(coupon, goods) > 0 ? 'coupon.threshold' : ''
}

/** What the goods that the coupon is for lack of its threshold. */
export function lacking(coupon: OwnCoupon, goods: Goods[]): number {
  const sum = goods.filter((g) => covers(coupon, g)).reduce((total, g) => total + g.amountFen, 0)
  return Math.max(coupon.threshold_fen - sum, 0)
}

const covers = (coupon: OwnCoupon, goods: Goods): boolean =>
  (!coupon.merchant_id || coupon.merchant_id === goods.merchant) && (!coupon.sku_ids?.length || coupon.sku_ids.includes(goods.sku))

/** Whether a coupon cannot join those chosen: one instant discount, and one exclusive coupon or several stackable ones. */
export function clashes(coupon: OwnCoupon, chosen: OwnCoupon[]): boolean {
  const others = chosen.filter((c) => c.id !== coupon.id && c.kind === coupon.kind)
  if (coupon.kind === 'instant') return others.length > 0
  return others.length > 0 && (coupon.stacking === 'exclusive' || others.some((c) => c.stacking === 'exclusive'))
}

/** The coupons that fit, the one that may take most off first. */
export function fitting(coupons: OwnCoupon[], goods: Goods[], now: number): OwnCoupon[] {
  return coupons.filter((c) => !whyNot(c, goods, now)).sort((a, b) => b.amount_fen - a.amount_fen)
}
