import { unwrap, type ContractMerchant, type MerchantInvoice, type MerchantTerms, type Page, type Payout, type Settlement } from '@client/index'
import type { components } from '@client/schema'
import { api } from '../api'
import type { FullAddress } from './orders'

/** What a merchant's own account sees: all of it is its own. */
export interface OwnContract extends ContractMerchant {
  history: MerchantTerms[]
}

export function getContract(): Promise<OwnContract> {
  return unwrap(api.http.GET('/my/contract')) as Promise<OwnContract>
}

export function listStatements(date: string, cursor?: string): Promise<Page<Settlement>> {
  return unwrap(api.http.GET('/my/settlements', { params: { query: { date: date || undefined, cursor, limit: 50 } } }))
}

export function getStatement(id: string): Promise<Settlement> {
  return unwrap(api.http.GET('/my/settlements/{id}', { params: { path: { id } } }))
}

/** One with its lines as a file, for `download`. */
export function statementFile(id: string, format: 'csv' | 'xlsx') {
  return api.http.GET('/my/settlements/{id}/file', { params: { path: { id }, query: { format } }, parseAs: 'blob' })
}

export function listPayouts(cursor?: string): Promise<Page<Payout>> {
  return unwrap(api.http.GET('/my/payouts', { params: { query: { cursor, limit: 20 } } }))
}

export function listInvoices(cursor?: string): Promise<Page<MerchantInvoice>> {
  return unwrap(api.http.GET('/my/invoices', { params: { query: { cursor, limit: 20 } } })) as Promise<Page<MerchantInvoice>>
}

/** An order as its merchant sees it: the merchant's own lines of it. */
export type OwnOrder = components['schemas']['DeskPart']
export const ownStages = ['to_ship', 'shipped', 'completed', 'returned'] as const
export type OwnStage = (typeof ownStages)[number]
export type OwnFilter = Record<'stage' | 'q' | 'from' | 'to', string>

const at = (id: string) => ({ params: { path: { id } } })
const picked = (f: OwnFilter) => ({ q: f.q || undefined, from: f.from || undefined, to: f.to || undefined })

export const listOwnOrders = (f: OwnFilter, cursor?: string): Promise<Page<OwnOrder>> =>
  unwrap(api.http.GET('/my/orders', { params: { query: { ...picked(f), stage: (f.stage || undefined) as OwnStage | undefined, cursor, limit: 50 } } }))

export const getOwnOrder = (id: string): Promise<OwnOrder> => unwrap(api.http.GET('/my/orders/{id}', at(id)))

export const revealOwn = (id: string, reason: string): Promise<{ address: FullAddress }> =>
  unwrap(api.http.POST('/my/orders/{id}/reveal', { ...at(id), body: { reason } }))

/** Sends an order off, or corrects what was written of one on its way. */
export const shipOwn = (id: string, carrier: string, trackingNo: string, again: boolean): Promise<OwnOrder> => {
  const body = { carrier, tracking_no: trackingNo }
  return unwrap(again ? api.http.PUT('/my/orders/{id}/shipment', { ...at(id), body }) : api.http.POST('/my/orders/{id}/ship', { ...at(id), body }))
}

/** What is to be shipped, with the addresses in clear, for `download`. */
export const exportToShip = (f: OwnFilter, reason: string) =>
  api.http.POST('/my/orders/export', { params: { query: picked(f) }, body: { reason }, parseAs: 'blob' })
