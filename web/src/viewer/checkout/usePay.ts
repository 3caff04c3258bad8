import { ref, shallowRef } from 'vue'
import { ApiError, newKey, type Order, type Payment } from '@client/index'
import { payOrder, type PayWish } from '../calls/orders'

/**
 * Paying one order. Each way of paying has its own key, kept until that try is
 * answered for good, so that a second press never makes a second payment.
 */
export function usePay() {
  const busy = ref(false)
  const error = shallowRef<unknown>(null)
  const payment = shallowRef<Payment | null>(null)
  const keys = new Map<string, string>()

  const send = async (order: Order, wish: PayWish): Promise<Payment | null> => {
    const way = `${order.id}/${Object.values(wish).join('/')}`
    const key = keys.get(way) ?? newKey()
    keys.set(way, key)
    busy.value = true
    error.value = null
    try {
      payment.value = await payOrder(order.id, wish, key)
      if (payment.value.status === 'failed') keys.delete(way)
      return payment.value
    } catch (cause) {
      error.value = cause
      if (cause instanceof ApiError && !cause.unknownOutcome) keys.delete(way)
      return null
    } finally {
      busy.value = false
    }
  }

  /**
   * Opens the cashier in a tab of its own. The tab is opened inside the click,
   * before the answer, or browsers take it for a pop-up; where it is refused all
   * the same (a bank app's WebView), the caller shows the payment's link.
   */
  const byCashier = async (order: Order): Promise<boolean> => {
    const tab = window.open('about:blank', '_blank')
    const made = await send(order, { method: 'cashier' })
    const url = made?.cashier_url
    if (!url) {
      tab?.close()
      return false
    }
    if (!tab) return false
    tab.opener = null
    tab.location.replace(url)
    return true
  }

  const reset = (): void => {
    payment.value = null
    error.value = null
    keys.clear()
  }

  return {
    busy, error, payment, byCashier, reset,
    /** Asks for an address to be shown as a QR code; nothing is opened. */
    byCode: (order: Order) => send(order, { method: 'cashier', channel: 'wechatpay' }),
    /** `terms` is 0 for all at once. */
    byCard: (order: Order, card: string, terms = 0) => send(order, { method: 'bound_card', card_id: card, ...(terms > 0 && { instalments: terms }) }),
  }
}
