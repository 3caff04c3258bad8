import { unwrap, type AuditEntry, type Page } from '@client/index'
import { download } from '@shared/staff/download'
import { api } from '../api'

export interface AuditFilter {
  actor: string
  /** An action, or a kind of them: `lead.*`. */
  action: string
  object: string
  /** Dates, YYYY-MM-DD. */
  from: string
  to: string
}

export interface AuditAction {
  action: string
  title: string
}

export interface AuditNeighbours {
  entry: AuditEntry
  before: AuditEntry | null
  after: AuditEntry | null
}

/** What was found of a piece of the chain. */
export interface ChainProof {
  bank: string
  from_seq: number
  to_seq: number
  count: number
  first_at: string | null
  last_at: string | null
  prev_hash: string
  last_hash: string
  head_seq: number
  head_hash: string
  verdict: 'holds' | 'broken'
  broken_at: number | null
  found: string
  next_seq: number | null
  checked_at: string
}

const given = (filter: AuditFilter): Record<string, string> => Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''))

export function listAudit(filter: AuditFilter, cursor?: string): Promise<Page<AuditEntry>> {
  return unwrap(api.http.GET('/audit', { params: { query: { ...given(filter), cursor, limit: 50 } } }))
}

export const readEntry = (seq: number): Promise<AuditNeighbours> => unwrap(api.http.GET('/audit/entries/{seq}', { params: { path: { seq } } }))

/** All actions there are, page by page. */
export async function listActions(): Promise<AuditAction[]> {
  const all: AuditAction[] = []
  let cursor: string | undefined
  do {
    const page: Page<AuditAction> = await unwrap(api.http.GET('/audit/actions', { params: { query: { limit: 100, cursor } } }))
    all.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor)
  return all
}

export const prove = (from: number, to: number): Promise<ChainProof> => unwrap(api.http.GET('/audit/proof', { params: { query: { from_seq: from, to_seq: to } } }))

export const exportAudit = (filter: AuditFilter): Promise<void> =>
  download(api.http.GET('/audit/export', { params: { query: given(filter) }, parseAs: 'blob' }), 'audit.csv')
