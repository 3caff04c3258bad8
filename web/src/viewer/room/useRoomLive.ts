import { computed, onScopeDispose, reactive, ref, shallowRef } from 'vue'
import { RoomSocket, type ByeReason, type FlashSale, type Room, type RoomState, type ShelfItem } from '@client/index'
import { learnServerTime } from '@shared/serverClock'
import { api } from '../api'
import { getFlash, getRoom, getShelf } from '../calls/rooms'
import { cameFrom } from '../lib/cameFrom'
import { orderChanged } from '../lib/orderSignals'
import { useModes } from '../lib/useModes'
import { usePlay } from '../play/usePlay'
import { useChat } from './useChat'
import { useLikes } from './useLikes'
import { useTicker } from './useTicker'

const pictureEvery = 60_000

/** One room as it is now: the first picture over HTTP, everything after by its socket. */
export function useRoomLive(id: string) {
  const room = shallowRef<Room | null>(null)
  const shelf = shallowRef<ShelfItem[]>([])
  const sales = reactive(new Map<string, FlashSale>())
  const pinned = ref<string | null>(null)
  const viewers = ref(0)
  const notice = ref('')
  const bye = ref<ByeReason | null>(null)
  const mutedUntil = ref('')
  const failure = shallowRef<unknown>(null)

  const socket = new RoomSocket({
    room: id,
    token: () => api.accessToken(),
    until: () => api.session.read()?.expiresAt ?? 0,
    source: cameFrom(),
  })
  const status = ref(socket.status)
  const chat = useChat(socket)
  const likes = useLikes(socket)
  const ticker = useTicker()
  const play = usePlay(socket, id)
  /** The card product that the host speaks of, until it is put away. */
  const cardPrompt = ref('')

  const takeShelf = (items: ShelfItem[]): void => {
    shelf.value = items
    for (const item of items) if (item.flash) sales.set(item.flash.id, { ...item.flash, sku_id: item.sku_id })
    // Once the socket is open only it tells: an answer may be older than a fact.
    const explained = items.find((item) => item.pinned)
    if (explained && status.value !== 'open') pinned.value = explained.sku_id
  }

  const refreshShelf = async (): Promise<void> => {
    try {
      takeShelf(await getShelf(id))
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

  const takeSnapshot = (state: RoomState): void => {
    learnServerTime(state.server_time)
    room.value = state.room
    viewers.value = state.viewers
    likes.take(state.likes)
    takeShelf(state.shelf ?? [])
    for (const sale of state.flash ?? []) sales.set(sale.id, { ...sales.get(sale.id), ...sale })
    pinned.value = state.pinned
    notice.value = state.notice?.text ?? ''
    chat.replace(state.recent_chat ?? [])
    bye.value = null
  }

  const setRoom = (change: Partial<Room>): void => {
    if (room.value) room.value = { ...room.value, ...change }
  }

  const setSale = (sale: string, change: Partial<FlashSale>): void => {
    const known = sales.get(sale)
    if (known) sales.set(sale, { ...known, ...change })
  }

  socket.on('status', (now) => (status.value = now))
  socket.on('snapshot', takeSnapshot)
  socket.on('joined', () => orderChanged.emit(''))
  socket.on('viewers', (e) => (viewers.value = e.count))
  socket.on('likes', (e) => likes.take(e.total))
  socket.on('notice', (e) => (notice.value = e.text))
  socket.on('notice.removed', () => (notice.value = ''))
  socket.on('product.pinned', (e) => (pinned.value = e.sku_id || null))
  socket.on('shelf.changed', () => void refreshShelf())
  socket.on('room.started', () => {
    setRoom({ status: 'live' })
    void loadRoom()
  })
  socket.on('room.paused', (e) => setRoom({ paused_at: e.at ?? new Date().toISOString() }))
  socket.on('room.resumed', () => setRoom({ paused_at: null }))
  socket.on('room.ended', () => setRoom({ status: 'ended', paused_at: null }))
  socket.on('chat.changed', ({ slow_s, review, closed }) => setRoom({ chat: { slow_s, review, closed } }))
  socket.on('flash.stock', (e) => setSale(e.flash_id, { left: e.left }))
  socket.on('flash.scheduled', () => void refreshShelf())
  socket.on('flash.started', (e) => {
    setSale(e.flash_id, { status: 'on_sale' })
    void refreshSale(e.flash_id)
  })
  socket.on('flash.sold_out', (e) => setSale(e.flash_id, { status: 'sold_out', left: 0 }))
  socket.on('flash.ended', (e) => {
    setSale(e.flash_id, { status: 'ended' })
    void refreshShelf()
  })
  socket.on('order.updated', (e) => orderChanged.emit(e.order_id))
  socket.on('order.ticker', (e) => ticker.push(e.nickname_masked, e.title))
  socket.on('card.prompted', (e) => (cardPrompt.value = e.card_product_id))
  socket.on('muted', (e) => (mutedUntil.value = e.until_at))
  socket.on('bye', (e) => {
    if (e.final) bye.value = e.reason
    if (e.reason === 'ended') setRoom({ status: 'ended', paused_at: null })
  })
  socket.on('fault', (e) => {
    if (e.code !== 'auth.required') return
    // While joining: the token was refused and is spent. On an open socket: a like of a guest's,
    // or a token that expired, after which the server has the socket join anew.
    if (socket.status !== 'open') api.session.clear()
    else if (!api.session.read()) likes.refuse()
  })

  const loadRoom = async (): Promise<void> => {
    try {
      const got = await getRoom(id)
      room.value = got
      if (status.value !== 'open') {
        viewers.value = got.viewers
        likes.take(got.likes)
      }
      failure.value = null
    } catch (error) {
      if (!room.value) failure.value = error
    }
  }

  // Without video, what the cover and the title say is read again now and then.
  const { modes } = useModes()
  const picture = setInterval(() => modes.saver && room.value?.status === 'live' && void loadRoom(), pictureEvery)
  onScopeDispose(() => clearInterval(picture))

  const open = async (): Promise<void> => {
    await loadRoom()
    if (failure.value) return
    void refreshShelf()
    socket.connect()
  }

  let joinedAs = api.session.read()?.person.id ?? ''
  const leaveSession = api.session.onChange((session) => {
    const who = session?.person.id ?? ''
    if (who !== joinedAs) {
      joinedAs = who
      socket.rejoin()
    }
  })
  onScopeDispose(() => {
    leaveSession()
    likes.flush()
    socket.close()
  })

  return {
    id, room, shelf, sales, pinned, viewers, notice, bye, mutedUntil, failure, status, chat, likes, ticker, play, cardPrompt,
    open, refreshSale, refreshShelf,
    rejoin: () => socket.rejoin(),
    /** The shelf's line of a SKU or of a flash sale. */
    itemOf: (sku: string | null | undefined) => shelf.value.find((item) => item.sku_id === sku) ?? null,
    saleItem: (sale: FlashSale) =>
      shelf.value.find((item) => item.sku_id === sale.sku_id || item.flash?.id === sale.id) ?? null,
    online: computed(() => status.value === 'open'),
  }
}

export type RoomLive = ReturnType<typeof useRoomLive>
