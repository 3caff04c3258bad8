import { computed, onScopeDispose, reactive, ref, shallowRef } from 'vue'
import { RoomSocket, type ByeReason, type FlashSale, type RoomState, type ShelfItem } from '@client/index'
import { learnServerTime, serverNow } from '@shared/serverClock'
import { api } from '../api'
import { getBoard, getFlash, getRoom, getShelf, type HostRoom } from '../calls'
import { useRights } from '../moderation/useRights'
import { playFacts } from '../play/facts'
import { useFeed } from './useFeed'
import { useGoods } from './useGoods'
import { useTrends } from './useTrends'

/** A fact of the room as the log shows it. */
export interface Fact {
  key: string
  at: string
  kind: string
  /** What was said or shown, where the event carries it. */
  detail: string
  /** Whose name to show instead: looked up when shown, for it may not be known yet. */
  sku: string | null
  flash: string | null
}

const factKinds = [
  'room.started', 'room.paused', 'room.resumed', 'room.ended', 'product.pinned', 'shelf.changed', 'flash.scheduled', 'flash.started',
  'flash.sold_out', 'flash.ended', 'coupon.dropped', 'notice', 'notice.removed', 'chat.removed', 'chat.changed', ...playFacts,
] as const

const mostFacts = 200
const boardEvery = 5_000

