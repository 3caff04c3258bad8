import { expect, test } from 'vitest'
import type { OwnOrder } from '@client/index'
import { orderTrail } from './orderTrail'

const order: OwnOrder = {
  id: 'ord_1', status: 'refunding', items: [], goods_fen: 5000, discounts: [], payable_fen: 4500, paid_fen: 4500, refunded_fen: 0,
  expires_at: null, created_at: '2026-03-01T10:00:00.000Z', room_id: null,
}
const payment = { method: 'cashier' as const, amount_fen: 4500, created_at: '2026-03-01T10:00:10.000Z' }
const refund = { amount_fen: 4500, reason: '', created_at: '2026-03-03T08:00:00.000Z' }

test('a trail holds what happened, the newest first', () => {
  const trail = orderTrail({
    ...order,
    payments: [{ ...payment, id: 'pay_1', status: 'failed', paid_at: null }, { ...payment, id: 'pay_2', status: 'succeeded', paid_at: '2026-03-01T10:01:00.000Z' }],
    shipment: { carrier: '顺丰', tracking_no: 'SF1', shipped_at: '2026-03-02T09:00:00.000Z' },
    refunds: [{ ...refund, id: 'rfd_1', payment_id: 'pay_2', status: 'pending', cause: 'viewer', done_at: null }],
  })
  expect(trail.map((e) => e.kind)).toEqual(['refundAsked', 'shipped', 'paid', 'placed'])
})

test('a payment that came twice is told apart, and so is a refund that failed', () => {
  const trail = orderTrail({
    ...order,
    payments: [
      { ...payment, id: 'pay_1', status: 'succeeded', paid_at: '2026-03-01T10:01:00.000Z' },
      { ...payment, id: 'pay_2', status: 'succeeded', paid_at: '2026-03-01T10:02:00.000Z' },
    ],
    refunds: [{ ...refund, id: 'rfd_1', payment_id: 'pay_2', status: 'failed', cause: 'duplicate_payment', done_at: '2026-03-03T08:05:00.000Z' }],
  })
  expect(trail.map((e) => e.kind)).toEqual(['refundFailed', 'refundAsked', 'paidInVain', 'paid', 'placed'])
})

test('an order as lists show it has its beginning', () => {
  expect(orderTrail(order).map((e) => e.kind)).toEqual(['placed'])
})
