/** Money as finance sees it: settlements, payouts, reconciliations, the day, the ledger. */

import type { Named } from './staff-types'

export const settlementStatuses = ['draft', 'submitted', 'approved', 'paying', 'paid', 'failed', 'rejected'] as const
export type SettlementStatus = (typeof settlementStatuses)[number]

export interface SettlementLine {
  kind: 'sale' | 'refund'
  order_id: string
  ref: string
  title: string
  amount_fen: number
  commission_fen: number
  net_fen: number
}

export interface Settlement {
  id: string
  merchant: Named
  business_date: string
  status: SettlementStatus
  sales_fen: number
  refunds_fen: number
  commission_fen: number
  discounts_fen: number
  payable_fen: number
  line_count: number
  submitted_by: string | null
  submitted_name: string | null
  submitted_at: string | null
  decided_by: string | null
  decided_name: string | null
  decided_at: string | null
  reject_reason: string | null
  created_at: string
  payout_id: string | null
  due_date: string | null
  reserve_fen: number
  lines?: SettlementLine[]
}

/** A settlement as it is printed and signed. */
export interface SettlementSheet extends Settlement {
  bank_name: string
  given: { funder: 'bank' | 'platform' | 'merchant'; amount_fen: number }[]
  given_back_fen: number
  carried_fen: number
  payout: { id: string; status: 'paying' | 'paid' | 'failed' | 'returned'; amount_fen: number } | null
}

/** Money on its way to a merchant. */
export interface Payout {
  id: string
  amount_fen: number
  status: 'paying' | 'paid' | 'failed' | 'returned'
  payout_no: string | null
  reason: string | null
  asked_count: number
  created_at: string
  ended_at: string | null
  returned_at: string | null
  retried_by: string | null
  settlements?: string[]
}

export type FileState = 'whole' | 'late' | 'unreachable' | 'truncated' | 'wrong_total' | 'wrong_hash' | 'wrong_day' | 'encoding' | 'malformed'

/** What became of the gateway's file, the last time it was asked for. */
export interface TheirFile {
  state: FileState
  reason: string
  next: 'none' | 'resolve' | 'wait' | 'run_again' | 'ask_gateway'
  source: 'gateway' | 'upload'
  repeat: 'first' | 'same' | 'changed'
  encoding: string
  sha256: string
  rows: number
  tries: number
  at: string
}

export const channels = ['bankbox', 'wechatpay'] as const
export type Channel = (typeof channels)[number]

/** A statement that a person brings. */
export interface StatementUpload {
  id: string
  state: 'uploading' | 'whole' | 'refused'
  reason: string
  rows: number
}

export interface Reconciliation {
  id: string
  date: string
  channel: string
  status: 'unread' | 'matched' | 'waiting' | 'exceptions'
  file: TheirFile
  ours_count: number
  ours_fen: number
  theirs_count: number
  theirs_fen: number
  /** What the gateway charges for them. */
  fee_fen: number
  net_fen: number
  matched_count: number
  /** Open ones. */
  exception_count: number
  ran_at: string
}

export const resolutions = ['matched', 'refunded', 'adjusted', 'written_off'] as const
export type Resolution = (typeof resolutions)[number]

export const exceptionKinds = [
  'surplus',
  'shortage',
  'amount',
  'status',
  'duplicate',
  'callback_amount',
  'callback_number',
  'refund_failed',
  'refund_exceeds',
] as const
export const exceptionStates = ['unresolved', 'waiting', 'open', 'proposed', 'resolved'] as const

export interface MoneyException {
  id: string
  date: string
  channel: string
  kind: string
  ref: string
  ours_fen: number
  theirs_fen: number
  /** `waiting`: a shortage that may still come with the next day's file. */
  status: 'waiting' | 'open' | 'proposed' | 'resolved'
  owner: string | null
  owner_name: string | null
  proposed_as: Resolution | null
  proposed_by: string | null
  proposed_name: string | null
  declined_for: string | null
  rule: 'repair' | 'refund' | 'write_off' | null
  note: string | null
  resolved_by: string | null
  confirmed_by: string | null
  resolution: Resolution | null
  comment: string | null
  created_at: string
  resolved_at: string | null
}

