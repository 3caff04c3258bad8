/** What the staff's apps read besides the viewer's objects: leads, settlements, reconciliations, ledger, audit. */

import type { FormPlan } from './types'

export interface Named {
  id: string
  name: string
}

export const leadStatuses = [
  'screening',
  'queued',
  'in_review',
  'info_requested',
  'approved',
  'rejected',
  'withdrawn',
  'handed_off',
  'issued',
  'activated',
  'bound',
] as const
export type LeadStatus = (typeof leadStatuses)[number]

export type Verdict = 'pass' | 'refer' | 'decline'

/** The applicant's fields in the order in which they are shown. */
export const applicantFields = [
  'name', 'pinyin', 'id_no', 'id_expires_on', 'phone', 'email', 'marital_status', 'education', 'city_code', 'address', 'residence_years', 'employer',
  'industry', 'title', 'employer_phone', 'employer_address', 'income_band', 'contact1_relation', 'contact1_name', 'contact1_phone',
  'contact2_relation', 'contact2_name', 'contact2_phone', 'delivery_to', 'auto_repay',
] as const

export interface LeadItem {
  id: string
  status: LeadStatus
  card_product: Named
  /** Masked. */
  applicant: { name: string; phone: string; id_no: string; city_code: string; income_band?: string | null }
  receipt_no: string
  room_id: string | null
  created_at: string
  claimed_by: Named | null
  claimed_until: string | null
  screening: Verdict | null
  decided_at: string | null
  /** A decision waits for a second person. */
  proposed?: boolean
  escalated_at?: string | null
  escalated_for?: string | null
}

export interface Proposal {
  id: string
  decision: Decision | 'reopen'
  reason_code: ReasonCode
  why: string[]
  by: Named
  at: string
  may_confirm: boolean
}

export interface ScreeningRule {
  rule: string
  version: string
  /** As the bank names it; empty for rules from before they had versions. */
  name: string
  reason_code: ScreenReason | ''
  verdict: Verdict
  /** What the rule judged by, without personal data. */
  input: Record<string, unknown>
}

export interface LeadConsent {
  document: string
  version: string
  purpose: string
  recipient: string
  given_at: string
  withdrawn_at: string | null
}

export interface LeadEvent {
  id: string
  kind: string
  at: string
  /** null for the system. */
  by: Named | null
  detail: Record<string, unknown> | null
  text: string | null
}

export interface Lead extends LeadItem {
  applicant: LeadItem['applicant'] & {
    /** Every field that can be revealed, masked; supplements bring names of their own. */
    fields?: Record<string, string>
  }
  screening_results: ScreeningRule[]
  consents: LeadConsent[]
  timeline: LeadEvent[]
  info_request: { fields: string[]; message: string } | null
  proposal: Proposal | null
  limit_wished_fen?: number | null
  attribution?: Attribution
}

/** Where a lead came from, as it was when it was sent in. */
export interface Attribution {
  outlet_name: string | null
  manager_name: string | null
  community: string | null
  campaign: string | null
  share_code: string | null
  form_version: number
}

export interface FormVersion extends FormPlan {
  /** Null for what came with the bank. */
  made_by: string | null
  made_name: string | null
  /** Null too for those from before changes took two. */
  approved_by: string | null
  approved_name: string | null
  made_at: string | null
}

/** A form that one submits and another decides on. */
export interface FormChange {
  id: string
  /** Its version is the one that it was made from. */
  form: FormPlan
  state: 'submitted' | 'approved' | 'rejected' | 'withdrawn'
  /** Another version is in use since: it can only be rejected or withdrawn. */
  outdated: boolean
  submitted_by: Named
  submitted_at: string
  decided_by: Named | null
  decided_at: string | null
  reject_reason: string | null
  became: number | null
}

export const shareKinds = ['room', 'product', 'campaign'] as const
export type ShareKind = (typeof shareKinds)[number]

export interface ShareWish {
  kind: ShareKind
  room_id?: string | null
  card_product_id?: string | null
  manager_id?: string | null
  outlet_id?: string | null
  community?: string | null
  campaign?: string | null
  expires_at?: string | null
}

