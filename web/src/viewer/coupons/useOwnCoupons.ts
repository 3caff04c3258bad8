import { shallowRef } from 'vue'
import type { OwnCoupon } from '@client/index'
import { listCoupons } from '../calls/coupons'
import { useSession } from '../session'

/** One's coupons that can still be used, as far as two pages go; none for a guest. A failure leaves them unknown: nobody is kept from buying. */
export function useOwnCoupons() {
  const session = useSession()
  const coupons = shallowRef<OwnCoupon[]>([])
  let turn = 0

  const load = async (order?: string): Promise<void> => {
    const mine = ++turn
    if (!session.signedIn) {
      coupons.value = []
      return
    }
    try {
      const first = await listCoupons('granted', undefined, order)
      const next = first.next_cursor ? await listCoupons('granted', first.next_cursor, order) : null
      if (mine === turn) coupons.value = [...(first.items ?? []), ...(next?.items ?? [])]
    } catch {
      // What was known stays; the order can take coupons later too.
    }
  }
  return { coupons, load }
}
