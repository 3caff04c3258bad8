import { idempotent, unwrap, type CouponDrop, type CouponOffer, type CouponStatus, type OwnCoupon, type Page } from '@client/index'
import { api } from '../api'

/** One's coupons of a status; where an order is named, each tells how it fits. */
export function listCoupons(status: CouponStatus, cursor?: string, order?: string): Promise<Page<OwnCoupon>> {
  return unwrap(api.http.GET('/coupons', { params: { query: { status, cursor, order_id: order, limit: 50 } } }))
}

export interface RoomOffers {
  batches: CouponOffer[] | null
  drops: CouponDrop[] | null
}

export function getOffers(room: string): Promise<RoomOffers> {
  return unwrap(api.http.GET('/rooms/{id}/coupons', { params: { path: { id: room } } }))
}

/** Claims of a batch; the same key asks for the same coupon again. */
export function claimOffer(batch: string, key: string): Promise<OwnCoupon> {
  return unwrap(api.http.POST('/coupons/claims', { params: { ...idempotent(key) }, body: { batch_id: batch } }))
}
