import type { FileState } from '@client/index'

/** How old something is, in whole hours for two days and in days after that. */
export function ageOf(since: string, now: number): { n: number; unit: 'hours' | 'days' } {
  const hours = Math.max(0, Math.floor((now - Date.parse(since)) / 3_600_000))
  return hours < 48 ? { n: hours, unit: 'hours' } : { n: Math.floor(hours / 24), unit: 'days' }
}

export const fileTone: Record<FileState, 'good' | 'warn' | 'bad'> = {
  whole: 'good',
  late: 'warn',
  unreachable: 'warn',
  truncated: 'bad',
  wrong_total: 'bad',
  wrong_hash: 'bad',
  wrong_day: 'bad',
  encoding: 'bad',
  malformed: 'bad',
}
