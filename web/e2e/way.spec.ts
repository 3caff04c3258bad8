import { expect, test, type APIRequestContext, type Browser, type BrowserContext, type Page } from '@playwright/test'
import { signInByForm as staffSignIn } from './staff'
import { bankbox, codeAfter, fillAddress, newIdNumber, newPan, newPhone, payAtCashier, signIn, toConsents } from './support'

/**
 * The whole way, with everybody in it at once: the host opens a room, a viewer
 * watches, buys and applies, the card department approves, the card is bound,
 * finance settles. Nobody reloads a page to see what another did.
 */

const desktop = { width: 1440, height: 900 }
const phoneSize = { width: 390, height: 844 }
const flashGoods = '智能运动手表'
const pinnedGoods = '明前龙井茶'

/** What went wrong in any window, whoever's it is. */
const faults: string[] = []

/** A window of somebody's own; what its console and its requests complain of is kept. */
async function enter(browser: Browser, who: string, viewport = desktop): Promise<Page> {
  const context: BrowserContext = await browser.newContext({ viewport })
  const tell = (what: string) => faults.push(`${who}: ${what}`)
  context.on('console', (m) => m.type() === 'error' && tell(`${m.text()} (${m.location().url})`))
  context.on('weberror', (e) => tell(String(e.error())))
  context.on('response', (r) => r.status() >= 500 && tell(`${r.status()} ${r.url()}`))
  context.on('requestfailed', (r) => {
    // A player or a page that leaves drops what it had asked for.
    const why = r.failure()?.errorText ?? ''
    if (why !== 'net::ERR_ABORTED') tell(`${why} ${r.url()}`)
  })
  return context.newPage()
}

const figure = (host: Page, metric: string) => host.locator(`[data-metric=${metric}] .value`)
const goodsRow = (host: Page, title: string) => host.getByRole('row').filter({ hasText: title })
const flashCard = (viewer: Page) => viewer.getByRole('article').filter({ hasText: '限时秒杀' })

async function openRoom(host: Page, title: string): Promise<void> {
  await staffSignIn(host, 'host', 'host')
  await host.getByRole('button', { name: '新建场次' }).click()
  await host.getByRole('textbox', { name: '标题' }).fill(title)
  await host.getByRole('button', { name: '创建并进入' }).click()
  await expect(host.getByRole('heading', { name: title })).toBeVisible()

  await host.getByRole('button', { name: '添加商品' }).click()
  const drawer = host.getByRole('dialog', { name: '从商品库添加' })
  for (const goods of [pinnedGoods, flashGoods, '精品咖啡电子券']) {
    await drawer.getByRole('textbox', { name: '搜商品名或拼音首字母' }).fill(goods)
    const line = drawer.getByRole('listitem').filter({ hasText: goods })
    await line.getByRole('button', { name: '上架' }).click()
    await expect(line.getByText('已在货架')).toBeVisible()
  }
  await host.keyboard.press('Escape')
  await host.getByRole('button', { name: '开播', exact: true }).click()
  await host.getByRole('button', { name: '现在开播' }).click()
  await expect(host.getByText('已直播')).toBeVisible()
}

async function comeIn(viewer: Page, title: string, phone: string): Promise<void> {
  await viewer.goto('/')
  const tabs = viewer.getByRole('navigation', { name: '主导航' })
  await tabs.getByRole('link', { name: '我的' }).click()
  await viewer.getByRole('link', { name: /登录/ }).click()
  await signIn(viewer, phone)
  await tabs.getByRole('link', { name: '直播' }).click()
  await viewer.getByRole('main').getByRole('link', { name: title }).click()
  await expect(viewer.getByRole('textbox', { name: '说点什么…' })).toBeEnabled()
}

async function watchAndTalk(viewer: Page, host: Page, guest: Page): Promise<void> {
  const time = () => viewer.locator('video').evaluate((video) => (video as HTMLVideoElement).currentTime)
  await expect.poll(time, { timeout: 20_000 }).toBeGreaterThan(0)
  const seen = await time()
  await expect.poll(time).toBeGreaterThan(seen + 1)

  const words = `主播好 ${Date.now() % 1e6}`
  await viewer.getByRole('textbox', { name: '说点什么…' }).fill(words)
  await viewer.getByRole('button', { name: '发送' }).click()
  await expect(viewer.getByRole('list', { name: '聊天' }).getByText(words)).toBeVisible()
  await expect(host.getByRole('list', { name: '互动' }).getByText(words)).toBeVisible()

  for (let i = 0; i < 3; i++) await viewer.getByRole('button', { name: /^点赞/ }).click()
  await expect(viewer.getByRole('button', { name: '点赞，已有 3' })).toBeVisible()
  await expect(figure(host, 'likes')).toHaveText('3')

  const before = Number(await figure(host, 'viewers').innerText())
  await expect(viewer.getByText(`${before} 观看`)).toBeVisible()
  await guest.goto(viewer.url())
  await expect(viewer.getByText(`${before + 1} 观看`)).toBeVisible()
  await expect(figure(host, 'viewers')).toHaveText(String(before + 1))
  await guest.context().close()
  await expect(viewer.getByText(`${before} 观看`)).toBeVisible()
}

