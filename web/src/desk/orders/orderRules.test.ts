import { expect, test } from 'vitest'
import type { OrderDetail } from '../calls/orders'
import { actsOn, byFunder, isPhone, refundable } from './orderRules'

const order = (over: object) => ({ status: 'paid', paid_fen: 1000, refunds: [], address: {}, shipment: null, discounts: [], ...over }) as unknown as OrderDetail

test('what may be given back counts refunds under way, not those that failed', () => {
  const refund = (status: string, amount_fen: number, cause = 'viewer') => ({ status, amount_fen, cause })
  expect(refundable(order({ refunds: [refund('pending', 300), refund('succeeded', 200), refund('failed', 500), refund('succeeded', 100, 'late_payment')] }))).toBe(500)
  expect(refundable(order({ status: 'cancelled' }))).toBe(0)
})

test('an act is offered only where the order stands for it', () => {
  expect(actsOn(order({}))).toMatchObject({ ship: true, cancel: false, complete: false })
  expect(actsOn(order({ address: null })).ship).toBe(false)
  expect(actsOn(order({ status: 'fulfilling', shipment: {} }))).toMatchObject({ correct: true, complete: true, ship: false })
  expect(actsOn(order({ status: 'pending_payment', paid_fen: 0 }))).toMatchObject({ cancel: true, refund: false })
})

test('discounts are summed by who paid them', () => {
  const d = (funded_by: string, amount_fen: number) => ({ funded_by, amount_fen, kind: 'coupon', coupon_id: '' })
  expect(byFunder([d('bank', 3), d('merchant', 2), d('bank', 4)] as OrderDetail['discounts'])).toEqual([
    { funded_by: 'bank', amount_fen: 7 },
    { funded_by: 'merchant', amount_fen: 2 },
  ])
})

test('only a whole number is a phone', () => {
  expect([isPhone(' 13900000001 '), isPhone('1390000000'), isPhone('SF13900000001')]).toEqual([true, false, false])
})
