import type { OwnOrder } from '@client/index'

export type TrailKind = 'placed' | 'paid' | 'paidInVain' | 'shipped' | 'completed' | 'refundAsked' | 'refunded' | 'refundFailed'

export interface TrailEvent {
  kind: TrailKind
  at: string
  amountFen: number | null
}

/** What happened to an order, the newest first, told from what the order says of itself. */
export function orderTrail(order: OwnOrder): TrailEvent[] {
  const all: TrailEvent[] = []
  const add = (kind: TrailKind, at: string | null | undefined, amountFen: number | null = null) => at && all.push({ kind, at, amountFen })

  add('placed', order.created_at, order.payable_fen)
  // Money that came late or twice goes back by a refund that names its payment.
  const returned = new Set((order.refunds ?? []).filter((r) => r.cause !== 'viewer').map((r) => r.payment_id))
  for (const payment of order.payments ?? []) {
    if (payment.status === 'succeeded') add(returned.has(payment.id) ? 'paidInVain' : 'paid', payment.paid_at, payment.amount_fen)
  }
  add('shipped', order.shipment?.shipped_at)
  add('completed', order.completed_at)
  for (const refund of order.refunds ?? []) {
    add('refundAsked', refund.created_at, refund.amount_fen)
    if (refund.status !== 'pending') add(refund.status === 'failed' ? 'refundFailed' : 'refunded', refund.done_at, refund.amount_fen)
  }
  // What shares its moment stays in the order in which it was told.
  return all.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).reverse()
}
