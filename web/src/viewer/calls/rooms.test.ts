import { expect, test, vi } from 'vitest'

type Asked = { params: { query: { status: string; followed: boolean; cursor?: string } } }
const GET = vi.hoisted(() => vi.fn<(path: string, asked: Asked) => Promise<unknown>>())
vi.mock('../api', () => ({ api: { http: { GET } } }))
const { listFollowed } = await import('./rooms')

/** What a bank has by status, in pages. */
function rooms(by: Record<string, number[]>): void {
  GET.mockImplementation((_path, { params: { query } }) => {
    const at = Number(query.cursor ?? 0)
    const pages = by[query.status] ?? []
    const items = Array.from({ length: pages[at] ?? 0 }, (_, i) => ({ id: `${query.status}-${at}-${i}` }))
    return Promise.resolve({ data: { items, next_cursor: at + 1 < pages.length ? String(at + 1) : null }, response: { ok: true } })
  })
}
const kinds = (page: { items: { id: string }[] | null }) => [...new Set(page.items?.map((room) => room.id.replace(/-\d+$/, '')))]

test('rooms that one follows come by what they are: on, to come, recorded', async () => {
  rooms({ live: [2], scheduled: [1], ended: [3] })
  const all = await listFollowed()
  expect(kinds(all)).toEqual(['live-0', 'scheduled-0', 'ended-0'])
  expect(all.next_cursor).toBeNull()
  expect(GET.mock.calls.every(([, { params }]) => params.query.followed)).toBe(true)
})

test('a page ends where it is full, and the next goes on there', async () => {
  rooms({ live: [20, 2], scheduled: [20], ended: [] })
  const first = await listFollowed()
  expect(kinds(first)).toEqual(['live-0'])
  const second = await listFollowed(first.next_cursor!)
  expect(kinds(second)).toEqual(['live-1', 'scheduled-0'])
  const last = await listFollowed(second.next_cursor!)
  expect(last).toEqual({ items: [], next_cursor: null })
})
