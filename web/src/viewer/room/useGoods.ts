import { computed, shallowRef, watch, type Ref } from 'vue'
import type { Order, ShelfItem } from '@client/index'
import { getOrder } from '../calls/orders'
import type { Choice } from '../checkout/choice'
import { useOrderWatch } from '../checkout/useOrderWatch'
import type { Sheets } from '../lib/useSheets'
import { useSession } from '../session'
import { keep, readKept } from './kept'
import { phaseOf } from './flashPhase'
import type { RoomLive } from './useRoomLive'

/** From the shelf to the payment: what is looked at, chosen and paid, and the same again after a reload. */
export function useGoods(live: RoomLive, sheets: Sheets, now: Ref<number>) {
  const session = useSession()
  const item = shallowRef<ShelfItem | null>(null)
  const choice = shallowRef<Choice | null>(null)
  const start = shallowRef(readKept(live.id).product)
  const paying = useOrderWatch()
  const sale = computed(() => {
    const id = item.value?.flash?.id
    const known = id ? (live.sales.get(id) ?? null) : null
    return known && phaseOf(known, now.value) === 'on_sale' ? known : null
  })

  async function look(what: ShelfItem): Promise<void> {
    start.value = undefined
    item.value = what
    await sheets.open('product')
  }
  /** The specification and the number chosen so far. */
  function chose(chosen: string, quantity: number): void {
    if (item.value) keep(live.id, { product: { sku: item.value.sku_id, chosen, quantity } })
  }
  function take(what: Choice): void {
    choice.value = what
    keep(live.id, { choice: what })
  }
  function follow(order: Order): void {
    paying.follow(order)
    keep(live.id, { order: order.id })
  }

  // What was open before a reload, once the shelf that it stands on is there.
  const stop = watch(live.shelf, async (items) => {
    stop()
    const kept = readKept(live.id)
    item.value = items.find((i) => i.sku_id === kept.product?.sku) ?? null
    choice.value = kept.choice ?? null
    const order = kept.order && session.signedIn ? await getOrder(kept.order).catch(() => null) : null
    if (order) paying.follow(order)
    const there: Record<string, boolean> = {
      shelf: true, coupons: true, poster: true, product: !!item.value, signin: !session.signedIn,
      checkout: !!choice.value && session.signedIn, pay: !!order, flashaddress: session.signedIn,
    }
    await sheets.restore((name) => there[name] ?? false)
  })

  return { item, choice, start, sale, paying, look, chose, take, follow }
}
