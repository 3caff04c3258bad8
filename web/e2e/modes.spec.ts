import { spawnSync } from 'node:child_process'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { asStaff, caller } from './staff'
import { enterRoom, fillAddress, signIn } from './support'

const dialog = (page: Page) => page.getByRole('dialog').last()
const faults: string[] = []

test.beforeEach(({ page }) => {
  faults.length = 0
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (m) => m.type() === 'error' && !/Failed to load resource|WebSocket|ERR_INTERNET/.test(m.text()) && faults.push(m.text()))
})
test.afterEach(() => expect(faults).toEqual([]))

async function noViolations(page: Page, ...rules: string[]): Promise<void> {
  const axe = new AxeBuilder({ page })
  const { violations } = await (rules.length ? axe.withRules(rules) : axe.withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])).analyze()
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([])
}

/** Words smaller than 20 px and things to touch smaller than 60, of what is on the screen. */
function tooSmall(page: Page, within: string): Promise<string[]> {
  return page.locator(within).evaluate((root) => {
    const seen = (e: Element) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && e.getBoundingClientRect().width > 2
    const words = [...root.querySelectorAll('*')].filter(
      (e) => seen(e) && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent!.trim()) && parseFloat(getComputedStyle(e).fontSize) < (e.closest('.cents') ? 14 : 20),
    )
    const touched = [...root.querySelectorAll('button, a')].filter((e) => seen(e) && e.getBoundingClientRect().height < 59.5)
    return [...words, ...touched].map((e) => `${e.tagName} ${e.className} ${e.textContent?.trim().slice(0, 20)}`)
  })
}

/** What one can press on the screen as it stands: radios of a kind are one, the tab that one is on is none. */
function actions(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const root = [...document.querySelectorAll('[role=dialog]')].filter((d) => d.checkVisibility()).at(-1) ?? document.querySelector('#app')!
    const onScreen = (e: Element) => {
      const box = (e.closest('label') ?? e).getBoundingClientRect()
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
      const top = document.elementFromPoint(x, y)
      return box.width > 2 && !!top && (e.closest('label') ?? e).contains(top)
    }
    const found = [...root.querySelectorAll('button, a, summary, input:is([type=checkbox], [type=radio])')].filter(
      (e) => !e.matches('.sr-only, [aria-selected=true], [aria-current]') && onScreen(e),
    )
    return [...new Set(found.map((e, i) => (e instanceof HTMLInputElement && e.type === 'radio' ? e.name : `${i} ${e.textContent!.trim().slice(0, 20)}`)))]
  })
}

/** The first live room's address. */
async function liveRoom(page: Page): Promise<string> {
  const { items } = (await (await page.request.get('/api/v1/rooms?status=live')).json()) as { items: { id: string }[] }
  return `/rooms/${items[0]!.id}`
}

