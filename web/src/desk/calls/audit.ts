import { unwrap, type AuditEntry, type Page } from '@client/index'
import { api } from '../api'

export interface AuditFilter {
  actor: string
  action: string
  object: string
  /** Dates, YYYY-MM-DD. */
  from: string
  to: string
}

export function listAudit(filter: AuditFilter, cursor?: string): Promise<Page<AuditEntry>> {
  const query = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''))
  return unwrap(api.http.GET('/audit', { params: { query: { ...query, cursor, limit: 50 } } }))
}
