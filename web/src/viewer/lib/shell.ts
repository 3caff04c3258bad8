/**
 * Lets the app open without a net (public/sw.js). The first visit's parts were
 * loaded before there was a worker to keep them: it is told of them.
 */
export function keepShell(): void {
  if (!('serviceWorker' in navigator)) return
  window.addEventListener('load', () => {
    void navigator.serviceWorker
      .register('/sw.js')
      .then(() => navigator.serviceWorker.ready)
      .then(({ active }) => {
        const parts = performance.getEntriesByType('resource').map((entry) => entry.name)
        active?.postMessage(parts.filter((url) => url.startsWith(`${location.origin}/assets/`)))
      })
      // Not allowed here (plain http, some apps' web views): the app then needs a net to open.
      .catch(() => undefined)
  })
}
