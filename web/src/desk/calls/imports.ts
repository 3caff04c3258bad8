import { idempotent, unwrap, type Page } from '@client/index'
import type { components } from '@client/schema'
import { api, staff } from '../api'

type Schemas = components['schemas']
export type ImportJob = Schemas['BulkJob']
export type ImportLine = Schemas['BulkLineReport']
export type ImportColumn = Schemas['BulkColumn']
export interface ImportShape {
  kind: string
  columns: ImportColumn[]
}

export const importStates = ['uploading', 'queued', 'running', 'done', 'failed', 'cancelled'] as const
export type ImportState = (typeof importStates)[number]
export type Verdict = ImportLine['verdict']

/** A merchant's own account has its imports at /my, answered as the bank's at /shop. */
const here = <P extends string>(path: P): P => (staff.has('merchant') ? path.replace('/shop/', '/my/') : path) as P

const at = (id: string) => ({ params: { path: { id } } })

export async function listShapes(): Promise<ImportShape[]> {
  return (await unwrap<Page<ImportShape>>(api.http.GET(here('/shop/import-kinds'), { params: { query: { limit: 100 } } }))).items
}

export function listImports(filter: { kind: string; state: string }, cursor?: string): Promise<Page<ImportJob>> {
  const query = { kind: filter.kind || undefined, state: (filter.state as ImportState) || undefined, cursor, limit: 50 }
  return unwrap(api.http.GET(here('/shop/imports'), { params: { query } }))
}

export function getImport(id: string): Promise<ImportJob> {
  return unwrap(api.http.GET(here('/shop/imports/{id}'), at(id)))
}

export function createImport(kind: string, name: string, key: string): Promise<ImportJob> {
  return unwrap(api.http.POST(here('/shop/imports'), { params: { ...idempotent(key) }, body: { kind, name } }))
}

export function putPart(id: string, no: number, part: Blob): Promise<unknown> {
  return unwrap(
    api.http.PUT(here('/shop/imports/{id}/parts/{no}'), {
      params: { path: { id, no } },
      headers: { 'Content-Type': 'text/csv' },
      body: part as never,
      bodySerializer: (body: unknown) => body as Blob,
    }),
  )
}

export function startImport(id: string): Promise<ImportJob> {
  return unwrap(api.http.POST(here('/shop/imports/{id}/start'), at(id)))
}

export function cancelImport(id: string): Promise<ImportJob> {
  return unwrap(api.http.POST(here('/shop/imports/{id}/cancel'), at(id)))
}

export function listLines(id: string, verdict: Verdict | '', cursor?: string): Promise<Page<ImportLine>> {
  return unwrap(api.http.GET(here('/shop/imports/{id}/lines'), { params: { path: { id }, query: { verdict: verdict || undefined, cursor, limit: 50 } } }))
}

/** For `download`: what became of the lines, as CSV. */
export function readReport(id: string, verdict: Verdict | '') {
  return api.http.GET(here('/shop/imports/{id}/report'), { params: { path: { id }, query: { verdict: verdict || undefined } }, parseAs: 'blob' })
}
