import { idempotent, unwrap, type Address, type Order, type OrderStatus, type Page, type Payment } from '@client/index'
import { api } from '../api'

export interface FlashOrder {
  quantity: number
  address?: Address
  room_id?: string
}

export interface PlainOrder {
  items: { sku_id: string; quantity: number }[]
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

export function getOrder(id: string): Promise<Order> {
  return unwrap(api.http.GET('/orders/{id}', { params: { path: { id } } }))
}

export async function payOrder(
  id: string,
  body: { method: 'cashier' | 'bound_card'; card_id?: string },
  key: string,
): Promise<Payment> {
  const answer = await unwrap<{ payment: Payment }>(
    api.http.POST('/orders/{id}/pay', { params: { path: { id }, ...idempotent(key) }, body }),
  )
  return answer.payment
}

export function cancelOrder(id: string): Promise<Order> {
  return unwrap(api.http.POST('/orders/{id}/cancel', { params: { path: { id } } }))
}

export function askRefund(id: string, amountFen: number, reason: string, key: string): Promise<unknown> {
  return unwrap(
    api.http.POST('/orders/{id}/refunds', {
      params: { path: { id }, ...idempotent(key) },
      body: { amount_fen: amountFen, reason },
    }),
  )
}
