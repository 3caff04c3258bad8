import { unwrap, type LeadItem, type Named, type Page } from '@client/index'
import { api } from '../api'

const at = (id: string) => ({ params: { path: { id } } })

export interface Reviewer extends Named {
  capacity: number
  on_duty: boolean
  open: number
}

export interface ReviewQueue {
  id: string
  name: string
  branch_id: string | null
  card_product_id: string | null
  position: number
  members: Named[]
  waiting: number
  oldest_at: string | null
}

export interface QueueForm {
  name: string
  branch_id?: string
  card_product_id?: string
  position: number
  members: string[]
}

export interface SavedFilter {
  name: string
  query: Record<string, string>
}

export interface Handoff {
  id: string
  application_id: string
  attempts: number
  last_error: string
  created_at: string
}

export interface Difference {
  id: string
  day: string
  application_id: string
  kind: 'missing_there' | 'unknown_here' | 'status'
  ours: string
  theirs: string
  found_at: string
}

export interface DayFigure {
  day: string
  queue_id: string | null
  staff_id: string | null
  name: string
  decided: number
  approved: number
  approve_bps: number
  look_median_ms: number
  look_p90_ms: number
  decision_median_ms: number
  decision_p90_ms: number
  kept_bps: number
}

export interface ReviewFigures {
  waiting: { queue_id: string | null; staff_id: string | null; name: string; waiting: number; oldest_at: string | null }[]
  days: DayFigure[]
}

export const renewLead = (id: string): Promise<{ claimed_until: string | null }> => unwrap(api.http.POST('/leads/{id}/renew', at(id)))

export function secondOpinion(id: string, confirm: boolean, comment: string): Promise<unknown> {
  const body = comment ? { comment } : {}
  return unwrap(confirm ? api.http.POST('/leads/{id}/confirm', { ...at(id), body }) : api.http.POST('/leads/{id}/turn-down', { ...at(id), body }))
}

export const reopenLead = (id: string, comment: string): Promise<unknown> => unwrap(api.http.POST('/leads/{id}/reopen', { ...at(id), body: { comment } }))

export const searchLeads = (field: 'id_no' | 'phone', value: string, reason: string): Promise<Page<LeadItem>> =>
  unwrap(api.http.POST('/leads/search', { body: { field, value, ...(reason ? { reason } : {}) } }))

export const assignLeads = (ids: string[], staff: string): Promise<{ items: { lead_id: string; result: string; code?: string }[] }> =>
  unwrap(api.http.POST('/leads/assign', { body: { lead_ids: ids, staff_id: staff } }))

export const listReviewers = (): Promise<Page<Reviewer>> => unwrap(api.http.GET('/review/reviewers', { params: { query: { limit: 100 } } }))

export const setReviewer = (id: string, capacity: number, onDuty: boolean): Promise<unknown> =>
  unwrap(api.http.PUT('/review/reviewers/{id}', { ...at(id), body: { capacity, on_duty: onDuty } }))

export const listQueues = (): Promise<Page<ReviewQueue>> => unwrap(api.http.GET('/review/queues', { params: { query: { limit: 100 } } }))

export const saveQueue = (id: string, body: QueueForm): Promise<unknown> =>
  unwrap(id ? api.http.PUT('/review/queues/{id}', { ...at(id), body }) : api.http.POST('/review/queues', { body }))

export const dropQueue = (id: string): Promise<unknown> => unwrap(api.http.DELETE('/review/queues/{id}', at(id)))

export const listHandoffs = (cursor?: string): Promise<Page<Handoff>> => unwrap(api.http.GET('/leads/handoffs', { params: { query: { cursor, limit: 50 } } }))

export const retryHandoff = (id: string): Promise<unknown> => unwrap(api.http.POST('/leads/handoffs/{id}/retry', at(id)))

export const resolveHandoff = (id: string, reason: string): Promise<unknown> => unwrap(api.http.POST('/leads/handoffs/{id}/resolve', { ...at(id), body: { reason } }))

export const listDifferences = (cursor?: string): Promise<Page<Difference>> => unwrap(api.http.GET('/leads/differences', { params: { query: { cursor, limit: 50 } } }))

export const resolveDifference = (id: string, reason: string): Promise<unknown> =>
  unwrap(api.http.POST('/leads/differences/{id}/resolve', { ...at(id), body: { reason } }))

export const compareDay = (day: string): Promise<{ found: number }> => unwrap(api.http.POST('/leads/differences/compare', { body: { day } }))

export const readFigures = (from: string, to: string): Promise<ReviewFigures> => unwrap(api.http.GET('/review/figures', { params: { query: { from, to } } }))

export const listBranches = (): Promise<Page<Named>> => unwrap(api.http.GET('/branches', { params: { query: { limit: 100 } } }))

export const listProducts = (): Promise<Page<Named>> => unwrap(api.http.GET('/card-products'))

export interface Handover {
  id: string
  from: Named
  to: Named[]
  lead_ids: string[]
  reason: string
  state: 'asked' | 'approved' | 'rejected'
  asked_by: Named
  asked_at: string
  decided_at: string | null
}

export const listHandovers = (state: Handover['state'], cursor?: string): Promise<Page<Handover>> =>
  unwrap(api.http.GET('/review/handovers', { params: { query: { state, cursor, limit: 50 } } }))

export const askHandover = (from: string, to: string[], reason: string): Promise<unknown> =>
  unwrap(api.http.POST('/review/handovers', { body: { from, to, reason } }))

export const decideHandover = (id: string, approve: boolean): Promise<{ moved: number }> =>
  unwrap(approve ? api.http.POST('/review/handovers/{id}/approve', at(id)) : api.http.POST('/review/handovers/{id}/reject', at(id)))
