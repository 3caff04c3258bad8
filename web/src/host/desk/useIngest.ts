import { onScopeDispose, shallowRef, watch } from 'vue'
import { getIngest, type Ingest } from '../calls'

const every = 3_000

/** A room's video source, looked at every few seconds while the page is seen and it is wanted. */
export function useIngest(room: string, wanted: () => boolean) {
  const ingest = shallowRef<Ingest | null>(null)
  let stopped = false

  async function refresh(): Promise<void> {
    if (document.hidden || stopped || !wanted()) return
    try {
      ingest.value = await getIngest(room)
    } catch {
      // The desk tells when the server is away; the last state stays meanwhile.
    }
  }

  watch(wanted, () => void refresh(), { immediate: true })
  const timer = window.setInterval(() => void refresh(), every)
  onScopeDispose(() => {
    stopped = true
    window.clearInterval(timer)
  })
  return { ingest, refresh }
}

export type IngestFeed = ReturnType<typeof useIngest>
