import { expect, test, type Page } from '@playwright/test'
import { apply, asStaff, asViewer, signIn } from './staff'

test.use({ viewport: { width: 1440, height: 900 } })

interface Figures {
  lines: { value: string; clicked: number; started: number; submitted: number }[]
}
const today = () => new Intl.DateTimeFormat('sv', { timeZone: 'Asia/Shanghai' }).format(new Date())
const dialog = (page: Page, name: string) => page.getByRole('dialog', { name })

test('what a viewer opens and begins is counted once, with what was sent in', async ({ page, request }) => {
  const operator = await asStaff(request, 'operator')
  const viewer = await asViewer(request)
  const product = (await viewer.call.get<{ items: { id: string }[] }>('/card-products')).items[0]!.id
  const room = (await viewer.call.get<{ items: { id: string }[] }>('/rooms?status=live')).items[0]!.id
  const line = async () => {
    const day = today()
    const { lines } = await operator.get<Figures>(`/funnel?from=${day}&to=${day}&by=room`)
    return lines.find((l) => l.value === room) ?? { clicked: 0, started: 0, submitted: 0 }
  }
  const before = await line()
  for (const kind of ['clicked', 'clicked', 'started']) await viewer.call.post(`/card-products/${product}/touches`, { kind, room_id: room })
  await expect.poll(async () => (await line()).started - before.started).toBe(1)
  expect((await line()).clicked - before.clicked).toBe(1)
  await apply(request, {}, room)
  const after = await line()
  expect([after.clicked - before.clicked, after.started - before.started, after.submitted - before.submitted]).toEqual([2, 2, 1])

  await signIn(page, 'desk', 'operator', '/funnel')
  const row = page.locator(`[data-line="${room}"]`)
  await expect(row).toBeVisible()
  await expect(page.getByText('发卡数量不得作为唯一考核指标', { exact: false })).toBeVisible()
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: '导出' }).click()
  expect((await saved).suggestedFilename()).toBe('funnel.csv')
})

test('a cost is entered, divided by cards, and withdrawn with a reason', async ({ page, request }) => {
  await apply(request)
  await signIn(page, 'desk', 'finance', '/funnel?by=product')
  await page.locator('.page-head').getByRole('button', { name: '费用' }).click()
  const drawer = dialog(page, '费用 · 按卡产品')
  await drawer.getByRole('button', { name: '录入费用' }).click()
  await drawer.getByRole('button', { name: '保存' }).click()
  await expect(drawer.getByText('请填写', { exact: true }).first()).toBeVisible()
  await drawer.locator('.el-select').first().click()
  await page.locator('.el-select-dropdown:visible .el-select-dropdown__item').first().click()
  const days = drawer.locator('.el-date-editor input')
  await days.first().fill(today())
  await days.last().fill(today())
  await days.last().press('Enter')
  await drawer.locator('input[name=amount]').fill('1234.50')
  await drawer.locator('input[name=note]').fill('投放')
  await drawer.getByRole('button', { name: '保存' }).click()
  const entry = drawer.locator('[data-cost]', { hasText: '¥1,234.50' }).first()
  await expect(entry).toBeVisible()
  await expect(page.locator('[data-line="total"]')).toContainText('¥')
  await entry.getByRole('button', { name: '撤销' }).click()
  const reason = dialog(page, '撤销')
  await reason.locator('textarea').fill('录错')
  await reason.getByRole('button', { name: '撤销' }).click()
  await expect(entry.getByText('已撤销')).toBeVisible()
})

test('a legal hold is set, found and lifted', async ({ page, request }) => {
  const id = await apply(request)
  await signIn(page, 'desk', 'risk', '/keeping')
  await page.getByRole('button', { name: '设置保全' }).click()
  const form = dialog(page, '设置保全')
  await form.locator('input[name=hold_object]').fill('app_00000000000000000000000000')
  await form.locator('textarea').fill('法院来函')
  await form.getByRole('button', { name: '设置保全' }).click()
  await expect(form.locator('.wrong')).toBeVisible()
  await form.locator('input[name=hold_object]').fill(id)
  await form.getByRole('button', { name: '设置保全' }).click()
  await page.locator('input[name=object]').fill(id)
  await page.getByRole('button', { name: '查找' }).click()
  const row = page.locator('[data-hold]', { hasText: id })
  await expect(row).toHaveCount(1)
  await row.getByRole('button', { name: '解除' }).click()
  await dialog(page, '解除').locator('textarea').fill('结案')
  await dialog(page, '解除').getByRole('button', { name: '解除' }).click()
  await expect(row).toHaveCount(0)
  await page.getByText('留存期限').click()
  await expect(page.locator('[data-class="funnel"]')).toContainText('365')
})

test('a hand-over is asked for by one supervisor and is not theirs to decide', async ({ page, request }) => {
  await signIn(page, 'desk', 'supervisor', '/review/handovers')
  await page.getByRole('button', { name: '申请交接' }).click()
  const form = dialog(page, '申请交接')
  await form.locator('.el-select').first().click()
  await page.locator('.el-select-dropdown:visible').getByText(/^审核员乙/).click()
  await form.locator('textarea').fill('调岗 ' + Math.random().toString(36).replace(/\d/g, ''))
  const reason = await form.locator('textarea').inputValue()
  await form.getByRole('button', { name: '申请交接' }).click()
  const row = page.locator('[data-handover]', { hasText: reason })
  await expect(row).toContainText('须由另一位主管决定')
  await expect(row.getByRole('button', { name: '同意', exact: true })).toHaveCount(0)
  expect((await (await asStaff(request, 'supervisor')).get<{ items: unknown[] }>('/review/handovers?state=asked')).items.length).toBeGreaterThan(0)
})
