import type { LeadItem, LeadStatus } from '@client/index'

/** Statuses in which a lead waits for the card department. */
const open: readonly LeadStatus[] = ['screening', 'queued', 'in_review', 'info_requested']

/** The bands that the application form offers. */
export const incomeBands = ['lt_50k', '50k_100k', '100k_200k', '200k_500k', 'gt_500k'] as const

export const isOpen = (status: LeadStatus): boolean => open.includes(status)

export type Tone = '' | 'good' | 'warn' | 'bad' | 'info'

export const statusTone: Record<LeadStatus, Tone> = {
  screening: '',
  queued: 'info',
  in_review: 'warn',
  info_requested: 'warn',
  approved: 'good',
  rejected: 'bad',
  withdrawn: '',
  handed_off: 'good',
  issued: 'good',
  activated: 'good',
  bound: 'good',
}

/** How old an open lead may get: first a warning, then late. The bank promises its answer within a day. */
const warnAfter = 4 * 3_600_000
const lateAfter = 24 * 3_600_000

export type Age = 'fresh' | 'aging' | 'late'

export function ageOf(lead: Pick<LeadItem, 'created_at'>, now: number): { state: Age; hours: number; minutes: number } {
  const waited = Math.max(0, now - Date.parse(lead.created_at))
  const state = waited >= lateAfter ? 'late' : waited >= warnAfter ? 'aging' : 'fresh'
  return { state, hours: Math.floor(waited / 3_600_000), minutes: Math.floor((waited % 3_600_000) / 60_000) }
}

export type Holder = 'nobody' | 'me' | 'other'

/** Who holds the lead now; a claim whose lease ran out holds nothing. */
export function holderOf(lead: Pick<LeadItem, 'claimed_by' | 'claimed_until'>, me: string, now: number): Holder {
  if (!lead.claimed_by) return 'nobody'
  if (lead.claimed_until && Date.parse(lead.claimed_until) <= now) return 'nobody'
  return lead.claimed_by.id === me ? 'me' : 'other'
}

/** Phone and id numbers are looked for, but never written into the address bar and its history. */
export function isPersonal(q: string): boolean {
  return /^\d{11}$|^\d{17}[\dXx]$/.test(q.trim())
}