async function pinAndPlanSale(host: Page, viewer: Page): Promise<void> {
  await goodsRow(host, pinnedGoods).getByRole('button', { name: '讲解' }).click()
  await expect(viewer.getByRole('button', { name: new RegExp(`讲解中.*${pinnedGoods}`) })).toBeVisible()

  await goodsRow(host, flashGoods).getByRole('button', { name: '秒杀' }).click()
  const drawer = host.getByRole('dialog', { name: '发起秒杀' })
  await drawer.getByRole('textbox', { name: '秒杀价（元）' }).fill('99.00')
  await drawer.getByRole('button', { name: '下一步：核对' }).click()
  await drawer.getByRole('button', { name: '确认发起' }).click()
  await expect(drawer).toBeHidden()

  const card = flashCard(viewer)
  await expect(card).toContainText(flashGoods)
  await expect(card).toContainText('仅剩 100 件')
  await expect(card.getByRole('button', { name: '立即抢' })).toBeEnabled()
  const left = await card.getByText(/^距结束/).innerText()
  await expect(card.getByText(/^距结束/)).not.toHaveText(left)
}

async function buy(viewer: Page, host: Page): Promise<void> {
  await flashCard(viewer).getByRole('button', { name: '立即抢' }).click()
  await expect(viewer.getByRole('dialog', { name: '先填收货地址' })).toBeVisible()
  await fillAddress(viewer)
  await viewer.getByRole('button', { name: '用这个地址抢' }).click()
  const card = flashCard(viewer)
  await expect(card.getByText(/抢到了.*内支付/)).toBeVisible()
  await expect(card).toContainText('仅剩 99 件')
  await card.getByRole('button', { name: '去支付' }).click()
  const pay = viewer.getByRole('dialog', { name: '支付' })
  await payAtCashier(viewer, () => pay.getByRole('button', { name: '去支付' }).click())
  await expect(pay.getByText('支付成功')).toBeVisible({ timeout: 15_000 })
  await pay.getByRole('button', { name: '关闭' }).click()
  await expect(card.getByText('已支付，抢购成功').first()).toBeVisible()
  await expect(figure(host, 'paid_orders')).toHaveText('1')
  await expect(figure(host, 'gmv_fen')).toHaveText('¥99.00')
}

/** Applies in the room; gives the application's id. */
async function applyForCard(viewer: Page, phone: string, person: { name: string; idNo: string }): Promise<string> {
  await viewer.getByRole('button', { name: '申请信用卡' }).click()
  const next = viewer.getByRole('button', { name: '下一步' })
  await viewer.getByRole('radio').first().check()
  await next.click()
  await viewer.getByLabel('姓名').fill(person.name)
  await viewer.getByLabel('身份证号').fill(person.idNo)
  await viewer.getByLabel('手机号').fill(phone)
  await next.click()
  await viewer.getByLabel('居住地区').click()
  await viewer.getByRole('button', { name: '确定' }).click()
  await toConsents(viewer)
  await expect(viewer.getByRole('checkbox').first()).toBeVisible()
  for (const box of await viewer.getByRole('checkbox').all()) await box.check()
  await next.click()
  await viewer.getByRole('button', { name: '提交申请' }).click()
  await expect(viewer.getByText('申请已收到')).toBeVisible()
  return new URL(viewer.url()).pathname.split('/').pop()!
}

async function approve(desk: Page, lead: string, phone: string, person: { name: string; idNo: string }): Promise<void> {
  await staffSignIn(desk, 'desk', 'reviewer', '/leads')
  await desk.getByRole('textbox', { name: '受理编号或号码末四位' }).fill(lead) // others' phones may end alike
  await desk.locator(`[data-lead="${lead}"]`).getByRole('button').click()
  await expect(desk.getByRole('heading', { level: 2, name: /^王\*+$/ })).toBeVisible()
  await expect(desk.locator('[data-field=phone]')).toHaveText(/^139\*{4}\d{4}$/)
  const shown = await desk.getByRole('main').innerText()
  for (const secret of [phone, person.name, person.idNo]) expect(shown).not.toContain(secret)

  await desk.getByRole('button', { name: /^领取/ }).click()
  await expect(desk.getByText(/你已领取/)).toBeVisible()
  await desk.getByRole('button', { name: /^通过/ }).click()
  const decide = desk.getByRole('dialog', { name: '通过申请' })
  await decide.getByLabel('审核意见').fill('资料齐全')
  await decide.getByRole('button', { name: '确认通过' }).click()
  await expect(decide).toBeHidden()
  await expect(desk.getByRole('article').getByText(/^(已通过|已送核心|已发卡)/).first()).toBeVisible()
}

/** The reminders to bind that the phone has had; a code is none. */
async function reminders(request: APIRequestContext, phone: string): Promise<string[]> {
  const answer = await request.get(`${bankbox}/sms/v1/messages`, { params: { phone } })
  const { items } = (await answer.json()) as { items: { text: string }[] }
  return items.map((item) => item.text).filter((text) => text.includes('绑定') && !/\d{6}/.test(text))
}

