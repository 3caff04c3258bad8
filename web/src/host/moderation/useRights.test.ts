// @vitest-environment jsdom
import { expect, test } from 'vitest'
import type { Role } from '@client/index'
import type { Member, Part } from './calls'
import { standingIn } from './useRights'

const person = (...roles: Role[]) => ({ id: 'stf_me', name: 'A', roles })
const crew = (role: Part, id = 'stf_me'): Member[] => [{ id, name: 'A', role, added_at: null }]

test.each([
  ['an owner stands in no crew', person('host'), crew('assistant', 'stf_other'), 'owner'],
  ['a host that was let in', person('host'), crew('host'), 'host'],
  ['an assistant', person('host'), crew('assistant'), 'assistant'],
  ['an operator is more than the crew says', person('host', 'operator'), crew('assistant'), 'owner'],
])('%s', (_, who, members, standing) => {
  expect(standingIn(who, members)).toBe(standing)
})
