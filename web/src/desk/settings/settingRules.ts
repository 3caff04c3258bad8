import type { Setting, SettingKind } from '../calls/settings'

/** When the department works; nothing is always. */
export interface WorkHours {
  days?: number[]
  from?: string
  to?: string
  holidays?: string[]
  workdays?: string[]
}

/** The units in which a time is typed: the largest that holds it whole. */
export const units = { minutes: 1, hours: 60, days: 1440 } as const
export type Unit = keyof typeof units

export function unitOf(minutes: number): Unit {
  if (minutes > 0 && minutes % units.days === 0) return 'days'
  return minutes > 0 && minutes % units.hours === 0 ? 'hours' : 'minutes'
}

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const numeric: readonly SettingKind[] = ['minutes', 'days', 'count', 'fen', 'bps']
const time = /^([01]\d|2[0-3]):[0-5]\d$/
const date = /^\d{4}-\d{2}-\d{2}$/

/** What is wrong with a value, by the name of its message; '' when it may stand. */
export function wrongWith(item: Pick<Setting, 'kind' | 'min' | 'max'>, value: unknown): '' | 'number' | 'range' | 'time' | 'hours' | 'dates' {
  if (numeric.includes(item.kind)) {
    if (typeof value !== 'number' || !Number.isInteger(value)) return 'number'
    return value < item.min || value > item.max ? 'range' : ''
  }
  if (item.kind === 'clock') return typeof value === 'string' && time.test(value) ? '' : 'time'
  if (item.kind !== 'hours' || value === null) return ''
  const hours = value as WorkHours
  const from = hours.from ?? '09:00'
  const to = hours.to ?? '18:00'
  if (!time.test(from) || !time.test(to) || from >= to) return 'hours'
  return [...(hours.holidays ?? []), ...(hours.workdays ?? [])].every((d) => date.test(d)) ? '' : 'dates'
}

/** What was changed of a section, by key. */
export function changedOf(items: readonly Setting[], values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(items.filter((i) => i.key in values && !same(values[i.key], i.value)).map((i) => [i.key, values[i.key]]))
}

/** A setting's name among the messages: its key without dots; classes of data have their own names. */
export const messageOf = (key: string): string => (key.startsWith('keep_days.') ? `keeping.class.${key.slice(10)}` : `settings.item.${key.replace('.', '_')}`)
