/** What all of the staff read: people by name, the audit log. */

export interface Named {
  id: string
  name: string
}

export interface AuditEntry {
  id: string
  seq: number
  actor_kind: 'staff' | 'viewer' | 'system' | string
  actor: string
  actor_name: string
  action: string
  /** The action in the language of the page. */
  title: string
  object: string
  object_name: string
  detail: Record<string, unknown> | null
  request_id: string
  at: string
  prev_hash: string
  hash: string
}