export interface ShareCode extends ShareWish {
  id: string
  code: string
  manager: Named | null
  applications: number
  created_by: Named
  created_at: string
  retired_at: string | null
  live: boolean
}

export const reasonCodes = [
  'meets_policy',
  'income_unverified',
  'identity_doubt',
  'duplicate',
  'policy_excluded',
  'risk',
  'other',
] as const
export type ReasonCode = (typeof reasonCodes)[number]

export type Decision = 'approve' | 'reject'

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
  submitted_at: string | null
  decided_by: string | null
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
  proposed_as: Resolution | null
  proposed_by: string | null
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

export interface AuditEntry {
  id: string
  seq: number
  actor_kind: 'staff' | 'viewer' | 'system' | string
  actor: string
  actor_name: string
  action: string
  /** The action in the language of the page. */
  title: string
  object: string
  object_name: string
  detail: Record<string, unknown> | null
  request_id: string
  at: string
  prev_hash: string
  hash: string
}

export const verdicts = ['pass', 'refer', 'decline'] as const
export const screenReasons = ['identity', 'age', 'duplicate', 'velocity', 'cool_off', 'blacklist', 'device', 'region', 'income', 'risk', 'other'] as const
export type ScreenReason = (typeof screenReasons)[number]

export interface ScreenRule {
  id: string
  name: string
  /** An expression over the inputs. */
  when: string
  verdict: 'refer' | 'decline'
  reason_code: ScreenReason
}

/** What rules look at: numbers, yes and no, codes, and groups of these. */
export type ScreenInput = Record<string, unknown>

export interface ScreenCase {
  name: string
  input: ScreenInput
  expect: Verdict
}

export interface ScreenCaseResult {
  name: string
  expect: Verdict
  got: Verdict
  passed: boolean
  rules: string[]
}

export interface ScreenText {
  name: string
  note: string
  rules: ScreenRule[]
  cases: ScreenCase[]
}

export interface ScreenVersion extends ScreenText {
  id: string
  no: number
  state: 'draft' | 'submitted' | 'active' | 'retired'
  revision: number
  created_by: string | null
  created_at: string
  updated_at: string
  submitted_by: string | null
  submitted_at: string | null
  approved_by: string | null
  approved_at: string | null
  activated_at: string | null
  retired_at: string | null
  reject_reason: string
}

export interface ScreenRun {
  id: string
  state: 'queued' | 'running' | 'done' | 'failed'
  leads: number
  done: number
  counts: { then: Verdict; now: Verdict; leads: number }[]
  changed: number
  created_at: string
  ended_at: string | null
}

export interface ScreenChange {
  application_id: string
  then: Verdict
  now: Verdict
  rules: string[]
}

export interface ScreenSaid {
  rule: string
  verdict: Verdict
  failed?: boolean
  name: string
  when: string
  reason_code: ScreenReason | ''
}

export interface ScreenDecision {
  application_id: string
  version_id: string | null
  version_no: number | null
  verdict: Verdict
  at: string
  input: ScreenInput | null
  input_erased: boolean
  results: ScreenSaid[]
  /** 1 for the first; one more after each supplement. */
  round: number
  rounds: number
}

export interface ScreenReplay {
  version_id: string
  version_no: number
  verdict: Verdict
  recorded: Verdict
  same: boolean
  results: ScreenSaid[]
}

export const listNames = ['black', 'white'] as const
export type ListName = (typeof listNames)[number]
export const listKinds = ['person', 'phone', 'device', 'ip', 'employer_phone'] as const
export type ListKind = (typeof listKinds)[number]

export interface ListEntry {
  id: string
  list: ListName
  kind: ListKind
  /** The first characters of the keyed hash. */
  mark: string
  reason: string
  expires_at: string | null
  in_force: boolean
  added_by: string
  added_at: string
  removed_by: string | null
  removed_at: string | null
}

export interface ListReport {
  added: number
  unchanged: number
  failed: number
  lines: { line: number; result: 'unchanged' | 'failed'; field: string; message: string }[]
}

export interface Intake {
  long_sleep_bps: number
  close_over_limit: boolean
}

export interface IntakeState extends Intake {
  limit_bps: number
  closed: boolean
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
