import { expect, test, type APIRequestContext } from '@playwright/test'
import { asStaff, signIn } from './staff'

/** Days without trade, so that what differs on them is this spec's own. */
const day = '2025-02-03'
const bank = process.env.E2E_BANKBOX_URL ?? 'http://127.0.0.1:8090'

test.use({ viewport: { width: 1440, height: 900 } })

/** Has the gateway's file of a day show a payment that nobody made, and reconciles with it. */
async function differ(request: APIRequestContext, date: string, faults: object): Promise<string> {
  const finance = await asStaff(request, 'finance')
  await request.put(`${bank}/faults`, { data: faults })
  const r = await finance.post<{ id: string }>('/reconciliations/run', { date, channel: 'bankbox' })
  await request.put(`${bank}/faults`, { data: {} })
  return r.id
}

/** Sets what reconciliation goes by, as two administrators do. */
async function rules(request: APIRequestContext, values: object): Promise<void> {
  const [one, other] = await Promise.all([asStaff(request, 'admin'), asStaff(request, 'admin2')])
  const { id } = await one.post<{ id: string }>('/settings/changes', { section: 'reconciliation', values, reason: '对账演练' })
  await other.post(`/settings/changes/${id}/confirm`)
}

test('a surplus is charged for, taken from the work list, and resolved by a second person', async ({ page, request, browser }) => {
  await rules(request, { 'reconciliation.bankbox_fee_bps': 60, 'reconciliation.second_above_fen': 1000 })
  const changed = Date.now()
  await signIn(page, 'desk', 'finance')
  const checker = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await signIn(checker, 'desk', 'finance_checker')
  // A node knows a bank's settings for five seconds, and a date keeps the rate that it was read at.
  await page.waitForTimeout(Math.max(0, changed + 5_200 - Date.now()))
  const id = await differ(request, day, { statement_extra: true })
  await page.goto(`/desk/reconciliations?date=${day}`)
  const row = page.locator(`[data-reconciliation="${id}"]`)
  await expect(row).toContainText('¥0.53') // 60 bps of 88.88
  await expect(row).toContainText('¥88.35')
  await page.goto(`/desk/exceptions?date=${day}`)
  const card = page.locator('[data-exception]').filter({ hasText: 'unknown-20250203' })
  await expect(card).toContainText('长款')
  await expect(card).toContainText('¥88.88')
  await card.getByRole('button', { name: '领取' }).click()
  await expect(card.getByRole('button', { name: '放回' })).toBeVisible()
  await card.getByRole('button', { name: '处理' }).click()
  const dialog = page.getByRole('dialog', { name: '处理差异' })
  await dialog.getByText('已调账').click()
  await dialog.locator('textarea[name=resolve_comment]').fill('转暂收款')
  await dialog.getByRole('button', { name: '确认处理' }).click()
  await expect(card).toContainText('待复核')

  await checker.goto(`/desk/exceptions?date=${day}`)
  const theirs = checker.locator('[data-exception]').filter({ hasText: 'unknown-20250203' })
  await theirs.getByRole('button', { name: '复核通过' }).click()
  await checker.locator('.el-popconfirm:visible').getByRole('button', { name: '复核通过' }).click()
  await expect(theirs).toHaveCount(0)
  await rules(request, { 'reconciliation.bankbox_fee_bps': 0, 'reconciliation.second_above_fen': 1_000_000 })
  await page.goto(`/desk/exceptions?date=${day}&status=resolved`)
  await expect(page.locator('[data-exception]').filter({ hasText: '转暂收款' })).toBeVisible()
})

test('a file that is not whole is said, and another is brought', async ({ page, request }) => {
  const date = '2025-02-04'
  const id = await differ(request, date, { statement_late: true })
  await signIn(page, 'desk', 'finance', `/reconciliations/${id}?date=${date}`)
  const drawer = page.getByRole('dialog')
  await expect(drawer.getByText('尚未生成')).toBeVisible()
  await drawer.getByRole('button', { name: '上传账单' }).click()
  const upload = page.getByRole('dialog', { name: '上传对账单' })
  const head = 'date_time,kind,out_trade_no,out_refund_no,payment_no,amount_yuan,status\n'
  const file = (text: string) => ({ name: 'statement.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
  await upload.locator('input[type=file]').setInputFiles(file(head))
  await upload.getByRole('button', { name: '上传', exact: true }).click()
  await expect(upload.getByRole('alert')).toContainText('文件未被采用')
  await upload.locator('input[type=file]').setInputFiles(file(head + '#total,0,0.00,0.00\n'))
  await upload.getByRole('button', { name: '上传', exact: true }).click()
  await expect(page.getByText('文件完整：0 行')).toBeVisible()
  await expect(drawer.first().getByText('完整', { exact: true }).first()).toBeVisible()
})