test('elder mode is large, still and simple, kept, and asks before paying', async ({ page }) => {
  const room = await liveRoom(page)
  await page.goto(`${room}?elder=1`)
  const goods = page.getByRole('button', { name: /^看商品/ })
  await expect(goods).toBeVisible()
  await page.goto(room)
  await expect(page.locator('html')).toHaveAttribute('data-mode', 'elder')
  await expect(goods).toBeVisible()
  await expect(page.getByRole('list', { name: '聊天' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: /^点赞/ })).toHaveCount(0)
  await expect(page.getByRole('article').or(page.locator('.right button')).first()).toBeVisible()
  expect((await actions(page)).length).toBeLessThanOrEqual(4)
  expect(await tooSmall(page, 'main')).toEqual([])
  await noViolations(page, 'color-contrast-enhanced')

  await goods.click()
  await expect(dialog(page).getByRole('listitem')).not.toHaveCount(0)
  expect(await tooSmall(page, 'section[role=dialog]')).toEqual([])
  await noViolations(page, 'color-contrast-enhanced')
  await dialog(page).getByRole('button', { name: /去买/ }).last().click()
  await page.getByRole('dialog', { name: '商品详情' }).getByRole('button', { name: '立即购买' }).click()
  await signIn(page)
  const checkout = page.getByRole('dialog', { name: '确认订单' })
  await expect(checkout).toBeVisible()
  expect((await actions(page)).length).toBeLessThanOrEqual(4)
  if (await checkout.getByLabel('收货人').isVisible()) await fillAddress(page)
  await checkout.getByRole('button', { name: '提交订单' }).click()
  await page.getByRole('dialog', { name: '支付' }).getByRole('button', { name: '去支付' }).click()
  await expect(page.getByText(/^确认支付 ¥/)).toBeVisible()
  await page.getByRole('button', { name: '先不付' }).click()
  await expect(page.getByText('等待支付结果')).toHaveCount(0)

  await fillLists(page)
  const lists = ['/orders', '/coupons', '/addresses', '/following']
  for (const path of ['/', '/?show=following', '/shop', '/cards', '/messages', '/me', '/me?part=modes', ...lists]) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await page.waitForLoadState('networkidle')
    if (lists.includes(path)) await expect.poll(() => page.locator('main li').count(), path).toBeGreaterThan(1)
    expect(await tooSmall(page, '#app')).toEqual([])
    await noViolations(page, 'color-contrast-enhanced')
    for (const screen of ['top', 'end']) {
      if (screen === 'end') await page.evaluate(() => scrollTo(0, document.body.scrollHeight))
      const few = await actions(page)
      expect(few.length, `${path}, ${screen}: ${few.join(', ')}`).toBeLessThanOrEqual(4)
    }
  }
  // A row is one act: it opens what else there is to do.
  await page.getByRole('main').getByRole('listitem').first().getByRole('button').click()
  expect((await actions(page)).length).toBeLessThanOrEqual(4)
  await noViolations(page, 'color-contrast-enhanced')
  await dialog(page).getByRole('button', { name: '取消关注' }).click()
  await page.locator('.van-dialog').getByRole('button', { name: '取消关注' }).click()
  await expect(page.getByText(/^已取消关注/)).toBeVisible()
  await page.goto('/addresses')
  await page.getByRole('main').getByRole('listitem').last().getByRole('button').click()
  expect((await actions(page)).length).toBeLessThanOrEqual(4)
  await dialog(page).getByRole('button', { name: '修改' }).click()
  await expect(page.getByRole('dialog').last().getByLabel('收货人')).toHaveValue('张三')
  await page.goto('/me?part=modes')
  await page.getByRole('switch', { name: /大字版/ }).first().uncheck()
  await expect(page.locator('html')).not.toHaveAttribute('data-mode', 'elder')
})

/** Gives who is signed in several of each: addresses, orders, coupons, hosts. */
async function fillLists(page: Page): Promise<void> {
  const session = JSON.parse(await page.evaluate(() => localStorage.getItem('yinbo.viewer.session')!)) as { accessToken: string; person: { id: string } }
  const me = caller(page.request, session.accessToken)
  const address = { name: '张三', phone: '13800138000', province: '云南省', city: '昆明市', district: '五华区', street: '示例路 1 号' }
  for (let n = 0; n < 4; n++) await me.post('/addresses', { ...address, street: `示例路 ${n} 号`, default: false })
  const goods = (await me.get<{ items: { kind: string; skus: { id: string }[] }[] }>('/products?limit=50')).items.find((p) => p.kind === 'physical')!
  for (let n = 0; n < 3; n++) await me.post('/orders', { address, items: [{ sku_id: goods.skus[0]!.id, quantity: 1 }] }, `elder-${n}`)
  const operator = await asStaff(page.request, 'operator')
  const { items } = await operator.get<{ items: { id: string; amount_fen: number; budget_left_fen: number }[] }>('/shop/coupon-batches?state=open')
  for (const batch of items.filter((b) => b.budget_left_fen >= b.amount_fen)) await operator.post(`/shop/coupon-batches/${batch.id}/grants`, { viewer_ids: [session.person.id] }, `elder-${batch.id}`)
  for (const user of ['host', 'assistant', 'operator']) {
    const plan = { title: `${user} 的下一场`, starts_at: new Date(Date.now() + 3_600_000).toISOString() }
    const room = await (user === 'operator' ? operator : await asStaff(page.request, user)).post<{ host: { id: string } }>('/host/rooms', plan)
    await me.post(`/hosts/${room.host.id}/follow`)
  }
}

