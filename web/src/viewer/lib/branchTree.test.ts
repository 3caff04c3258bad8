import { expect, test } from 'vitest'
import { branchTree } from './branchTree'

test('branches stand under their parents, and none is lost', () => {
  const rows = branchTree([
    { id: 'b1', parent_id: 'a', name: '五华支行' },
    { id: 'a', parent_id: null, name: '昆明分行' },
    { id: 'c', parent_id: 'gone', name: '大理分行' },
    { id: 'b2', parent_id: 'b1', name: '翠湖网点' },
  ])
  expect(rows.map((r) => `${r.depth} ${r.name}`)).toEqual(['0 昆明分行', '1 五华支行', '2 翠湖网点', '0 大理分行'])
})
