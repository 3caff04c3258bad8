import {
  unwrap,
  type Intake,
  type IntakeState,
  type ListEntry,
  type ListKind,
  type ListName,
  type ListReport,
  type Page,
  type ScreenCaseResult,
  type ScreenChange,
  type ScreenDecision,
  type ScreenReplay,
  type ScreenRun,
  type ScreenText,
  type ScreenVersion,
} from '@client/index'
import { api } from '../api'

const at = (id: string) => ({ params: { path: { id } } })

export function listVersions(cursor?: string): Promise<Page<ScreenVersion>> {
  return unwrap(api.http.GET('/screening/versions', { params: { query: { cursor, limit: 30 } } }))
}

export function getVersion(id: string): Promise<ScreenVersion> {
  return unwrap(api.http.GET('/screening/versions/{id}', at(id)))
}

/** Begins a draft with the rules and cases of another version. */
export function draftFrom(version: string, name: string): Promise<ScreenVersion> {
  return unwrap(api.http.POST('/screening/versions', { body: { from: version, name } }))
}

export function saveVersion(id: string, revision: number, text: ScreenText): Promise<ScreenVersion> {
  return unwrap(api.http.PUT('/screening/versions/{id}', { ...at(id), body: { revision, ...text } }))
}

export function discardVersion(id: string): Promise<unknown> {
  return unwrap(api.http.DELETE('/screening/versions/{id}', at(id)))
}

export async function testVersion(id: string): Promise<ScreenCaseResult[]> {
  const answer = await unwrap<{ cases: ScreenCaseResult[] | null }>(api.http.POST('/screening/versions/{id}/test', at(id)))
  return answer.cases ?? []
}

export function submitVersion(id: string, revision: number): Promise<unknown> {
  return unwrap(api.http.POST('/screening/versions/{id}/submit', { ...at(id), body: { revision } }))
}

export function withdrawVersion(id: string, revision: number): Promise<unknown> {
  return unwrap(api.http.POST('/screening/versions/{id}/withdraw', { ...at(id), body: { revision } }))
}

export function approveVersion(id: string, revision: number): Promise<unknown> {
  return unwrap(api.http.POST('/screening/versions/{id}/approve', { ...at(id), body: { revision } }))
}

export function rejectVersion(id: string, revision: number, reason: string): Promise<unknown> {
  return unwrap(api.http.POST('/screening/versions/{id}/reject', { ...at(id), body: { revision, reason } }))
}

export function startRun(version: string, leads: number): Promise<ScreenRun> {
  return unwrap(api.http.POST('/screening/versions/{id}/dry-runs', { ...at(version), body: { leads } }))
}

export function listRuns(version: string): Promise<Page<ScreenRun>> {
  return unwrap(api.http.GET('/screening/versions/{id}/dry-runs', { params: { path: { id: version }, query: { limit: 1 } } }))
}

export function getRun(id: string): Promise<ScreenRun> {
  return unwrap(api.http.GET('/screening/dry-runs/{id}', at(id)))
}

export function listChanges(run: string, cursor?: string): Promise<Page<ScreenChange>> {
  return unwrap(api.http.GET('/screening/dry-runs/{id}/changes', { params: { path: { id: run }, query: { cursor, limit: 50 } } }))
}

/** How a lead was screened: the last time, or in a round. */
export function getScreening(lead: string, round = 0): Promise<ScreenDecision> {
  return unwrap(api.http.GET('/leads/{id}/screening', { params: { path: { id: lead }, query: { round } } }))
}

/** Decides again on a lead's recorded input; by the version on record when none is named. */
export function replayScreening(lead: string, version: string, round = 0): Promise<ScreenReplay> {
  return unwrap(api.http.POST('/leads/{id}/screening/replay', { ...at(lead), body: { round, ...(version ? { version_id: version } : {}) } }))
}

export function listEntries(list: ListName | '', kind: ListKind | '', all: boolean, cursor?: string): Promise<Page<ListEntry>> {
  return unwrap(
    api.http.GET('/screening/lists', {
      params: { query: { list: list || undefined, kind: kind || undefined, all: all || undefined, cursor, limit: 50 } },
    }),
  )
}

export interface NewEntry {
  list: ListName
  kind: ListKind
  value: string
  reason: string
  expires_at?: string
}

export function addEntry(entry: NewEntry): Promise<unknown> {
  return unwrap(api.http.POST('/screening/lists', { body: entry }))
}

/** In the body: a value must stand in no address. */
export async function findEntries(kind: ListKind, value: string): Promise<ListEntry[]> {
  const answer = await unwrap<Page<ListEntry>>(api.http.POST('/screening/lists/find', { body: { kind, value } }))
  return answer.items ?? []
}

export function removeEntry(id: string, reason: string): Promise<unknown> {
  return unwrap(api.http.POST('/screening/lists/{id}/remove', { ...at(id), body: { reason } }))
}

export function importEntries(csv: string): Promise<ListReport> {
  return unwrap(
    api.http.POST('/screening/lists/import', {
      headers: { 'Content-Type': 'text/csv' },
      body: csv as never,
      bodySerializer: (body: unknown) => String(body),
    }),
  )
}

export function getIntake(): Promise<IntakeState> {
  return unwrap(api.http.GET('/screening/intake'))
}

export function setIntake(intake: Intake): Promise<IntakeState> {
  return unwrap(api.http.PUT('/screening/intake', { body: intake }))
}
