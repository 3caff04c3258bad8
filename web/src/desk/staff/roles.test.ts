import { expect, test } from 'vitest'
import type { StaffRequest } from '../calls/staff'
import { mayDecide, roleChange } from './roles'

test('a change of roles tells what is given, taken and kept', () => {
  expect(roleChange({ roles: ['risk', 'host'] }, { roles: ['host', 'admin'] })).toEqual({ given: ['admin'], taken: ['risk'], kept: ['host'] })
  expect(roleChange({}, { roles: ['host'] })).toEqual({ given: ['host'], taken: [], kept: [] })
})

test('nobody decides on what they asked for, or on themself', () => {
  const r = { state: 'asked', asked_by: { id: 'a', name: '' }, staff_id: 'b' } as StaffRequest
  expect(mayDecide(r, 'c')).toBe(true)
  expect(mayDecide(r, 'a')).toBe(false)
  expect(mayDecide(r, 'b')).toBe(false)
  expect(mayDecide({ ...r, state: 'applied' }, 'c')).toBe(false)
})
