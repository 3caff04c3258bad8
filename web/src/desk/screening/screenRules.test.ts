import { expect, test } from 'vitest'
import { actsOf, brief, byPlace, harmless, textOf, typed } from './screenRules'

test('a case goes into text and comes back as it was, without what is empty', () => {
  const input = { ...harmless, hour: 0, ip: { h1: 3, white: false }, phone: { black: false } }
  expect(brief(input)).toEqual({ ...harmless, ip: { h1: 3 } })
  const text = textOf('n', '', [], [typed({ name: 'c', expect: 'pass', input })])
  expect(text).toMatchObject({ cases: [{ name: 'c', expect: 'pass', input: { ...harmless, ip: { h1: 3 } } }] })
})

test('cases that cannot be read are named by their place', () => {
  const c = (input: string) => ({ name: 'c', expect: 'pass' as const, input })
  expect(textOf('n', '', [], [c('{}'), c('{'), c('[1]'), c('1')])).toEqual({ cases: [1, 2, 3] })
})

test('refusals are shown where they belong', () => {
  const fields = [
    { field: 'rules[2].when', message: 'a' },
    { field: 'rules[2].id', message: 'b' },
    { field: 'cases[0]', message: 'c' },
    { field: 'name', message: 'd' },
  ]
  expect(byPlace(fields)).toEqual({ 'rules.2': ['a', 'b'], 'cases.0': ['c'], name: ['d'] })
})

test('who submitted a version may take it back, never approve it', () => {
  const risk = { risk: true, supervisor: false }
  expect(actsOf({ state: 'submitted', submitted_by: 'me' }, risk, 'me')).toMatchObject({ withdraw: true, decide: false, own: true })
  expect(actsOf({ state: 'submitted', submitted_by: 'you' }, risk, 'me')).toMatchObject({ withdraw: false, decide: true })
  expect(actsOf({ state: 'submitted', submitted_by: 'you' }, { risk: false, supervisor: false }, 'me').decide).toBe(false)
  expect(actsOf({ state: 'retired', submitted_by: 'me' }, risk, 'me')).toMatchObject({ submit: true, edit: false })
})
