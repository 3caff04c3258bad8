import { expect, test } from 'vitest'
import { stageOf } from './stage'

test('what is paid waits for who ships it', () => {
  expect(stageOf({ status: 'paid', ships_by: 'merchant' })).toBe('to_ship')
  expect(stageOf({ status: 'paid', ships_by: 'bank' })).toBe('by_bank')
  expect(stageOf({ status: 'paid', ships_by: 'nobody' })).toBe('codes')
  expect(stageOf({ status: 'fulfilling', ships_by: 'bank' })).toBe('shipped')
  expect(stageOf({ status: 'refunding', ships_by: 'merchant' })).toBe('refunding')
})
