import { onScopeDispose, ref, type Ref } from 'vue'

let offset = 0

/** Learns the server's clock from a `server_time` or an event's `at`. */
export function learnServerTime(iso: string | undefined): void {
  const at = iso ? Date.parse(iso) : NaN
  if (!Number.isNaN(at)) offset = at - Date.now()
}

/** Now by the server's clock, in milliseconds: a phone's own may be minutes off. */
export function serverNow(): number {
  return Date.now() + offset
}

/** The server's now as a ref, four times a second while the component lives. */
export function useServerNow(every = 250): Ref<number> {
  const now = ref(serverNow())
  const timer = setInterval(() => (now.value = serverNow()), every)
  onScopeDispose(() => clearInterval(timer))
  return now
}
