import type { RoomFunnel } from '../play/calls'

const names = ['shown', 'clicked', 'started', 'submitted', 'approved', 'issued', 'activated', 'bound', 'first_spend'] as const

export interface FunnelStep {
  name: (typeof names)[number]
  people: number
  /** Of the step before, in per cent; null where nobody was there. */
  share: number | null
}

/** The room's steps, each with its share of the one before. */
export function funnelSteps(line: RoomFunnel): FunnelStep[] {
  return names.map((name, i) => {
    const people = line[name] ?? 0
    const before = i > 0 ? (line[names[i - 1]!] ?? 0) : 0
    return { name, people, share: before > 0 ? Math.round((people / before) * 1000) / 10 : null }
  })
}

/** A bar of the largest step; what is not nought stays to be seen. */
export function widthOf(step: FunnelStep, all: FunnelStep[]): string {
  const most = Math.max(...all.map((s) => s.people))
  if (step.people === 0) return '0'
  return `max(3px, ${(step.people / most) * 100}%)`
}
