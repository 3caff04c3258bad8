import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, request as requests, test, type APIRequestContext, type Browser, type Page } from '@playwright/test'
import { filled, listen, routesOf, settled, shares, visit } from './everywhere'
import { apply, asStaff, asViewer, caller, say, signIn as staffSignIn, type App, type Caller } from './staff'
import { messages } from '../test/sources'
import { bankbox, fillAddress, newPhone, signIn } from './support'

/** Takes the pictures of docs/screens from the demo's live room while people are in it. */

const docs = fileURLToPath(new URL('../../docs/', import.meta.url))
const taken = new Set<string>(['host-rooms-one', 'viewer-rooms-one']) // as host-desk and viewer-room
const largest = 600 * 1024
const phoneSize = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }
const desktop = { viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 }

type Language = 'zh-CN' | 'en'
interface Item { sku_id: string; price_fen: number; flash: { id: string; status: string } | null; product: { title: string; kind: string } }
interface Order { id: string; payable_fen: number }

let outside: APIRequestContext
let host: Caller
let room = ''
let shelf: Item[] = []
const leads: string[] = []

async function window(browser: Browser, size: typeof phoneSize, language: Language = 'zh-CN'): Promise<Page> {
  const context = await browser.newContext({ ...size, locale: language, colorScheme: 'light', reducedMotion: 'reduce' })
  await context.addInitScript((chosen) => localStorage.setItem('yinbo.locale', chosen), language)
  return context.newPage()
}

/** Saves what is seen; where that is too large a file, at one pixel a point. */
async function picture(page: Page, name: string, folder = 'screens'): Promise<void> {
  await page.mouse.move(0, 0)
  await expect.poll(() => page.evaluate(() => [...document.images].every((image) => image.complete))).toBe(true)
  // Passing messages belong to the act before.
  await expect(page.locator('.toast:visible')).toHaveCount(0)
  const path = `${docs}${folder}/${name}.png`
  taken.add(name)
  await page.screenshot({ path, scale: 'device' })
  if (statSync(path).size > largest) await page.screenshot({ path, scale: 'css' })
  expect(statSync(path).size).toBeLessThan(largest)
}

const address = { name: '张三', phone: '13800138000', province: '云南省', city: '昆明市', district: '五华区', street: '示例路 1 号' }

/** Buys one of the sale, or of a SKU, and pays where wished. */
async function order(call: Caller, what: { flash?: string; sku?: string }, paid = true): Promise<void> {
  const key = `screens-${Date.now()}-${Math.random()}`
  const body = { address, room_id: room }
  const made = what.flash
    ? await call.post<Order>(`/flash/${what.flash}/orders`, { ...body, quantity: 1 }, key)
    : await call.post<Order>('/orders', { ...body, items: [{ sku_id: what.sku, quantity: 1 }] }, key)
  if (!paid) return
  const { payment } = await call.post<{ payment: { cashier_url: string } }>(`/orders/${made.id}/pay`, { method: 'cashier' }, key + '-pay')
  const cashier = new URL(payment.cashier_url)
  expect((await outside.post(`${bankbox}${cashier.pathname}/pay`)).ok()).toBe(true)
}

/** Fills a room with guests, who stay as long as the page does. */
async function crowd(page: Page, into: string, guests: number): Promise<void> {
  await page.evaluate(
    ([id, n]) =>
      Promise.all(
        Array.from({ length: n as number }, () => {
          const socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/api/v1/ws')
          return new Promise((resolve) => {
            socket.onopen = () => resolve(socket.send(JSON.stringify({ type: 'join', room: id, token: null, since: null })))
          })
        }),
      ),
    [into, guests] as const,
  )
}

const talk = ['主播晚上好', '这款耳机续航多久？', '刚抢到一件！', '龙井是今年的新茶吗', '绑卡立减怎么用', '包邮吗', '手表还有秒杀吗', '声音很清楚', '已下单，等发货']