test('the data saver is offered on a slow network, loads no picture, and plays the sound alone when asked', async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(navigator, 'connection', { value: Object.assign(new EventTarget(), { effectiveType: '3g' }) }))
  const room = await liveRoom(page)
  await page.goto(room)
  await page.getByRole('button', { name: '开启省流' }).click()
  await expect(page.locator('video')).toHaveCount(0)
  const media: string[] = []
  page.on('request', (r) => /m3u8|\.ts$|hls/.test(r.url()) && !/\.css$/.test(r.url()) && media.push(new URL(r.url()).pathname))
  await page.reload()
  const listen = page.getByRole('button', { name: '听声音' })
  await expect(listen).toBeVisible()
  await noViolations(page)
  expect(media).toEqual([])
  await listen.click()
  await expect.poll(() => page.locator('audio').evaluate((a: HTMLAudioElement) => a.currentTime)).toBeGreaterThan(0.5)
  expect(media.filter((path) => /segment|index\.m3u8|live\.m3u8/.test(path))).toEqual([])
  expect(media.some((path) => /sound/.test(path))).toBe(true)
})

test('without a net the room stays and says so; a reload loses neither words, nor choice, nor a press', async ({ page, context }) => {
  await enterRoom(page)
  const say = page.getByRole('textbox', { name: '说点什么…' })
  await say.fill('还没说完的话')
  await page.getByRole('button', { name: /打开小黄车/ }).click()
  await dialog(page).getByRole('button', { name: /去买/ }).last().click()
  const product = page.getByRole('dialog', { name: '商品详情' })
  await product.getByRole('button', { name: '增加一件' }).click()
  await expect(product.getByRole('spinbutton', { name: '数量' })).toHaveValue('2')
  await context.setOffline(true)
  await expect(page.getByText('网络已断开，页面保留着刚才的内容')).toBeVisible()
  await expect(product.getByRole('button', { name: /立即购买.*网络未连接/ })).toBeVisible()
  await noViolations(page)
  await context.setOffline(false)
  await expect(page.getByText('网络已断开')).toHaveCount(0)

  await page.reload()
  await expect(product.getByRole('spinbutton', { name: '数量' })).toHaveValue('2')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(say).toHaveValue('还没说完的话')

  const keys: string[] = []
  await page.route('**/api/v1/flash/*/orders', (route) => {
    keys.push(route.request().headers()['idempotency-key']!)
    return keys.length > 1 ? route.continue() : undefined
  })
  await page.getByRole('button', { name: '立即抢' }).click()
  await signIn(page)
  const addressed = page.getByRole('dialog', { name: '先填收货地址' })
  await expect(async () => expect(keys.length > 0 || (await addressed.isVisible())).toBe(true)).toPass()
  if (await addressed.isVisible()) {
    await fillAddress(page)
    await page.getByRole('button', { name: '用这个地址抢' }).click()
  }
  await expect.poll(() => keys.length).toBe(1)
  await page.reload()
  await expect(page.getByText(/抢到了.*内支付/)).toBeVisible()
  expect(new Set(keys).size).toBe(1)
})

