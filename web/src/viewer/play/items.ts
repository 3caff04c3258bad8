import { newKey, type Coupon, type CouponDrop, type Lottery, type LotteryEntry, type Poll, type RedPacket } from '@client/index'

interface Item {
  id: string
  title: string
  endsAt: string
  over: boolean
  /** A request of one's own is out. */
  busy: boolean
  error: unknown
}

export interface LotteryItem extends Item {
  kind: 'lottery'
  lottery: Lottery
  /** One's own; empty for who did not enter. */
  ticket: string
  /** What one won; empty for nothing. */
  prize: string
  winners: { prize: string; name: string }[]
  cancelled: boolean
}

export interface PollItem extends Item {
  kind: 'poll'
  poll: Poll
  /** One's own vote as far as this page knows. */
  choice: number | null
}

/** A red packet or a coupon drop: there are so many, and one takes one's own. */
export interface GiftItem extends Item {
  kind: 'packet' | 'drop'
  all: number
  left: number
  /** A drop's amounts; a packet's are found by opening it. */
  amountFen: number
  thresholdFen: number
  key: string
  coupon: Coupon | null
  refusal: '' | 'gone' | 'ended' | 'taken'
}

export type PlayItem = LotteryItem | PollItem | GiftItem

const fresh = (id: string, title: string, endsAt: string): Item => ({ id, title, endsAt, over: false, busy: false, error: null })

export const lotteryItem = (l: Lottery): LotteryItem => ({
  ...fresh(l.lottery_id, l.title, l.ends_at),
  kind: 'lottery', lottery: l, ticket: '', prize: '', winners: [], cancelled: false,
})

export const pollItem = (p: Poll): PollItem => ({ ...fresh(p.poll_id, p.question, p.ends_at), kind: 'poll', poll: p, choice: null })

export const packetItem = (p: RedPacket): GiftItem => ({
  ...fresh(p.packet_id, p.title, p.ends_at),
  kind: 'packet', all: p.shares, left: p.left, amountFen: 0, thresholdFen: 0, key: newKey(), coupon: null, refusal: '',
})

export const dropItem = (d: CouponDrop): GiftItem => ({
  ...fresh(d.drop_id, d.title, d.ends_at),
  kind: 'drop', all: d.quantity, left: d.left, amountFen: d.amount_fen, thresholdFen: d.threshold_fen, key: newKey(), coupon: null, refusal: '',
})

/** What an entry won, by the prizes' numbers from 1; empty for nothing. */
export function prizeOf(lottery: Lottery, entry: Pick<LotteryEntry, 'prize_no'> | null): string {
  return entry?.prize_no ? (lottery.prizes[entry.prize_no - 1]?.title ?? '') : ''
}

/** Whether one has a stake: what became of it is told, and not taken away unseen. */
export function tookPart(item: PlayItem): boolean {
  if (item.kind === 'lottery') return item.ticket !== ''
  return item.kind === 'poll' ? item.choice !== null : item.coupon !== null
}

/** Each option's share of all votes in whole percent. */
export function percents(counts: number[]): number[] {
  const all = counts.reduce((sum, n) => sum + n, 0)
  return counts.map((n) => (all > 0 ? Math.round((n / all) * 100) : 0))
}
