import { computed, onScopeDispose, reactive, watch, type Ref } from 'vue'
import type { SocketStatus } from '@client/index'

/** How the app stands to the net: the browser's word, and the open room's socket. */
const net = reactive({ offline: !navigator.onLine, reconnecting: false, asking: false })
let hurry: () => void = () => undefined

/** Listens to the browser from the app's start on. */
export function watchNet(): void {
  window.addEventListener('online', () => (net.offline = false))
  window.addEventListener('offline', () => (net.offline = true))
}

/** The server answers: then the browser's word does not count. */
async function reached(): Promise<boolean> {
  return fetch('/healthz', { cache: 'no-store' }).then((answer) => answer.ok, () => false)
}

export function useNet() {
  return {
    net,
    /** Buttons that need the net say so. */
    down: computed(() => net.offline || net.reconnecting),
    async retry(): Promise<void> {
      if (net.asking) return
      net.asking = true
      if (net.offline && (await reached())) net.offline = false
      if (net.reconnecting) hurry()
      net.asking = false
    },
  }
}

/** Tells of a room's socket while the room is open. */
export function tellSocket(status: Ref<SocketStatus>, rejoin: () => void): void {
  hurry = rejoin
  watch(status, (now) => (net.reconnecting = now === 'reconnecting'), { immediate: true })
  onScopeDispose(() => (net.reconnecting = false))
}
