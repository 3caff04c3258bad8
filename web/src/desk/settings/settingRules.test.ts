import { expect, test } from 'vitest'
import type { Setting } from '../calls/settings'
import { changedOf, messageOf, unitOf, wrongWith } from './settingRules'

const item = (kind: Setting['kind'], min = 0, max = 0) => ({ kind, min, max })

test('a value is held against its kind and its limits', () => {
  expect(wrongWith(item('days', 1, 90), 0)).toBe('range')
  expect(wrongWith(item('days', 1, 90), 90)).toBe('')
  expect(wrongWith(item('fen', 0, 10), 1.5)).toBe('number')
  expect(wrongWith(item('clock'), '24:00')).toBe('time')
  expect(wrongWith(item('flag'), false)).toBe('')
  expect(wrongWith(item('hours'), null)).toBe('')
  expect(wrongWith(item('hours'), { from: '18:00', to: '09:00' })).toBe('hours')
  expect(wrongWith(item('hours'), { holidays: ['1 May'] })).toBe('dates')
})

test('a time is typed in the largest unit that holds it whole', () => {
  expect([15, 60, 90, 1440, 4320, 0].map(unitOf)).toEqual(['minutes', 'hours', 'minutes', 'days', 'days', 'minutes'])
})

test('only what differs is sent', () => {
  const items = [{ key: 'a', value: 1 }, { key: 'b', value: null }] as Setting[]
  expect(changedOf(items, { a: 1, b: { from: '08:00' } })).toEqual({ b: { from: '08:00' } })
})

test('a setting has its name among the messages', () => {
  expect([messageOf('reconciliation.no_repair'), messageOf('keep_days.orders')]).toEqual(['settings.item.reconciliation_no_repair', 'keeping.class.orders'])
})