/** One room at the live desk: everything that its panels show, kept up by the socket. */
export function useDesk(id: string) {
  const room = shallowRef<HostRoom | null>(null)
  const shelf = shallowRef<ShelfItem[]>([])
  const shelfKnown = ref(false)
  const sales = reactive(new Map<string, FlashSale>())
  const pinned = ref<string | null>(null)
  const facts = shallowRef<Fact[]>([])
  const notice = ref('')
  const bye = ref<ByeReason | null>(null)
  const failure = shallowRef<unknown>(null)

  const socket = new RoomSocket({ room: id, token: () => api.accessToken(), until: () => api.session.read()?.expiresAt ?? 0 })
  const status = ref(socket.status)
  const feed = useFeed(socket)
  const trends = useTrends(id)
  const goods = useGoods()
  const rights = useRights(id)
  /** Whom a host is about to keep out of the room. */
  const toBan = shallowRef<{ id: string; nickname: string } | null>(null)
  let boardAt = 0

  const titleOf = (sku: string | null | undefined): string => {
    if (!sku) return ''
    const item = shelf.value.find((i) => i.sku_id === sku)
    return item?.product.title ?? goods.goods.get(sku)?.title ?? [...sales.values()].find((s) => s.sku_id === sku)?.title ?? ''
  }
  const specOf = (sku: string): string =>
    shelf.value.find((i) => i.sku_id === sku)?.spec ?? goods.goods.get(sku)?.spec ?? ''

  const setSale = (sale: string, change: Partial<FlashSale>): void => {
    const known = sales.get(sale)
    if (known) sales.set(sale, { ...known, ...change })
  }

  const takeShelf = (items: ShelfItem[]): void => {
    shelf.value = items
    shelfKnown.value = true
    for (const item of items) {
      if (item.flash) sales.set(item.flash.id, { ...sales.get(item.flash.id), ...item.flash, sku_id: item.sku_id })
    }
    void goods.learnShelf(items)
  }

  const refreshShelf = async (): Promise<void> => {
    try {
      const items = await getShelf(id)
      // Once the socket is open only it tells: an answer may be older than a fact.
      if (status.value !== 'open') pinned.value = items.find((item) => item.pinned)?.sku_id ?? null
      takeShelf(items)
    } catch {
      // The shelf of before stays; the next change or join reads it again.
    }
  }

  const refreshSale = async (sale: string): Promise<void> => {
    try {
      const fresh = await getFlash(sale)
      learnServerTime(fresh.server_time)
      sales.set(sale, { ...sales.get(sale), ...fresh })
    } catch {
      // The figures of before stay; the socket corrects them.
    }
  }

  const refreshRoom = async (): Promise<void> => {
    try {
      room.value = await getRoom(id)
      failure.value = null
    } catch (error) {
      if (!room.value) failure.value = error
    }
  }

  const refreshBoard = async (): Promise<void> => {
    try {
      trends.record(await getBoard(id))
      boardAt = Date.now()
    } catch (error) {
      if (!trends.board.value && !failure.value) failure.value = error
    }
  }

  const snapshot = (state: RoomState): void => {
    learnServerTime(state.server_time)
    room.value = { ...room.value, ...state.room }
    // The room's own picture is without what is off the shelf.
    if (!shelfKnown.value) takeShelf(state.shelf ?? [])
    void refreshShelf()
    for (const sale of state.flash ?? []) sales.set(sale.id, { ...sales.get(sale.id), ...sale })
    pinned.value = state.pinned
    notice.value = state.notice?.text ?? ''
    feed.replace(state.recent_chat ?? [])
    bye.value = null
  }

  const log = (kind: string, event: Record<string, unknown>): void => {
    const chat = feed.lines.value.find((l) => l.id === event.id)
    const detail = String(event.text ?? event.title ?? event.question ?? chat?.text ?? '')
    const at = String(event.at ?? new Date(serverNow()).toISOString())
    const shownAs = kind === 'product.pinned' && !event.sku_id ? 'product.unpinned' : kind
    const sku = (event.sku_id as string | null | undefined) ?? null
    const flash = (event.flash_id as string | undefined) ?? null
    const fact = { key: `${String(event.seq ?? at)}/${kind}`, at, kind: shownAs, detail, sku, flash }
    facts.value = [fact, ...facts.value].slice(0, mostFacts)
  }

  socket.on('status', (now) => (status.value = now))
  socket.on('snapshot', snapshot)
  socket.on('board', (e) => {
    trends.record(e)
    boardAt = Date.now()
  })
  socket.on('product.pinned', (e) => (pinned.value = e.sku_id || null))
  socket.on('shelf.changed', () => void refreshShelf())
  socket.on('room.started', (e) => {
    if (room.value) room.value = { ...room.value, status: 'live', started_at: room.value.started_at ?? e.at ?? null }
    void refreshRoom()
  })
  socket.on('room.ended', (e) => {
    if (room.value) room.value = { ...room.value, status: 'ended', paused_at: null, ended_at: e.at ?? null }
    void refreshRoom()
  })
  socket.on('room.paused', (e) => {
    if (room.value) room.value = { ...room.value, paused_at: e.at ?? new Date(serverNow()).toISOString() }
  })
  socket.on('room.resumed', () => {
    if (room.value) room.value = { ...room.value, paused_at: null }
  })
  socket.on('chat.changed', ({ slow_s, review, closed }) => {
    if (room.value) room.value = { ...room.value, chat: { slow_s, review, closed } }
  })
  socket.on('flash.stock', (e) => setSale(e.flash_id, { left: e.left }))
  socket.on('flash.scheduled', (e) => void refreshSale(e.flash_id).then(refreshShelf))
  socket.on('flash.started', (e) => {
    setSale(e.flash_id, { status: 'on_sale' })
    void refreshSale(e.flash_id)
  })
  socket.on('flash.sold_out', (e) => setSale(e.flash_id, { status: 'sold_out', left: 0 }))
  socket.on('flash.ended', (e) => {
    void refreshSale(e.flash_id).then(refreshShelf)
  })
  socket.on('notice', (e) => (notice.value = e.text))
  socket.on('notice.removed', () => (notice.value = ''))
  socket.on('bye', (e) => {
    if (e.final) bye.value = e.reason
  })
  socket.on('fault', (e) => {
    if (e.code === 'auth.required' && socket.status !== 'open') api.session.clear()
  })
  for (const kind of factKinds) socket.on(kind, (e) => log(kind, e as unknown as Record<string, unknown>))

  // While the socket is away the board is asked for; it then is not marked live.
  const live = ref(false)
  const timer = window.setInterval(() => {
    live.value = Date.now() - boardAt < 2 * boardEvery && status.value === 'open'
    if (Date.now() - boardAt >= boardEvery) void refreshBoard()
  }, 1000)

  const open = async (): Promise<void> => {
    failure.value = null
    await refreshRoom()
    if (failure.value) return
    void rights.learn()
    void refreshShelf()
    void refreshBoard()
    socket.connect()
  }

  onScopeDispose(() => {
    window.clearInterval(timer)
    socket.close()
  })

  return {
    id, socket, room, shelf, shelfKnown, sales, pinned, facts, notice, bye, failure, status, feed, trends, goods, rights, toBan, live,
    online: computed(() => status.value === 'open'),
    open, refreshRoom, refreshShelf, refreshSale, setSale, titleOf, specOf,
  }
}

export type Desk = ReturnType<typeof useDesk>
