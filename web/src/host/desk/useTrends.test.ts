// @vitest-environment jsdom
import { effectScope } from 'vue'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Board } from '@client/index'
import { useTrends, valueOf } from './useTrends'

const board = (orders: number): Board => {
  const pace = { viewers: 10, likes: 0, chats: 0, orders, paid_orders: 8, gmv_fen: 100, applications: 1 }
  return {
    viewers: 10, peak_viewers: 12, unique_viewers: 20, later_viewers: 0, likes: 0, chats: 0, orders, paid_orders: 8, gmv_fen: 100,
    applications: 1, bindings: 6, followers: 9, new_followers: 2, coupon_payers: 4, bind_rate_bps: 7500, flash: [], average_stay_ms: 0, items: [],
    last_5_minutes: pace, before_5_minutes: pace, sources: {}, live: [], counted_at: '2026-11-21T12:00:00Z',
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-21T12:00:00Z') })
  sessionStorage.clear()
})
afterEach(() => vi.useRealTimers())

const minutes = (n: number) => vi.setSystemTime(Date.now() + n * 60_000)

test('a change is against five minutes ago, and lines hold half an hour', () => {
  const scope = effectScope()
  scope.run(() => {
    const trends = useTrends('room_a')
    trends.record(board(1))
    expect(trends.trend('orders').change).toBeNull()
    minutes(3)
    trends.record(board(5))
    minutes(4)
    trends.record(board(9))
    expect(trends.trend('orders')).toEqual({ points: [1, 5, 9, 9], change: 4 })
    minutes(40)
    trends.record(board(10))
    expect(trends.trend('orders').points).toEqual([10, 10])
  })
  scope.stop()
})

test('the bind rate is the server\'s, in basis points', () => {
  expect(valueOf(board(0), 'bind_rate')).toBe(7500)
})

test('figures outlive a reload of the page', () => {
  const first = effectScope()
  first.run(() => useTrends('room_a').record(board(3)))
  first.stop()
  const second = effectScope()
  second.run(() => {
    expect(useTrends('room_a').trend('orders').points).toEqual([3])
    expect(useTrends('room_b').trend('orders').points).toEqual([])
  })
  second.stop()
})
