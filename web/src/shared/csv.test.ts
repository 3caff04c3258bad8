import { expect, test } from 'vitest'
import { csvOf } from './csv'

test('cells are quoted, and none is a formula', () => {
  expect(csvOf([['时间', '银杯, 大'], ['=1+1', -5], ['他说"好"', '-']])).toBe('\uFEFF时间,"银杯, 大"\r\n\'=1+1,-5\r\n"他说""好""",\'-\r\n')
})
