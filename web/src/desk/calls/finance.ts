import {
  unwrap,
  type Channel,
  type MoneyException,
  type Page,
  type Payout,
  type Reconciliation,
  type Resolution,
  type Settlement,
  type SettlementSheet,
  type SettlementStatus,
  type StatementUpload,
  type TrialBalance,
} from '@client/index'
import { api } from '../api'

const at = (id: string) => ({ params: { path: { id } } })

export function listSettlements(date: string, status: SettlementStatus | '', cursor?: string): Promise<Page<Settlement>> {
  return unwrap(
    api.http.GET('/settlements', {
      params: { query: { date: date || undefined, status: status || undefined, cursor, limit: 50 } },
    }),
  )
}

/** A merchant's newest settlements. */
export function settlementsOf(merchant: string): Promise<Page<Settlement>> {
  return unwrap(api.http.GET('/settlements', { params: { query: { merchant, limit: 100 } } }))
}

export function getSettlement(id: string): Promise<Settlement> {
  return unwrap(api.http.GET('/settlements/{id}', at(id)))
}

/** With what the printed statement says besides. */
export function getSheet(id: string): Promise<SettlementSheet> {
  return unwrap(api.http.GET('/settlements/{id}/sheet', at(id)))
}

/** Closes a business date; the days before it that are open close with it. */
export function runSettlements(date: string): Promise<{ items: Settlement[] }> {
  return unwrap(api.http.POST('/settlements/run', { body: { date } }))
}

export function submitSettlement(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/settlements/{id}/submit', at(id)))
}

export function withdrawSettlement(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/settlements/{id}/withdraw', at(id)))
}

export function approveSettlement(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/settlements/{id}/approve', at(id)))
}

export function rejectSettlement(id: string, reason: string): Promise<unknown> {
  return unwrap(api.http.POST('/settlements/{id}/reject', { ...at(id), body: { reason } }))
}

/** A settlement's lines as a file, for `download`. */
export function settlementFile(id: string, format: 'csv' | 'xlsx') {
  return api.http.GET('/settlements/{id}/file', {
    params: { path: { id }, query: { format } },
    parseAs: 'blob',
  })
}

export function listReconciliations(date: string, cursor?: string): Promise<Page<Reconciliation>> {
  return unwrap(api.http.GET('/reconciliations', { params: { query: { date: date || undefined, cursor, limit: 50 } } }))
}

export function listExceptions(reconciliation: string, cursor?: string): Promise<Page<MoneyException>> {
  return unwrap(
    api.http.GET('/reconciliations/{id}/exceptions', {
      params: { path: { id: reconciliation }, query: { cursor, limit: 50 } },
    }),
  )
}

export interface WorkFilter {
  status: string
  kind: string
  owner: string
  date: string
}

export function listWork(f: WorkFilter, cursor?: string): Promise<Page<MoneyException>> {
  const query = { status: f.status || undefined, kind: f.kind || undefined, owner: f.owner || undefined, date: f.date || undefined, cursor, limit: 50 }
  return unwrap(api.http.GET('/exceptions', { params: { query: query as never } }))
}

export function takeException(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/exceptions/{id}/take', at(id)))
}

export function releaseException(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/exceptions/{id}/release', at(id)))
}

export function confirmException(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/exceptions/{id}/confirm', at(id)))
}

export function withdrawResolution(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/exceptions/{id}/withdraw', at(id)))
}

export function declineException(id: string, reason: string): Promise<unknown> {
  return unwrap(api.http.POST('/exceptions/{id}/decline', { ...at(id), body: { reason } }))
}

/** Asks the gateway for a date's statement now; what is wrong with the file stands in the answer. */
export function runReconciliation(date: string, channel: Channel): Promise<Reconciliation> {
  return unwrap(api.http.POST('/reconciliations/run', { body: { date, channel } }))
}

const partSize = 1 << 20

/** Brings a statement in parts; one that is not whole is refused with a reason. */
export async function uploadStatement(date: string, channel: Channel, file: File): Promise<StatementUpload> {
  const { id } = await unwrap<StatementUpload>(api.http.POST('/statements', { body: { date, channel, name: file.name } }))
  for (let no = 1, from = 0; from < file.size; no++, from += partSize) {
    await unwrap(
      api.http.PUT('/statements/{id}/parts/{no}', {
        params: { path: { id, no } },
        body: file.slice(from, from + partSize) as never,
        bodySerializer: (b: unknown) => b as Blob,
        headers: { 'Content-Type': 'text/csv' },
      }),
    )
  }
  return unwrap(api.http.POST('/statements/{id}/end', at(id)))
}

export function getPayout(id: string): Promise<Payout> {
  return unwrap(api.http.GET('/payouts/{id}', at(id)))
}

export function retryPayout(id: string): Promise<Payout> {
  return unwrap(api.http.POST('/payouts/{id}/retry', at(id)))
}

export function resolveException(id: string, resolution: Resolution, comment: string): Promise<MoneyException> {
  return unwrap(api.http.POST('/exceptions/{id}/resolve', { ...at(id), body: { resolution, comment } }))
}

export function getTrialBalance(date: string): Promise<TrialBalance> {
  return unwrap(api.http.GET('/ledger/trial-balance', { params: { query: { date: date || undefined } } }))
}
