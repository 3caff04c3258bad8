import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { asStaff, asViewer, say, signIn } from './staff'

test.use({ viewport: { width: 1440, height: 900 } })

const opened = (page: Page) => expect(page.getByText('实时连接')).toBeVisible()

/** Says a line that is not shown; nobody hears it but those who moderate. */
async function sayUnheard(page: Page, room: string, token: string, text: string): Promise<void> {
  await say(page, room, token, text).then(
    () => Promise.reject(new Error('the line was shown')),
    () => undefined,
  )
}

test('a room is kept in order by two hosts at once', async ({ page, browser, request }) => {
  test.setTimeout(60_000)
  const operator = await asStaff(request, 'operator')
  const room = await operator.post<{ id: string }>('/host/rooms', { title: `秩序 ${Date.now()}`, starts_at: new Date().toISOString() })
  await operator.post(`/host/rooms/${room.id}/start`)
  await signIn(page, 'host', 'operator', `/rooms/${room.id}`)
  await opened(page)
  const other = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await signIn(other, 'host', 'operator', `/rooms/${room.id}`)
  await opened(other)

  // What one sets, the other sees.
  await page.locator('[name=chat_review]').locator('..').click()
  await expect(other.getByRole('switch', { name: '先审后发' })).toBeChecked()

  // The hold queue: one key each.
  const [first, second] = [await asViewer(request), await asViewer(request)]
  await sayUnheard(page, room.id, first.token, '第一句')
  await sayUnheard(page, room.id, second.token, '第二句')
  await page.getByRole('button', { name: /待审 2/ }).click()
  await expect(page.locator('[data-judged]')).toHaveCount(2)
  await page.keyboard.press('k')
  await page.keyboard.press('l')
  await expect(page.getByText('没有待审的发言。')).toBeVisible()
  await expect(other.locator('[data-chat]')).toHaveCount(1)
  await expect(other.locator('[data-chat]')).toContainText('第二句')

  // The door, and back in.
  await page.getByRole('button', { name: '发言', exact: true }).click()
  await page.locator('[data-chat]').getByRole('button', { name: '请出' }).click()
  await page.locator('input[name=ban_reason]').fill('广告')
  await page.getByRole('dialog').getByRole('button', { name: '请出', exact: true }).click()
  await page.getByRole('button', { name: '名单' }).click()
  await page.getByText('请出本场', { exact: true }).click()
  await page.locator(`[data-kept="${second.id}"]`).getByRole('button', { name: '解除' }).click()
  await expect(page.getByText('没有被请出本场的观众。')).toBeVisible()
  await page.keyboard.press('Escape')

  // A word that is warned of is asked about.
  await page.locator('input[name=notice]').fill('今晚稳赚不赔')
  await page.getByRole('button', { name: '发布' }).click()
  await expect(page.getByRole('dialog')).toContainText('稳赚不赔')
  await page.getByRole('button', { name: '确认无误，继续' }).click()
  await expect(other.getByLabel('场内记录').getByText('今晚稳赚不赔')).toBeVisible()

  await page.getByRole('button', { name: '暂停' }).click()
  await expect(other.getByRole('button', { name: '继续直播' })).toBeVisible()
  await other.getByRole('button', { name: '继续直播' }).click()
  await expect(page.getByRole('button', { name: '暂停' })).toBeVisible()
  await other.context().close()
  await operator.post(`/host/rooms/${room.id}/end`)
})

test('words come in by lines and are kept by what they do', async ({ page, request }) => {
  const operator = await asStaff(request, 'operator')
  const room = await operator.post<{ id: string }>('/host/rooms', { title: `词表 ${Date.now()}`, starts_at: new Date().toISOString() })
  await signIn(page, 'host', 'operator', `/rooms/${room.id}`)
  await opened(page)
  await page.getByRole('button', { name: '敏感词' }).click()
  await page.getByText('导入', { exact: true }).click()
  await page.locator('textarea[name=import]').fill('加群\n稳赚,warn\n套利,block\n不对,ban')
  await page.getByRole('button', { name: '导入' }).click()
  await expect(page.getByText('已导入 3 个词')).toBeVisible()
  await expect(page.getByText(/第 4 行未导入/)).toBeVisible()
  await page.getByText('拒发 1').click()
  await expect(page.locator('textarea[name=words]')).toHaveValue('套利')
  await page.getByText('全行', { exact: true }).click()
  await expect(page.locator('textarea[name=words]')).toHaveValue(/赌博/)
})

test('an assistant keeps order, and no more', async ({ page, request }) => {
  const operator = await asStaff(request, 'operator')
  const live = (await operator.get<{ items: { id: string }[] }>('/host/rooms?status=live')).items
  const shared = await Promise.all(live.map(async ({ id }) => ({ id, crew: (await operator.get<{ items: unknown[] }>(`/host/rooms/${id}/staff`)).items })))
  await signIn(page, 'host', 'assistant', `/rooms/${shared.find((r) => r.crew.length)!.id}`)
  await opened(page)
  await expect(page.getByRole('switch', { name: '先审后发' })).toBeEnabled()
  await expect(page.getByRole('button', { name: '暂停' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: /结束直播|发起秒杀/ })).toHaveCount(0)
  await page.getByRole('button', { name: '协作' }).click()
  await expect(page.getByRole('dialog')).toContainText('助理')
  await expect(page.getByRole('dialog').getByText('同事', { exact: true })).toHaveCount(0)
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  expect(violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes[0]?.html}`)).toEqual([])
})

test('those who watch over rooms stop one, and say why', async ({ page, request }) => {
  const operator = await asStaff(request, 'operator')
  const room = await operator.post<{ id: string }>('/host/rooms', { title: `合规 ${Date.now()}`, starts_at: new Date().toISOString() })
  await operator.post(`/host/rooms/${room.id}/start`)
  await signIn(page, 'desk', 'risk', '/compliance')
  await page.getByText('直播中', { exact: true }).first().click()
  await page.locator(`[data-room="${room.id}"]`).getByRole('button', { name: '叫停' }).click()
  await expect(page.getByRole('button', { name: '立即叫停' })).toBeDisabled()
  await page.locator('textarea[name=stop_reason]').fill('承诺收益')
  await page.getByRole('button', { name: '立即叫停' }).click()
  await expect(page.getByText(/已叫停/)).toBeVisible()
  expect((await operator.get<{ status: string }>(`/rooms/${room.id}`)).status).toBe('ended')
})
