import { expect, test } from 'vitest'
import { bodyOf, offsetOf, offsetText, wholeOf, wrongsOf } from './cuts'

test('an offset is read as it is written', () => {
  for (const [ms, text] of [[0, '0:00'], [75_400, '1:15'], [3_725_000, '1:02:05']] as const) {
    expect(offsetText(ms)).toBe(text)
    expect(offsetOf(text)).toBe(Math.floor(ms / 1000) * 1000)
  }
  expect(offsetOf('1\uff1a15')).toBe(75_000)
  expect(['', '75', '1:75', '1:2:3:4', '-1:00', 'a:bc'].map(offsetOf)).toEqual([null, null, null, null, null, null])
})

test('what does not fit is told slice by slice', () => {
  const cut = (from: string, to: string, sku = 'sku_1') => ({ sku, from, to })
  expect(wrongsOf([cut('0:00', '1:00'), cut('1:00', '2:00')], 119_500)).toEqual([null, null])
  expect(wrongsOf([cut('0:00', '1:10'), cut('1:00', '2:00')], 119_500)).toEqual(['overlap', 'overlap'])
  expect(wrongsOf([cut('1:00', '0:30'), cut('', '1:00'), cut('0:00', '0:10', ''), cut('1:30', '2:01')], 119_500)).toEqual(['order', 'form', 'goods', 'outside'])
})

test('a recording is as long as its last second', () => expect([120_001, 119_500, 120_002].map(wholeOf)).toEqual([120_000, 120_000, 121_000]))

test('slices are sent in order, none beyond the end', () => {
  const body = bodyOf([{ sku: 'b', from: '1:00', to: '2:00' }, { sku: 'a', from: '0:00', to: '1:00' }], '2026-11-27T12:00:00.250Z', '2026-11-27T12:01:59.750Z')
  expect(body).toEqual([
    { sku_id: 'a', from_at: '2026-11-27T12:00:00.250Z', to_at: '2026-11-27T12:01:00.250Z' },
    { sku_id: 'b', from_at: '2026-11-27T12:01:00.250Z', to_at: '2026-11-27T12:01:59.750Z' },
  ])
})
