import { expect, test } from 'vitest'
import type { Board, Pace } from '@client/index'
import { changes, sourcesOf } from './board'

const pace = (change: Partial<Pace>): Pace => ({ viewers: 0, likes: 0, chats: 0, orders: 0, paid_orders: 0, gmv_fen: 0, applications: 0, ...change })
const board = (change: Partial<Board>): Board => ({ sources: {}, live: [], last_5_minutes: pace({}), before_5_minutes: pace({}), ...change }) as Board

test('five minutes stand against those before, and say which are reported live', () => {
  const all = changes(board({ last_5_minutes: pace({ viewers: 12, orders: 3 }), before_5_minutes: pace({ viewers: 10, orders: 5 }), live: ['last_5_minutes.viewers'] }))
  expect(all.find((c) => c.metric === 'viewers')).toEqual({ metric: 'viewers', now: 12, before: 10, by: 2, live: true })
  expect(all.find((c) => c.metric === 'orders')).toEqual({ metric: 'orders', now: 3, before: 5, by: -2, live: false })
})

test('sources come by their viewers, with a share', () => {
  expect(sourcesOf(board({ sources: { list: 1, share: 2, '': 1 } }))).toEqual([
    { name: 'share', viewers: 2, share: 50 },
    { name: '', viewers: 1, share: 25 },
    { name: 'list', viewers: 1, share: 25 },
  ])
  expect(sourcesOf(board({}))).toEqual([])
})
