import type { Page } from '@client/index'
import type { components } from '@client/schema'

type Schemas = components['schemas']
export type LogLine = Schemas['LiveLine']

export const logParts = ['fact', 'chat', 'act'] as const
export type LogPart = (typeof logParts)[number]

/** Reads a page of a room's log: all of it, or one of its parts. */
export type ReadLog = (what: LogPart | '', cursor?: string) => Promise<Page<LogLine>>

/** A kind as its message's key under shared.roomLog.kind. */
export const kindKey = (kind: string): string => kind.replace(/\./g, '_')

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What a line was about, in people's own words: what was said or announced, the title of a game, the reason of an act. */
export function aboutOf(line: LogLine, titleOf: (sku: string) => string): string {
  if (typeof line.data === 'string') return line.data
  const data = (line.data ?? {}) as Record<string, unknown>
  return text(data.text) || text(data.title) || text(data.question) || text(data.reason) || titleOf(text(data.sku_id))
}
