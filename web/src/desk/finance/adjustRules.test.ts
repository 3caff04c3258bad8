import { describe, expect, it } from 'vitest'
import { fenOf, readLines } from './adjustRules'

describe('an entry by hand', () => {
  it('reads yuan to the fen and nothing else', () => {
    expect(['', '1', '1.5', '0.29', '1234567890.12'].map(fenOf)).toEqual([0, 100, 150, 29, 123456789012])
    expect(['-1', '1.234', '1,000', 'x', '.5', '1e3'].map(fenOf)).toEqual([null, null, null, null, null, null])
  })

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
