import { computed, reactive, ref } from 'vue'
import { ApiError, newKey, type RoomSocket } from '@client/index'
import { api } from '../api'
import { claimDrop, enterLottery, getDrops, getLottery, getPlaying, takeShare, vote, type LotteryOfMine } from '../calls/play'
import { dropItem, lotteryItem, packetItem, pollItem, prizeOf, tookPart, type GiftItem, type LotteryItem, type PlayItem, type PollItem } from './items'

const refusals: Record<string, GiftItem['refusal']> = {
  'coupon.sold_out': 'gone',
  'coupon.ended': 'ended',
  'coupon.limit_reached': 'taken',
}

interface Kinds {
  lottery: LotteryItem
  poll: PollItem
  packet: GiftItem
  drop: GiftItem
}

/**
 * What the room plays: lotteries, polls, red packets, coupon drops. Each has a
 * chip; at most one is open. What is over goes away unless one has a stake in
 * it or looks at it.
 */
export function usePlay(socket: RoomSocket, room: string) {
  const items = reactive(new Map<string, PlayItem>())
  const open = ref('')
  /** Put away after its end or one's own: it does not come back with the next join. */
  const done = new Set<string>()
  /** The last that happened, for the live region. */
  const news = ref<{ what: string; title: string } | null>(null)

  const find = <K extends keyof Kinds>(id: string, kind: K) => {
    const item = items.get(id)
    return item?.kind === kind ? (item as Kinds[K]) : null
  }

  /** What begins before one's eyes opens itself where nothing else is open, also if it was read of just before. */
  const begin = (item: PlayItem): void => {
    if (items.get(item.id)?.over || done.has(item.id)) return
    if (!items.has(item.id)) items.set(item.id, item)
    open.value ||= item.id
    news.value = { what: `${item.kind}Open`, title: item.title }
  }

  const finish = (id: string, what = 'over'): void => {
    const item = items.get(id)
    if (!item || item.over) return
    item.over = true
    if (tookPart(item)) open.value ||= id
    else if (open.value !== id) items.delete(id)
    if (open.value === id || tookPart(item)) news.value = { what, title: item.title }
  }

  const show = (id: string): void => {
    open.value = open.value === id ? '' : id
  }

  const close = (): void => {
    const item = items.get(open.value)
    open.value = ''
    const settled = item && (item.kind === 'packet' || item.kind === 'drop') && (item.coupon || item.refusal)
    if (!item || !(item.over || settled)) return
    items.delete(item.id)
    done.add(item.id)
  }

  socket.on('lottery.opened', (e) => begin(lotteryItem(e)))
  socket.on('lottery', (e) => {
    const item = find(e.lottery_id, 'lottery')
    if (item) item.lottery.entrants = e.entrants
  })
  socket.on('lottery.drawn', (e) => {
    const item = find(e.lottery_id, 'lottery')
    if (!item) return
    const { entrants, seed } = e
    item.lottery = { ...item.lottery, state: 'drawn', entrants, seed }
    item.winners = e.winners.map((w) => ({ prize: w.prize, name: w.nickname_masked }))
    const mine = e.winners.find((w) => w.ticket === item.ticket)
    if (mine) item.prize = mine.prize
    finish(item.id, item.prize ? 'won' : 'drawn')
  })
  // Told to the winner alone, also when the entry was made on another device.
  socket.on('lottery.won', (e) => {
    const item = find(e.lottery_id, 'lottery')
    if (!item) return
    item.prize = e.prize
    open.value = item.id
    news.value = { what: 'won', title: e.prize }
  })
  socket.on('lottery.cancelled', (e) => {
    const item = find(e.lottery_id, 'lottery')
    if (item) item.cancelled = true
    finish(e.lottery_id, 'cancelled')
  })
  socket.on('poll.opened', (e) => begin(pollItem(e)))
  socket.on('poll', (e) => {
    const item = find(e.poll_id, 'poll')
    if (item && !item.over) item.poll.counts = e.counts
  })
  socket.on('poll.closed', (e) => {
    const item = find(e.poll_id, 'poll')
    if (item) item.poll = e
    finish(e.poll_id)
  })
  socket.on('red_packet.opened', (e) => begin(packetItem(e)))
  socket.on('red_packet.closed', (e) => {
    const item = find(e.packet_id, 'packet')
    if (item) item.left = e.left
    finish(e.packet_id)
  })
  socket.on('coupon.dropped', (e) => begin(dropItem(e)))
  socket.on('coupon.drop_ended', (e) => finish(e.drop_id))

  const takeMine = (item: LotteryItem, got: LotteryOfMine): void => {
    item.lottery = got
    item.ticket = got.mine?.ticket ?? ''
    item.prize = prizeOf(got, got.mine)
    if (got.state === 'cancelled') item.cancelled = true
    if (got.state !== 'open') finish(item.id, item.prize ? 'won' : 'drawn')
  }

  /** Reads what is on, and what became of what was: after a join facts may have been missed. */
  const load = async (): Promise<void> => {
    try {
      const [playing, drops] = await Promise.all([getPlaying(room), getDrops(room)])
      const on = [
        ...(playing.lotteries ?? []).filter((l) => l.state === 'open').map(lotteryItem),
        ...(playing.polls ?? []).filter((p) => p.open).map(pollItem),
        ...(playing.red_packets ?? []).map(packetItem),
        ...drops.map(dropItem),
      ]
      for (const item of on) if (!items.has(item.id) && !done.has(item.id)) items.set(item.id, item)
      const still = new Set(on.map((item) => item.id))
      for (const poll of playing.polls ?? []) {
        const item = find(poll.poll_id, 'poll')
        if (item) item.poll = poll
      }
      const lotteries = [...items.values()].filter((item) => item.kind === 'lottery' && !item.over) as LotteryItem[]
      for (const item of [...items.values()]) if (item.kind !== 'lottery' && !still.has(item.id)) finish(item.id)
      // A guest has no entry to ask for; a lottery that is no longer on has an end to tell.
      const ask = lotteries.filter((item) => api.session.read() || !still.has(item.id))
      await Promise.all(ask.map(async (item) => takeMine(item, await getLottery(item.id))))
    } catch {
      // What was known stays; the next join reads again.
    }
  }
  socket.on('joined', () => void load())

  /** One request at a time an item; what went wrong stays with it. */
  const act = async (item: PlayItem, work: () => Promise<void>): Promise<void> => {
    if (item.busy) return
    item.busy = true
    item.error = null
    try {
      await work()
    } catch (error) {
      item.error = error
    } finally {
      item.busy = false
    }
  }

  const enter = (item: LotteryItem) =>
    act(item, async () => {
      item.ticket = (await enterLottery(item.id)).ticket
      news.value = { what: 'entered', title: item.title }
    })

  const choose = (item: PollItem, option: number) =>
    act(item, async () => {
      const poll = await vote(item.id, option)
      item.choice = option
      if (!item.over) item.poll = poll
      news.value = { what: 'voted', title: poll.options[option] ?? '' }
    })

  const take = (item: GiftItem) =>
    act(item, async () => {
      try {
        item.coupon = await (item.kind === 'packet' ? takeShare : claimDrop)(item.id, item.key)
        item.left = Math.max(item.left - 1, 0)
        news.value = { what: 'got', title: item.title }
      } catch (error) {
        if (!(error instanceof ApiError) || error.unknownOutcome) throw error
        item.key = newKey()
        const refusal = refusals[error.code]
        if (!refusal) throw error
        item.refusal = refusal
        news.value = { what: refusal, title: item.title }
      }
    })

  return { items, open, news, current: computed(() => items.get(open.value) ?? null), show, close, enter, choose, take, load }
}

export type Play = ReturnType<typeof usePlay>
