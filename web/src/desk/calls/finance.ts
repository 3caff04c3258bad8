import {
  unwrap,
  type MoneyException,
  type Page,
  type Reconciliation,
  type Resolution,
  type Settlement,
  type SettlementStatus,
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

export function getSettlement(id: string): Promise<Settlement> {
  return unwrap(api.http.GET('/settlements/{id}', at(id)))
}

/** Closes a business date; the days before it that are open close with it. */
export function runSettlements(date: string): Promise<{ items: Settlement[] }> {
  return unwrap(api.http.POST('/settlements/run', { body: { date } }))
}

export function submitSettlement(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/settlements/{id}/submit', at(id)))
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

export function resolveException(id: string, resolution: Resolution, comment: string): Promise<unknown> {
  return unwrap(api.http.POST('/exceptions/{id}/resolve', { ...at(id), body: { resolution, comment } }))
}

export function getTrialBalance(date: string): Promise<TrialBalance> {
  return unwrap(api.http.GET('/ledger/trial-balance', { params: { query: { date: date || undefined } } }))
}
