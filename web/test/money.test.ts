import { expect, test } from 'vitest'
import { apps, sources } from './sources'

/** Where amounts are typed in whole yuan; everything else writes money by shared/format.ts. */
const typed = ['viewer/apply/SupplementField.vue', 'viewer/apply/useDraft.ts']

// Shares and bit rates are in hundredths too: such a line names its basis points or bits.
const otherwise = /bps|share/

test('money is written in one place', () => {
  const own = [...apps, 'shared' as const]
    .flatMap(sources)
    .filter(({ path }) => path !== 'shared/format.ts' && !typed.includes(path))
    .flatMap(({ path, text }) => text.split('\n').map((line) => ({ path, line: line.trim() })))
    .filter(({ line }) => /toFixed\(2\)|\/ ?100\b|[¥¥]\s*(\$\{|\{\{)/.test(line) && !otherwise.test(line))
  expect(own.map(({ path, line }) => `${path}: ${line}`)).toEqual([])
})
