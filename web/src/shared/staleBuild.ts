const key = 'yinbo.reloaded'
const onceIn = 60_000

/**
 * After a new version is put in place, a page that is still open asks for
 * parts that are gone. It is loaded afresh then, once a minute at most, and
 * never while offline, when parts are missing for another reason.
 */
export function reloadWhenStale(): void {
  window.addEventListener('vite:preloadError', (event) => {
    const last = Number(sessionStorage.getItem(key) ?? 0)
    if (!navigator.onLine || Date.now() - last < onceIn) return
    sessionStorage.setItem(key, String(Date.now()))
    event.preventDefault()
    location.reload()
  })
}
