import { computed, onScopeDispose, reactive, watch } from 'vue'
import type { CouponDrop, Drawing, Lottery, Poll, RedPacket } from '@client/index'
import { learnServerTime } from '@shared/serverClock'
import type { Desk } from '../desk/useDesk'
import { getDrops, getPlaying } from './calls'

interface Common {
  id: string
  open: boolean
  ends_at: string
}

/** Something that the room plays, or played since this desk was opened. */
export type Game = Common &
  (
    | { kind: 'lottery'; title: string; entrants: number; prizes: number; drawn: boolean }
    | { kind: 'red_packet'; title: string; left: number; of: number; total_fen: number; taken_fen: number }
    | { kind: 'coupon'; title: string; left: number; of: number }
    | { kind: 'poll'; title: string; options: string[]; counts: number[] }
  )

export const ofLottery = (l: Lottery): Game => ({
  kind: 'lottery', id: l.lottery_id, open: l.state === 'open', ends_at: l.ends_at, title: l.title, entrants: l.entrants,
  prizes: l.prizes.reduce((n, p) => n + p.quantity, 0), drawn: l.state === 'drawn',
})
export const ofPacket = (p: RedPacket): Game => ({
  kind: 'red_packet', id: p.packet_id, open: p.open, ends_at: p.ends_at, title: p.title, left: p.left, of: p.shares,
  total_fen: p.total_fen, taken_fen: p.taken_fen,
})
export const ofDrop = (d: CouponDrop): Game => ({
  kind: 'coupon', id: d.drop_id, open: true, ends_at: d.ends_at, title: d.title, left: d.left, of: d.quantity,
})
export const ofPoll = (p: Poll): Game => ({
  kind: 'poll', id: p.poll_id, open: p.open, ends_at: p.ends_at, title: p.question, options: p.options, counts: p.counts,
})

const readEvery = 5_000

/** What the room plays: told by the socket, and read again for the counts that it does not tell. */
export function useGames(desk: Desk) {
  const games = reactive(new Map<string, Game>())
  const take = (game: Game): void => void games.set(game.id, game)
  const change = (id: string, to: Partial<Game>): void => {
    const known = games.get(id)
    if (known) games.set(id, { ...known, ...to } as Game)
  }

  const read = async (): Promise<void> => {
    try {
      const [playing, drops] = await Promise.all([getPlaying(desk.id), getDrops(desk.id)])
      learnServerTime(playing.lotteries[0]?.server_time)
      const on = [...playing.lotteries.map(ofLottery), ...playing.red_packets.map(ofPacket), ...playing.polls.map(ofPoll), ...drops.map(ofDrop)]
      const ids = new Set(on.map((g) => g.id))
      // Whose end was missed while the socket was away is over; the figures of before stay.
      for (const game of games.values()) if (game.open && !ids.has(game.id)) change(game.id, { open: false })
      on.forEach(take)
    } catch {
      // What is known stays; the next reading corrects it.
    }
  }

  const { socket } = desk
  const offs = [
    socket.on('lottery.opened', (e) => take(ofLottery(e))),
    socket.on('lottery', (e) => change(e.lottery_id, { entrants: e.entrants })),
    socket.on('lottery.drawn', (e: Drawing) => change(e.lottery_id, { open: false, drawn: true, entrants: e.entrants })),
    socket.on('lottery.cancelled', (e) => change(e.lottery_id, { open: false })),
    socket.on('red_packet.opened', (e) => take(ofPacket(e))),
    socket.on('red_packet.closed', (e) => take(ofPacket(e))),
    socket.on('poll.opened', (e) => take(ofPoll(e))),
    socket.on('poll.closed', (e) => take(ofPoll(e))),
    socket.on('poll', (e) => change(e.poll_id, { counts: e.counts })),
    socket.on('coupon.dropped', (e) => take(ofDrop(e))),
    socket.on('coupon.drop_ended', (e) => change(e.drop_id, { open: false, left: e.quantity - e.claimed })),
    socket.on('joined', () => void read()),
  ]
  const timer = window.setInterval(() => {
    if ([...games.values()].some((g) => g.open)) void read()
  }, readEvery)
  watch(() => desk.room.value?.id, (id) => id && void read(), { immediate: true })
  onScopeDispose(() => {
    window.clearInterval(timer)
    offs.forEach((off) => off())
  })

  return {
    take,
    change,
    /** The open ones by their end, then the last that are over. */
    list: computed(() => {
      const all = [...games.values()].sort((a, b) => a.ends_at.localeCompare(b.ends_at))
      return [...all.filter((g) => g.open), ...all.filter((g) => !g.open).reverse().slice(0, 5)]
    }),
  }
}

export type Games = ReturnType<typeof useGames>
