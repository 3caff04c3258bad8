import { AxeBuilder } from '@axe-core/playwright'
import { expect, request as requests, test, type APIRequestContext, type Page } from '@playwright/test'
import { asStaff, asViewer, say, signIn, type Caller } from './staff'

test.use({ viewport: { width: 1440, height: 900 } })

interface Room { id: string; title: string; status: string }
interface Shelf { items: { sku_id: string; pinned: boolean; price_fen: number; flash: { id: string } | null; product: { title: string } }[] }

let outside: APIRequestContext
let host: Caller
let live: Room

test.beforeAll(async () => {
  outside = await requests.newContext()
  host = await asStaff(outside, 'host')
  live = (await host.get<{ items: Room[] }>('/rooms?status=live')).items[0]!
})

test.afterAll(() => outside.dispose())

const shelfOf = async (room: string) => (await host.get<Shelf>(`/rooms/${room}/shelf`)).items

async function openDesk(page: Page): Promise<void> {
  await signIn(page, 'host', 'host')
  await page.getByRole('link', { name: live.title }).first().click()
  await expect(page.locator('[data-sku]').first()).toBeVisible()
  await expect(page.getByText('实时连接')).toBeVisible()
}

test('the live room shows its figures, live', async ({ page }) => {
  await openDesk(page)
  const viewers = page.locator('[data-metric=viewers]')
  await expect(viewers.locator('.value')).toHaveText(/\d/)
  await expect(viewers.locator('.dot')).toHaveClass(/on/)
  await expect(page.locator('[data-metric=gmv_fen] .value')).toHaveText(/^¥/)
  await expect(page.getByRole('timer')).toHaveText(/^\d+:\d\d/)
})

test('number keys explain a product, 0 none; typing does not', async ({ page }) => {
  await openDesk(page)
  const second = page.locator('[data-sku]').nth(1)
  const sku = await second.getAttribute('data-sku')
  await page.keyboard.press('2')
  await expect(second.getByRole('button', { name: '讲解中' })).toBeVisible()
  await expect.poll(async () => (await shelfOf(live.id)).find((i) => i.pinned)?.sku_id).toBe(sku)
  await page.locator('input[name=notice]').pressSequentially('3')
  await expect(second.getByRole('button', { name: '讲解中' })).toBeVisible()
  await page.locator('input[name=notice]').blur()
  await page.keyboard.press('0')
  await expect.poll(async () => (await shelfOf(live.id)).some((i) => i.pinned)).toBe(false)
  await expect(page.getByText('取消讲解').first()).toBeVisible()
})

test('a notice reaches the room and the log, and stands until it is taken off', async ({ page }) => {
  await openDesk(page)
  const text = `今晚八点加场 ${Date.now()}`
  await page.locator('input[name=notice]').fill(text)
  await page.getByRole('button', { name: '发布' }).click()
  await expect(page.getByLabel('场内记录').getByText(text)).toBeVisible()
  await expect(page.locator('input[name=notice]')).toHaveValue('')
  await page.reload()
  await expect(page.locator('form.notice').getByText(text)).toBeVisible()
  await page.getByRole('button', { name: '撤下公告' }).click()
  await expect(page.getByLabel('场内记录').getByText('公告已撤下')).toBeVisible()
  await expect(page.locator('form.notice').getByText(text)).toHaveCount(0)
})

