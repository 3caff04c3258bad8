import { computed, shallowRef, watch, type Ref } from 'vue'
import type { InstalmentQuote, Order, OwnCoupon, PayChannel } from '@client/index'
import { listCards, type Card } from '../calls/cards'
import { listCoupons } from '../calls/coupons'
import { payChannels, quoteInstalments } from '../calls/orders'

/**
 * All that paying an order can draw on: bound cards, cashiers, the coupons that
 * it has or could have, instalment plans. What can't be read is left out; the
 * bank's own cashier is always there.
 */
export function usePayables(order: Ref<Order>) {
  const cards = shallowRef<Card[]>([])
  const channels = shallowRef<PayChannel[]>([])
  const coupons = shallowRef<OwnCoupon[]>([])
  const quote = shallowRef<InstalmentQuote | null>(null)

  const into = <T>(target: Ref<T>, read: Promise<T>): Promise<void> => read.then((got) => void (target.value = got), () => undefined)

  const fits = async (id: string): Promise<OwnCoupon[]> => {
    const [free, held] = await Promise.all([listCoupons('granted', undefined, id), listCoupons('reserved', undefined, id)])
    return [...(held.items ?? []).filter((c) => c.order_id === id), ...(free.items ?? [])]
  }
  const readCards = () => into(cards, listCards())
  void readCards()
  void into(channels, payChannels())

  // Coupons and plans hang on what is to be paid.
  watch(
    () => [order.value.id, order.value.payable_fen, order.value.status] as const,
    ([id, , status]) => {
      if (status !== 'pending_payment') return
      void into(coupons, fits(id))
      void into(quote, quoteInstalments(id))
    },
    { immediate: true },
  )

  const instant = computed(() => (order.value.discounts ?? []).filter((d) => d.kind === 'instant'))
  return {
    cards, channels, coupons, quote, readCards,
    /** An instant discount is on the order: a card pays, and only one of its own. */
    cardOnly: computed(() => instant.value.length > 0),
    instantFen: computed(() => instant.value.reduce((sum, d) => sum + d.amount_fen, 0)),
    /** The best instant discount that the order could have and has not. */
    offer: computed(() =>
      instant.value.length > 0
        ? null
        : (coupons.value
            .filter((c) => c.kind === 'instant' && c.status === 'granted' && c.for_order && !c.for_order.why_not)
            .sort((a, b) => b.for_order!.takes_off_fen - a.for_order!.takes_off_fen)[0] ?? null),
    ),
  }
}
