import { fenOf, yuan } from '@shared/format'
import type { Batch, Cue, CueDraft, CueKind } from './calls'

export const kinds = ['pin', 'flash', 'coupon', 'notice', 'lottery', 'red_packet', 'poll', 'card'] as const satisfies readonly CueKind[]

/** What a cue or a launcher does, as typed: the fields of all kinds, each kind using its own. */
export interface PlanDraft {
  sku: string
  price: string
  total: number | undefined
  perUser: number | undefined
  /** Seconds from a flash cue to its sale's start. */
  delay: number
  batch: string
  quantity: number | undefined
  text: string
  title: string
  rule: 'none' | 'chatted' | 'ordered'
  prizes: PrizeDraft[]
  amount: string
  shares: number | undefined
  question: string
  options: string[]
  card: string
  seconds: number
}

export interface PrizeDraft {
  title: string
  quantity: number | undefined
  batch: string
}

/** What is wrong with a field: a key under play.wrong. */
export type PlanWrongs = Partial<Record<keyof PlanDraft, string>>

export const mostPrizes = 20
export const mostWinners = 1000
export const mostOptions = 6
const mostShares = 10_000
const mostUnits = 1_000_000

export function blankPlan(): PlanDraft {
  return {
    sku: '', price: '', total: 100, perUser: 1, delay: 0, batch: '', quantity: 100, text: '', title: '', rule: 'none',
    prizes: [{ title: '', quantity: 1, batch: '' }], amount: '', shares: 100, question: '', options: ['', ''], card: '', seconds: 300,
  }
}

const whole = (n: number | undefined, most: number): n is number => n !== undefined && Number.isInteger(n) && n >= 1 && n <= most
const written = (s: string, most: number): boolean => s.trim() !== '' && [...s.trim()].length <= most

/** Checks a plan as it is typed; the server decides in the end. `batch` is known to operators only, the shelf's price where there is one. */
export function planWrongs(kind: CueKind, d: PlanDraft, known: { batch?: Batch; shelfPrice?: number } = {}): PlanWrongs {
  switch (kind) {
    case 'pin':
      return {}
    case 'flash':
      return flashWrongs(d, known.shelfPrice)
    case 'coupon':
      return {
        ...(d.batch ? {} : { batch: 'batch' }),
        ...(whole(d.quantity, mostUnits) ? {} : { quantity: 'units' }),
      }
    case 'notice':
      return written(d.text, 200) ? {} : { text: 'text' }
    case 'lottery':
      return lotteryWrongs(d)
    case 'red_packet':
      return packetWrongs(d, known.batch)
    case 'poll':
      return pollWrongs(d)
    case 'card':
      return d.card ? {} : { card: 'card' }
  }
}

function flashWrongs(d: PlanDraft, shelfPrice?: number): PlanWrongs {
  const wrongs: PlanWrongs = {}
  const price = fenOf(d.price)
  if (!d.sku) wrongs.sku = 'sku'
  if (!price) wrongs.price = 'money'
  else if (shelfPrice !== undefined && price >= shelfPrice) wrongs.price = 'notCheaper'
  if (!whole(d.total, mostUnits)) wrongs.total = 'units'
  if (!whole(d.perUser, mostUnits)) wrongs.perUser = 'units'
  else if (d.total && d.perUser > d.total) wrongs.perUser = 'overTotal'
  return wrongs
}

function lotteryWrongs(d: PlanDraft): PlanWrongs {
  const wrongs: PlanWrongs = {}
  if (!written(d.title, 100)) wrongs.title = 'title'
  const winners = d.prizes.reduce((all, p) => all + (p.quantity ?? 0), 0)
  if (!d.prizes.length || d.prizes.some((p) => !written(p.title, 100))) wrongs.prizes = 'prizeTitle'
  else if (d.prizes.some((p) => !whole(p.quantity, mostWinners)) || winners > mostWinners) wrongs.prizes = 'prizeQuantity'
  return wrongs
}

/** A share is a fen at least, and what a coupon of the batch is worth at most. */
function packetWrongs(d: PlanDraft, batch?: Batch): PlanWrongs {
  const wrongs: PlanWrongs = {}
  const total = fenOf(d.amount)
  if (!d.batch) wrongs.batch = 'batch'
  if (!written(d.title, 100)) wrongs.title = 'title'
  if (!whole(d.shares, mostShares)) wrongs.shares = 'shares'
  if (!total) wrongs.amount = 'money'
  else if (d.shares && total < d.shares) wrongs.amount = 'tooLittle'
  else if (batch && d.shares && total > batch.amount_fen * d.shares) wrongs.amount = 'tooMuchEach'
  else if (batch && total > batch.budget_left_fen) wrongs.amount = 'overBudget'
  return wrongs
}

