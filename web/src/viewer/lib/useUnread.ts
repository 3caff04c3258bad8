import { ref, watch, type Ref } from 'vue'
import { listMessages } from '../calls/messages'
import { useSession } from '../session'

const unread = ref(false)

/** Whether there are messages that one has not seen; asked for again wherever it is shown. */
export function useUnread(): Ref<boolean> {
  const session = useSession()
  watch(
    () => session.signedIn,
    async (signedIn) => {
      if (!signedIn) return void (unread.value = false)
      // They are read all at once, so the newest tells of all. A mark is not worth a message of failure.
      const page = await listMessages().catch(() => null)
      if (page) unread.value = page.items.some((m) => !m.read_at)
    },
    { immediate: true },
  )
  return unread
}

export function noneUnread(): void {
  unread.value = false
}
