import { expect, test, type Browser, type Page } from '@playwright/test'
import { asStaff, signIn as staffSignIn, type Caller } from './staff'
import { signIn } from './support'

/** One operator acts; a colleague at another desk and a viewer on a phone see it. */

const desktop = { width: 1440, height: 900 }
test.describe.configure({ timeout: 120_000 })
let operator: Caller
let room = ''

test.beforeEach(async ({ request }) => {
  operator = await asStaff(request, 'operator')
  const live = (await operator.get<{ items: { id: string }[] }>('/rooms?status=live')).items[0]!.id
  const { items } = await operator.get<{ items: { sku_id: string; price_fen: number; flash: unknown }[] }>(`/rooms/${live}/shelf`)
  const goods = items.filter((item) => !item.flash && item.price_fen > 500).slice(0, 2)
  room = (await operator.post<{ id: string }>('/host/rooms', { title: `同场 ${Date.now()}`, starts_at: new Date().toISOString() })).id
  await operator.put(`/host/rooms/${room}/shelf`, { items: goods.map(({ sku_id }) => ({ sku_id })) })
  await operator.post(`/host/rooms/${room}/start`)
})

test.afterEach(async () => {
  const { status } = await operator.get<{ status: string }>(`/rooms/${room}`)
  if (status === 'live') await operator.post(`/host/rooms/${room}/end`)
})

async function deskOf(browser: Browser): Promise<Page> {
  const page = await (await browser.newContext({ viewport: desktop, locale: 'zh-CN' })).newPage()
  await staffSignIn(page, 'host', 'operator', `/rooms/${room}`)
  await expect(page.getByText('实时连接')).toBeVisible({ timeout: 30_000 })
  return page
}

async function viewerOf(page: Page): Promise<void> {
  await page.goto('/sign-in')
  await signIn(page)
  await page.waitForURL((url) => !url.pathname.includes('sign-in'))
  await page.goto(`/rooms/${room}`)
  await expect(page.getByRole('textbox', { name: '说点什么…' })).toBeEnabled()
}

async function sure(page: Page, name: string): Promise<void> {
  await page.locator('.el-popconfirm:visible').getByRole('button', { name }).last().click()
}

/** Through a launcher's drawer; pressing twice launches once. */
async function launch(desk: Page, confirm: string): Promise<void> {
  const drawer = desk.locator('.el-drawer:visible')
  await drawer.getByRole('button', { name: '下一步：核对' }).click()
  await drawer.getByRole('button', { name: confirm }).dblclick()
  await expect(drawer).toHaveCount(0)
}

const close = (viewer: Page) => viewer.getByRole('button', { name: '关闭', exact: true }).click()

test('what one sells, all see: pin, price, order, a flash sale from its start over more units to its end', async ({ page: viewer, browser }) => {
  await viewerOf(viewer)
  const [one, two] = [await deskOf(browser), await deskOf(browser)]

  await one.keyboard.press('1')
  const pinned = viewer.getByRole('button', { name: /讲解中/ })
  await expect(pinned).toBeVisible()
  await expect(two.locator('[data-sku]').first().getByRole('button', { name: '讲解中' })).toBeVisible()

  await one.locator('[data-sku]').first().getByRole('button', { name: '修改直播价' }).click()
  await one.locator('input[name=price]:visible').fill('4.44')
  await one.locator('.el-popover:visible').getByRole('button', { name: '保存' }).click()
  await expect(pinned).toContainText('¥4.44')
  await expect(two.locator('[data-sku]').first()).toContainText('¥4.44')

  const second = await one.locator('[data-sku]').nth(1).getAttribute('data-sku')
  await one.locator('[data-sku] .grip').nth(1).dragTo(one.locator('[data-sku]').first())
  await expect(two.locator('[data-sku]').first()).toHaveAttribute('data-sku', second!)

  await one.keyboard.press('f')
  await one.locator('input[name=flash_price]').fill('1.11')
  await one.locator('input[name=flash_total]').fill('2')
  await launch(one, '确认发起')
  await expect(viewer.getByRole('button', { name: '立即抢' })).toBeVisible()
  await expect(viewer.getByText('仅剩 2 件')).toBeVisible()
  const sale = two.locator('[data-flash].on_sale')
  await expect(sale).toContainText('已抢 0/2')

  await one.locator('[data-flash].on_sale').getByRole('button', { name: '追加' }).click()
  await one.locator('input[name=top_up_units]').fill('3')
  await launch(one, '确认追加')
  await expect(viewer.getByText('仅剩 5 件')).toBeVisible()
  await expect(sale).toContainText('已抢 0/5')

  await two.locator('[data-flash].on_sale').getByRole('button', { name: '取消' }).click()
  await sure(two, '取消')
  await expect(one.locator('[data-flash].cancelled')).toBeVisible()
  await expect(viewer.getByRole('button', { name: '立即抢' })).toHaveCount(0)

  await one.getByRole('button', { name: '完整记录' }).click()
  await expect(one.locator('[data-line="product.pinned"]').first()).toContainText('开始讲解')
  await one.keyboard.press('Escape')
  await one.keyboard.press('?')
  await expect(one.getByRole('dialog', { name: '键盘快捷键' })).toBeVisible()
})

