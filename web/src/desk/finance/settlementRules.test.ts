import { describe, expect, test } from 'vitest'
import type { Settlement } from '@client/index'
import { earlierRefunds, headAddsUp, lineSums, movesOf, sumOf } from './settlementRules'

const one: Settlement = {
  id: 'stl_1', merchant: { id: 'mch_1', name: 'M' }, business_date: '2026-11-20', status: 'submitted',
  sales_fen: 10_000, refunds_fen: 1_000, commission_fen: 450, discounts_fen: 200, payable_fen: 8_750, line_count: 2,
  submitted_by: 'stf_a', submitted_name: 'A', submitted_at: '2026-11-21T00:00:00Z', decided_by: null, decided_name: null, decided_at: null, reject_reason: null,
  created_at: '2026-11-21T00:00:00Z', payout_id: null, due_date: null, reserve_fen: 0,
}
const both = { finance: true, checker: true }

describe('settlements', () => {
  test('the head adds up, or says that it does not', () => {
    expect(headAddsUp(one)).toBe(true)
    expect(headAddsUp({ ...one, payable_fen: 8_751 })).toBe(false)
  })

  test('refunds of orders that were sold on earlier days', () => {
    const line = { ref: 'r', title: 'T', commission_fen: 0, net_fen: 0 }
    expect(
      earlierRefunds([
        { ...line, kind: 'sale', order_id: 'ord_1', amount_fen: 100 },
        { ...line, kind: 'refund', order_id: 'ord_1', amount_fen: -30 },
        { ...line, kind: 'refund', order_id: 'ord_2', amount_fen: -40 },
      ]),
    ).toBe(-40)
  })

  test('sums of lists and lines', () => {
    expect(sumOf([one, one])).toEqual({ sales: 20_000, refunds: 2_000, commission: 900, discounts: 400, payable: 17_500 })
    const line = { kind: 'sale' as const, order_id: 'ord_1', ref: 'r', title: 'T' }
    expect(
      lineSums([
        { ...line, amount_fen: 100, commission_fen: 5, net_fen: 95 },
        { ...line, kind: 'refund', amount_fen: -40, commission_fen: -2, net_fen: -38 },
      ]),
    ).toEqual({ amount: 60, commission: 3, net: 57 })
  })

  test('who submitted does not decide, whatever the roles', () => {
    expect(movesOf(one, both, 'stf_a')).toEqual({ submit: false, decide: false, withdraw: true, own: true })
    expect(movesOf(one, both, 'stf_b')).toEqual({ submit: false, decide: true, withdraw: false, own: false })
    expect(movesOf(one, { finance: true, checker: false }, 'stf_b')).toEqual({ submit: false, decide: false, withdraw: false, own: false })
  })

  test('drafts and rejected ones are submitted, decided ones are done', () => {
    for (const status of ['draft', 'rejected'] as const) {
      expect(movesOf({ ...one, status }, both, 'stf_b')).toEqual({ submit: true, decide: false, withdraw: false, own: false })
    }
    for (const status of ['approved', 'paid'] as const) {
      expect(movesOf({ ...one, status }, both, 'stf_b')).toEqual({ submit: false, decide: false, withdraw: false, own: false })
    }
  })
})
