import type { Entry, EntryChange } from '../calls/catalog'

/** A product as it is typed. */
export interface ProductDraft {
  title: string
  category: string
  /** Empty for all branches. */
  branch: string
  validDays: string
  images: string[]
  /** What the pictures show, in words, by their addresses. */
  alts: Record<string, string>
}

export const emptyProduct = (): ProductDraft => ({ title: '', category: '', branch: '', validDays: '', images: [], alts: {} })

export const productDraftOf = (e: Entry): ProductDraft => ({
  title: e.title, category: e.category, branch: e.branch_id ?? '', validDays: e.valid_days ? String(e.valid_days) : '', images: [...e.images], alts: { ...e.image_alts },
})

/** How many days a voucher is good for, 0 for what is usual; null for what is no such number. */
export function daysOf(text: string): number | null {
  if (!text.trim()) return 0
  const days = /^\d{1,4}$/.test(text.trim()) ? Number(text) : 0
  return days >= 1 && days <= 3660 ? days : null
}

/** What of an entry the draft changes; null for nothing. */
export function changesOf(e: Entry, d: ProductDraft): EntryChange | null {
  const was = productDraftOf(e)
  const change: EntryChange = {}
  if (d.title.trim() !== was.title) change.title = d.title.trim()
  if (d.category !== was.category) change.category = d.category
  if (d.branch !== was.branch) change.branch_id = d.branch
  if (d.images.join('\n') !== was.images.join('\n')) change.images = d.images
  if (d.images.some((url) => (d.alts[url] ?? '').trim() !== (was.alts[url] ?? ''))) change.image_alts = d.alts
  if (e.kind === 'voucher' && d.validDays.trim() !== was.validDays) change.valid_days = daysOf(d.validDays) ?? 0
  return Object.keys(change).length ? change : null
}
