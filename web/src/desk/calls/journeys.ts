import { unwrap } from '@client/index'
import { api } from '../api'

export type Channel = 'sms' | 'app'
export type Trigger = 'approved' | 'issued' | 'activated' | 'bound'
export type Stop = 'issued' | 'activated' | 'bound' | 'spent'

export interface Step {
  after: 'trigger' | 'step'
  wait_s: number
  when: { activated?: boolean; bound?: boolean; spent?: boolean; card_product_ids?: string[] | null }
  channel: Channel
  text: string
}

export interface Journey {
  name: string
  enabled: boolean
  trigger: Trigger
  promotion: boolean
  stop: Stop[]
  steps: Step[]
}

export interface JourneyVersion {
  id: string
  key: string
  version: number
  status: 'draft' | 'submitted' | 'rejected' | 'active' | 'retired'
  journey: Journey
  made_by: string
  submitted_by: string | null
  submitted_at: string | null
  decided_at: string | null
  reject_reason: string | null
}

export interface JourneyEntry {
  key: string
  active: JourneyVersion | null
  draft: JourneyVersion | null
}

export interface StepFigures {
  step: number
  reached: number
  waiting: number
  sent: number
  delivered: number
  failed: number
  skipped: Record<string, number>
  cancelled: Record<string, number>
  bound: number
  spent: number
}

const of = (key: string) => ({ params: { path: { key } } })

export async function listJourneys(): Promise<JourneyEntry[]> {
  return (await unwrap<{ items: JourneyEntry[] }>(api.http.GET('/journeys'))).items
}

/** What came of a version, step by step; what follows a message counts for `days` days. */
export async function journeyFigures(key: string, version: number, days: number): Promise<StepFigures[]> {
  const figures = await unwrap<{ steps: StepFigures[] }>(
    api.http.GET('/journeys/{key}/figures', { params: { path: { key }, query: { version, days } } }),
  )
  return figures.steps
}

export async function previewText(text: string, channel: Channel, promotion: boolean): Promise<string> {
  return (await unwrap<{ text: string }>(api.http.POST('/journeys/preview', { body: { text, channel, promotion } }))).text
}

export function saveJourney(key: string, journey: Journey): Promise<unknown> {
  return unwrap(api.http.PUT('/journeys/{key}/draft', { ...of(key), body: journey as never }))
}

export function submitJourney(key: string): Promise<unknown> {
  return unwrap(api.http.POST('/journeys/{key}/submit', of(key)))
}

export function approveJourney(key: string): Promise<unknown> {
  return unwrap(api.http.POST('/journeys/{key}/approve', of(key)))
}

export function rejectJourney(key: string, reason: string): Promise<unknown> {
  return unwrap(api.http.POST('/journeys/{key}/reject', { ...of(key), body: { reason } }))
}
