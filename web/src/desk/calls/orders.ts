import { idempotent, unwrap, type Page } from '@client/index'
import type { components } from '@client/schema'
import { api } from '../api'

type Schemas = components['schemas']
export type OrderRow = Schemas['DeskRow']
export type OrderDetail = Schemas['DeskDetail']
export type OrderEvent = Schemas['DeskEvent']
export type GivenBack = Schemas['PaymentGivenBack']
export type FullAddress = Schemas['OrderAddressView']
export type OrderStatus = OrderRow['status']

export const orderStatuses = ['pending_payment', 'paid', 'fulfilling', 'completed', 'refunding', 'refunded', 'cancelled'] as const satisfies readonly OrderStatus[]

export type OrderFilter = Record<'status' | 'q' | 'merchant' | 'room' | 'from' | 'to', string>

const at = (id: string) => ({ params: { path: { id } } })

const queryOf = (f: OrderFilter) => ({
  status: (f.status || undefined) as OrderStatus | undefined,
  q: f.q || undefined,
  merchant: f.merchant || undefined,
  room: f.room || undefined,
  from: f.from || undefined,
  to: f.to || undefined,
})

export const listOrders = (f: OrderFilter, cursor?: string, limit = 50): Promise<Page<OrderRow>> =>
  unwrap(api.http.GET('/shop/orders', { params: { query: { ...queryOf(f), cursor, limit } } }))

export const exportOrders = (f: OrderFilter) => api.http.GET('/shop/orders/export', { params: { query: queryOf(f) }, parseAs: 'blob' })

export const getOrder = (id: string): Promise<OrderDetail> => unwrap(api.http.GET('/shop/orders/{id}', at(id)))

export const revealAddress = (id: string, reason: string): Promise<{ address: FullAddress }> =>
  unwrap(api.http.POST('/shop/orders/{id}/reveal', { ...at(id), body: { reason } }))

/** Sends an order off, or corrects what was written of an order on its way. */
export const shipOrder = (id: string, carrier: string, trackingNo: string, again: boolean): Promise<OrderDetail> => {
  const body = { carrier, tracking_no: trackingNo }
  return unwrap(again ? api.http.PUT('/shop/orders/{id}/shipment', { ...at(id), body }) : api.http.POST('/shop/orders/{id}/ship', { ...at(id), body }))
}

export const completeOrder = (id: string): Promise<OrderDetail> => unwrap(api.http.POST('/shop/orders/{id}/complete', at(id)))

export const cancelOrder = (id: string, reason: string): Promise<OrderDetail> =>
  unwrap(api.http.POST('/shop/orders/{id}/cancel', { ...at(id), body: { reason } }))

export const quoteRefund = (id: string, fen: number): Promise<GivenBack> =>
  unwrap(api.http.GET('/shop/orders/{id}/refund-quote', { params: { path: { id }, query: { amount_fen: fen } } }))

export const refundOrder = (id: string, fen: number, reason: string, key: string): Promise<unknown> =>
  unwrap(api.http.POST('/shop/orders/{id}/refunds', { params: { path: { id }, ...idempotent(key) }, body: { amount_fen: fen, reason } }))

export const shopMerchants = (): Promise<Page<{ id: string; name: string }>> =>
  unwrap(api.http.GET('/shop/merchants', { params: { query: { limit: 100 } } }))
