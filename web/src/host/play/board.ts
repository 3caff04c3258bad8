import type { Board, Pace } from '@client/index'

/** The figures of five minutes, in the order shown. */
export const paces = ['viewers', 'likes', 'chats', 'orders', 'paid_orders', 'gmv_fen', 'applications'] as const satisfies readonly (keyof Pace)[]

export interface Change {
  metric: (typeof paces)[number]
  now: number
  before: number
  by: number
  /** Reported by the nodes, not counted. */
  live: boolean
}

/** These five minutes against those before. */
export function changes(board: Board): Change[] {
  return paces.map((metric) => {
    const now = board.last_5_minutes[metric]
    const before = board.before_5_minutes[metric]
    return { metric, now, before, by: now - before, live: board.live.includes(`last_5_minutes.${metric}`) }
  })
}

export interface Source {
  name: string
  viewers: number
  /** Percent of all. */
  share: number
}

/** Where viewers came from, the most first. */
export function sourcesOf(board: Board): Source[] {
  const all = Object.values(board.sources).reduce((a, b) => a + b, 0)
  return Object.entries(board.sources)
    .map(([name, viewers]) => ({ name, viewers, share: Math.round((viewers * 100) / all) }))
    .sort((a, b) => b.viewers - a.viewers || a.name.localeCompare(b.name))
}
