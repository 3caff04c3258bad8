import { expect, test } from 'vitest'
import { partsOf } from './wait'

test('a wait is said in the largest whole unit', () => {
  expect(partsOf(86_400)).toEqual({ n: 24, unit: 'hour' })
  expect(partsOf(259_200)).toEqual({ n: 3, unit: 'day' })
  expect(partsOf(90)).toEqual({ n: 90, unit: 'second' })
  expect(partsOf(600)).toEqual({ n: 10, unit: 'minute' })
  expect(partsOf(0)).toEqual({ n: 0, unit: 'second' })
})
