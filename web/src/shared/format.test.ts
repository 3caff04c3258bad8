import { expect, test } from 'vitest'
import { clock, count, countdown, dateTime, fenOf, money, orderNo, when } from './format'

test.each([[0, '¥0.00'], [5, '¥0.05'], [123456, '¥1,234.56'], [-990, '-¥9.90'], [100000000000, '¥1,000,000,000.00']])(
  '%i fen is %s',
  (fen, text) => expect(money(fen)).toBe(text),
)

test.each([['12', 1200], ['12.3', 1230], ['0.05', 5], ['1.234', null], ['', null], ['-1', null]])('%s yuan typed is %s fen', (yuan, fen) =>
  expect(fenOf(yuan)).toBe(fen),
)

test('counts are short from ten thousand on', () => {
  expect(count(9999, 'zh-CN')).toBe('9,999')
  expect(count(12000, 'zh-CN')).toBe('1.2\u4e07')
  expect(count(12000, 'en')).toBe('12K')
  expect(count(1_200_000, 'en')).toBe('1.2M')
})

test('an order number is the end of its id', () => expect(orderNo('ord_01kawy3s5cf8m9t7q2xw4r6h8k')).toBe('Q2XW4-R6H8K'))

test('times are in the zone of the bank, relative under an hour', () => {
  const now = Date.parse('2026-05-01T04:00:00.000Z')
  expect(clock('2026-05-01T04:05:00.000Z', 'en')).toBe('12:05')
  expect(when('2026-05-01T03:30:00.000Z', 'en', now)).toBe('30 minutes ago')
  expect(dateTime('2026-05-01T16:30:00.000Z', 'en', now)).toContain('May 2')
})

test('a countdown never goes below zero', () => {
  expect(countdown(-5)).toBe('00:00')
  expect(countdown(61_000)).toBe('01:01')
  expect(countdown(3_600_000)).toBe('1:00:00')
  expect(countdown(30 * 86_400_000 - 1000)).toBe('29天 23:59:59')
  expect(countdown(2 * 86_400_000 + 3_600_000, 'en')).toBe('2 days 1:00:00')
})
