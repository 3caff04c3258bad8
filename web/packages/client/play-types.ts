/** What a room plays, as the API and the socket show it. */

export interface Prize {
  title: string
  quantity: number
  batch_id?: string | null
}

export interface Lottery {
  lottery_id: string
  room_id: string
  title: string
  entry_rule: 'none' | 'chatted' | 'ordered'
  prizes: Prize[]
  /** SHA-256 of the seed that the draw will follow from. */
  commitment: string
  state: 'open' | 'drawn' | 'cancelled'
  entrants: number
  /** Empty until the draw. */
  seed: string
  ends_at: string
  server_time?: string
}

/** One's own entry; the place is a winner's, from 1. */
export interface LotteryEntry {
  lottery_id: string
  ticket: string
  place: number | null
  prize_no: number | null
  coupon_id: string | null
}

export interface Drawing {
  lottery_id: string
  commitment: string
  seed: string
  entrants: number
  digest: string
  winners: { place: number; prize_no: number; ticket: string; prize: string; nickname_masked: string }[]
}

/** All that is needed to draw again. */
export interface LotteryProof {
  lottery_id: string
  state: Lottery['state']
  commitment: string
  seed: string
  prizes: Prize[]
  tickets: string[]
  digest: string
  winners: { place: number; prize_no: number; ticket: string }[]
}

export interface Poll {
  poll_id: string
  room_id: string
  question: string
  options: string[]
  /** Votes by option. */
  counts: number[]
  open: boolean
  ends_at: string
}

export interface RedPacket {
  packet_id: string
  title: string
  total_fen: number
  shares: number
  left: number
  open: boolean
  taken_fen: number
  ends_at: string
}

export interface CouponDrop {
  drop_id: string
  title: string
  amount_fen: number
  threshold_fen: number
  quantity: number
  left: number
  ends_at: string
}

export interface Coupon {
  id: string
  title: string
  amount_fen: number
  threshold_fen: number
  expires_at: string
}
