import { expect, test } from 'vitest'
import { axisOf, filled, ofShow } from './minutes'

const minute = (at: string, viewers: number) =>
  ({ at, viewers, likes: 0, chats: 0, orders: 1, paid_orders: 0, gmv_fen: 0, applications: 0 })

test('a minute in which nothing happened is a zero', () => {
  const all = filled([minute('2026-11-21T12:03:00Z', 5), minute('2026-11-21T12:00:00Z', 2)])
  expect(all.map((m) => m.values.viewers)).toEqual([2, 0, 0, 5])
  expect(all[1]!.at).toBe(Date.parse('2026-11-21T12:01:00Z'))
})

test('who looks in days later does not stretch the show', () => {
  const show = { started_at: '2026-11-21T12:00:00Z', ended_at: '2026-11-21T13:00:00Z' }
  const all = ['2026-11-20T12:00:00Z', '2026-11-21T11:45:00Z', '2026-11-21T12:30:00Z', '2026-11-21T13:15:00Z', '2026-12-01T08:00:00Z'].map((at) => minute(at, 1))
  expect(ofShow(all, show).map((m) => m.at)).toEqual(all.slice(1, 4).map((m) => m.at))
  expect(ofShow(all, { started_at: null, ended_at: null })).toHaveLength(5)
})

test('no minutes, no line', () => {
  expect(filled([])).toEqual([])
})

test('a show of a minute is told in seconds, a long one by few ticks', () => {
  const axis = (n: number) => axisOf(filled(Array.from({ length: n }, (_, i) => minute(new Date(Date.UTC(2026, 10, 21, 12, i)).toISOString(), 1))))
  expect(axis(1)).toMatchObject({ step: 30_000, seconds: true })
  expect(axis(1).max - axis(1).min).toBe(60_000)
  expect(axis(3).seconds).toBe(true)
  expect(axis(4)).toMatchObject({ step: 60_000, seconds: false })
  expect(axis(120).step).toBe(15 * 60_000)
})
