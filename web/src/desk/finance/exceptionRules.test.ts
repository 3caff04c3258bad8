import { expect, it } from 'vitest'
import { ageOf } from './exceptionRules'

const now = Date.parse('2026-01-10T12:00:00.000Z')

it('counts hours for two days and days after that', () => {
  expect(ageOf('2026-01-10T11:30:00.000Z', now)).toEqual({ n: 0, unit: 'hours' })
  expect(ageOf('2026-01-08T13:00:00.000Z', now)).toEqual({ n: 47, unit: 'hours' })
  expect(ageOf('2026-01-08T12:00:00.000Z', now)).toEqual({ n: 2, unit: 'days' })
  expect(ageOf('2025-12-31T12:00:00.000Z', now)).toEqual({ n: 10, unit: 'days' })
})

it('takes a clock that is ahead for no time', () => {
  expect(ageOf('2026-01-10T13:00:00.000Z', now)).toEqual({ n: 0, unit: 'hours' })
})
