import type { Address, Order, Product } from './types'

/** The shop as its viewers see it, beyond orders. */

export type Funder = 'bank' | 'merchant' | 'platform'
export type CouponKind = 'instant' | 'coupon'
export type CouponStatus = 'granted' | 'reserved' | 'used' | 'expired'

/** How a coupon, used alone, fits an order; `why_not` is a code, empty when it fits. */
export interface CouponFit {
  takes_off_fen: number
  why_not: string
}

/** A coupon of one's own. */
export interface OwnCoupon {
  id: string
  batch_id: string
  status: CouponStatus
  kind: CouponKind
  title: string
  amount_fen: number
  threshold_fen: number
  funded_by: Funder
  /** Whose goods alone it is for. */
  merchant_id: string | null
  /** What it is for; empty for all goods. */
  sku_ids: string[] | null
  /** First digits of the bound cards that an instant discount is paid by. */
  bins: string[] | null
  stacking: 'exclusive' | 'stackable'
  order_id: string | null
  use_starts_at: string
  expires_at: string
  /** Where an order was named. */
  for_order: CouponFit | null
}

/** A batch that a room's viewers may claim of. */
export interface CouponOffer {
  batch_id: string
  kind: CouponKind
  title: string
  amount_fen: number
  threshold_fen: number
  bins: string[] | null
  sold_out: boolean
  ends_at: string
}

export type VoucherStatus = 'issued' | 'redeemed' | 'void' | 'expired'

export interface Voucher {
  id: string
  order_id: string
  title: string
  spec: string
  code: string
  status: VoucherStatus
  value_fen: number
  issued_at: string
  valid_until_at: string
  redeemed_at: string | null
}

/** An address of one's book: masked in the list, in clear where the one is read. */
export interface BookedAddress extends Address {
  id: string
  default: boolean
  created_at: string
}

export interface Branch {
  id: string
  /** null for one directly under the bank. */
  parent_id: string | null
  name: string
}

/** A product with what the shop's own page shows of it. */
export interface ShopProduct extends Product {
  category: string
  /** Shown to this branch's viewers only; null for all. */
  branch_id: string | null
  /** How long a voucher is good for. */
  valid_days: number | null
}

export interface Shipment {
  carrier: string
  tracking_no: string
  shipped_at: string
}

export interface PaymentTaken {
  id: string
  method: 'cashier' | 'bound_card'
  amount_fen: number
  status: 'created' | 'pending' | 'succeeded' | 'failed'
  created_at: string
  paid_at: string | null
}

export interface RefundGiven {
  id: string
  payment_id: string
  amount_fen: number
  status: 'pending' | 'succeeded' | 'failed'
  cause: string
  reason: string
  created_at: string
  done_at: string | null
}

/** An order; what stands here beyond it is there where the one order is read. */
export interface OwnOrder extends Order {
  /** Masked; null for vouchers. */
  address?: Address | null
  shipment?: Shipment | null
  completed_at?: string | null
  payments?: PaymentTaken[] | null
  refunds?: RefundGiven[] | null
}

export interface InstalmentPlan {
  terms: number
  per_term_fen: number[]
  fee_fen: number
  total_fen: number
  annual_rate_bps: number
}

export interface InstalmentQuote {
  amount_fen: number
  plans: InstalmentPlan[] | null
  /** The highest of the plans; shown wherever instalments are offered. */
  highest_annual_rate_bps: number
}

export type PayChannel = 'bankbox' | 'wechatpay'
