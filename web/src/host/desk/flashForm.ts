import type { FlashSale } from '@client/index'
import { fenOf } from '@shared/format'
import type { FlashForm } from '../calls'

/** The flash drawer's fields as typed. */
export interface FlashDraft {
  sku: string
  price: string
  total: number | undefined
  perUser: number | undefined
  /** null: at once. */
  startsAt: Date | null
  minutes: number
}

export type FlashField = 'sku' | 'price' | 'total' | 'perUser' | 'startsAt' | 'minutes'

/** What is wrong with a field: a key under host.flashForm.wrong, with its parameters. */
export type FlashWrongs = Partial<Record<FlashField, string>>

export interface FlashContext {
  /** The room's price of the SKU, fen. */
  shelfPrice: number | null
  /** Sales of the same room. */
  sales: FlashSale[]
  /** Milliseconds since the epoch by the server's clock. */
  now: number
}

export const mostUnits = 1_000_000

/** Checks a draft as it is typed; the server decides in the end (stock, other rooms). */
export function wrongsOf(draft: FlashDraft, { shelfPrice, sales, now }: FlashContext): FlashWrongs {
  const wrongs: FlashWrongs = {}
  const price = fenOf(draft.price)
  if (!draft.sku) wrongs.sku = 'sku'
  if (price === null || price === 0) wrongs.price = 'price'
  else if (shelfPrice !== null && price >= shelfPrice) wrongs.price = 'notCheaper'
  if (!draft.total || !Number.isInteger(draft.total) || draft.total > mostUnits) wrongs.total = 'total'
  if (!draft.perUser || !Number.isInteger(draft.perUser)) wrongs.perUser = 'perUser'
  else if (draft.total && draft.perUser > draft.total) wrongs.perUser = 'perUserOverTotal'
  if (draft.startsAt && draft.startsAt.getTime() < now - 60_000) wrongs.startsAt = 'past'
  if (!draft.minutes || draft.minutes < 1) wrongs.minutes = 'minutes'

  const starts = draft.startsAt?.getTime() ?? now
  const ends = starts + draft.minutes * 60_000
  const meets = sales.some(
    (s) =>
      s.sku_id === draft.sku &&
      s.status !== 'ended' &&
      s.status !== 'cancelled' &&
      Date.parse(s.starts_at) < ends &&
      Date.parse(s.ends_at) > starts,
  )
  if (draft.sku && meets) wrongs.sku = 'overlap'
  return wrongs
}

/** The call's body; `now` in milliseconds by the server's clock is when a sale without a start begins. */
export function bodyOf(draft: FlashDraft, now: number): FlashForm {
  const starts = draft.startsAt?.getTime() ?? now
  return {
    sku_id: draft.sku,
    price_fen: fenOf(draft.price) ?? 0,
    total: draft.total ?? 0,
    per_user_limit: draft.perUser ?? 0,
    starts_at: new Date(starts).toISOString(),
    ends_at: new Date(starts + draft.minutes * 60_000).toISOString(),
  }
}