/** People come, talk, like, buy and apply. */
async function liven(page: Page): Promise<void> {
  const sale = shelf.find((item) => item.flash?.status === 'on_sale')?.flash?.id
  const goods = shelf.filter((item) => !item.flash)
  for (const [i, words] of talk.entries()) {
    const viewer = await asViewer(outside)
    await say(page, room, viewer.token, words)
    if (i % 2 === 0) await order(viewer.call, { flash: sale })
    else await order(viewer.call, { sku: goods[i % goods.length]!.sku_id })
  }
  const people = [
    { name: '王小明', employer: '昆明示例商贸有限公司' }, { name: '欧阳静', employer: '示例软件有限公司' },
    { name: '李建国', employer: '示例中学' }, { name: '陈晓燕', employer: '示例医院' }, { name: '赵磊', employer: '示例物流有限公司' },
  ]
  for (const person of people) leads.push(await apply(outside, person, room))
  const reviewer = await asStaff(outside, 'reviewer2')
  await reviewer.post(`/leads/${leads[1]}/claim`)
  await reviewer.post(`/leads/${leads[1]}/decide`, { decision: 'approve', reason_code: 'meets_policy', comment: '资料齐全' })
  await reviewer.post(`/leads/${leads[2]}/claim`)
  await reviewer.post(`/leads/${leads[3]}/claim`)
  await reviewer.post(`/leads/${leads[3]}/request-info`, { fields: ['employer'], message: '请补充单位全称，谢谢。' })
}

// Later pictures show what earlier tests did.
test.describe.configure({ mode: 'serial' })

test.beforeAll(async () => {
  outside = await requests.newContext()
  host = await asStaff(outside, 'host')
  room = (await host.get<{ items: { id: string }[] }>('/rooms?status=live')).items[0]!.id
  shelf = (await host.get<{ items: Item[] }>(`/rooms/${room}/shelf`)).items
})

/** Other rooms of the evening with people in them, so that lists are lists. */
async function moreRooms(page: Page): Promise<void> {
  const day = 86_400_000
  for (const [title, guests, cover_url] of [
    ['年终家居专场', 0, ''], ['新茶上市：茶山现场', 28, ''], ['城市生活：咖啡与电影', 83, '/goods/room-evening.svg'],
  ] as const) {
    const starts_at = new Date(Date.now() + (guests ? 0 : day)).toISOString()
    const made = await host.post<{ id: string }>('/host/rooms', { title, starts_at, ...(cover_url && { cover_url }) })
    await host.put(`/host/rooms/${made.id}/shelf`, { items: [{ sku_id: shelf.at(-1)!.sku_id }] })
    if (!guests) continue
    await host.post(`/host/rooms/${made.id}/start`)
    await crowd(page, made.id, guests)
  }
}

async function watching(page: Page): Promise<void> {
  await page.goto(`/rooms/${room}`)
  const time = () => page.locator('video').evaluate((video) => (video as HTMLVideoElement).currentTime)
  await expect.poll(time, { timeout: 20_000 }).toBeGreaterThan(1)
}

async function staffDesk(page: Page, app: App, user: string, path: string, ready: string): Promise<void> {
  await staffSignIn(page, app, user, path)
  await expect(page.locator(ready).first()).toBeVisible()
}

test('the room, seen by its host and by a viewer', async ({ browser }) => {
  const desk = await window(browser, desktop)
  await staffDesk(desk, 'host', 'host', `/rooms/${room}`, '[data-sku]')
  const english = await window(browser, desktop, 'en')
  await staffDesk(english, 'host', 'host', `/rooms/${room}`, '[data-sku]')
  const viewer = await window(browser, phoneSize)
  const phone = newPhone()
  await viewer.goto('/sign-in')
  await signIn(viewer, phone)
  await viewer.waitForURL((url) => url.pathname === '/')

  const others = await window(browser, phoneSize)
  await others.goto('/privacy')
  await crowd(others, room, 46)
  await moreRooms(others)
  await watching(viewer)
  await liven(others)
  await host.post(`/host/rooms/${room}/notice`, { text: '今晚八点加场秒杀，绑卡支付更优惠' })
  for (let i = 0; i < 9; i++) await viewer.getByRole('button', { name: /^点赞/ }).click()
  await expect(desk.locator('[data-metric=likes] .value')).toHaveText('9')
  await expect(desk.locator('[data-metric=paid_orders] .value')).toHaveText('9')
  await expect(viewer.getByText('今晚八点加场秒杀')).toBeVisible()
  await picture(viewer, 'viewer-room')
  await picture(desk, 'host-desk')
  await picture(english, 'host-desk-en')
  await english.context().close()

  const guest = await window(browser, phoneSize, 'en')
  await watching(guest)
  await picture(guest, 'viewer-room-en')
  await guest.goto('/')
  await guest.context().close()
  await desk.getByRole('link', { name: '全部' }).click()
  await expect(desk.getByRole('button', { name: '新建场次' }).first()).toBeVisible()
  await picture(desk, 'host-rooms')
  await viewer.goto('/')
  await expect(viewer.getByRole('main').getByRole('link').first()).toContainText(/观看/)
  await picture(viewer, 'viewer-home')
})

