import { onScopeDispose, ref, shallowRef } from 'vue'
import type { Board } from '@client/index'

/** The figures of the top strip, in its order. */
export const metrics = [
  'viewers',
  'peak_viewers',
  'likes',
  'orders',
  'paid_orders',
  'gmv_fen',
  'applications',
  'bindings',
  'bind_rate',
] as const
export type Metric = (typeof metrics)[number]

export interface Trend {
  /** One point per ten seconds, oldest first, the present last. */
  points: number[]
  /** Against the value five minutes ago (or the oldest there is); null while there is none. */
  change: number | null
}

interface Sample {
  at: number
  values: number[]
}

const every = 10_000
const keep = 30 * 60_000
const compare = 5 * 60_000

export function valueOf(board: Board, metric: Metric): number {
  return metric === 'bind_rate' ? board.bind_rate_bps : board[metric]
}

/**
 * Half an hour of the board's figures. Kept for the tab's life, so that a
 * reload of the page does not empty the lines.
 */
export function useTrends(room: string) {
  const key = `yinbo.host.trend.${room}`
  const samples = shallowRef<Sample[]>(restore(key))
  const board = ref<Board | null>(null)

  const record = (now: Board): void => {
    board.value = now
    const at = Date.now()
    const last = samples.value[samples.value.length - 1]
    if (last && at - last.at < every) return
    const sample = { at, values: metrics.map((m) => valueOf(now, m)) }
    samples.value = [...samples.value.filter((s) => at - s.at <= keep), sample]
  }

  const trend = (metric: Metric): Trend => {
    const column = metrics.indexOf(metric)
    const points = samples.value.map((s) => s.values[column] ?? 0)
    if (!board.value) return { points, change: null }
    const now = valueOf(board.value, metric)
    const since = Date.now() - compare
    const before = samples.value.find((s) => s.at >= since)
    return { points: [...points, now], change: before && points.length > 1 ? now - (before.values[column] ?? 0) : null }
  }

  const store = () => {
    try {
      sessionStorage.setItem(key, JSON.stringify(samples.value))
    } catch {
      // Full or forbidden: the lines start anew after a reload.
    }
  }
  window.addEventListener('pagehide', store)
  onScopeDispose(() => {
    store()
    window.removeEventListener('pagehide', store)
  })
  return { board, record, trend }
}

function restore(key: string): Sample[] {
  try {
    const raw = JSON.parse(sessionStorage.getItem(key) ?? '[]') as Sample[]
    return raw.filter((s) => Date.now() - s.at <= keep && s.values.length === metrics.length)
  } catch {
    return []
  }
}
