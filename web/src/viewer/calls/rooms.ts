import { unwrap, type FlashSale, type Page, type Product, type Room, type RoomStatus, type ShelfItem } from '@client/index'
import { api } from '../api'

export function listRooms(status: RoomStatus, cursor?: string): Promise<Page<Room>> {
  return unwrap(api.http.GET('/rooms', { params: { query: { status, cursor, limit: 20 } } }))
}

export function getRoom(id: string): Promise<Room> {
  return unwrap(api.http.GET('/rooms/{id}', { params: { path: { id } } }))
}

export async function getShelf(id: string): Promise<ShelfItem[]> {
  const shelf = await unwrap<{ items: ShelfItem[] | null }>(
    api.http.GET('/rooms/{id}/shelf', { params: { path: { id } } }),
  )
  return shelf.items ?? []
}

export function getProduct(id: string): Promise<Product> {
  return unwrap(api.http.GET('/products/{id}', { params: { path: { id } } }))
}

export function getFlash(id: string): Promise<FlashSale> {
  return unwrap(api.http.GET('/flash/{id}', { params: { path: { id } } }))
}

export interface Slice {
  sku_id: string
  from_at: string
  to_at: string
  duration_ms: number
  url: string
}

export interface Replay {
  /** Empty when nothing was recorded. */
  url: string
  duration_ms: number
  slices: Slice[]
}

/** What was recorded of a room, and its stretches by product. */
export async function getReplay(id: string): Promise<Replay> {
  const replay = await unwrap<Replay>(api.http.GET('/rooms/{id}/replay', { params: { path: { id } } }))
  return { ...replay, slices: replay.slices ?? [] }
}

export interface Bank {
  slug: string
  name: string
}

/** The bank that this is. */
export function getBank(): Promise<Bank> {
  return unwrap(api.http.GET('/bank'))
}

export type ReportReason = 'spam' | 'abuse' | 'fraud' | 'other'

export function reportLine(room: string, line: string, reason: ReportReason): Promise<unknown> {
  return unwrap(
    api.http.POST('/rooms/{id}/chat/{event_id}/report', { params: { path: { id: room, event_id: line } }, body: { reason } }),
  )
}