test('a flash sale is checked, confirmed, planned once, and cancelled', async ({ page }) => {
  await openDesk(page)
  const item = (await shelfOf(live.id)).find((i) => !i.flash)!
  const row = page.locator(`[data-sku="${item.sku_id}"]`)
  await row.getByRole('button', { name: '秒杀' }).click()
  const drawer = page.getByRole('dialog', { name: '发起秒杀' })
  await drawer.locator('input[name=flash_price]').fill(String(item.price_fen / 100 + 1))
  await expect(drawer.getByText('要低于直播价')).toBeVisible()
  await drawer.locator('input[name=flash_price]').fill('1.00')
  await drawer.getByText('定时').click()
  await drawer.getByRole('button', { name: '下一步：核对' }).click()
  await expect(drawer.getByText('最多让利')).toBeVisible()
  const sent: string[] = []
  page.on('request', (r) => r.method() === 'POST' && r.url().endsWith('/flash') && sent.push(r.headers()['idempotency-key'] ?? ''))
  await drawer.getByRole('button', { name: '确认发起' }).dblclick()
  await expect(drawer).toBeHidden()
  expect(sent).toHaveLength(1)
  expect(sent[0]).not.toBe('')

  const sale = page.locator('[data-flash].scheduled', { hasText: item.product.title })
  await expect(sale.first()).toBeVisible()
  const id = await sale.last().getAttribute('data-flash')
  await page.locator(`[data-flash="${id}"]`).getByRole('button', { name: '取消' }).click()
  await page.locator('.el-popconfirm:visible').getByRole('button', { name: '取消' }).last().click()
  await expect.poll(async () => (await host.get<{ status: string }>(`/flash/${id}`)).status).toBe('cancelled')
  await expect(page.locator(`[data-flash="${id}"]`)).toContainText('已取消')
})

test('a line is removed and its author muted', async ({ page, request }) => {
  const viewer = await asViewer(request)
  await openDesk(page)
  const text = `要被移除的话 ${viewer.phone.slice(-4)}`
  const id = await say(page, live.id, viewer.token, text)
  const line = page.locator(`[data-chat="${id}"]`)
  await expect(line).toContainText(text)
  await line.getByRole('button', { name: '移除发言' }).click()
  await expect(line).toContainText('已移除')
  await line.getByRole('button', { name: '禁言' }).click()
  await page.getByRole('menuitem', { name: '禁言 5 分钟' }).click()
  await expect(page.getByText(/已禁言 .* 5 分钟/)).toBeVisible()
  await expect(say(page, live.id, viewer.token, '还能说话吗')).rejects.toThrow()
})

test('a room is made, filled, opened and ended', async ({ page }) => {
  await signIn(page, 'host', 'host')
  const title = `测试场次 ${Date.now()}`
  await page.getByRole('button', { name: '新建场次' }).click()
  await page.locator('input[name=title]').fill(title)
  await page.getByRole('button', { name: '创建并进入' }).click()
  await expect(page.getByRole('heading', { name: title })).toBeVisible()

  await page.getByRole('button', { name: '添加商品' }).click()
  const add = page.getByRole('dialog', { name: '从商品库添加' })
  const first = add.locator('li').first()
  await first.locator('input').fill('0.88')
  await first.getByRole('button', { name: '上架' }).click()
  await expect(first.getByText('已在货架')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.locator('[data-sku]').first()).toContainText('¥0.88')

  await page.getByRole('button', { name: '开播', exact: true }).click()
  await page.getByRole('button', { name: '现在开播' }).click()
  await expect(page.getByText('已直播')).toBeVisible()

  const end = page.getByRole('button', { name: '长按结束直播' })
  await end.click()
  await expect(page.getByText(/按住 1.5 秒/).last()).toBeVisible()
  await expect(page.getByText('已直播')).toBeVisible()
  await end.hover()
  await page.mouse.down()
  await expect(page.getByText('本场时长')).toBeVisible()
  await page.mouse.up()
  const id = page.url().split('/').pop()!
  expect((await host.get<Room>(`/rooms/${id}`)).status).toBe('ended')
})

test('other roles stay out, and English is complete', async ({ page }) => {
  await signIn(page, 'host', 'finance')
  await expect(page.getByText('这个账号没有中控台权限')).toBeVisible()
  await page.getByRole('button', { name: 'English' }).click()
  await expect(page.getByText('This account may not use the host panel')).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/sign-in/)
  expect((await page.locator('body').innerText()).replace('中文', '')).not.toMatch(/\p{Script=Han}/u)
})

test('no serious accessibility faults at the live desk', async ({ page }) => {
  await openDesk(page)
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  expect(violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes[0]?.html}`)).toEqual([])
})
