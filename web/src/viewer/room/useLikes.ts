import { computed, onScopeDispose, ref } from 'vue'
import type { RoomSocket } from '@client/index'

const sendEvery = 1000
const mostAtOnce = 50

/** Likes: counted here at once, sent merged once a second. */
export function useLikes(socket: RoomSocket) {
  const counted = ref(0)
  const unsent = ref(0)
  const refused = ref(false)

  const flush = (): void => {
    const count = Math.min(unsent.value, mostAtOnce)
    if (count > 0 && socket.like(count)) {
      unsent.value -= count
      counted.value += count
    }
  }
  const timer = setInterval(flush, sendEvery)
  onScopeDispose(() => clearInterval(timer))

  return {
    total: computed(() => counted.value + unsent.value),
    refused,
    add(): void {
      unsent.value = Math.min(unsent.value + 1, mostAtOnce * 4)
    },
    /** The server's figure; never shown going down. */
    take(total: number): void {
      counted.value = Math.max(counted.value, total)
    },
    /** The room takes no likes from this person: what waits is dropped. */
    refuse(): void {
      refused.value = true
      unsent.value = 0
    },
    flush,
  }
}