/** From the cart to the checkout. */
async function choose(viewer: Page, title: string): Promise<void> {
  await viewer.getByRole('dialog', { name: /小黄车/ }).getByRole('button', { name: new RegExp(title) }).click()
  await viewer.getByRole('dialog', { name: '商品详情' }).getByRole('button', { name: '立即购买' }).click()
}

test('a viewer shops, pays and applies', async ({ browser }) => {
  const viewer = await window(browser, phoneSize)
  await watching(viewer)
  await viewer.getByRole('button', { name: /打开小黄车/ }).click()
  const cart = viewer.getByRole('dialog', { name: /小黄车/ })
  await expect(cart.getByRole('listitem').first()).toBeVisible()
  await picture(viewer, 'viewer-shelf')

  await choose(viewer, '明前龙井茶')
  await signIn(viewer)
  const checkout = viewer.getByRole('dialog', { name: '确认订单' })
  await expect(checkout).toBeVisible()
  await fillAddress(viewer)
  await viewer.getByText('保存到我的收货地址').click()
  await picture(viewer, 'viewer-checkout')
  await checkout.getByRole('button', { name: '提交订单' }).click()
  const pay = viewer.getByRole('dialog', { name: '支付' })
  const opened = viewer.context().waitForEvent('page')
  await pay.getByRole('button', { name: '去支付' }).click()
  const cashier = await opened
  await cashier.waitForURL(/\/pay\/cashier\//)
  await picture(cashier, 'cashier')
  await cashier.getByRole('button', { name: /^(确认)?支付(?!失败)/ }).click()
  await expect(pay.getByText('支付成功')).toBeVisible({ timeout: 15_000 })
  await cashier.close()

  // One more left unpaid, one given up.
  for (const title of ['赣南脐橙礼盒', '长绒棉毛巾三件套']) {
    await viewer.goto(`/rooms/${room}`)
    await viewer.getByRole('button', { name: /打开小黄车/ }).click()
    await choose(viewer, title)
    await checkout.getByRole('button', { name: '提交订单' }).click()
    await viewer.getByRole('link', { name: '查看订单' }).click()
    await expect(viewer.getByRole('heading', { name: '订单详情' })).toBeVisible()
  }
  await viewer.getByRole('button', { name: '取消订单' }).click()
  await viewer.getByRole('dialog').getByRole('button', { name: '取消订单' }).click()
  await expect(viewer.getByText('已取消', { exact: true }).first()).toBeVisible()
  await viewer.goto('/orders')
  await expect(viewer.getByRole('main').getByText('已支付').first()).toBeVisible()
  await picture(viewer, 'viewer-orders')

  await viewer.goto(`/apply?room=${room}`)
  const next = viewer.getByRole('button', { name: '下一步' })
  await viewer.getByRole('radio').first().check()
  await next.click()
  await viewer.getByLabel('姓名').fill('王小明')
  await picture(viewer, 'viewer-apply')
})

/** What a room plays, and the two states in which one does not watch. */
test('games, a break and a closed door', async ({ browser }) => {
  const operator = await asStaff(outside, 'operator')
  const viewer = await window(browser, phoneSize)
  await viewer.goto('/sign-in')
  await signIn(viewer)
  await viewer.waitForURL((url) => url.pathname === '/')
  await watching(viewer)
  const at = `/host/rooms/${room}`
  const key = `screens-${Date.now()}`
  const close = () => viewer.getByRole('button', { name: '关闭', exact: true }).click()

  const lottery = await operator.post<{ lottery_id: string }>(at + '/lotteries', {
    title: '整点抽奖', entry_rule: 'none', prizes: [{ title: '纪念银章', quantity: 1 }], seconds: 600,
  }, key + 'l')
  await viewer.getByRole('button', { name: '一键参与' }).click()
  await expect(viewer.getByText('已参与，等待开奖。')).toBeVisible()
  await picture(viewer, 'viewer-lottery')
  await operator.post(`/host/lotteries/${lottery.lottery_id}/draw`)
  await expect(viewer.getByText('恭喜中奖', { exact: true })).toBeVisible()
  await picture(viewer, 'viewer-lottery-won')
  await close()

  const batch = (await operator.get<{ items: { id: string; granted_by: string }[] }>('/shop/coupon-batches')).items.find((b) => b.granted_by === 'drop')!.id
  const packet = await operator.post<{ packet_id: string }>(at + '/red-packets', { batch_id: batch, title: '开场红包', total_fen: 300, shares: 3, seconds: 600 }, key + 'p')
  await expect(viewer.getByRole('button', { name: '开红包' })).toBeVisible()
  await picture(viewer, 'viewer-red-packet')
  await viewer.getByRole('button', { name: '开红包' }).click()
  await expect(viewer.getByText('已放入你的账户')).toBeVisible()
  await picture(viewer, 'viewer-red-packet-open')
  await close()
  await operator.post(`/host/red-packets/${packet.packet_id}/close`)

  const poll = await operator.post<{ poll_id: string }>(at + '/polls', { question: '先看哪一件？', options: ['银杯', '银筷', '龙井茶'], seconds: 600 }, key + 'v')
  await viewer.getByRole('button', { name: '银筷' }).click()
  await expect(viewer.getByText('100%')).toBeVisible()
  await picture(viewer, 'viewer-poll')
  await operator.post(`/host/polls/${poll.poll_id}/close`)
  await close()

  await operator.post(at + '/pause')
  await expect(viewer.getByText('主播休息一下')).toBeVisible()
  await picture(viewer, 'viewer-paused')
  await operator.post(at + '/resume')
  await expect(viewer.getByText('主播休息一下')).toHaveCount(0)

  const me = await viewer.evaluate(() => (JSON.parse(localStorage.getItem('yinbo.viewer.session')!) as { person: { id: string } }).person.id)
  await operator.post(`${at}/ban`, { viewer_id: me, reason: '截图' })
  await expect(viewer.getByText('你已被移出直播间')).toBeVisible()
  await picture(viewer, 'viewer-banned')
})

test('the back office', async ({ browser }) => {
  const desk = await window(browser, desktop)
  await staffDesk(desk, 'desk', 'reviewer', '/leads', '[data-lead]')
  await picture(desk, 'desk-leads')
  await desk.locator(`[data-lead="${leads[0]}"]`).getByRole('button').click()
  await desk.getByRole('button', { name: /^领取/ }).click()
  await expect(desk.getByText(/你已领取/)).toBeVisible()
  await picture(desk, 'desk-lead')
  const english = await window(browser, desktop, 'en')
  await staffDesk(english, 'desk', 'reviewer', `/leads/${leads[0]}`, '[data-field=phone]')
  await picture(english, 'desk-lead-en')

  const finance = await window(browser, desktop)
  await staffDesk(finance, 'desk', 'finance', '/settlements', '[data-settlement]')
  await finance.locator('[data-settlement]').first().getByRole('button').click()
  await expect(finance.getByText('金额相符')).toBeVisible()
  await picture(finance, 'desk-settlement')

  const auditor = await window(browser, desktop)
  await staffDesk(auditor, 'desk', 'auditor', '/audit', '[data-action]')
  await picture(auditor, 'desk-audit')
  await auditor.locator('[data-action]').nth(1).click()
  await expect(auditor.locator('.chain .here')).toBeVisible()
  await picture(auditor, 'desk-audit-entry')
})

/** Yesterday at the bank: the demo's trade and its closing are of that day. */
const yesterday = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(Date.now() - 86_400_000)

test('money: the day, the book, differences and reports', async ({ browser }) => {
  const finance = await asStaff(outside, 'finance')
  await finance.post('/ledger/adjustments', {
    reason: '渠道差错：少收一笔手续费',
    postings: [{ account: 'cash', debit_fen: 1230, credit_fen: 0 }, { account: 'suspense', debit_fen: 0, credit_fen: 1230 }],
  }, `screens-${Date.now()}`)
  // The gateway's file of a day without trade shows a payment that nobody made.
  await outside.put(`${bankbox}/faults`, { data: { statement_extra: true } })
  await finance.post('/reconciliations/run', { date: '2025-02-05', channel: 'bankbox' })
  await outside.put(`${bankbox}/faults`, { data: {} })

  const desk = await window(browser, desktop)
  await staffDesk(desk, 'desk', 'finance', `/finance?date=${yesterday}`, '[data-closes]')
  await picture(desk, 'desk-finance-day')
  for (const [name, path, ready] of [
    ['desk-ledger', '/ledger?event=order.paid', '[data-entry]'], ['desk-exceptions', '/exceptions', '[data-exception]'],
    ['desk-finance-reports', '/finance/reports', 'tfoot'], ['desk-trial-balance', '/trial-balance', 'tfoot'],
  ] as const) {
    await desk.goto(`/desk${path}`)
    await expect(desk.locator(ready).first()).toBeVisible()
    await picture(desk, name)
  }
  await desk.goto('/desk/ledger?event=order.paid')
  await desk.locator('[data-entry]').first().click()
  await expect(desk.getByRole('dialog').locator('li.this')).toBeVisible()
  await picture(desk, 'desk-ledger-entry')
  const checker = await window(browser, desktop)
  await staffDesk(checker, 'desk', 'finance_checker', '/ledger/proposals?status=proposed', '[data-proposal]')
  await picture(checker, 'desk-proposals')
})

test('growth, people and what is kept', async ({ browser }) => {
  const operator = await asStaff(outside, 'operator')
  await operator.post('/share-codes', { kind: 'campaign', campaign: '双十一', community: '小区团购群' })
  await operator.post('/funnel/costs', { by: 'room', value: room, kind: 'advertising', from: yesterday, to: yesterday, amount_fen: 1_234_500, note: '投放' }, `screens-${Date.now()}`)
  const risk = await asStaff(outside, 'risk')
  await risk.post('/holds', { object_id: leads[4], reason: '监管问询：核查这笔申请的来源' })
  const admin = await asStaff(outside, 'admin')
  await admin.post('/staff/requests', { kind: 'create', username: 'clerk', name: '刘同事', roles: ['reviewer', 'risk'], reason: '新入职' })

  for (const [name, user, path, ready] of [
    ['desk-funnel', 'operator', '/funnel', '[data-line=total]'], ['desk-share-codes', 'operator', '/share-codes', '[data-share]'],
    ['desk-journeys', 'operator', '/journeys', '[data-journey]'], ['desk-staff', 'admin', '/staff', 'tbody tr'],
    ['desk-staff-requests', 'admin2', '/staff?tab=requests', '[data-request]'], ['desk-account', 'admin', '/account', '[data-session]'],
    ['desk-application-form', 'admin', '/application-form', '[data-asked=name]'], ['desk-holds', 'risk', '/keeping', '[data-hold]'],
    ['desk-keeping', 'admin', '/keeping', '[data-class=applications]'],
  ] as const) {
    const desk = await window(browser, desktop)
    await staffDesk(desk, 'desk', user, path, ready)
    await picture(desk, name)
    await desk.context().close()
  }
})

/** The pictures of the printed guides, in their language. */
for (const language of ['zh-CN', 'en'] as const) {
  const guide = (page: Page, name: string) => picture(page, `${name}.${language}`, 'guides/img')
  const small = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 }

  test(`the hosts' guide, ${language}`, async ({ browser }) => {
    const text = (key: string) => messages('host', language).get(key)!
    const desk = await window(browser, small, language)
    await staffSignIn(desk, 'host', 'host', '/')
    await expect(desk.getByRole('button', { name: text('host.rooms.create') }).first()).toBeVisible()
    await guide(desk, 'host-rooms')
    await desk.goto(`/host/rooms/${room}`)
    await expect(desk.locator('[data-sku]').first()).toBeVisible()
    await expect(desk.locator('[data-metric=paid_orders] .value')).not.toHaveText('0')
    await guide(desk, 'host-desk')

    await desk.getByRole('button', { name: text('host.flash.create') }).click()
    const drawer = desk.getByRole('dialog', { name: text('host.flashForm.title') })
    await drawer.locator('.el-select').first().click()
    await desk.getByRole('option').nth(1).click()
    await drawer.locator('[name=flash_price]').fill('9.90')
    await drawer.locator('[name=flash_total]').fill('20')
    await guide(desk, 'host-flash')
    await desk.keyboard.press('Escape')

    await desk.locator('[name=chat_review]').locator('..').click()
    await expect(desk.getByRole('switch', { name: text('order.mode.review') })).toBeChecked()
    for (const line of ['加群领福利', '这款有保修吗']) {
      const viewer = await asViewer(outside)
      await say(desk, room, viewer.token, line).catch(() => undefined)
    }
    await desk.getByRole('button', { name: new RegExp(text('order.views.held')) }).click()
    await expect(desk.locator('[data-judged]').first()).toBeVisible()
    await guide(desk, 'host-moderation')
    await desk.locator('[name=chat_review]').locator('..').click()
    await expect(desk.getByRole('switch', { name: text('order.mode.review') })).not.toBeChecked()
    await desk.context().close()
  })

  test(`the reviewers' guide, ${language}`, async ({ browser }) => {
    const text = (key: string) => messages('desk', language).get(key)!
    const lead = leads[language === 'en' ? 4 : 0]!
    const desk = await window(browser, small, language)
    await staffDesk(desk, 'desk', 'reviewer', '/leads', '[data-lead]')
    await guide(desk, 'reviewer-list')
    await desk.locator(`[data-lead="${lead}"]`).getByRole('button').click()
    await expect(desk.locator('[data-field=phone]')).toBeVisible()
    await desk.keyboard.press('c')
    await expect(desk.getByRole('button', { name: new RegExp(`^${text('desk.bar.approve')}`) })).toBeVisible()
    await guide(desk, 'reviewer-lead')
    await desk.getByRole('button', { name: text('desk.lead.reveal') }).click()
    await expect(desk.locator('input[name=reason]')).toBeVisible()
    await guide(desk, 'reviewer-reveal')
    await desk.keyboard.press('Escape')
    await expect(desk.getByRole('dialog')).toHaveCount(0)
    await desk.keyboard.press('a')
    await expect(desk.getByRole('dialog', { name: text('desk.decide.title.approve') })).toBeVisible()
    await guide(desk, 'reviewer-decide')
    await desk.context().close()
  })
}

