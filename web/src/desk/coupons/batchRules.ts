import { fenOf } from '@shared/format'
import type { NewBatch } from '../calls/coupons'

export const couponKinds = ['instant', 'coupon'] as const
export const funders = ['bank', 'merchant', 'platform'] as const
export const grantWays = ['claim', 'drop', 'staff', 'card_bound', 'application_approved', 'spend'] as const
export const stackings = ['exclusive', 'stackable'] as const

/** A batch as it is typed: amounts in yuan, numbers as text. */
export interface BatchDraft {
  kind: NewBatch['kind']
  title: string
  funder: NewBatch['funded_by']
  merchant: string
  skus: string[]
  bins: string
  stacking: NonNullable<NewBatch['stacking']>
  amount: string
  threshold: string
  budget: string
  daily: string
  perPerson: string
  way: NewBatch['granted_by']
  spend: string
  room: string
  grant: [Date, Date] | null
  use: [Date, Date] | null
}

export const emptyBatch = (): BatchDraft => ({
  kind: 'coupon', title: '', funder: 'bank', merchant: '', skus: [], bins: '', stacking: 'exclusive', amount: '', threshold: '', budget: '',
  daily: '', perPerson: '1', way: 'claim', spend: '', room: '', grant: null, use: null,
})

export const binsOf = (text: string): string[] => text.split(/[\s,\uff0c\u3001;]+/).filter(Boolean)

/** Whether the draft names cards: an instant discount must, a coupon for a bound card may. */
export const takesBins = (d: BatchDraft): boolean => d.kind === 'instant' || d.way === 'card_bound'

const whole = (text: string): number | null => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : null)
const farthest = 5 * 366 * 86_400_000

export type BatchField = 'title' | 'merchant' | 'bins' | 'skus' | 'amount' | 'threshold' | 'budget' | 'daily' | 'perPerson' | 'spend' | 'grant' | 'use'

/** What does not fit, field by field, as the server would say. `required` is for what is only not typed yet. */
export function wrongsOf(d: BatchDraft, now: number): Partial<Record<BatchField, string>> {
  const wrong: Partial<Record<BatchField, string>> = {}
  const amount = fenOf(d.amount)
  const budget = fenOf(d.budget)
  const bins = binsOf(d.bins)
  const perPerson = whole(d.perPerson)
  const daily = d.daily.trim() ? whole(d.daily) : 0
  if (!d.title.trim()) wrong.title = 'required'
  if (d.funder === 'merchant' && !d.merchant) wrong.merchant = 'required'
  if (d.kind === 'instant' && !bins.length) wrong.bins = 'required'
  else if (takesBins(d) && (bins.some((b, i) => !/^\d{6,8}$/.test(b) || bins.indexOf(b) !== i) || bins.length > 200)) wrong.bins = 'bins'
  if (d.skus.length > 200) wrong.skus = 'many'
  if (!d.amount.trim()) wrong.amount = 'required'
  else if (!amount) wrong.amount = 'amount'
  if (d.threshold.trim() && fenOf(d.threshold) === null) wrong.threshold = 'amount'
  if (!d.budget.trim()) wrong.budget = 'required'
  else if (!budget) wrong.budget = 'amount'
  else if (amount && budget < amount) wrong.budget = 'small'
  if (daily === null || daily > 100_000_000) wrong.daily = 'whole'
  if (perPerson === null || perPerson < 1 || perPerson > 1000) wrong.perPerson = 'perPerson'
  if (d.way === 'spend' && !fenOf(d.spend)) wrong.spend = d.spend.trim() ? 'amount' : 'required'
  if (!d.grant) wrong.grant = 'required'
  else if (d.grant[1].getTime() <= Math.max(d.grant[0].getTime(), now)) wrong.grant = 'past'
  else if (d.grant[1].getTime() > now + farthest) wrong.grant = 'far'
  if (!d.use) wrong.use = 'required'
  else if (d.use[1] <= d.use[0]) wrong.use = 'past'
  else if (d.grant && d.use[1] < d.grant[1]) wrong.use = 'early'
  else if (d.use[1].getTime() > now + farthest) wrong.use = 'far'
  return wrong
}

/** How many coupons the budget is enough for. */
export function howMany(d: BatchDraft): number {
  const [amount, budget] = [fenOf(d.amount), fenOf(d.budget)]
  return amount && budget ? Math.floor(budget / amount) : 0
}

/** What the API takes of a draft that fits. */
export function bodyOf(d: BatchDraft): NewBatch {
  const [grant, use] = [d.grant!, d.use!]
  return {
    kind: d.kind, title: d.title.trim(), funded_by: d.funder, stacking: d.stacking, granted_by: d.way,
    amount_fen: fenOf(d.amount) ?? 0, threshold_fen: fenOf(d.threshold) ?? 0, budget_fen: fenOf(d.budget) ?? 0,
    daily_cap: whole(d.daily) ?? 0, per_person: whole(d.perPerson) ?? 1,
    ...(d.merchant ? { merchant_id: d.merchant } : {}),
    ...(d.skus.length ? { sku_ids: d.skus } : {}),
    ...(takesBins(d) && binsOf(d.bins).length ? { bins: binsOf(d.bins) } : {}),
    ...(d.way === 'spend' ? { spend_fen: fenOf(d.spend) ?? 0 } : {}),
    ...(d.way === 'claim' && d.room ? { room_id: d.room } : {}),
    grant_starts_at: grant[0].toISOString(), grant_ends_at: grant[1].toISOString(),
    use_starts_at: use[0].toISOString(), use_ends_at: use[1].toISOString(),
  }
}

/** A batch's acts by its state. */
export const verbsOf = { draft: ['open', 'close'], open: ['pause', 'close'], paused: ['resume', 'close'], closed: [] } as const

/** Phones and order ids out of a text, each once. */
export const whoOf = (text: string): string[] => [...new Set(binsOf(text).map((w) => w.toLowerCase()))]

/** What may name a viewer: a whole phone number, or an order. */
export const namesViewer = (who: string): boolean => /^(1[3-9]\d{9}|ord_[0-9a-z]{26})$/.test(who)
