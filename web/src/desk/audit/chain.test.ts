import { expect, test } from 'vitest'
import type { ChainProof } from '../calls/audit'
import { proveAll } from './chain'

const size = 5
/** A chain of `length` entries, served in pieces; the hash of an entry is its number. */
const chain = (length: number, twist: (p: ChainProof) => void = () => {}) => async (from: number, to: number): Promise<ChainProof> => {
  const last = Math.min(from + size - 1, to || length, length)
  const p = {
    from_seq: from, to_seq: last, count: last - from + 1, prev_hash: from === 1 ? '' : `h${from - 1}`, last_hash: `h${last}`,
    head_seq: length, head_hash: `h${length}`, verdict: 'holds', broken_at: null, found: '', next_seq: last < (to || length) ? last + 1 : null,
  } as ChainProof
  twist(p)
  return p
}
const never = () => false

test('all pieces are put together, with progress', async () => {
  const told: [number, number][] = []
  const v = await proveAll(chain(12), 1, 0, (...at) => told.push(at), never)
  expect(v).toMatchObject({ holds: true, count: 12 })
  expect(v!.pieces).toHaveLength(3)
  expect(told).toEqual([[5, 12], [10, 12], [12, 12]])
})

test('a broken piece ends it', async () => {
  const v = await proveAll(chain(12, (p) => p.from_seq === 6 && Object.assign(p, { verdict: 'broken', broken_at: 7, count: 1 })), 1, 0, () => {}, never)
  expect(v).toMatchObject({ holds: false, count: 6 })
  expect(v!.last.broken_at).toBe(7)
})

test('pieces that do not join are a break', async () => {
  const v = await proveAll(chain(12, (p) => p.from_seq === 6 && (p.prev_hash = 'other')), 1, 0, () => {}, never)
  expect(v!.holds).toBe(false)
  expect(v!.last.broken_at).toBe(6)
})

test('it can be stopped', async () => {
  expect(await proveAll(chain(12), 1, 0, () => {}, () => true)).toBeNull()
})
