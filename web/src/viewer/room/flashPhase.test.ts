import { expect, test } from 'vitest'
import type { FlashSale } from '@client/index'
import { phaseOf, saleToShow } from './flashPhase'

const sale = (part: Partial<FlashSale>): FlashSale => ({
  id: 'flash_1', sku_id: 'sku_1', status: 'on_sale', price_fen: 100, total: 10, left: 5, per_user_limit: 1,
  starts_at: '2026-05-01T00:00:00.000Z', ends_at: '2026-05-01T01:00:00.000Z', ...part,
})
const at = (iso: string) => Date.parse(iso)
const during = at('2026-05-01T00:30:00.000Z')

test('the clock opens and closes a sale even before its event arrives', () => {
  expect(phaseOf(sale({ status: 'scheduled' }), at('2026-04-30T23:59:59.000Z'))).toBe('scheduled')
  expect(phaseOf(sale({ status: 'scheduled' }), during)).toBe('on_sale')
  expect(phaseOf(sale({}), at('2026-05-01T01:00:00.000Z'))).toBe('over')
})

test('sold out does not stick when units come back', () => {
  expect(phaseOf(sale({ left: 0 }), during)).toBe('sold_out')
  expect(phaseOf(sale({ status: 'sold_out', left: 1 }), during)).toBe('on_sale')
  expect(phaseOf(sale({ status: 'cancelled' }), during)).toBe('over')
})

test('a sale that is on comes before the next one, and that before one sold out', () => {
  const next = sale({ id: 'next', status: 'scheduled', starts_at: '2026-05-01T00:40:00.000Z' })
  const gone = sale({ id: 'gone', left: 0 })
  expect(saleToShow([gone, next, sale({})], during)?.id).toBe('flash_1')
  expect(saleToShow([gone, next], during)?.id).toBe('next')
  expect(saleToShow([gone], during)?.id).toBe('gone')
  expect(saleToShow([sale({ status: 'ended' })], during)).toBeNull()
})
