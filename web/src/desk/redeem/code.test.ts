import { describe, expect, test } from 'vitest'
import { bare, grouped, wrongOf } from './code'

describe('a voucher code', () => {
  test('case, spaces and hyphens do not matter', () => {
    expect(bare(' abcd-2345 wxyz-6789')).toBe('ABCD2345WXYZ6789')
    expect(grouped('abcd2345wxyz6789')).toBe('ABCD-2345-WXYZ-6789')
    expect(grouped('abcd2')).toBe('ABCD-2')
  })
  test('the check symbol tells a wrong one from a right one', () => {
    expect(wrongOf('2222-2222-2222-2222')).toBeNull()
    expect(wrongOf('2222-2222-2222-2223')).toBe('check')
    expect(wrongOf('2222-2222-2222-222')).toBe('length')
    expect(wrongOf('2222-2222-2222-2221')).toBe('symbol')
  })
})
