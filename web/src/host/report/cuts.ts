/** A slice as it is typed: where it begins and ends, from the recording's begin on. */
export interface CutDraft {
  sku: string
  from: string
  to: string
}

/** 75_000 as 1:15, hours before it where there are some. Whole seconds. */
export function offsetText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** What offsetText wrote, or null; full-width colons are taken too. */
export function offsetOf(text: string): number | null {
  const parts = text.trim().replaceAll('\uff1a', ':').split(':')
  if (parts.length < 2 || parts.length > 3 || !parts.every((p) => /^\d{1,2}$/.test(p)) || parts.slice(1).some((p) => Number(p) > 59)) return null
  return parts.reduce((sum, p) => sum * 60 + Number(p), 0) * 1000
}

/** A recording's length in whole seconds: its end is told as a millisecond after the last picture. */
export const wholeOf = (length: number): number => Math.ceil((length - 1) / 1000) * 1000

export type CutWrong = 'goods' | 'form' | 'order' | 'outside' | 'overlap'

/** What does not fit, slice by slice, as the server would say; `length` is the recording's, in ms. */
export function wrongsOf(cuts: CutDraft[], length: number): (CutWrong | null)[] {
  const spans = cuts.map((c) => [offsetOf(c.from), offsetOf(c.to)] as const)
  return cuts.map((c, i) => {
    const [from, to] = spans[i]!
    if (!c.sku) return 'goods'
    if (from === null || to === null) return 'form'
    if (to <= from) return 'order'
    if (to > wholeOf(length)) return 'outside'
    return spans.some(([f, t], k) => k !== i && f !== null && t !== null && f < to && t > from) ? 'overlap' : null
  })
}

/** What the API takes: in order, as times of day; the end never after the recording's. */
export function bodyOf(cuts: CutDraft[], begin: string, end: string): { sku_id: string; from_at: string; to_at: string }[] {
  const start = Date.parse(begin)
  return cuts
    .map((c) => ({ sku: c.sku, from: start + (offsetOf(c.from) ?? 0), to: Math.min(start + (offsetOf(c.to) ?? 0), Date.parse(end)) }))
    .sort((a, b) => a.from - b.from)
    .map((c) => ({ sku_id: c.sku, from_at: new Date(c.from).toISOString(), to_at: new Date(c.to).toISOString() }))
}
