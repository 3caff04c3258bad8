import { idempotent, unwrap, type ContractMerchant, type MerchantChange, type MerchantDetails, type MerchantInvoice, type NewChange, type Page } from '@client/index'
import { api } from '../api'

const at = (id: string) => ({ params: { path: { id } } })

export function listMerchants(q: string, cursor?: string): Promise<Page<ContractMerchant>> {
  return unwrap(api.http.GET('/merchants', { params: { query: { q: q || undefined, cursor, limit: 50 } } })) as Promise<Page<ContractMerchant>>
}

/** The list as CSV, for `download`. */
export const exportMerchants = (q: string) => api.http.GET('/merchants/export', { params: { query: { q: q || undefined } }, parseAs: 'blob' })

export function getMerchant(id: string): Promise<MerchantDetails> {
  return unwrap(api.http.GET('/merchants/{id}', at(id))) as Promise<MerchantDetails>
}

export function listChanges(cursor?: string): Promise<Page<MerchantChange>> {
  return unwrap(api.http.GET('/merchants/changes', { params: { query: { status: 'proposed', cursor, limit: 50 } } })) as Promise<Page<MerchantChange>>
}

export function proposeChange(body: NewChange, key: string): Promise<unknown> {
  return unwrap(api.http.POST('/merchants/changes', { params: { ...idempotent(key) }, body }))
}

export function approveChange(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/merchants/changes/{id}/approve', at(id)))
}

export function withdrawChange(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/merchants/changes/{id}/withdraw', at(id)))
}

export function rejectChange(id: string, reason: string): Promise<unknown> {
  return unwrap(api.http.POST('/merchants/changes/{id}/reject', { ...at(id), body: { reason } }))
}

export function revealAccount(id: string, reason: string): Promise<{ number: string }> {
  return unwrap(api.http.POST('/merchants/accounts/{id}/reveal', { ...at(id), body: { reason } }))
}

export function listInvoices(merchant: string): Promise<Page<MerchantInvoice>> {
  return unwrap(api.http.GET('/invoices', { params: { query: { merchant, limit: 50 } } })) as Promise<Page<MerchantInvoice>>
}

export function requestInvoice(settlement: string, kind: MerchantInvoice['kind']): Promise<unknown> {
  return unwrap(api.http.POST('/settlements/{id}/invoices', { ...at(settlement), body: { kind } }))
}

export function receiveInvoice(id: string, number: string, amount_fen: number, issued_on: string): Promise<unknown> {
  return unwrap(api.http.POST('/invoices/{id}/receive', { ...at(id), body: { number, amount_fen, issued_on } }))
}

export function matchInvoice(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/invoices/{id}/match', at(id)))
}

export function listCategories(): Promise<{ items: { id: string; name: string }[] }> {
  return unwrap(api.http.GET('/categories')) as Promise<{ items: { id: string; name: string }[] }>
}
