import { expect, test } from 'vitest'
import { ageOf, holderOf, isPersonal } from './leadRules'

const now = Date.parse('2026-11-21T12:00:00Z')

test.each([
  ['2026-11-21T11:30:00Z', 'fresh', 0, 30],
  ['2026-11-21T08:00:00Z', 'aging', 4, 0],
  ['2026-11-20T11:59:00Z', 'late', 24, 1],
  ['2026-11-21T12:05:00Z', 'fresh', 0, 0],
])('a lead of %s is %s', (created_at, state, hours, minutes) => {
  expect(ageOf({ created_at }, now)).toEqual({ state, hours, minutes })
})

test('a claim counts until its lease runs out', () => {
  const me = { id: 'stf_me', name: 'A' }
  expect(holderOf({ claimed_by: null, claimed_until: null }, 'stf_me', now)).toBe('nobody')
  expect(holderOf({ claimed_by: me, claimed_until: '2026-11-21T12:10:00Z' }, 'stf_me', now)).toBe('me')
  expect(holderOf({ claimed_by: me, claimed_until: '2026-11-21T12:10:00Z' }, 'stf_you', now)).toBe('other')
  expect(holderOf({ claimed_by: me, claimed_until: '2026-11-21T12:00:00Z' }, 'stf_you', now)).toBe('nobody')
})

test('phone and id numbers stay out of the address bar', () => {
  expect(isPersonal('13800005678')).toBe(true)
  expect(isPersonal(' 11010519491231002x ')).toBe(true)
  expect(isPersonal('A2611210001')).toBe(false)
  expect(isPersonal('app_01j000000000000000000000000')).toBe(false)
})
