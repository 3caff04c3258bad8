import { unwrap, type FlashSale, type Page, type Product, type Room, type RoomStatus, type ShelfItem } from '@client/index'
import { api } from '../api'

export function listRooms(status: RoomStatus, cursor?: string): Promise<Page<Room>> {
  return unwrap(api.http.GET('/rooms', { params: { query: { status, cursor, limit: 20 } } }))
}

const inTurn: RoomStatus[] = ['live', 'scheduled', 'ended']
const fewest = 20

/** Rooms of the hosts whom one follows: those that are on, then those to come, then recordings. The cursor says which of these come next. */
export async function listFollowed(cursor?: string): Promise<Page<Room>> {
  const items: Room[] = []
  let [turn, after] = cursor ? (JSON.parse(cursor) as [number, string?]) : [0, undefined]
  for (;;) {
    const page = await unwrap<Page<Room>>(api.http.GET('/rooms', { params: { query: { status: inTurn[turn], followed: true, cursor: after, limit: fewest } } }))
    items.push(...(page.items ?? []))
    after = page.next_cursor ?? undefined
    if (!after) turn++
    if (turn === inTurn.length) return { items, next_cursor: null }
    if (items.length >= fewest) return { items, next_cursor: JSON.stringify([turn, after]) }
  }
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
