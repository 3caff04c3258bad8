import type { OrderDetail, OrderStatus } from '../calls/orders'

export const orderTone = {
  pending_payment: 'warn',
  paid: 'info',
  fulfilling: 'info',
  completed: 'good',
  cancelled: '',
  refunding: 'warn',
  refunded: '',
} as const satisfies Record<OrderStatus, string>

/** A whole phone number: it is searched for, and never written into the address. */
export const isPhone = (text: string): boolean => /^1[3-9]\d{9}$/.test(text.trim())

/** What may still be given back, refunds under way counted as done. */
export function refundable(o: Pick<OrderDetail, 'status' | 'paid_fen' | 'refunds'>): number {
  if (!['paid', 'fulfilling', 'completed', 'refunding'].includes(o.status)) return 0
  const given = (o.refunds ?? []).filter((r) => r.cause === 'viewer' && r.status !== 'failed').reduce((sum, r) => sum + r.amount_fen, 0)
  return Math.max(0, o.paid_fen - given)
}

/** What may be done with an order as it stands. */
export function actsOn(o: OrderDetail): { ship: boolean; correct: boolean; complete: boolean; cancel: boolean; refund: boolean } {
  return {
    ship: o.status === 'paid' && o.address !== null && !o.shipment,
    correct: o.status === 'fulfilling' && o.shipment !== null,
    complete: o.status === 'fulfilling',
    cancel: o.status === 'pending_payment',
    refund: refundable(o) > 0,
  }
}

/** What somebody else than the viewer paid of the goods, by funder. */
export function byFunder(discounts: OrderDetail['discounts']): { funded_by: string; amount_fen: number }[] {
  const sums = new Map<string, number>()
  for (const d of discounts ?? []) sums.set(d.funded_by, (sums.get(d.funded_by) ?? 0) + d.amount_fen)
  return [...sums].map(([funded_by, amount_fen]) => ({ funded_by, amount_fen }))
}
