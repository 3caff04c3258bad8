import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { asStaff, asViewer, say, type Caller } from './staff'
import { enterRoom, signIn } from './support'

const roomOf = (page: Page) => /room_\w+/.exec(page.url())![0]

interface Offer {
  id: string
  granted_by: string
}

async function dropBatch(operator: Caller): Promise<string> {
  const { items } = await operator.get<{ items: Offer[] }>('/shop/coupon-batches')
  return items.find((batch) => batch.granted_by === 'drop')!.id
}

/** A viewer who is signed in, in the live room; an operator beside. */
async function watch(page: Page): Promise<{ room: string; operator: Caller }> {
  await page.goto('/sign-in')
  await signIn(page)
  await page.waitForURL((url) => !url.pathname.includes('sign-in'))
  await enterRoom(page)
  return { room: roomOf(page), operator: await asStaff(page.request, 'operator') }
}

test('a viewer wins a lottery and checks the draw, opens a red packet, votes, and claims a coupon', async ({ page }) => {
  const { room, operator } = await watch(page)
  const at = `/host/rooms/${room}`
  const key = `e2e-${Date.now()}`

  const lottery = await operator.post<{ lottery_id: string }>(
    at + '/lotteries',
    { title: '整点抽奖', entry_rule: 'none', prizes: [{ title: '纪念银章', quantity: 1 }], seconds: 600 },
    key + 'l',
  )
  await page.getByRole('button', { name: '一键参与' }).click()
  await expect(page.getByText('已参与，等待开奖。')).toBeVisible()
  const { violations } = await new AxeBuilder({ page }).include('.play').withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze()
  expect(violations.map((v) => v.id)).toEqual([])
  // The open card leaves the sale's button free, on a short phone too.
  await page.setViewportSize({ width: 375, height: 667 })
  await page.getByRole('button', { name: /立即抢|提醒我|看看其他/ }).first().click({ trial: true, timeout: 5000 })
  await page.setViewportSize({ width: 390, height: 844 })
  await operator.post(`/host/lotteries/${lottery.lottery_id}/draw`)
  await expect(page.getByText('恭喜中奖', { exact: true })).toBeVisible()
  await page.getByText('怎么保证公平？').click()
  await page.getByRole('button', { name: '在这台手机上核对' }).click()
  await expect(page.getByText(/核对一致/)).toBeVisible()
  await page.getByRole('button', { name: '关闭', exact: true }).click()
  await expect(page.getByText('恭喜中奖', { exact: true })).toHaveCount(0)

  const batch = await dropBatch(operator)
  await operator.post(at + '/red-packets', { batch_id: batch, title: '开场红包', total_fen: 300, shares: 3, seconds: 600 }, key + 'p')
  await page.getByRole('button', { name: '开红包' }).click()
  await expect(page.getByText('已放入你的账户')).toBeVisible()
  await page.getByRole('button', { name: '关闭', exact: true }).click()

  const poll = await operator.post<{ poll_id: string }>(at + '/polls', { question: '先看哪一件？', options: ['银杯', '银筷'], seconds: 600 }, key + 'v')
  await page.getByRole('button', { name: '银筷' }).click()
  await expect(page.getByText('100%')).toBeVisible()
  await operator.post(`/host/polls/${poll.poll_id}/close`)
  await expect(page.getByText('投票已结束。')).toBeVisible()
  await page.getByRole('button', { name: '关闭', exact: true }).click()

  await operator.post(at + '/coupons', { batch_id: batch, quantity: 5, seconds: 600 }, key + 'c')
  await page.getByRole('button', { name: '立即领取' }).click()
  await expect(page.getByText('已放入你的账户')).toBeVisible()
})

test('a pause leaves the shop open', async ({ page }) => {
  const { room, operator } = await watch(page)
  await operator.post(`/host/rooms/${room}/pause`)
  await expect(page.getByText('主播休息一下')).toBeVisible()
  await expect(page.getByRole('button', { name: /立即抢|提醒我|看看其他|再抢一件/ }).first()).toBeVisible()
  await operator.post(`/host/rooms/${room}/resume`)
  await expect(page.getByText('主播休息一下')).toHaveCount(0)
})

test("another's line is reported by a long press", async ({ page }) => {
  const { room } = await watch(page)
  const other = await asViewer(page.request)
  const words = `加我微信 ${Date.now() % 1e6}`
  await say(page, room, other.token, words)
  const line = page.getByRole('listitem').filter({ hasText: words })
  await line.dispatchEvent('pointerdown')
  await page.getByRole('button', { name: '诈骗' }).click()
  await expect(page.getByText('已举报，主播会处理')).toBeVisible()
})

test('who is banned is told so and stays away', async ({ page }) => {
  await page.clock.install()
  const { room, operator } = await watch(page)
  const viewer = await page.evaluate(() => (JSON.parse(localStorage.getItem('yinbo.viewer.session')!) as { person: { id: string } }).person.id)
  const dialled: string[] = []
  page.on('websocket', (socket) => dialled.push(socket.url()))
  await operator.post(`/host/rooms/${room}/ban`, { viewer_id: viewer, reason: '测试' })
  await expect(page.getByText('你已被移出直播间')).toBeVisible()
  await expect(page.getByRole('textbox')).toHaveCount(0)
  await page.clock.fastForward('10:00')
  expect(dialled).toEqual([])
})

test('a host is followed from the room, stands on the list, and is dropped there', async ({ page }) => {
  await watch(page)
  const follow = page.getByRole('button', { name: /^关注/ })
  await follow.click()
  await expect(page.getByRole('dialog')).toContainText('开播时给你发一条短信')
  await page.getByRole('dialog').getByRole('button', { name: '关注', exact: true }).click()
  await expect(page.getByRole('button', { name: /^已关注/ })).toBeVisible()
  expect((await page.request.get('/api/v1/rooms?followed=true')).status(), 'without a token').toBe(401)
  await page.goto('/?show=following')
  await expect(page.getByRole('main').getByRole('link', { name: /直播中/ })).toBeVisible()
  await page.goto('/following')
  const card = page.getByRole('listitem')
  await expect(card.getByRole('link', { name: /直播中/ })).toBeVisible()
  await card.getByRole('button', { name: /^取消关注/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: '取消关注' }).click()
  await expect(page.getByText('还没有关注主播')).toBeVisible()
})

test('a room to come is reserved, and no more', async ({ page }) => {
  await page.goto('/')
  await page.getByText('预告', { exact: true }).first().click()
  await page.locator('a[href^="/rooms/"]').first().click()
  await page.getByRole('button', { name: '预约开播提醒' }).click()
  await signIn(page)
  await expect(page.getByText(/人已预约/)).toBeVisible()
  await page.getByRole('button', { name: '已预约' }).click()
  await expect(page.getByRole('button', { name: '预约开播提醒' })).toBeVisible()
})
