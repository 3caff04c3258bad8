import type { Report } from '../play/calls'

type Minute = NonNullable<Report['minutes']>[number]

/** The lines of the trend: people on one axis, money on the other. */
export const series = ['viewers', 'likes', 'chats', 'orders', 'paid_orders', 'gmv_fen'] as const
export type Series = (typeof series)[number]

const minute = 60_000

export interface Point {
  at: number
  values: Record<Series, number>
}

const around = 30 * minute

/**
 * The minutes of the show, with those just before and after it: who looks in days later, at the
 * recording perhaps, would stretch the axis over all of them.
 */
export function ofShow(minutes: Minute[], { started_at, ended_at }: { started_at?: string | null; ended_at?: string | null }): Minute[] {
  const from = started_at ? Date.parse(started_at) - around : -Infinity
  const to = ended_at ? Date.parse(ended_at) + around : Infinity
  return minutes.filter((m) => Date.parse(m.at) >= from && Date.parse(m.at) <= to)
}

/** Every minute from the first to the last: one in which nothing happened is a zero, not a gap. */
export function filled(minutes: Minute[]): Point[] {
  const known = new Map(minutes.map((m) => [Math.floor(Date.parse(m.at) / minute), m]))
  const first = Math.min(...known.keys())
  const last = Math.max(...known.keys())
  if (!known.size) return []
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const m = known.get(first + i)
    const values = Object.fromEntries(series.map((s) => [s, m?.[s] ?? 0])) as Record<Series, number>
    return { at: (first + i) * minute, values }
  })
}

/** How far a figure of one minute reaches on the axis, so that a bar of the first or last is not cut. */
const half = minute / 2

/** The time axis: from the first minute to the last, ticks at whole minutes, at half ones while there are few. */
export function axisOf(points: Point[]): { min: number; max: number; step: number; seconds: boolean } {
  const first = points[0]?.at ?? 0
  const last = points.at(-1)?.at ?? first
  const span = last - first + minute
  const seconds = span <= 3 * minute
  return { min: first - half, max: last + half, step: seconds ? half : Math.ceil(span / minute / 8) * minute, seconds }
}
