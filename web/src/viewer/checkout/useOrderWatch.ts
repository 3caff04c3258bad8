import { onScopeDispose, shallowRef } from 'vue'
import { ApiError, type OwnOrder } from '@client/index'
import { getOrder } from '../calls/orders'
import { orderChanged } from '../lib/orderSignals'

const askEvery = 3000

/**
 * Follows one order: read again when the socket says it changed, when the page
 * comes back to the front (from the cashier's tab), and every 3 s while it
 * waits for payment.
 */
export function useOrderWatch() {
  const order = shallowRef<OwnOrder | null>(null)
  const gone = shallowRef<unknown>(null)
  let timer = 0
  let busy = false

  const plan = (): void => {
    clearTimeout(timer)
    const moving = order.value?.status === 'pending_payment' || order.value?.status === 'refunding'
    if (moving) timer = window.setTimeout(() => void read(), askEvery)
  }

  const read = async (): Promise<void> => {
    const id = order.value?.id
    if (!id || busy) return
    busy = true
    try {
      const fresh = await getOrder(id)
      if (order.value?.id === id) order.value = fresh
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) gone.value = error
    } finally {
      busy = false
      plan()
    }
  }

  const follow = (next: OwnOrder | null): void => {
    order.value = next
    plan()
  }

  const onFront = (): void => {
    if (!document.hidden) void read()
  }
  const stop = orderChanged.on((id) => {
    if (order.value && (id === '' || id === order.value.id)) void read()
  })
  document.addEventListener('visibilitychange', onFront)
  window.addEventListener('focus', onFront)
  onScopeDispose(() => {
    clearTimeout(timer)
    stop()
    document.removeEventListener('visibilitychange', onFront)
    window.removeEventListener('focus', onFront)
  })

  return { order, gone, follow, read }
}
