import { reactive, ref, shallowRef } from 'vue'
import { ApiError, newKey, type CouponOffer, type OwnCoupon } from '@client/index'
import { claimOffer, getOffers, listCoupons } from '../calls/coupons'
import { useSession } from '../session'

/** A batch that the room offers, with one's own part in it. */
export interface Offer {
  offer: CouponOffer
  key: string
  busy: boolean
  error: unknown
  coupon: OwnCoupon | null
  /** Why there is none to be had, by the server's code; '' while there may be. */
  refusal: string
}

const final = ['coupon.sold_out', 'coupon.sold_out_today', 'coupon.limit_reached', 'coupon.ended', 'coupon.paused', 'coupon.not_started']

/** What a room's viewers may claim at any time; what comes and goes with the show is its play's. */
export function useOffers(room: string) {
  const session = useSession()
  const offers = shallowRef<Offer[] | null>(null)
  const error = shallowRef<unknown>(null)
  const loading = ref(false)

  const load = async (): Promise<void> => {
    loading.value = true
    try {
      const [got, mine] = await Promise.all([getOffers(room), session.signedIn ? listCoupons('granted') : null])
      const known = new Map((offers.value ?? []).map((o) => [o.offer.batch_id, o]))
      offers.value = (got.batches ?? []).map((offer) =>
        reactive({
          offer,
          key: known.get(offer.batch_id)?.key ?? newKey(),
          busy: false,
          error: null,
          coupon: mine?.items?.find((c) => c.batch_id === offer.batch_id) ?? null,
          refusal: offer.sold_out ? 'coupon.sold_out' : '',
        }),
      )
      error.value = null
    } catch (cause) {
      error.value = cause
    } finally {
      loading.value = false
    }
  }

  const claim = async (one: Offer): Promise<void> => {
    if (one.busy) return
    one.busy = true
    one.error = null
    try {
      one.coupon = await claimOffer(one.offer.batch_id, one.key)
    } catch (cause) {
      // Unknown: the same key asks again for the same coupon.
      if (cause instanceof ApiError && !cause.unknownOutcome) one.key = newKey()
      if (cause instanceof ApiError && final.includes(cause.code)) one.refusal = cause.code
      else one.error = cause
    } finally {
      one.busy = false
    }
  }
  return { offers, error, loading, load, claim }
}