test('what one plays, all see: notice, lottery, red packet, coupons, poll', async ({ page: viewer, browser }) => {
  await viewerOf(viewer)
  const [one, two] = [await deskOf(browser), await deskOf(browser)]
  const game = (desk: Page, title: string) => desk.locator('[data-game]', { hasText: title })
  const batch = async (): Promise<void> => {
    await one.locator('.el-drawer:visible .el-select').first().click()
    await one.getByRole('option').filter({ visible: true }).first().click()
  }

  await one.keyboard.press('n')
  await one.keyboard.type('九点抽奖')
  await one.keyboard.press('Enter')
  await expect(viewer.getByText('九点抽奖')).toBeVisible()
  await expect(two.getByLabel('场内记录').getByText('九点抽奖')).toBeVisible()

  await one.locator('[data-launch=lottery]').click()
  await one.locator('input[name=title]').fill('整点抽奖')
  await one.locator('input[name=prize_0]').fill('纪念银章')
  await launch(one, '确认发起')
  await viewer.getByRole('button', { name: '一键参与' }).click()
  await expect(game(two, '整点抽奖')).toContainText('1 人参与')
  await game(two, '整点抽奖').getByRole('button', { name: '开奖' }).click()
  await sure(two, '开奖')
  const winners = two.getByRole('dialog', { name: '中奖名单' })
  await expect(winners.getByRole('row')).toHaveCount(2)
  await winners.getByRole('button', { name: '关闭' }).last().click()
  await expect(viewer.getByText('恭喜中奖', { exact: true })).toBeVisible()
  await expect(game(one, '整点抽奖').getByRole('button', { name: '中奖名单' })).toBeVisible()
  await close(viewer)

  await one.locator('[data-launch=red_packet]').click()
  await batch()
  await one.locator('input[name=title]').fill('开场红包')
  await one.locator('input[name=amount]').fill('3')
  await one.getByLabel('份数').fill('3')
  await launch(one, '确认发起')
  await viewer.getByRole('button', { name: '开红包' }).click()
  await expect(game(two, '开场红包')).toContainText('已领 1/3')
  await close(viewer)

  await one.locator('[data-launch=coupon]').click()
  await batch()
  await one.getByLabel('发放张数').fill('5')
  await launch(one, '确认发起')
  await viewer.getByRole('button', { name: '立即领取' }).click()
  await expect(two.getByText('已领 1/5')).toBeVisible()
  await close(viewer)

  await one.locator('[data-launch=poll]').click()
  await one.locator('input[name=question]').fill('先看哪一件？')
  await one.locator('input[name=option_0]').fill('银杯')
  await one.locator('input[name=option_1]').fill('银筷')
  await launch(one, '确认发起')
  await viewer.getByRole('button', { name: '银筷' }).click()
  await expect(game(two, '先看哪一件？')).toContainText('1 票 100%')
  await game(two, '先看哪一件？').getByRole('button', { name: '提前结束' }).click()
  await sure(two, '提前结束')
  await expect(viewer.getByText('投票已结束。')).toBeVisible()
  await expect(game(one, '先看哪一件？')).toContainText('结束')
})

test('how one keeps order, all see: remove, mute, pause, ban, end', async ({ page: viewer, browser }) => {
  await viewerOf(viewer)
  const guest = await (await browser.newContext({ locale: 'zh-CN' })).newPage()
  await guest.goto(`/rooms/${room}`)
  const [one, two] = [await deskOf(browser), await deskOf(browser)]

  const box = viewer.getByRole('textbox', { name: '说点什么…' })
  await box.fill('加群领钱')
  await box.press('Enter')
  const line = (desk: Page) => desk.locator('[data-chat]', { hasText: '加群领钱' })
  await line(one).getByRole('button', { name: '移除发言' }).click()
  await expect(line(two)).toContainText('已移除')
  await expect(viewer.getByRole('listitem').filter({ hasText: '加群领钱' })).toHaveCount(0)

  await line(one).getByRole('button', { name: '禁言' }).click()
  await one.getByRole('menuitem', { name: '禁言 5 分钟' }).click()
  await expect(viewer.getByPlaceholder(/禁言至/)).toBeVisible()

  await one.getByRole('button', { name: '暂停' }).click()
  await expect(viewer.getByText('主播休息一下')).toBeVisible()
  await two.getByRole('button', { name: '继续直播' }).click()
  await expect(viewer.getByText('主播休息一下')).toHaveCount(0)

  await line(two).getByRole('button', { name: '请出' }).click()
  await two.locator('input[name=ban_reason]').fill('广告')
  await two.getByRole('dialog').getByRole('button', { name: '请出', exact: true }).click()
  await expect(viewer.getByText('你已被移出直播间')).toBeVisible()

  await one.getByRole('button', { name: '长按结束直播' }).hover()
  await one.mouse.down()
  await expect(two.getByText('本场时长')).toBeVisible()
  await one.mouse.up()
  await expect(guest.getByText('直播已结束')).toBeVisible()

  // Afterwards: the show in numbers, in a file, and what it meant.
  await one.getByRole('link', { name: '复盘报告' }).click()
  await one.getByText('表', { exact: true }).click()
  await expect(one.getByRole('region', { name: '每分钟走势' }).getByRole('row')).not.toHaveCount(0)
  const [file] = await Promise.all([one.waitForEvent('download'), one.getByRole('button', { name: '导出 CSV' }).click()])
  expect(file.suggestedFilename()).toMatch(/^同场 .*\.csv$/)
  await one.getByRole('button', { name: '成交额' }).first().focus()
  await expect(one.getByText('本场实际支付的金额，未扣退款')).toBeVisible()
})
