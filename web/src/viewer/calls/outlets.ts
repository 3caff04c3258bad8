import { unwrap, type Outlet, type OutletCity, type Page } from '@client/index'
import { api } from '../api'

/** Where people may collect a card. */
export async function listOutletCities(): Promise<OutletCity[]> {
  const all: OutletCity[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await unwrap<Page<OutletCity>>(api.http.GET('/outlets/cities', { params: { query: { cursor, limit: 100 } } }))
    all.push(...(page.items ?? []))
    if (!page.next_cursor) return all
    cursor = page.next_cursor
  }
}

/** A city's outlets where a card may be collected, page by page. */
export async function listOutlets(city: string): Promise<Outlet[]> {
  const all: Outlet[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await unwrap<Page<Outlet>>(api.http.GET('/outlets', { params: { query: { city_code: city, cursor, limit: 100 } } }))
    all.push(...(page.items ?? []))
    if (!page.next_cursor) return all
    cursor = page.next_cursor
  }
}

export function getOutlet(id: string): Promise<Outlet> {
  return unwrap(api.http.GET('/outlets/{id}', { params: { path: { id } } }))
}
