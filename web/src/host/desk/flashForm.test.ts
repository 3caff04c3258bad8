import { describe, expect, test } from 'vitest'
import type { FlashSale } from '@client/index'
import { bodyOf, wrongsOf, type FlashDraft } from './flashForm'

const now = Date.parse('2026-11-21T12:00:00Z')
const good: FlashDraft = { sku: 'sku_a', price: '49.90', total: 100, perUser: 2, startsAt: null, minutes: 10 }
const context = { shelfPrice: 12_800, sales: [] as FlashSale[], now }

const sale = (from: string, to: string, status: FlashSale['status'] = 'on_sale'): FlashSale => ({
  id: 'flash_1', sku_id: 'sku_a', status, price_fen: 1, total: 1, left: 1, per_user_limit: 1,
  starts_at: `2026-11-21T${from}:00Z`, ends_at: `2026-11-21T${to}:00Z`,
})

describe('the flash drawer', () => {
  test('takes a good draft', () => {
    expect(wrongsOf(good, context)).toEqual({})
  })

  test.each([
    [{ sku: '' }, 'sku', 'sku'],
    [{ price: '' }, 'price', 'price'],
    [{ price: '0' }, 'price', 'price'],
    [{ price: '1.234' }, 'price', 'price'],
    [{ price: '128' }, 'price', 'notCheaper'],
    [{ total: undefined }, 'total', 'total'],
    [{ total: 1_000_001 }, 'total', 'total'],
    [{ perUser: 0 }, 'perUser', 'perUser'],
    [{ perUser: 101 }, 'perUser', 'perUserOverTotal'],
    [{ startsAt: new Date(now - 120_000) }, 'startsAt', 'past'],
    [{ minutes: 0 }, 'minutes', 'minutes'],
  ] as const)('names what is wrong with %o', (change, field, wrong) => {
    expect(wrongsOf({ ...good, ...change }, context)[field]).toBe(wrong)
  })

  test('a price is compared only where the room has one', () => {
    expect(wrongsOf({ ...good, price: '999' }, { ...context, shelfPrice: null }).price).toBeUndefined()
  })

  test('two sales of one product may not meet in time', () => {
    expect(wrongsOf(good, { ...context, sales: [sale('12:09', '12:20')] }).sku).toBe('overlap')
    expect(wrongsOf(good, { ...context, sales: [sale('12:10', '12:20')] }).sku).toBeUndefined()
    expect(wrongsOf(good, { ...context, sales: [sale('11:50', '12:20', 'cancelled')] }).sku).toBeUndefined()
  })

  test('a sale without a start begins now, by the clock given', () => {
    expect(bodyOf(good, now)).toEqual({
      sku_id: 'sku_a', price_fen: 4990, total: 100, per_user_limit: 2,
      starts_at: '2026-11-21T12:00:00.000Z', ends_at: '2026-11-21T12:10:00.000Z',
    })
  })
})
