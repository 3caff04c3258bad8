import type { Settlement, SettlementLine, SettlementStatus } from '@client/index'

export const settlementTone: Record<SettlementStatus, '' | 'good' | 'warn' | 'bad' | 'info'> = {
  draft: '',
  submitted: 'warn',
  approved: 'info',
  paying: 'warn',
  paid: 'good',
  failed: 'bad',
  rejected: 'bad',
}

export interface Sums {
  sales: number
  refunds: number
  commission: number
  discounts: number
  payable: number
}

/** The totals of several settlements, in fen. */
export function sumOf(settlements: readonly Settlement[]): Sums {
  const sums = { sales: 0, refunds: 0, commission: 0, discounts: 0, payable: 0 }
  for (const s of settlements) {
    sums.sales += s.sales_fen
    sums.refunds += s.refunds_fen
    sums.commission += s.commission_fen
    sums.discounts += s.discounts_fen
    sums.payable += s.payable_fen
  }
  return sums
}

/** Whether the figures of the head add up: sales − refunds − commission + discounts. */
export function headAddsUp(s: Settlement): boolean {
  return s.sales_fen - s.refunds_fen - s.commission_fen + s.discounts_fen === s.payable_fen
}

/** What buyers got back of orders that were sold on earlier days, below zero. */
export function earlierRefunds(lines: readonly SettlementLine[]): number {
  const sold = new Set(lines.filter((l) => l.kind === 'sale').map((l) => l.order_id))
  return lines.reduce((sum, l) => sum + (l.kind === 'refund' && !sold.has(l.order_id) ? l.amount_fen : 0), 0)
}

/** The columns of a settlement's lines, and which of them hold figures. */
export const lineColumns = { kind: false, title: false, order: false, amount: true, commission: true, net: true } as const

export interface LineSums {
  amount: number
  commission: number
  net: number
}

export function lineSums(lines: readonly SettlementLine[]): LineSums {
  return lines.reduce(
    (sum, line) => ({
      amount: sum.amount + line.amount_fen,
      commission: sum.commission + line.commission_fen,
      net: sum.net + line.net_fen,
    }),
    { amount: 0, commission: 0, net: 0 },
  )
}

/** What a person may do with a settlement now. */
export interface Moves {
  submit: boolean
  decide: boolean
  withdraw: boolean
  /** The decision is another person's, since this one submitted. */
  own: boolean
}

export function movesOf(s: Settlement, roles: { finance: boolean; checker: boolean }, me: string): Moves {
  const own = s.status === 'submitted' && s.submitted_by === me
  return {
    submit: roles.finance && (s.status === 'draft' || s.status === 'rejected'),
    decide: roles.checker && s.status === 'submitted' && !own,
    withdraw: roles.finance && own,
    own: roles.checker && own,
  }
}