async function bindCard(viewer: Page, phone: string, person: { name: string; idNo: string }): Promise<void> {
  const pan = newPan('622599')
  await viewer.goto('/me')
  await viewer.getByRole('link', { name: '我的银行卡' }).click()
  await viewer.getByRole('button', { name: '绑定银行卡' }).click()
  const sheet = viewer.getByRole('dialog', { name: '绑定银行卡' })
  await sheet.getByLabel('银行卡号').fill(pan)
  await sheet.getByLabel('姓名').fill(person.name)
  await sheet.getByLabel('身份证号').fill(person.idNo)
  await sheet.getByLabel('银行预留手机号').fill(phone)
  const code = await codeAfter(viewer.request, phone, () => sheet.getByRole('button', { name: /下一步/ }).click())
  await sheet.getByLabel('验证码').fill(code)
  await sheet.getByRole('button', { name: '确认绑定' }).click()
  await expect(viewer.getByRole('main').getByText(`尾号 ${pan.slice(-4)}`)).toBeVisible()
}

async function settle(finance: Page, checker: Page): Promise<void> {
  await staffSignIn(finance, 'desk', 'finance', '/settlements?status=draft')
  const row = finance.locator('[data-settlement]').last()
  const id = (await row.getAttribute('data-settlement'))!
  await row.getByRole('button').click()
  const sheet = finance.getByRole('dialog')
  await expect(sheet.getByText('金额相符')).toBeVisible()
  await expect(sheet.getByText(/行净额合计等于应付/)).toBeVisible()

  const fen = (text: string) => Math.round(Number(text.replace(/[¥,\s]/g, '').replace('−', '-')) * 100)
  const nets = await sheet.locator('tbody tr td:last-child').allInnerTexts()
  const payable = await sheet.locator('dd').last().innerText()
  expect(nets.length).toBeGreaterThan(0)
  expect(nets.reduce((sum, net) => sum + fen(net), 0)).toBe(fen(payable))

  await sheet.getByRole('button', { name: '提交复核' }).click()
  await expect(finance.getByText('已提交，等待另一位同事复核')).toBeVisible()
  await staffSignIn(checker, 'desk', 'finance_checker', `/settlements/${id}`)
  await checker.getByRole('button', { name: '复核通过' }).click()
  // The question opens beside the button that asks it, and bears the same name.
  await checker.locator('.el-popconfirm:visible').getByRole('button', { name: '复核通过' }).click()
  await expect(checker.getByText('已复核通过')).toBeVisible()
  await expect(checker.getByRole('dialog').getByText('已通过', { exact: true })).toBeVisible()
}

async function endRoom(host: Page, watcher: Page): Promise<void> {
  await host.getByRole('button', { name: '长按结束直播' }).hover()
  await host.mouse.down()
  await expect(host.getByText('本场时长')).toBeVisible()
  await host.mouse.up()
  await expect(watcher.getByText('直播已结束')).toBeVisible()
}

test('the whole way: room, sale, payment, application, approval, follow-up, binding, settlement', async ({ browser }) => {
  test.setTimeout(180_000)
  const title = `全程演示 ${Date.now() % 1e7}`
  const phone = newPhone()
  const person = { name: '王小明', idNo: newIdNumber() }
  const host = await enter(browser, 'host')
  const viewer = await enter(browser, 'viewer', phoneSize)
  let lead = ''
  await test.step('the host opens a room', () => openRoom(host, title))
  await test.step('the viewer signs in and enters', () => comeIn(viewer, title, phone))
  const room = viewer.url()
  // Gone, should the page ever be loaded anew.
  await viewer.evaluate(() => (document.documentElement.dataset.stayed = 'yes'))
  await test.step('the viewer watches, talks and likes', async () => watchAndTalk(viewer, host, await enter(browser, 'guest', phoneSize)))
  await test.step('the viewer sees the pin and the sale come', () => pinAndPlanSale(host, viewer))
  await test.step('the viewer buys and pays', () => buy(viewer, host))
  await expect(viewer.locator('html')).toHaveAttribute('data-stayed', 'yes')
  await test.step('the viewer applies', async () => (lead = await applyForCard(viewer, phone, person)))
  await expect(figure(host, 'applications')).toHaveText('1')
  const desk = await enter(browser, 'reviewer')
  await test.step('the reviewer approves', () => approve(desk, lead, phone, person))
  await test.step('a reminder to bind arrives', () =>
    expect.poll(() => reminders(viewer.request, phone), { timeout: 40_000 }).toHaveLength(1))
  await test.step('the viewer binds a card', () => bindCard(viewer, phone, person))
  await viewer.goto(`/applications/${lead}`)
  await expect(viewer.getByRole('main').getByText('已绑卡').first()).toBeVisible()
  await expect(figure(host, 'bindings')).toHaveText('1')
  await test.step('finance settles, two people', async () => settle(await enter(browser, 'finance'), await enter(browser, 'checker')))
  await viewer.goto(room)
  await test.step('the host ends the room', () => endRoom(host, viewer))
  expect(faults).toEqual([])
})
