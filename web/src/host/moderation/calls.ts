import { unwrap, type ChatLine, type ChatMode, type Page } from '@client/index'
import { api } from '../api'
import type { HostRoom } from '../calls'

/** A message as those who moderate see it. */
export interface JudgedLine extends ChatLine {
  status: 'shown' | 'held' | 'refused' | 'removed'
  /** Words of the lists that it has. */
  warned: string[]
  /** How many viewers reported it. */
  reports: number
}

/** A viewer who is muted or kept out. */
export interface Kept {
  viewer: { id: string; nickname: string }
  /** null for good. */
  until_at: string | null
  reason: string
  by: { id: string; nickname: string }
}

export const severities = ['warn', 'hold', 'block'] as const
export type Severity = (typeof severities)[number]

export interface Word {
  word: string
  severity: Severity
}

export interface Imported {
  taken: number
  refused: { line: number; code: string; message: string }[]
}

export type Part = 'host' | 'assistant'

export interface Member {
  id: string
  name: string
  role: Part
  added_at: string | null
}

export interface Colleague {
  id: string
  name: string
}

export interface Ban {
  viewer_id: string
  /** For good when left out. */
  minutes?: number
  reason: string
}

const at = (id: string) => ({ params: { path: { id } } })

export function setChat(id: string, change: Partial<ChatMode>): Promise<HostRoom> {
  return unwrap(api.http.PATCH('/host/rooms/{id}/chat', { ...at(id), body: { ...change } }))
}

export async function heldLines(id: string): Promise<JudgedLine[]> {
  const query = { status: 'held', limit: 100 } as const
  const page = await unwrap<Page<JudgedLine>>(api.http.GET('/host/rooms/{id}/chat', { params: { path: { id }, query } }))
  return page.items
}

export async function reportedLines(id: string): Promise<JudgedLine[]> {
  const query = { status: 'shown', reported: true, limit: 100 } as const
  const page = await unwrap<Page<JudgedLine>>(api.http.GET('/host/rooms/{id}/chat', { params: { path: { id }, query } }))
  return page.items
}

const chatAt = (id: string, event: string) => ({ params: { path: { id, event_id: event } } })

export function removeChat(id: string, event: string): Promise<unknown> {
  return unwrap(api.http.POST('/host/rooms/{id}/chat/{event_id}/remove', chatAt(id, event)))
}

export function releaseChat(id: string, event: string): Promise<unknown> {
  return unwrap(api.http.POST('/host/rooms/{id}/chat/{event_id}/release', chatAt(id, event)))
}

export function refuseChat(id: string, event: string): Promise<unknown> {
  return unwrap(api.http.POST('/host/rooms/{id}/chat/{event_id}/refuse', chatAt(id, event)))
}

/** 0 minutes let the viewer speak again. */
export function muteViewer(id: string, viewer: string, minutes: number): Promise<unknown> {
  return unwrap(api.http.POST('/host/rooms/{id}/mute', { ...at(id), body: { viewer_id: viewer, minutes } }))
}

export function listMuted(id: string, cursor?: string): Promise<Page<Kept>> {
  return unwrap(api.http.GET('/host/rooms/{id}/mutes', { params: { path: { id }, query: { cursor, limit: 50 } } }))
}

/** Keeps a viewer out of the room, or with room '' out of all rooms of the bank. */
export function banViewer(room: string, ban: Ban): Promise<unknown> {
  const body = { ...ban }
  return unwrap(room ? api.http.POST('/host/rooms/{id}/ban', { ...at(room), body }) : api.http.POST('/host/bans', { body }))
}

export function listBanned(room: string, cursor?: string): Promise<Page<Kept>> {
  const query = { cursor, limit: 50 }
  return unwrap(
    room
      ? api.http.GET('/host/rooms/{id}/bans', { params: { path: { id: room }, query } })
      : api.http.GET('/host/bans', { params: { query } }),
  )
}

export function liftBan(room: string, viewer: string): Promise<unknown> {
  return unwrap(
    room
      ? api.http.DELETE('/host/rooms/{id}/bans/{viewer_id}', { params: { path: { id: room, viewer_id: viewer } } })
      : api.http.DELETE('/host/bans/{viewer_id}', { params: { path: { viewer_id: viewer } } }),
  )
}

/** A page of a room's words, or with room '' of the bank's. */
export function listWords(room: string, cursor?: string): Promise<Page<Word>> {
  const query = { cursor, limit: 100 }
  return unwrap(
    room
      ? api.http.GET('/host/rooms/{id}/word-list', { params: { path: { id: room }, query } })
      : api.http.GET('/host/word-list', { params: { query } }),
  )
}

export function putWords(room: string, items: Word[]): Promise<unknown> {
  const body = { items }
  return unwrap(room ? api.http.PUT('/host/rooms/{id}/word-list', { ...at(room), body }) : api.http.PUT('/host/word-list', { body }))
}

export function importWords(room: string, body: string): Promise<Imported> {
  const plain = {
    body,
    bodySerializer: (text: unknown) => String(text),
    headers: { 'Content-Type': 'text/plain' },
  }
  return unwrap(
    room
      ? api.http.POST('/host/rooms/{id}/word-list/import', { ...at(room), ...plain })
      : api.http.POST('/host/word-list/import', plain),
  )
}

export async function listCrew(id: string): Promise<Member[]> {
  return (await unwrap<{ items: Member[] | null }>(api.http.GET('/host/rooms/{id}/staff', at(id)))).items ?? []
}

/** With whom the room could be shared, by a part of their name. */
export async function findColleagues(id: string, name: string): Promise<Colleague[]> {
  const params = { path: { id }, query: { name } }
  return (await unwrap<{ items: Colleague[] | null }>(api.http.GET('/host/rooms/{id}/colleagues', { params }))).items ?? []
}

export async function shareRoom(id: string, staff: string, role: Part): Promise<Member[]> {
  const params = { path: { id, staff_id: staff } }
  return (await unwrap<{ items: Member[] }>(api.http.PUT('/host/rooms/{id}/staff/{staff_id}', { params, body: { role } }))).items
}

export function unshareRoom(id: string, staff: string): Promise<unknown> {
  return unwrap(api.http.DELETE('/host/rooms/{id}/staff/{staff_id}', { params: { path: { id, staff_id: staff } } }))
}
