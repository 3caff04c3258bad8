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

export type ReportReason = 'spam' | 'abuse' | 'fraud' | 'other'

export function reportLine(room: string, line: string, reason: ReportReason): Promise<unknown> {
  return unwrap(
    api.http.POST('/rooms/{id}/chat/{event_id}/report', { params: { path: { id: room, event_id: line } }, body: { reason } }),
  )
}
