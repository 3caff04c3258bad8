// @vitest-environment jsdom
import { reactive } from 'vue'
import { beforeEach, expect, test, vi } from 'vitest'
import type { ShelfItem } from '@client/index'
import type { ShelfEntry } from '../calls'
import { useShelfEdit } from './useShelfEdit'
import type { Desk } from './useDesk'

let shelf: ShelfItem[] = []
const put = vi.fn<(room: string, items: ShelfEntry[]) => Promise<void>>(async () => undefined)

vi.mock('@shared/errors', () => ({ useErrors: () => ({ toast: vi.fn() }) }))
vi.mock('../calls', () => ({
  getShelf: async () => shelf,
  putShelf: (room: string, items: ShelfEntry[]) => put(room, items),
  pinProduct: async () => undefined,
}))

const item = (sku: string, price: number): ShelfItem => ({
  product: { id: `prd_${sku}`, title: sku, kind: 'physical', images: [], merchant: { id: 'mch_1', name: 'M' } },
  sku_id: sku, price_fen: price, list_price_fen: 999, stock_state: 'in_stock', pinned: false, flash: null,
})

const desk = {
  id: 'room_a',
  // The catalogue's own prices: b has a price of the room's, c is not known.
  goods: { goods: reactive(new Map([['a', { price_fen: 100 }], ['b', { price_fen: 200 }]])), learnShelf: async () => undefined },
  pinned: { value: null as string | null },
  refreshShelf: async () => undefined,
} as unknown as Desk

beforeEach(() => {
  shelf = [item('a', 100), item('b', 150), item('c', 300)]
  put.mockClear()
})

const written = () => put.mock.calls[0]?.[1]

test('prices of the catalogue are not made the room’s own by another change', async () => {
  await useShelfEdit(desk).move('c', -1)
  expect(written()).toEqual([{ sku_id: 'a' }, { sku_id: 'c', price_fen: 300 }, { sku_id: 'b', price_fen: 150 }])
})

test('a change starts from the shelf as it is, not as this desk last saw it', async () => {
  const edit = useShelfEdit(desk)
  shelf = [item('a', 100)]
  await edit.add('d', 50)
  expect(written()).toEqual([{ sku_id: 'a' }, { sku_id: 'd', price_fen: 50 }])
})

test('an own price comes and goes', async () => {
  await useShelfEdit(desk).price('b', null)
  expect(written()?.[1]).toEqual({ sku_id: 'b' })
  put.mockClear()
  await useShelfEdit(desk).price('a', 90)
  expect(written()?.[0]).toEqual({ sku_id: 'a', price_fen: 90 })
})

test('the ends of the shelf hold', async () => {
  await useShelfEdit(desk).move('a', -1)
  expect(written()?.map((e) => e.sku_id)).toEqual(['a', 'b', 'c'])
})

test('a second press while one is under way does nothing', async () => {
  const edit = useShelfEdit(desk)
  const [first, second] = await Promise.all([edit.remove('a'), edit.remove('a')])
  expect([first, second]).toEqual([true, false])
  expect(put).toHaveBeenCalledTimes(1)
})
