import {
  idempotent, unwrap, type Address, type InstalmentQuote, type Order, type OrderStatus, type OwnOrder, type Page, type PayChannel, type Payment,
} from '@client/index'
import { api } from '../api'

export interface FlashOrder {
  quantity: number
  address?: Address
  room_id?: string
}

export interface PlainOrder {
  items: { sku_id: string; quantity: number }[]
  coupon_ids?: string[]
  address?: Address
  room_id?: string
}

/** Takes part in a flash sale; the same key asks for the same verdict again. */
export function orderFlash(id: string, body: FlashOrder, key: string): Promise<Order> {
  return unwrap(api.http.POST('/flash/{id}/orders', { params: { path: { id }, ...idempotent(key) }, body }))
}

export function placeOrder(body: PlainOrder, key: string): Promise<Order> {
  return unwrap(api.http.POST('/orders', { params: { ...idempotent(key) }, body }))
}

export function listOrders(status: OrderStatus | '', cursor?: string): Promise<Page<Order>> {
  return unwrap(api.http.GET('/orders', { params: { query: { status: status || undefined, cursor, limit: 20 } } }))
}

export function getOrder(id: string): Promise<OwnOrder> {
  return unwrap(api.http.GET('/orders/{id}', { params: { path: { id } } }))
}

/** How an order is to be paid: at a channel's cashier, or by a bound card, in terms where it is the bank's own. */
export interface PayWish {
  method: 'cashier' | 'bound_card'
  channel?: PayChannel
  card_id?: string
  instalments?: number
}

export async function payOrder(id: string, body: PayWish, key: string): Promise<Payment> {
  const answer = await unwrap<{ payment: Payment }>(
    api.http.POST('/orders/{id}/pay', { params: { path: { id }, ...idempotent(key) }, body }),
  )
  return answer.payment
}

/** Whose cashiers there are; the bank's own first. */
export async function payChannels(): Promise<PayChannel[]> {
  const answer = await unwrap<{ items: PayChannel[] | null }>(api.http.GET('/payment-channels'))
  return answer.items ?? []
}

export function cancelOrder(id: string): Promise<Order> {
  return unwrap(api.http.POST('/orders/{id}/cancel', { params: { path: { id } } }))
}

/** Says that one has it. */
export function confirmOrder(id: string): Promise<OwnOrder> {
  return unwrap(api.http.POST('/orders/{id}/confirm', { params: { path: { id } } }))
}

/** Replaces the coupons of an unpaid order; none takes its discounts off. */
export function setCoupons(id: string, coupons: string[]): Promise<Order> {
  return unwrap(api.http.PUT('/orders/{id}/coupons', { params: { path: { id } }, body: { coupon_ids: coupons } }))
}

export function quoteInstalments(id: string): Promise<InstalmentQuote> {
  return unwrap(api.http.GET('/orders/{id}/instalments', { params: { path: { id } } }))
}

export function askRefund(id: string, amountFen: number, reason: string, key: string): Promise<unknown> {
  return unwrap(
    api.http.POST('/orders/{id}/refunds', {
      params: { path: { id }, ...idempotent(key) },
      body: { amount_fen: amountFen, reason },
    }),
  )
}
