import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { ApiError, newKey, type Address, type FlashSale, type Order } from '@client/index'
import { orderFlash } from '../calls/orders'
import { useOrderWatch } from '../checkout/useOrderWatch'
import { keep, pressOf } from './kept'

/** Where one's own try at a sale stands. */
export type BuyState = 'idle' | 'buying' | 'confirming' | 'unknown' | 'won' | 'paid' | 'limit' | 'refused'

const sureWithin = 2000
const askAgainEvery = 1500
const askAgainFor = 30_000

/**
 * A try at a flash sale. One key per try: while the verdict is unknown the same
 * request is asked again under the same key, so that a person who was told
 * nothing can't buy twice, and one who bought is told so. A reload in between
 * asks again under the same key, too.
 */
export function useFlashBuy(sale: Ref<FlashSale | null>, roomId: string) {
  const state = ref<BuyState>('idle')
  const error = shallowRef<unknown>(null)
  const won = useOrderWatch()
  let key = newKey()
  let address: Address | undefined
  let alive = true
  onScopeDispose(() => (alive = false))

  const reset = (): void => {
    state.value = 'idle'
    error.value = null
    key = newKey()
    won.follow(null)
  }
  watch(() => sale.value?.id, (id) => {
    reset()
    if (id) takeUp(id)
  })

  const settle = (order: Order): void => {
    won.follow(order)
    state.value = 'won'
    key = newKey()
  }

  const refuse = (cause: ApiError): void => {
    error.value = cause
    if (cause.code === 'flash.limit_reached') state.value = 'limit'
    else if (cause.code === 'flash.sold_out' || cause.code === 'flash.ended') state.value = 'idle'
    else state.value = 'refused'
    // A refusal is not kept by the server; a later try is decided anew and is another try.
    key = newKey()
  }

  const ask = async (id: string): Promise<'done' | 'unknown'> => {
    try {
      settle(await orderFlash(id, { quantity: 1, address, room_id: roomId }, key))
      return 'done'
    } catch (cause) {
      const known = cause instanceof ApiError && !cause.unknownOutcome
      if (known) refuse(cause)
      else error.value = cause
      return known ? 'done' : 'unknown'
    }
  }

  /** Tries to buy one; resolves when the verdict is known or given up for now. */
  const buy = async (to?: Address): Promise<void> => {
    const id = sale.value?.id
    if (!id || state.value === 'buying' || state.value === 'confirming') return
    address = to
    error.value = null
    state.value = 'buying'
    const slow = window.setTimeout(() => {
      if (state.value === 'buying') state.value = 'confirming'
    }, sureWithin)
    keep(roomId, { press: { sale: id, key, address, at: Date.now() } })
    const until = Date.now() + askAgainFor
    let verdict = await ask(id)
    while (verdict === 'unknown' && alive && Date.now() < until) {
      state.value = 'confirming'
      await new Promise((resolve) => setTimeout(resolve, askAgainEvery))
      verdict = await ask(id)
    }
    clearTimeout(slow)
    if (verdict === 'unknown') state.value = 'unknown'
    else keep(roomId, { press: undefined })
  }

  /** Goes on with a press that a reload cut off. */
  const takeUp = (id: string): void => {
    const press = pressOf(roomId, id)
    if (!press) return
    key = press.key
    void buy(press.address)
  }
  if (sale.value) takeUp(sale.value.id)

  /** Takes up an unpaid order of this sale from before, as after a reload. */
  const resume = (order: Order): void => {
    if (state.value === 'idle' && order.flash_id === sale.value?.id && order.status === 'pending_payment') settle(order)
  }

  watch(won.order, (order) => {
    if (state.value !== 'won' && state.value !== 'paid') return
    if (!order) return
    if (order.status === 'pending_payment') state.value = 'won'
    else if (order.status === 'cancelled') reset()
    else state.value = 'paid'
  })

  return { state, error, order: won.order, buy, resume, reset }
}
