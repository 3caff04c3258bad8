import type { Report } from '../play/calls'

type Minute = NonNullable<Report['minutes']>[number]

/** The lines of the trend: people on one axis, money on the other. */
export const series = ['viewers', 'likes', 'chats', 'orders', 'paid_orders', 'gmv_fen'] as const
export type Series = (typeof series)[number]

const minute = 60_000

/** Every minute from the first to the last: one in which nothing happened is a zero, not a gap. */
export function filled(minutes: Minute[]): { at: number; values: Record<Series, number> }[] {
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
