import { unwrap, type ContractMerchant, type MerchantInvoice, type MerchantTerms, type Page, type Payout, type Settlement } from '@client/index'
import { api } from '../api'

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
