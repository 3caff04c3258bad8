export type Unit = 'day' | 'hour' | 'minute' | 'second'
export const seconds: Record<Unit, number> = { day: 86_400, hour: 3_600, minute: 60, second: 1 }

/** A wait in the largest unit that it is a whole number of, days from two on. */
export function partsOf(s: number): { n: number; unit: Unit } {
  if (s >= 2 * seconds.day && s % seconds.day === 0) return { n: s / seconds.day, unit: 'day' }
  for (const unit of ['hour', 'minute'] as const) if (s >= seconds[unit] && s % seconds[unit] === 0) return { n: s / seconds[unit], unit }
  return { n: s, unit: 'second' }
}
