import { expect, test } from 'vitest'
import { aboutOf, kindKey, type LogLine } from './roomLog'

const line = (data: unknown): LogLine => ({ id: 'evt_1', at: '2026-11-21T12:00:00Z', what: 'fact', kind: 'notice', who: null as never, data })
const titleOf = (sku: string): string => (sku === 'sku_1' ? '银杯' : '')

test.each([
  ['大家好', '大家好'],
  [{ text: '今晚八点' }, '今晚八点'],
  [{ sku_id: 'sku_1' }, '银杯'],
  [{ reason: '广告', sku_id: 'sku_1' }, '广告'],
  [{ sku_id: null }, ''],
  [null, ''],
])('%j is told as %s', (data, told) => {
  expect(aboutOf(line(data), titleOf)).toBe(told)
})

test('a kind is a key', () => {
  expect(kindKey('coupon.drop_ended')).toBe('coupon_drop_ended')
})