test.describe('the shell', () => {
  test.use({ serviceWorkers: 'allow' })
  test('opens without a net, and says that there is none', async ({ page, context }) => {
    await page.goto('/me')
    await expect.poll(() => page.evaluate(async () => (await (await caches.open('yinbo-shell')).keys()).length)).toBeGreaterThan(5)
    await context.setOffline(true)
    await page.reload()
    await expect(page.getByText('网络已断开')).toBeVisible()
    await expect(page.getByRole('heading', { name: '我的' })).toBeVisible()
    await page.goto('/orders') // a part that was never loaded
    await expect(page.getByText('网络连不上').first()).toBeVisible()
    await context.setOffline(false)
    await page.getByRole('button', { name: '再试一次' }).first().click()
    await expect(page.getByRole('heading', { name: /登录/ }).first()).toBeVisible()
  })
})

test('a room is passed on as a poster with its code, and as a link that keeps the share code', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const room = await liveRoom(page)
  await page.goto(`${room}?share=Kai_7`)
  await page.getByRole('button', { name: '分享' }).click()
  const save = dialog(page).getByRole('button', { name: '保存图片' })
  await expect(save).toBeEnabled()
  await noViolations(page)
  const [file] = await Promise.all([page.waitForEvent('download'), save.click()])
  expect(file.suggestedFilename()).toMatch(/^room_\w+\.png$/)
  await dialog(page).getByRole('button', { name: '复制链接' }).click()
  await expect(page.getByText('链接已复制')).toBeVisible()
  const link = new URL(await page.evaluate(() => navigator.clipboard.readText()))
  expect([link.pathname, link.searchParams.get('share'), link.searchParams.get('from')]).toEqual([room, 'Kai_7', 'share'])
})

interface Item {
  sku_id: string
  product: { title: string }
}

test('a room that is over shows its figures, its replay by product, and no sale', async ({ page, request }) => {
  const host = await asStaff(request, 'host')
  const room = await host.post<{ id: string }>('/host/rooms', { title: `回放 ${Date.now()}`, starts_at: new Date().toISOString() })
  const goods = (await host.get<{ items: Item[] }>(`${await liveRoom(page)}/shelf`)).items.at(-1)!
  await host.put(`/host/rooms/${room.id}/shelf`, { items: [{ sku_id: goods.sku_id }] })
  await host.post(`/host/rooms/${room.id}/start`)
  await host.post(`/host/rooms/${room.id}/pin`, { sku_id: goods.sku_id })
  const later = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
  const sale = await host.post<{ id: string }>(`/host/rooms/${room.id}/flash`, { sku_id: goods.sku_id, price_fen: 100, total: 1, per_user_limit: 1, starts_at: later(0), ends_at: later(30) }, `e2e-${room.id}`)
  const { push_url } = await host.get<{ push_url: string }>(`/host/rooms/${room.id}/ingest`)
  const { key } = await host.post<{ key: string }>(`/host/rooms/${room.id}/ingest/key`)
  const pushed = spawnSync('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-f', 'lavfi', '-i', 'testsrc2=s=180x320:r=25', '-f', 'lavfi', '-i', 'sine=f=440:r=44100', '-t', '6'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50', '-sc_threshold', '0', '-b:v', '300k', '-c:a', 'aac', '-f', 'flv', `${push_url}/${key}`],
  ])
  expect(pushed.status, String(pushed.stderr)).toBe(0)
  await host.post(`/host/rooms/${room.id}/end`)
  await host.put(`/host/rooms/${room.id}/replay`, { offered: true })

  await page.goto(`/rooms/${room.id}`)
  const over = page.getByRole('region', { name: '直播已结束' })
  await expect(over.getByText('商品 1 件')).toBeVisible()
  await expect(page.getByText('限时秒杀')).toHaveCount(0)
  const slice = over.getByRole('button', { name: goods.product.title })
  await expect(slice).toBeVisible()
  await slice.click()
  await expect.poll(() => over.locator('video').evaluate((v: HTMLVideoElement) => v.videoWidth)).toBe(180)
  await noViolations(page)
  await host.post(`/host/flash/${sale.id}/cancel`)
  await over.getByRole('list').last().getByRole('link').first().click()
  await expect(page).not.toHaveURL(new RegExp(room.id))
})
