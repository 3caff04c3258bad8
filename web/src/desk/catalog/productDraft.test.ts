import { expect, test } from 'vitest'
import type { Entry } from '../calls/catalog'
import { changesOf, daysOf, productDraftOf } from './productDraft'

const entry = { title: 'tea', category: 'drinks', branch_id: null, images: ['/a', '/b'], image_alts: { '/a': 'a leaf' }, valid_days: 90, kind: 'voucher' } as unknown as Entry

test('only what is other than it was is sent', () => {
  const draft = productDraftOf(entry)
  expect(changesOf(entry, draft)).toBeNull()
  expect(changesOf(entry, { ...draft, title: ' tea ', images: ['/b', '/a'] })).toEqual({ images: ['/b', '/a'] })
  expect(changesOf(entry, { ...draft, alts: { '/a': ' a leaf ', '/b': 'a cup', '/gone': 'x' } })).toEqual({ image_alts: { '/a': ' a leaf ', '/b': 'a cup', '/gone': 'x' } })
  expect(changesOf(entry, { ...draft, alts: { '/a': ' a leaf ' } })).toBeNull()
  expect(changesOf(entry, { ...draft, branch: 'brn_1', validDays: '' })).toEqual({ branch_id: 'brn_1', valid_days: 0 })
})

test('a voucher is good for some days, or for what is usual', () => {
  expect([daysOf(''), daysOf('30'), daysOf('0'), daysOf('3661'), daysOf('x')]).toEqual([0, 30, null, null, null])
})
