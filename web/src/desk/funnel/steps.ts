import { percent } from '@shared/format'
import type { FunnelLine } from '../calls/funnel'

/** The steps of the funnel, in their order. */
export const steps = ['shown', 'clicked', 'started', 'submitted', 'approved', 'issued', 'activated', 'bound', 'first_spend'] as const
export type StepName = (typeof steps)[number]

export interface StepFigure {
  name: StepName
  /** null where it is not known. */
  people: number | null
  /** Of the step before, in per cent; null where there is none before, or nobody. */
  share: number | null
}

/** A line step by step, each with its share of the one before. */
export function stepsOf(line: FunnelLine): StepFigure[] {
  return steps.map((name, i) => {
    const people = line[name] ?? null
    const before = i > 0 ? (line[steps[i - 1]!] ?? null) : null
    return { name, people, share: people !== null && before ? Math.round((people / before) * 1000) / 10 : null }
  })
}

/** A share as people read it; a dash where there is no answer. */
export const shareOf = (bps: number | null | undefined): string => (bps === null || bps === undefined ? '—' : percent(bps))