function pollWrongs(d: PlanDraft): PlanWrongs {
  const wrongs: PlanWrongs = {}
  const options = d.options.map((o) => o.trim())
  if (!written(d.question, 200)) wrongs.question = 'question'
  if (options.some((o) => !written(o, 60))) wrongs.options = 'option'
  else if (new Set(options).size < options.length) wrongs.options = 'sameOption'
  return wrongs
}

/** What a plan does, as the API takes it: the cue's and the launcher's body alike. */
export const bodies = {
  pin: (d: PlanDraft) => ({ sku_id: d.sku || null }),
  flash: (d: PlanDraft) => ({
    sku_id: d.sku, price_fen: fenOf(d.price) ?? 0, total: d.total ?? 0, per_user_limit: d.perUser ?? 0,
    delay_seconds: d.delay, seconds: d.seconds,
  }),
  coupon: (d: PlanDraft) => ({ batch_id: d.batch, quantity: d.quantity ?? 0, seconds: d.seconds }),
  notice: (d: PlanDraft) => ({ text: d.text.trim() }),
  lottery: (d: PlanDraft) => ({
    title: d.title.trim(), entry_rule: d.rule, seconds: d.seconds,
    prizes: d.prizes.map((p) => ({ title: p.title.trim(), quantity: p.quantity ?? 0, batch_id: p.batch || null })),
  }),
  red_packet: (d: PlanDraft) => ({
    batch_id: d.batch, title: d.title.trim(), total_fen: fenOf(d.amount) ?? 0, shares: d.shares ?? 0, seconds: d.seconds,
  }),
  poll: (d: PlanDraft) => ({ question: d.question.trim(), options: d.options.map((o) => o.trim()), seconds: d.seconds }),
  card: (d: PlanDraft) => ({ card_product_id: d.card }),
}

/** A cue's plan back in the form. */
export function planOf(cue: Cue): PlanDraft {
  const d = blankPlan()
  const { pin, flash, coupon, notice, lottery, red_packet: packet, poll, card } = cue
  if (pin) d.sku = pin.sku_id ?? ''
  if (flash) Object.assign(d, { sku: flash.sku_id, price: yuan(flash.price_fen), total: flash.total, perUser: flash.per_user_limit, delay: flash.delay_seconds })
  if (coupon) Object.assign(d, { batch: coupon.batch_id, quantity: coupon.quantity })
  if (notice) d.text = notice.text
  if (lottery) {
    Object.assign(d, { title: lottery.title, rule: lottery.entry_rule })
    d.prizes = (lottery.prizes ?? []).map((p) => ({ title: p.title, quantity: p.quantity, batch: p.batch_id ?? '' }))
  }
  if (packet) Object.assign(d, { batch: packet.batch_id, title: packet.title, amount: yuan(packet.total_fen), shares: packet.shares })
  if (poll) Object.assign(d, { question: poll.question, options: [...(poll.options ?? [])] })
  if (card) d.card = card.card_product_id
  d.seconds = (flash ?? coupon ?? lottery ?? packet ?? poll)?.seconds ?? d.seconds
  return d
}

/** A planned cue as it is sent back unchanged. */
export function draftOf(cue: Cue): CueDraft {
  return {
    id: cue.id,
    note: cue.note,
    ...(cue.at ? { at: cue.at } : { after_seconds: cue.after_seconds ?? 0 }),
    [cue.kind]: cue[cue.kind],
  }
}

/** "1:02:03", "5:30" or "90" (minutes) as seconds; null for anything else. */
export function secondsOf(text: string): number | null {
  const parts = text.trim().split(/[::]/)
  if (parts.length > 3 || parts.some((p) => !/^\d{1,4}$/.test(p))) return null
  const [last = 0, ...rest] = parts.map(Number).reverse()
  if (!rest.length) return within(last * 60)
  if (last > 59 || (rest.length > 1 && rest[0]! > 59)) return null
  return within(last + rest[0]! * 60 + (rest[1] ?? 0) * 3600)
}

const within = (seconds: number): number | null => (seconds <= 86_400 ? seconds : null)

/** Seconds after the start as they are typed: h:mm:ss. */
export function offsetOf(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}
