import { ref, shallowRef, watch, type Ref } from 'vue'
import { unwrap, type Room } from '@client/index'
import { api } from '../api'
import { useFollow } from '../follow/useFollow'

interface Reservation {
  reserved: boolean
  /** Because one follows the host. */
  by_follow: boolean
  reservations: number
}

/** Whether one is told when the room starts, and how many are. */
export function useReservation(room: Ref<Room>) {
  const reserved = ref(false)
  const byFollow = ref(false)
  const count = ref(room.value.reservations ?? 0)
  const busy = ref(false)
  const error = shallowRef<unknown>(null)
  const at = { params: { path: { id: room.value.id } } }

  const take = (got: Reservation): void => {
    reserved.value = got.reserved
    byFollow.value = got.by_follow
    count.value = got.reservations
  }

  const run = async (call: () => Promise<Reservation>): Promise<void> => {
    if (busy.value) return
    busy.value = true
    error.value = null
    try {
      take(await call())
    } catch (cause) {
      error.value = cause
    } finally {
      busy.value = false
    }
  }

  watch(() => room.value.reservations, (n) => n !== undefined && (count.value = n))
  // Who follows the host, or follows no more, is told of the start or not.
  const follow = useFollow()
  watch(
    () => follow.following(room.value.host.id),
    () => api.session.read() && unwrap<Reservation>(api.http.GET('/rooms/{id}/reservation', at)).then(take, () => undefined),
    { immediate: true },
  )

  return {
    reserved, byFollow, count, busy, error,
    reserve: () => run(() => unwrap(api.http.POST('/rooms/{id}/reservation', at))),
    cancel: () => run(() => unwrap(api.http.DELETE('/rooms/{id}/reservation', at))),
  }
}
