import { onScopeDispose, shallowRef } from 'vue'
import type { Order } from '@client/index'
import { api } from '../api'
import { listOrders } from '../calls/orders'
import { orderChanged } from '../lib/orderSignals'

/**
 * The viewer's order of this room that waits for payment. Private events that
 * were missed while away are not told again, so it is read after every join.
 */
export function useUnpaid(roomId: string) {
  const order = shallowRef<Order | null>(null)
  let turn = 0

  const read = async (): Promise<void> => {
    const mine = ++turn
    if (!api.session.read()) {
      order.value = null
      return
    }
    try {
      const { items } = await listOrders('pending_payment')
      if (mine === turn) order.value = items?.find((o) => o.room_id === roomId) ?? null
    } catch {
      // What was known stays; the next join or event reads again.
    }
  }

  const stop = orderChanged.on(() => void read())
  onScopeDispose(() => {
    turn++
    stop()
  })
  return { order, read }
}
