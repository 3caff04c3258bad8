import { unwrap, type Page, type Room, type RoomStatus, type ShelfItem } from '@client/index'
import type { ReadLog } from '@shared/staff/roomLog'
import { api } from '../api'

/** A room as those who watch over it see it. */
export interface WatchedRoom extends Room {
  /** Set while a live room takes a break. */
  paused_at?: string | null
}

export function listRooms(status: RoomStatus | '', cursor?: string): Promise<Page<WatchedRoom>> {
  return unwrap(api.http.GET('/compliance/rooms', { params: { query: { status: status || undefined, cursor, limit: 50 } } }))
}

/** All that happened in a room, the oldest first. */
export const readLog = (id: string): ReadLog => (what, cursor) =>
  unwrap(api.http.GET('/compliance/rooms/{id}/log', { params: { path: { id }, query: { what: what || undefined, cursor, limit: 50 } } }))

/** What the room sells by SKU, for the names in its log. */
export async function titlesOf(id: string): Promise<Map<string, string>> {
  const { items } = await unwrap<{ items: ShelfItem[] }>(api.http.GET('/rooms/{id}/shelf', { params: { path: { id } } }))
  return new Map(items.map((item) => [item.sku_id, item.product.title]))
}

/** Ends a live room at once and for good. */
export function stopRoom(id: string, reason: string): Promise<WatchedRoom> {
  return unwrap(api.http.POST('/compliance/rooms/{id}/stop', { params: { path: { id } }, body: { reason } }))
}
