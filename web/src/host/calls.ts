import {
  idempotent,
  unwrap,
  type Board,
  type ChatMode,
  type FlashSale,
  type Page,
  type Product,
  type Room,
  type RoomStatus,
  type ShelfItem,
} from '@client/index'
import type { ReadLog } from '@shared/staff/roomLog'
import { api } from './api'

/** A room as its staff see it. */
export interface HostRoom extends Room {
  started_at?: string | null
  ended_at?: string | null
  /** Set while a live room takes a break. */
  paused_at?: string | null
  /** Since when an ended room may be watched again. */
  replay_at?: string | null
  /** How many asked to be told of the start. */
  reservations?: number
  chat?: ChatMode
}

export type IngestKind = 'rtmp' | 'external'

/** Where a room's picture comes from and how it comes. */
export interface Ingest {
  kind: IngestKind
  external_available: boolean
  push_url: string
  preview_url: string
  state: 'off' | 'idle' | 'live'
  bitrate_bps: number
  fps: number
  width: number
  height: number
  dropped: number
  recording: boolean
  since_at: string | null
  seen_at: string | null
  problem: string
  problem_at: string | null
}

export interface RoomForm {
  title: string
  cover_url?: string
  starts_at: string
  /** The words of the title that were warned of were thought over. */
  confirmed?: boolean
}

export interface FlashForm {
  sku_id: string
  price_fen: number
  total: number
  per_user_limit: number
  starts_at: string
  ends_at: string
}

export interface ShelfEntry {
  sku_id: string
  /** The room's own price; without it the catalogue's holds. */
  price_fen?: number
}

const at = (id: string) => ({ params: { path: { id } } })

export function listRooms(status: RoomStatus | '', cursor?: string): Promise<Page<HostRoom>> {
  return unwrap(api.http.GET('/host/rooms', { params: { query: { status: status || undefined, cursor, limit: 30 } } }))
}

export function getRoom(id: string): Promise<HostRoom> {
  return unwrap(api.http.GET('/rooms/{id}', at(id)))
}

export function createRoom(body: RoomForm): Promise<HostRoom> {
  return unwrap(api.http.POST('/host/rooms', { body: { ...body } }))
}

export function changeRoom(id: string, body: Partial<RoomForm>): Promise<HostRoom> {
  return unwrap(api.http.PATCH('/host/rooms/{id}', { ...at(id), body: { ...body } }))
}

export function startRoom(id: string): Promise<HostRoom> {
  return unwrap(api.http.POST('/host/rooms/{id}/start', at(id)))
}

export function endRoom(id: string): Promise<HostRoom> {
  return unwrap(api.http.POST('/host/rooms/{id}/end', at(id)))
}

export function pauseRoom(id: string): Promise<HostRoom> {
  return unwrap(api.http.POST('/host/rooms/{id}/pause', at(id)))
}

export function resumeRoom(id: string): Promise<HostRoom> {
  return unwrap(api.http.POST('/host/rooms/{id}/resume', at(id)))
}

/** Lets an ended room be watched again, or no more. */
export function offerReplay(id: string, offered: boolean): Promise<HostRoom> {
  return unwrap(api.http.PUT('/host/rooms/{id}/replay', { ...at(id), body: { offered } }))
}

/** The whole shelf, also what is off it for now. */
export async function getShelf(id: string): Promise<ShelfItem[]> {
  return (await unwrap<{ items: ShelfItem[] }>(api.http.GET('/host/rooms/{id}/shelf', at(id)))).items
}

export function putShelf(id: string, items: ShelfEntry[]): Promise<unknown> {
  return unwrap(api.http.PUT('/host/rooms/{id}/shelf', { ...at(id), body: { items } }))
}

export function pinProduct(id: string, sku: string | null): Promise<unknown> {
  return unwrap(api.http.POST('/host/rooms/{id}/pin', { ...at(id), body: { sku_id: sku } }))
}

export function scheduleFlash(room: string, body: FlashForm, key: string): Promise<FlashSale> {
  return unwrap(
    api.http.POST('/host/rooms/{id}/flash', { params: { path: { id: room }, ...idempotent(key) }, body: { ...body } }),
  )
}

/** Adds units to a sale that is not over. */
export function topUpFlash(id: string, units: number, key: string): Promise<FlashSale> {
  return unwrap(api.http.POST('/host/flash/{id}/top-up', { params: { path: { id }, ...idempotent(key) }, body: { units } }))
}

export function cancelFlash(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/host/flash/{id}/cancel', at(id)))
}

export function getFlash(id: string): Promise<FlashSale> {
  return unwrap(api.http.GET('/flash/{id}', at(id)))
}

/** `confirmed` says that the words which were warned of were thought over. */
export function sayNotice(id: string, text: string, confirmed = false): Promise<unknown> {
  const body = confirmed ? { text, confirmed } : { text }
  return unwrap(api.http.POST('/host/rooms/{id}/notice', { ...at(id), body }))
}

/** Takes the notice off. */
export function removeNotice(id: string): Promise<unknown> {
  return unwrap(api.http.DELETE('/host/rooms/{id}/notice', at(id)))
}

/** All that happened in the room, the oldest first. */
export const readLog = (id: string): ReadLog => (what, cursor) =>
  unwrap(api.http.GET('/host/rooms/{id}/log', { params: { path: { id }, query: { what: what || undefined, cursor, limit: 50 } } }))

export function getBoard(id: string): Promise<Board> {
  return unwrap(api.http.GET('/host/rooms/{id}/board', at(id)))
}

export function searchProducts(q: string, cursor?: string): Promise<Page<Product>> {
  return unwrap(api.http.GET('/products', { params: { query: { q: q || undefined, cursor, limit: 30 } } }))
}

export function getProduct(id: string): Promise<Product> {
  return unwrap(api.http.GET('/products/{id}', at(id)))
}

export function getIngest(id: string): Promise<Ingest> {
  return unwrap(api.http.GET('/host/rooms/{id}/ingest', at(id)))
}

export function setIngestKind(id: string, kind: IngestKind): Promise<Ingest> {
  return unwrap(api.http.PUT('/host/rooms/{id}/ingest', { ...at(id), body: { kind } }))
}

export async function getStreamKey(id: string): Promise<string> {
  return (await unwrap<{ key: string }>(api.http.POST('/host/rooms/{id}/ingest/key', at(id)))).key
}

export async function renewStreamKey(id: string): Promise<string> {
  return (await unwrap<{ key: string }>(api.http.POST('/host/rooms/{id}/ingest/renew', at(id)))).key
}
