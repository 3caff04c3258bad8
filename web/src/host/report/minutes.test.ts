import { expect, test } from 'vitest'
import { filled } from './minutes'

const minute = (at: string, viewers: number) =>
  ({ at, viewers, likes: 0, chats: 0, orders: 1, paid_orders: 0, gmv_fen: 0, applications: 0 })

test('a minute in which nothing happened is a zero', () => {
  const all = filled([minute('2026-11-21T12:03:00Z', 5), minute('2026-11-21T12:00:00Z', 2)])
  expect(all.map((m) => m.values.viewers)).toEqual([2, 0, 0, 5])
  expect(all[1]!.at).toBe(Date.parse('2026-11-21T12:01:00Z'))
})

test('no minutes, no line', () => {
  expect(filled([])).toEqual([])
})
