/** Applications as the card department sees them: leads, where they came from, the form, share codes. */

import type { ScreenReason } from './screen-types'
import type { Named } from './staff-types'
import type { Delivery, FormPlan } from './types'

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
  delivery?: Delivery | null
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
