import { expect, test, type Page } from '@playwright/test'
import { asStaff, signIn, type Caller } from './staff'

test.use({ viewport: { width: 1440, height: 900 } })

let over: (() => Promise<unknown>) | null = null

/** A room of its own, that ends with the test: others find the rooms as they were. */
async function roomOf(operator: Caller, live: boolean): Promise<string> {
  const room = await operator.post<{ id: string }>('/host/rooms', { title: `面板 ${Date.now()}`, starts_at: new Date().toISOString() })
  if (live) {
    await operator.post(`/host/rooms/${room.id}/start`)
    over = () => operator.post(`/host/rooms/${room.id}/end`)
  }
  return room.id
}

test.afterEach(async () => {
  await over?.()
  over = null
})

async function launched(page: Page): Promise<void> {
  const drawer = page.getByRole('dialog').filter({ hasText: '观众看到的样子' })
  await drawer.getByRole('button', { name: '下一步：核对' }).click()
  await drawer.getByRole('button', { name: '确认发起' }).dblclick()
  await expect(drawer).toBeHidden()
}

async function choosesBatch(page: Page): Promise<void> {
  const drawer = page.getByRole('dialog').filter({ hasText: '观众看到的样子' })
  await drawer.locator('.el-select').first().click()
  await page.getByRole('option').filter({ visible: true }).first().click()
}

test('a red packet and coupons are launched from the panel, each once', async ({ page, request }) => {
  const operator = await asStaff(request, 'operator')
  const room = await roomOf(operator, true)
  await signIn(page, 'host', 'operator', `/rooms/${room}`)
  const games = page.getByRole('region', { name: '互动玩法' })

  await games.locator('[data-launch=red_packet]').click()
  await choosesBatch(page)
  await page.locator('input[name=title]').fill('开场红包')
  await page.locator('input[name=amount]').fill('3')
  await page.getByLabel('份数').fill('3')
  await launched(page)
  await expect(games.locator('[data-game]', { hasText: '开场红包' })).toHaveCount(1)
  await expect(games.getByText(/已领 0\/3/)).toBeVisible()

  await games.locator('[data-launch=coupon]').click()
  await choosesBatch(page)
  await page.getByLabel('发放张数').fill('5')
  await launched(page)
  await expect(games.getByText(/已领 0\/5/)).toBeVisible()
  await page.reload()
  await expect(games.locator('[data-game]')).toHaveCount(2)
})

test('the clock runs a rundown once it may; a cue that was run is taken back', async ({ page, request }) => {
  const operator = await asStaff(request, 'operator')
  const room = await roomOf(operator, true)
  await signIn(page, 'host', 'operator', `/rooms/${room}`)
  const rundown = page.getByRole('region', { name: '活动脚本' })
  await rundown.getByRole('button', { name: '添加环节' }).click()
  const planning = page.getByRole('dialog', { name: '添加环节' })
  await planning.locator('.el-select').first().click()
  await page.getByRole('option', { name: '投票' }).click()
  await planning.locator('input[name=after]').fill('00:00:00')
  await planning.locator('input[name=question]').fill('先看哪一件？')
  await planning.locator('input[name=option_0]').fill('银杯')
  await planning.locator('input[name=option_1]').fill('银筷')
  await planning.getByRole('button', { name: '保存环节' }).click()
  const cue = rundown.locator('[data-cue]', { hasText: '先看哪一件？' })
  await expect(cue.getByText('待执行')).toBeVisible()
  await rundown.locator('.mode .el-switch').click()
  await expect(cue.getByText('已执行', { exact: true })).toBeVisible({ timeout: 15_000 })
  await expect(cue.getByText(/自动执行/)).toBeVisible()
  await cue.getByRole('button', { name: '撤销' }).click()
  await page.locator('.el-popconfirm:visible').getByRole('button', { name: '撤销' }).click()
  await expect(cue.getByText('已撤销')).toBeVisible()
})

test('a room is shared with a colleague who is found by name', async ({ page, request }) => {
  const operator = await asStaff(request, 'operator')
  const room = await roomOf(operator, false)
  await signIn(page, 'host', 'operator', `/rooms/${room}`)
  await page.getByRole('button', { name: '协作' }).click()
  const drawer = page.getByRole('dialog', { name: '协作' })
  await drawer.getByRole('combobox').last().click()
  const first = page.getByRole('option').filter({ visible: true }).first()
  const name = (await first.innerText()).trim()
  await first.click()
  await drawer.getByRole('button', { name: '添加' }).click()
  await expect(drawer.locator('[data-member]', { hasText: name })).toBeVisible()
  const { items } = await operator.get<{ items: { name: string; role: string }[] }>(`/host/rooms/${room}/staff`)
  expect(items.map((m) => [m.name, m.role])).toEqual([[name, 'assistant']])
})

test('a room that has ended is offered again, and withdrawn', async ({ page, request }) => {
  const operator = await asStaff(request, 'operator')
  const room = await roomOf(operator, true)
  await over!()
  over = null
  await signIn(page, 'host', 'operator', `/rooms/${room}`)
  const offer = page.getByRole('switch', { name: '允许观众回看' })
  for (const on of [true, false]) {
    const answered = page.waitForResponse((answer) => answer.url().endsWith(`/host/rooms/${room}/replay`) && answer.ok())
    await page.locator('.replay .el-switch').click()
    await answered
    await page.reload()
    await expect(offer).toBeChecked({ checked: on })
  }
})
