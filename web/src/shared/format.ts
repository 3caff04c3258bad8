import type { Locale } from './i18n'

const zone = 'Asia/Shanghai'

/** Fen as `¥1,234.56`; the only way that money is written. */
export function money(fen: number): string {
  const sign = fen < 0 ? '-' : ''
  const whole = Math.trunc(Math.abs(fen) / 100)
  const cents = String(Math.abs(fen) % 100).padStart(2, '0')
  return `${sign}¥${group(whole)}.${cents}`
}

/** Fen as a number of yuan, as it is typed or put in a file. */
export const yuan = (fen: number): string => money(fen).replace(/[¥,]/g, '')

/** Basis points as people read them. */
export const percent = (bps: number): string => `${(bps / 100).toFixed(1)}%`

/** Yuan as typed (`12`, `12.3`, `12.34`) in fen, or null where it is no amount. */
export function fenOf(yuan: string): number | null {
  const match = /^(\d{1,10})(?:\.(\d{1,2}))?$/.exec(yuan.trim())
  if (!match) return null
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'))
}

function group(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** Big counts from ten thousand on in short, as each language has it (12K in English); small ones in full. */
export function count(n: number, locale: Locale): string {
  if (n < 10_000) return group(n)
  const digits = locale === 'en' && n < 1_000_000 ? 0 : 1
  return new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: digits }).format(n)
}

/** An order's number as people read it out: the end of its id, which is all chance, in two groups. */
export function orderNo(id: string): string {
  const end = id.slice(-10).toUpperCase()
  return `${end.slice(0, 5)}-${end.slice(5)}`
}

const stamp = (options: Intl.DateTimeFormatOptions, locale: Locale) =>
  new Intl.DateTimeFormat(locale, { timeZone: zone, hour12: false, ...options })

/** A moment in the bank's zone, with the year only when it is another one. */
export function dateTime(iso: string, locale: Locale, now = Date.now()): string {
  const at = new Date(iso)
  const year = (d: Date) => stamp({ year: 'numeric' }, locale).format(d)
  const other = year(at) !== year(new Date(now))
  return stamp(
    { year: other ? 'numeric' : undefined, month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' },
    locale,
  ).format(at)
}

/** Hours and minutes in the bank's zone, with the seconds where they matter. */
export function clock(iso: string, locale: Locale, seconds = false): string {
  return stamp({ hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}) }, locale).format(new Date(iso))
}

/** Day and time to the second, in the bank's zone. */
export function moment(iso: string, locale: Locale): string {
  return stamp({ month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' }, locale).format(new Date(iso))
}

/** Relative under an hour, else the date and time. */
export function when(iso: string, locale: Locale, now = Date.now()): string {
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000)
  if (Math.abs(seconds) >= 3600) return dateTime(iso, locale, now)
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  if (Math.abs(seconds) < 60) return relative.format(seconds, 'second')
  return relative.format(Math.round(seconds / 60), 'minute')
}

/** What is left, `MM:SS`, `H:MM:SS` from an hour on, with days from two days on; never below zero. */
export function countdown(milliseconds: number, locale: Locale = 'zh-CN'): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const days = Math.floor(seconds / 86_400)
  if (days >= 2) {
    const unit = new Intl.NumberFormat(locale, { style: 'unit', unit: 'day', unitDisplay: 'long' }).format(days)
    return `${unit} ${countdown(milliseconds - days * 86_400_000, locale)}`
  }
  const hours = Math.floor(seconds / 3600)
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest
}
