import { expect, test } from '@playwright/test'
import { asStaff, asViewer, say } from './staff'

/** Slow 3G as Lighthouse has it (400 ms, 400 kbit/s), and a processor four times slower than this one. */
const slow = { offline: false, latency: 400, downloadThroughput: (400 * 1024) / 8, uploadThroughput: (400 * 1024) / 8 }
const scriptBudget = 250 * 1024
/** Measured on two busy cores: 4.0 s, with 185 KiB of script; the bound leaves room for a busier machine. */
const paintWithin = 10_000

interface Shift extends PerformanceEntry {
  value: number
  hadRecentInput: boolean
  sources: { node: Node | null; previousRect: DOMRectReadOnly; currentRect: DOMRectReadOnly }[]
}

declare global {
  interface Window {
    told: { shift: number; moved: string[]; refused: string[] }
  }
}

test('on slow 3G and a slow phone the room paints within its budget, and nothing jumps while it lives', async ({ page, request }) => {
  test.setTimeout(90_000)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (m) => m.type() === 'error' && errors.push(m.text()))
  await page.addInitScript(() => {
    window.told = { shift: 0, moved: [], refused: [] }
    addEventListener('securitypolicyviolation', (e) => window.told.refused.push(`${e.violatedDirective} ${e.blockedURI}`))
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[]) {
        if (entry.hadRecentInput) continue
        window.told.shift += entry.value
        for (const { node, previousRect: a, currentRect: b } of entry.sources) {
          const e = node instanceof Element ? node : node?.parentElement
          window.told.moved.push(`${entry.value.toFixed(3)} ${e?.className ?? node} ${a.x},${a.y} ${a.width}x${a.height} to ${b.x},${b.y} ${b.width}x${b.height}`)
        }
      }
    }).observe({ type: 'layout-shift', buffered: true })
  })

  const host = await asStaff(request, 'host')
  const room = await host.post<{ id: string }>('/host/rooms', { title: `预算 ${Date.now()}`, starts_at: new Date().toISOString() })
  const { items: rooms } = (await (await request.get('/api/v1/rooms?status=live')).json()) as { items: { id: string }[] }
  const { items } = await host.get<{ items: { sku_id: string }[] }>(`/rooms/${rooms[0]!.id}/shelf`)
  const [first, second] = items.slice(-2)
  await host.put(`/host/rooms/${room.id}/shelf`, { items: [{ sku_id: first!.sku_id }, { sku_id: second!.sku_id }] })
  await host.post(`/host/rooms/${room.id}/start`)

  const me = await asViewer(request)
  await page.addInitScript((session) => localStorage.setItem('yinbo.viewer.session', session), me.session)

  const client = await page.context().newCDPSession(page)
  await client.send('Network.enable')
  await client.send('Network.emulateNetworkConditions', slow)
  await client.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  const scripts = new Map<string, number>()
  client.on('Network.responseReceived', ({ requestId, type }) => type === 'Script' && scripts.set(requestId, 0))
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => scripts.has(requestId) && scripts.set(requestId, encodedDataLength))

  let joined = false
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => (joined ||= String(payload).includes('"joined"'))))
  await page.goto(`/rooms/${room.id}`, { waitUntil: 'commit' })
  await expect(page.getByRole('button', { name: /打开小黄车/ })).toBeVisible({ timeout: 60_000 })
  const bytes = [...scripts.values()].reduce((sum, n) => sum + n, 0)
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity)
  test.info().annotations.push({ type: 'measured', description: `${Math.round(bytes / 1024)} KiB of script, first paint after ${Math.round(paint)} ms` })
  expect(bytes).toBeGreaterThan(50 * 1024)
  expect(bytes).toBeLessThan(scriptBudget)
  expect(paint).toBeLessThan(paintWithin)

  // The room lives on: what the socket brings finds its place without moving what is there.
  await client.send('Network.emulateNetworkConditions', { ...slow, latency: 0, downloadThroughput: -1, uploadThroughput: -1 })
  await expect.poll(() => joined, { timeout: 30_000 }).toBe(true)
  await host.post(`/host/rooms/${room.id}/pin`, { sku_id: first!.sku_id })
  await host.post(`/host/rooms/${room.id}/notice`, { text: '满减进行中' })
  const later = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
  const sale = await host.post<{ id: string }>(`/host/rooms/${room.id}/flash`, { sku_id: second!.sku_id, price_fen: 100, total: 1, per_user_limit: 1, starts_at: later(0), ends_at: later(30) }, `e2e-${room.id}`)
  await expect(page.getByText('满减进行中')).toBeVisible()
  await expect(page.getByText('限时秒杀')).toBeVisible()
  // Bursts of talk, from the first line to more than the list holds, and of likes. What moves within half a second of
  // one's own press does not count, so the heart is pressed by no hand.
  const before = await page.evaluate(() => window.told.shift)
  const talker = await page.context().newPage()
  await talker.goto('/privacy')
  const people = await Promise.all(Array.from({ length: 12 }, () => asViewer(request)))
  for (const round of [1, 2]) {
    await Promise.all(people.splice(0, 6).map((viewer, i) => say(talker, room.id, viewer.token, `第 ${round} 轮 ${'好'.repeat(1 + 6 * i)}`)))
    await page.getByRole('button', { name: /^点赞/ }).evaluate((heart: HTMLElement) => Array.from({ length: 12 }, () => heart.click()))
    await expect(page.getByRole('list', { name: '聊天' }).getByText(`第 ${round} 轮`)).toHaveCount(6)
  }
  await expect(page.getByRole('button', { name: '点赞，已有 24' })).toBeVisible()
  await talker.close()
  const moved = await page.evaluate(() => window.told)
  expect(moved.shift - before, moved.moved.join('\n')).toBeLessThan(0.001)
  await host.post(`/host/flash/${sale.id}/cancel`)
  await host.post(`/host/rooms/${room.id}/pin`, { sku_id: null })
  await expect(page.getByText('讲解中')).toHaveCount(0)
  const told = await page.evaluate(() => window.told)
  expect(told.refused).toEqual([])
  expect(told.shift, told.moved.join('\n')).toBeLessThan(0.02)
  expect(errors).toEqual([])
  await host.post(`/host/rooms/${room.id}/end`)
})
