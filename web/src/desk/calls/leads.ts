import {
  idempotent,
  unwrap,
  type ConsentText,
  type Decision,
  type Lead,
  type LeadItem,
  type LeadStatus,
  type Page,
  type ReasonCode,
  type Room,
  type Verdict,
} from '@client/index'
import { api } from '../api'

/** The filters of the list and of the export. Dates are business dates, YYYY-MM-DD. */
export interface LeadFilter {
  status: LeadStatus | ''
  /** `me`, `none` or a staff id. */
  assignee: string
  q: string
  from: string
  to: string
  queue: string
  product: string
  room: string
  /** A branch with all below it. */
  branch: string
  /** A region's six-digit code. */
  city: string
  income_band: string
  screening: string
  /** `true` or nothing. */
  escalated: string
  proposed: string
  sort: string
}

const at = (id: string) => ({ params: { path: { id } } })

function queryOf(filter: LeadFilter) {
  return {
    status: filter.status || undefined,
    assignee: filter.assignee || undefined,
    q: filter.q || undefined,
    from: filter.from || undefined,
    to: filter.to || undefined,
    queue: filter.queue || undefined,
    product: filter.product || undefined,
    room: filter.room || undefined,
    city: filter.city || undefined,
    income_band: filter.income_band || undefined,
    screening: (filter.screening || undefined) as Verdict | undefined,
    escalated: filter.escalated === 'true' || undefined,
    proposed: filter.proposed === 'true' || undefined,
    sort: (filter.sort || undefined) as 'newest' | 'oldest' | undefined,
  }
}

export function listLeads(filter: LeadFilter, cursor?: string): Promise<Page<LeadItem>> {
  return unwrap(api.http.GET('/leads', { params: { query: { ...queryOf(filter), cursor, limit: 30 } } }))
}

export function getLead(id: string): Promise<Lead> {
  return unwrap(api.http.GET('/leads/{id}', at(id)))
}

export function claimLead(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/leads/{id}/claim', at(id)))
}

export function releaseLead(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/leads/{id}/release', at(id)))
}

export function assignLead(id: string, staff: string): Promise<unknown> {
  return unwrap(api.http.POST('/leads/{id}/assign', { ...at(id), body: { staff_id: staff } }))
}

export function noteLead(id: string, text: string): Promise<unknown> {
  return unwrap(api.http.POST('/leads/{id}/notes', { ...at(id), body: { text } }))
}

export function requestInfo(id: string, fields: string[], message: string): Promise<unknown> {
  return unwrap(api.http.POST('/leads/{id}/request-info', { ...at(id), body: { fields, message } }))
}

export function decideLead(id: string, decision: Decision, reason: ReasonCode, comment: string): Promise<Lead> {
  return unwrap(
    api.http.POST('/leads/{id}/decide', {
      ...at(id),
      body: { decision, reason_code: reason, ...(comment ? { comment } : {}) },
    }),
  )
}

/** The clear values of some fields; each call is audited with its reason. */
export async function revealLead(
  id: string,
  fields: string[],
  reason: string,
): Promise<Record<string, string>> {
  const answer = await unwrap<{ fields: Record<string, string> }>(
    api.http.POST('/leads/{id}/reveal', { ...at(id), body: { fields, reason } }),
  )
  return answer.fields
}

/** The filtered list as CSV, for `download`. */
export function exportLeads(filter: LeadFilter) {
  return api.http.GET('/leads/export', { params: { query: queryOf(filter) }, parseAs: 'blob' })
}

export interface OutcomeReport {
  items: { application_id: string; result: 'applied' | 'unchanged' | 'rejected'; line?: number; field?: string; code?: string }[]
}

/** Takes in the card system's answers as the CSV file that it gives. */
export function importOutcomes(csv: string, key: string): Promise<OutcomeReport> {
  return unwrap(
    api.http.POST('/leads/outcomes', {
      params: { ...idempotent(key) },
      headers: { 'Content-Type': 'text/csv' },
      body: csv,
      bodySerializer: (body: unknown) => String(body),
    }),
  )
}

export function getConsentText(document: string, version: string): Promise<ConsentText> {
  return unwrap(api.http.GET('/documents/{document}/{version}', { params: { path: { document, version } } }))
}

/** The newest rooms, to choose one by its title. */
export function listRooms(): Promise<Page<Room>> {
  return unwrap(api.http.GET('/rooms', { params: { query: { limit: 100 } } }))
}

export function getRoom(id: string): Promise<Room> {
  return unwrap(api.http.GET('/rooms/{id}', at(id)))
}
