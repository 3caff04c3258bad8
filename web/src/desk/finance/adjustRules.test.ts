import { describe, expect, it } from 'vitest'
import { readLines } from './adjustRules'

describe('an entry by hand', () => {
  it('is one only when each line is on one side and the sides are equal', () => {
    const cash = { account: ' cash ', debit: '3', credit: '' }
    const suspense = { account: 'suspense', debit: '', credit: '3.00' }
    expect(readLines([cash, suspense]).postings).toEqual([
      { account: 'cash', debit_fen: 300, credit_fen: 0 },
      { account: 'suspense', debit_fen: 0, credit_fen: 300 },
    ])
    for (const wrong of [{ ...suspense, credit: '2' }, { ...suspense, account: '' }, { ...suspense, debit: '3' }, { ...suspense, credit: 'x' }, { account: '', debit: '', credit: '' }])
      expect(readLines([cash, wrong]).postings).toBeNull()
    expect(readLines([cash, { ...suspense, credit: '2' }])).toMatchObject({ debit: 300, credit: 200 })
  })
})
