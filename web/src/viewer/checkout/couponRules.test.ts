import { expect, test } from 'vitest'
import type { OwnCoupon } from '@client/index'
import { clashes, fitting, lacking, whyNot } from './couponRules'

const now = Date.parse('2026-03-01T10:00:00Z')
const coupon = (over: Partial<OwnCoupon> = {}): OwnCoupon => ({
  id: 'cpn_1', batch_id: 'cpb_1', status: 'granted', kind: 'coupon', title: '满 50 减 5', amount_fen: 500, threshold_fen: 5000, funded_by: 'bank',
  merchant_id: null, sku_ids: null, bins: null, stacking: 'stackable', order_id: null,
  use_starts_at: '2026-02-01T00:00:00Z', expires_at: '2026-04-01T00:00:00Z', for_order: null, ...over,
})
const tea = { sku: 'sku_tea', merchant: 'mch_farm', amountFen: 6000 }
const watch = { sku: 'sku_watch', merchant: 'mch_shop', amountFen: 9000 }

test.each<[string, Partial<OwnCoupon>]>([
  ['', {}],
  ['coupon.not_yet', { use_starts_at: '2026-03-02T00:00:00Z' }],
  ['coupon.expired', { expires_at: '2026-03-01T10:00:00Z' }],
  ['coupon.scope', { merchant_id: 'mch_other' }],
  ['coupon.scope', { sku_ids: ['sku_other'] }],
  ['', { merchant_id: 'mch_farm', sku_ids: ['sku_tea'] }],
  ['coupon.threshold', { threshold_fen: 15001 }],
  ['coupon.threshold', { merchant_id: 'mch_farm', threshold_fen: 6001 }],
])('a coupon says %j where it is %j', (code, over) => {
  expect(whyNot(coupon(over), [tea, watch], now)).toBe(code)
})

test('what is lacking counts only the goods that the coupon is for', () => {
  expect(lacking(coupon({ merchant_id: 'mch_farm', threshold_fen: 10000 }), [tea, watch])).toBe(4000)
  expect(lacking(coupon(), [tea])).toBe(0)
})

test('one instant discount, and one exclusive coupon or several stackable ones', () => {
  const [instant, stackable, exclusive] = [coupon({ id: 'i', kind: 'instant' }), coupon({ id: 's' }), coupon({ id: 'x', stacking: 'exclusive' })]
  expect(clashes(instant, [stackable, exclusive])).toBe(false)
  expect(clashes(instant, [coupon({ id: 'j', kind: 'instant' })])).toBe(true)
  expect(clashes(stackable, [coupon({ id: 't' }), instant])).toBe(false)
  expect(clashes(stackable, [exclusive])).toBe(true)
  expect(clashes(exclusive, [stackable])).toBe(true)
  expect(clashes(exclusive, [exclusive])).toBe(false)
})

test('of those that fit, the one that takes most stands first', () => {
  const all = [coupon({ id: 'small' }), coupon({ id: 'big', amount_fen: 900 }), coupon({ id: 'late', expires_at: '2026-01-01T00:00:00Z' })]
  expect(fitting(all, [tea], now).map((c) => c.id)).toEqual(['big', 'small'])
})
