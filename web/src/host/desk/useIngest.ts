import { onScopeDispose, shallowRef } from 'vue'
import { getIngest, type Ingest } from '../calls'

const every = 3_000

/** A room's video source, looked at every few seconds while the page is seen. */
export function useIngest(room: string) {
  const ingest = shallowRef<Ingest | null>(null)
  let stopped = false

  async function refresh(): Promise<void> {
    if (document.hidden || stopped) return
    try {
      ingest.value = await getIngest(room)
    } catch {
      // The desk tells when the server is away; the last state stays meanwhile.
    }
  }

  void refresh()
  const timer = window.setInterval(() => void refresh(), every)
  onScopeDispose(() => {
    stopped = true
    window.clearInterval(timer)
  })
  return { ingest, refresh }
}

export type IngestFeed = ReturnType<typeof useIngest>
