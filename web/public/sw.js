/*
 * Opens the viewer's app without a net: the page as it was last, and the parts of
 * the app that were loaded before. What the server says is never kept: without a
 * net the app says that there is none.
 */
const kept = 'yinbo-shell'
const staff = /^\/(host|desk)(\/|$)/
const noPage = /^\/(api|docs|guides|media|healthz|readyz)(\/|$)|\.\w+$/

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

/** A page of another build takes the parts of the one before with it. */
async function keepPage(fresh) {
  const cache = await caches.open(kept)
  const before = await cache.match('/')
  const text = await fresh.clone().text()
  if (!text.includes('id="app"') || (before && (await before.text()) === text)) return
  await Promise.all((await cache.keys()).map((part) => cache.delete(part)))
  await cache.put('/', fresh)
}

async function page(event) {
  try {
    const fresh = await fetch(event.request)
    if (fresh.ok) event.waitUntil(keepPage(fresh.clone()))
    return fresh
  } catch (error) {
    const last = await (await caches.open(kept)).match('/')
    if (!last) throw error
    return last
  }
}

/** Parts are named by their content: one that is kept is right. */
async function part(event) {
  const cache = await caches.open(kept)
  const own = await cache.match(event.request)
  if (own) return own
  const fresh = await fetch(event.request)
  const client = await self.clients.get(event.clientId)
  if (fresh.ok && client && !staff.test(new URL(client.url).pathname)) event.waitUntil(cache.put(event.request, fresh.clone()))
  return fresh
}

self.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request
  const { origin, pathname } = new URL(url)
  if (method !== 'GET' || origin !== self.location.origin) return
  if (mode === 'navigate' && !staff.test(pathname) && !noPage.test(pathname)) event.respondWith(page(event))
  else if (pathname.startsWith('/assets/')) event.respondWith(part(event))
})

/** What the page had loaded before there was a worker. */
self.addEventListener('message', (event) => {
  const keep = async () => {
    await keepPage(await fetch('/'))
    const cache = await caches.open(kept)
    for (const url of event.data) if (!(await cache.match(url))) await cache.add(url)
  }
  event.waitUntil(keep().catch(() => undefined))
})
