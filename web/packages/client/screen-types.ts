/** Screening as the staff see it: rules in versions, dry runs, decisions, lists. */

import type { Verdict } from './lead-types'

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
  created_name: string | null
  created_at: string
  updated_at: string
  submitted_by: string | null
  submitted_name: string | null
  submitted_at: string | null
  approved_by: string | null
  approved_name: string | null
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
