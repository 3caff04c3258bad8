import type { OwnCoupon } from '@client/index'
import { useFormat } from '@shared/useFormat'

/** What a coupon asks for, in words; the same at the room, the till and in the list. */
export function useCouponWords() {
  const { t, te } = useI18n()
  const { money, dateTime } = useFormat()

  const threshold = (fen: number): string => (fen > 0 ? t('coupon.over', { sum: money(fen) }) : t('coupon.any'))
  /** `621799、622599`, or '' where any card will do. */
  const cards = (bins: string[] | null): string => (bins?.length ? t('coupon.cards', { bins: bins.join(t('coupon.and')) }) : '')

  return {
    threshold,
    cards,
    /** All that must be so for the coupon to count, beyond its threshold. */
    needs(coupon: OwnCoupon): string[] {
      const scope = coupon.sku_ids?.length ? t('coupon.scope.goods') : coupon.merchant_id ? t('coupon.scope.merchant') : t('coupon.scope.all')
      return [scope, cards(coupon.bins), coupon.kind === 'coupon' ? t(`coupon.stacking.${coupon.stacking}`) : ''].filter(Boolean)
    },
    /** Why it cannot be used, by the server's code. */
    why: (code: string): string => (te(`coupon.why.${code.replace('coupon.', '')}`) ? t(`coupon.why.${code.replace('coupon.', '')}`) : t('coupon.why.other')),
    until: (coupon: OwnCoupon): string => t('coupon.until', { time: dateTime(coupon.expires_at) }),
  }
}