export interface TrialBalance {
  items: { account: string; debit_fen: number; credit_fen: number }[]
  debit_fen: number
  credit_fen: number
}

/** Why a business date does not close yet, in the order in which it is done. */
export const missingSteps = [
  'not_closed', 'no_statements', 'statements_open', 'not_reconciled', 'exceptions_waiting', 'exceptions_open',
  'unposted', 'unbalanced', 'not_rolled_up', 'proposals_open',
] as const
export type MissingStep = (typeof missingSteps)[number]

/** A business date at a glance. */
export interface FinanceDay {
  date: string
  orders: number
  sales_fen: number
  refunds_fen: number
  commission_fen: number
  fees_fen: number
  unmatched_fen: number
  discounts: { funder: string; amount_fen: number }[]
  statements: { status: SettlementStatus; count: number; payable_fen: number }[]
  reconciliations: { id: string; channel: string; status: Reconciliation['status']; theirs_fen: number; fee_fen: number; net_fen: number }[]
  waiting_exceptions: number
  open_exceptions: number
  unposted_events: number
  open_proposals: number
  debit_fen: number
  credit_fen: number
  closes: boolean
  missing: MissingStep[]
}

export const sumsBy = ['room', 'merchant', 'funder', 'channel'] as const
export type SumsBy = (typeof sumsBy)[number]

export interface FinanceSum {
  id: string
  name: string
  account: string
  count: number
  sales_fen: number
  refunds_fen: number
  discounts_fen: number
  returned_fen: number
  commission_fen: number
  fees_fen: number
  net_fen: number
}

export interface Promised {
  kind: 'coupon' | 'coupon_reserved' | 'voucher' | 'voucher_lapsed'
  party: string
  name: string
  count: number
  amount_fen: number
}

export const ledgerEvents = [
  'order.paid', 'order.refunded', 'payment.unmatched', 'payment.returned', 'settlement.approved', 'reserve.released', 'exception.held', 'exception.resolved', 'fee.charged',
  'payout.sent', 'payout.paid', 'payout.failed', 'payout.returned',
  'ledger.adjusted', 'ledger.reversed',
] as const
export type LedgerEvent = (typeof ledgerEvents)[number]

export interface LedgerEntry {
  id: string
  event: LedgerEvent
  ref: string
  order_id: string | null
  business_date: string
  total_fen: number
  posted_at: string
  reversed_by: string | null
}

export interface LedgerPosting {
  account: string
  debit_fen: number
  credit_fen: number
}

export interface LedgerMovement {
  id: string
  channel: string
  number: string | null
  amount_fen: number
  status: string
  cause: string
  done_at: string | null
}

/** An entry with what stands behind it. */
export interface LedgerEntryDetail extends LedgerEntry {
  postings: (LedgerPosting & { kind: 'asset' | 'liability' | 'income' | 'expense' })[]
  object: { kind: 'payment' | 'refund' | 'settlement' | 'exception' | 'reconciliation' | 'proposal' | 'entry' | 'other'; id: string }
  order: { id: string; room_id: string | null; status: string; goods_fen: number; payable_fen: number; paid_fen: number; refunded_fen: number } | null
  payments: LedgerMovement[]
  refunds: LedgerMovement[]
  related: { id: string; event: LedgerEvent; business_date: string; total_fen: number }[]
}

/** An entry by hand, or a reversal, that two people decide on. */
export interface LedgerProposal {
  id: string
  kind: 'reversal' | 'adjustment'
  entry_id: string | null
  postings: LedgerPosting[]
  total_fen: number
  reason: string
  status: 'proposed' | 'approved' | 'rejected' | 'withdrawn'
  proposed_by: string
  proposed_at: string
  decided_by: string | null
  decided_at: string | null
  reject_reason: string | null
}