/** Every other screen, by its route: viewers' on a phone, the staff's on a desktop. */
const nameOf = (app: App | 'viewer', path: string): string => `${app}-${path.replace(/^\//, '').replace(/[/:?]+/g, '-') || 'home'}`

async function pictures(page: Page, app: App | 'viewer', paths: string[]): Promise<void> {
  const ear = await listen(page)
  await page.reload()
  await settled(page, ear)
  for (const path of paths) {
    const name = nameOf(app, path.replace(/[a-z]{3,5}_[0-9a-z]{26}/g, 'one'))
    if (taken.has(name)) continue
    await visit(page, ear, path)
    await picture(page, name)
  }
}

test('every other screen of the viewer', async ({ browser }) => {
  const viewer = await window(browser, phoneSize)
  await viewer.goto('/sign-in')
  const phone = await signIn(viewer)
  await viewer.waitForURL((url) => url.pathname === '/')
  const session = await viewer.evaluate(() => JSON.parse(localStorage.getItem('yinbo.viewer.session')!) as { accessToken: string })
  const me = caller(outside, session.accessToken)
  const sku = shelf.find((item) => item.product.kind === 'voucher')!.sku_id
  const made = await me.post<{ id: string }>('/orders', { room_id: room, items: [{ sku_id: sku, quantity: 1 }] }, `screens-${Date.now()}`)
  const product = (await me.get<{ items: { id: string }[] }>('/products')).items[0]!.id
  const application = await apply(outside, {}, room, { phone, call: me })
  const examples = { '/rooms/:id': room, '/orders/:id': made.id, '/products/:id': product, '/applications/:id': application }
  await pictures(viewer, 'viewer', routesOf('viewer').map(({ path }) => filled(path, examples)))
  await viewer.goto(`/rooms/${room}?elder=1`)
  await expect(viewer.locator('html[data-mode=elder]')).toHaveCount(1)
  await picture(viewer, 'viewer-room-elder')
})

test('every other screen of the staff', async ({ browser }) => {
  const panel = await window(browser, desktop)
  await staffSignIn(panel, 'host', 'host')
  await pictures(panel, 'host', routesOf('host').map(({ path }) => filled(path, { '/rooms/:id': room, '/rooms/:id/report': room })))
  const finance = await asStaff(outside, 'finance')
  const settlement = (await finance.get<{ items: { id: string }[] }>('/settlements?limit=1')).items[0]!.id
  for (const [role, paths] of shares()) {
    const desk = await window(browser, desktop)
    await staffSignIn(desk, 'desk', role)
    await pictures(desk, 'desk', paths.map((path) => filled(path, { '/settlements/:id/print': settlement })))
    await desk.context().close()
  }
})
