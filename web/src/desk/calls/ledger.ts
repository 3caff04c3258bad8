import {
  idempotent,
  unwrap,
  type FinanceDay,
  type FinanceSum,
  type LedgerEntry,
  type LedgerEntryDetail,
  type LedgerEvent,
  type LedgerPosting,
  type LedgerProposal,
  type Page,
  type Promised,
  type SumsBy,
} from '@client/index'
import { api } from '../api'

const at = (id: string) => ({ params: { path: { id } } })

export function getDay(date: string): Promise<FinanceDay> {
  return unwrap(api.http.GET('/finance/day', { params: { query: { date } } })) as Promise<FinanceDay>
}

export function getSums(by: SumsBy, from: string, to: string): Promise<{ items: FinanceSum[] }> {
  return unwrap(api.http.GET('/finance/report', { params: { query: { by, from, to } } })) as Promise<{ items: FinanceSum[] }>
}

/** The same as a file, for `download`. */
export function sumsFile(by: SumsBy, from: string, to: string) {
  return api.http.GET('/finance/report/file', { params: { query: { by, from, to } }, parseAs: 'blob' })
}

/** A funder's bill line by line, for `download`. */
export function billFile(funder: 'bank' | 'platform', from: string, to: string) {
  return api.http.GET('/finance/bill/file', { params: { query: { funder, from, to } }, parseAs: 'blob' })
}

export function getPromised(): Promise<{ items: Promised[] }> {
  return unwrap(api.http.GET('/finance/promised')) as Promise<{ items: Promised[] }>
}

export interface EntryFilter {
  date: string
  account: string
  event: string
  ref: string
  order: string
}

export function listEntries(f: EntryFilter, cursor?: string): Promise<Page<LedgerEntry>> {
  return unwrap(
    api.http.GET('/ledger/entries', {
      params: {
        query: {
          date: f.date || undefined,
          account: f.account || undefined,
          event: (f.event || undefined) as LedgerEvent | undefined,
          ref: f.ref || undefined,
          order: f.order || undefined,
          cursor,
          limit: 50,
        },
      },
    }),
  ) as Promise<Page<LedgerEntry>>
}

export function getEntry(id: string): Promise<LedgerEntryDetail> {
  return unwrap(api.http.GET('/ledger/entries/{id}', at(id))) as Promise<LedgerEntryDetail>
}

export function proposeReversal(id: string, reason: string, key: string): Promise<unknown> {
  return unwrap(api.http.POST('/ledger/entries/{id}/reverse', { params: { path: { id }, ...idempotent(key) }, body: { reason } }))
}

export function proposeAdjustment(postings: LedgerPosting[], reason: string, key: string): Promise<unknown> {
  return unwrap(api.http.POST('/ledger/adjustments', { params: { ...idempotent(key) }, body: { postings, reason } }))
}

export function listProposals(status: string, cursor?: string): Promise<Page<LedgerProposal>> {
  return unwrap(
    api.http.GET('/ledger/proposals', {
      params: { query: { status: (status || undefined) as LedgerProposal['status'] | undefined, cursor, limit: 50 } },
    }),
  ) as Promise<Page<LedgerProposal>>
}

export function approveProposal(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/ledger/proposals/{id}/approve', at(id)))
}

export function withdrawProposal(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/ledger/proposals/{id}/withdraw', at(id)))
}

export function rejectProposal(id: string, reason: string): Promise<unknown> {
  return unwrap(api.http.POST('/ledger/proposals/{id}/reject', { ...at(id), body: { reason } }))
}
