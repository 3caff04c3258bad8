import type { CouponDrop, Drawing, Lottery, Poll, RedPacket } from './play-types'
import type { Board, ChatLine, ChatMode, FlashSale, Room, ShelfItem } from './types'

/** The whole picture that a join without recovery brings. */
export interface RoomState {
  room: Room
  shelf: ShelfItem[]
  /** The SKU being explained, or null. */
  pinned: string | null
  /** What the host said to everybody and has not taken back. */
  notice: { text: string; at: string } | null
  flash: FlashSale[]
  viewers: number
  likes: number
  recent_chat: ChatLine[]
  server_time: string
}

interface Base {
  seq?: number
  at?: string
}

/** Events by kind; a kind that is not listed is ignored. */
export interface RoomEvents {
  viewers: Base & { count: number }
  likes: Base & { total: number }
  'flash.stock': Base & { flash_id: string; left: number }
  board: Base & Board
  'room.started': Base
  'room.ended': Base
  'room.paused': Base
  'room.resumed': Base
  'product.pinned': Base & { sku_id: string | null }
  'shelf.changed': Base
  'flash.scheduled': Base & { flash_id: string }
  'flash.started': Base & { flash_id: string }
  'flash.sold_out': Base & { flash_id: string }
  'flash.ended': Base & { flash_id: string }
  'coupon.dropped': Base & CouponDrop
  'coupon.drop_ended': Base & { drop_id: string; quantity: number; claimed: number }
  'lottery.opened': Base & Lottery
  'lottery.drawn': Base & Drawing
  'lottery.cancelled': Base & { lottery_id: string }
  lottery: Base & { lottery_id: string; entrants: number }
  'red_packet.opened': Base & RedPacket
  'red_packet.closed': Base & RedPacket
  'poll.opened': Base & Poll
  'poll.closed': Base & Poll
  poll: Base & { poll_id: string; counts: number[] }
  'card.prompted': Base & { card_product_id: string }
  notice: Base & { text: string }
  'notice.removed': Base
  'chat.removed': Base & { id: string }
  'chat.changed': Base & ChatMode
  chat: Base & { id: string; viewer: { id: string; nickname: string }; text: string }
  'order.ticker': Base & { nickname_masked: string; title: string }
  'order.updated': Base & { order_id: string; status: string }
  'application.updated': Base & { application_id?: string; status?: string }
  'coupon.granted': Base
  'lottery.won': Base & { lottery_id: string; title: string; prize_no: number; prize: string }
  muted: Base & { until_at: string }
}

export type RoomEventKind = keyof RoomEvents

export type ByeReason = 'draining' | 'slow' | 'replaced' | 'banned' | 'ended'

export type ServerFrame =
  | { type: 'joined'; epoch: string; seq: number; recovered: false; state: RoomState }
  | { type: 'joined'; epoch: string; seq: number; recovered: true; events: AnyEvent[] | null }
  | { type: 'events'; seq: number; events: AnyEvent[] | null }
  | { type: 'ack'; id?: string }
  | { type: 'error'; id?: string; code: string; message: string }
  | { type: 'bye'; reason: ByeReason; reconnect_ms: number | null }
  | { type: 'pong' }

export type AnyEvent = { kind: string; seq?: number; at?: string } & Record<string, unknown>
