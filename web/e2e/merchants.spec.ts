import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { asStaff, bought, signIn } from './staff'

test.use({ viewport: { width: 1440, height: 900 } })

const dialog = (page: Page, name: string) => page.getByRole('dialog', { name })

test('a merchant is opened by two people; its account is masked until somebody says why', async ({ page, request, browser }) => {
  const name = `茶庄 ${Date.now()}`
  const operator = await asStaff(request, 'operator')
  await signIn(page, 'desk', 'operator', '/merchants')
  await page.locator('header').getByRole('button', { name: '新增商户' }).click()
  const form = dialog(page, '新增商户')
  await form.locator('input[name=merchant_name]').fill(name)
  await form.locator('input[name=valid_from]').fill('2099-01-01')
  await form.locator('input[name=commission]').fill('5')
  await form.locator('input[name=reserve]').fill('10')
  await form.locator('input[name=reserve_days]').fill('30')
  await form.locator('input[name=holder]').fill(name)
  await form.locator('input[name=bank_name]').fill('某银行')
  await form.locator('input[name=account_number]').fill('6222 0202 0000 1234')
  await form.locator('textarea[name=change_reason]').fill('新签合同')
  await form.getByRole('button', { name: '提交复核' }).click()
  await expect(form).toBeHidden()
  await expect(page.locator('[data-change]', { hasText: name })).toContainText('由你提出')

  const checker = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await signIn(checker, 'desk', 'finance_checker', '/merchants')
  const change = checker.locator('[data-change]', { hasText: name })
  await expect(change).toContainText('尾号 1234')
  await change.getByRole('button', { name: '查看账号' }).click()
  await checker.locator('textarea[name=reveal_reason]').fill('核对合同')
  await dialog(checker, '查看账号').getByRole('button', { name: '查看账号' }).click()
  await expect(change.locator('[data-number]')).toHaveText('6222020200001234')
  await change.getByRole('button', { name: '复核通过' }).click()
  await expect(change).toHaveCount(0)

  await expect
    .poll(async () => (await operator.get<{ items: unknown[] }>(`/merchants?q=${encodeURIComponent(name)}`)).items.length)
    .toBe(1)
  await page.goto(`/desk/merchants?q=${encodeURIComponent(name)}`)
  await page.getByRole('button', { name }).click()
  const drawer = dialog(page, name)
  await expect(drawer.locator('[data-terms="1"]')).toContainText('2099-01-01')
  await expect(drawer.locator('[data-terms="1"]')).toContainText('保证金 10%')
})

test('what one proposed oneself one takes back; another rejects what they would not have', async ({ page, request, browser }) => {
  const operator = await asStaff(request, 'operator')
  const terms = { valid_from: '2099-01-01', commission_bps: 500, cycle: 't1', reserve_bps: 0, reserve_days: 0, rates: [] }
  const names = ['撤回', '驳回'].map((w) => `${w}茶庄 ${Date.now()}`)
  for (const name of names) {
    const account = { holder: name, bank_name: '某银行', number: '6222020200001234' }
    await operator.post('/merchants/changes', { kind: 'open', name, terms, account, reason: '新签合同' }, name.replace(/\D/g, '') + names.indexOf(name))
  }
  await signIn(page, 'desk', 'operator', '/merchants')
  const mine = page.locator('[data-change]', { hasText: names[0] })
  await mine.getByRole('button', { name: '撤回' }).click()
  await page.locator('.el-popconfirm:visible').getByRole('button', { name: '撤回' }).click()
  await expect(mine).toHaveCount(0)

  const checker = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await signIn(checker, 'desk', 'finance_checker', '/merchants')
  const other = checker.locator('[data-change]', { hasText: names[1] })
  await other.getByRole('button', { name: '退回' }).click()
  await checker.locator('textarea[name=reject_reason]').fill('资料不全')
  await dialog(checker, '退回').getByRole('button', { name: '退回' }).click()
  await expect(other).toHaveCount(0)
})

interface Statement {
  id: string
  status: string
  merchant: { name: string }
}

test('a statement is printed, and its merchant sees it with an account of its own', async ({ page, request, browser }) => {
  const [finance, checker, merchant] = await Promise.all(['finance', 'finance_checker', 'merchant'].map((who) => asStaff(request, who)))
  const { name } = await merchant!.get<{ name: string }>('/my/contract')
  const { items } = await finance!.get<{ items: Statement[] }>('/settlements?limit=100')
  const one = items.find((s) => s.merchant.name === name)!
  if (one.status === 'draft') await finance!.post(`/settlements/${one.id}/submit`)
  if (one.status === 'draft' || one.status === 'submitted') await checker!.post(`/settlements/${one.id}/approve`)

  await signIn(page, 'desk', 'finance', `/settlements/${one.id}`)
  await page.getByRole('link', { name: '打印' }).click()
  const paper = page.getByRole('article')
  await expect(paper.getByRole('heading', { name: '商户结算单' })).toBeVisible()
  await expect(paper).toContainText(name)
  await expect(paper).toContainText('商户签章')
  expect((await new AxeBuilder({ page }).analyze()).violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')).toEqual([])
  await page.emulateMedia({ media: 'print' })
  await expect(page.getByRole('button', { name: '打印' })).toBeHidden()

  const own = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await signIn(own, 'desk', 'merchant')
  await expect(own.getByRole('heading', { name: '我的订单' })).toBeVisible()
  await expect(own.getByRole('navigation').getByRole('link')).toHaveText(['我的订单', '批量导入', '我的结算单'])
  await own.getByRole('link', { name: '我的结算单' }).click()
  await expect(own.locator('[data-contract]')).toContainText(name)
  await own.locator(`[data-statement="${one.id}"]`).getByRole('button').click()
  const [file] = await Promise.all([own.waitForEvent('download'), own.getByRole('dialog').getByRole('button', { name: 'CSV' }).click()])
  expect(file.suggestedFilename()).toContain('settlement-')
  expect((await new AxeBuilder({ page: own }).analyze()).violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')).toEqual([])
  await own.goto('/desk/settlements')
  await expect(own).toHaveURL(/forbidden/)
})

test('a merchant ships its own orders, one by hand and one by a file', async ({ page, request }) => {
  const { name } = await (await asStaff(request, 'merchant')).get<{ name: string }>('/my/contract')
  const [one, other] = [(await bought(request, name)).id, (await bought(request, name)).id]
  await signIn(page, 'desk', 'merchant', '/my-orders?stage=to_ship')
  await expect(page.locator(`[data-order="${one}"]`)).toContainText('138****8000')
  await page.locator(`[data-order="${one}"]`).getByRole('button').click()
  const drawer = dialog(page, '订单详情')
  await drawer.getByRole('button', { name: '查看' }).click()
  await dialog(page, '查看收货信息').locator('textarea').fill('打印面单')
  await dialog(page, '查看收货信息').getByRole('button', { name: '查看' }).click()
  await expect(drawer.locator('[data-address]')).toContainText('13800138000')
  await drawer.getByRole('button', { name: '发货' }).click()
  await dialog(page, '发货').locator('input[name=carrier]').fill('顺丰')
  await dialog(page, '发货').locator('input[name=tracking_no]').fill(`SF${Date.now()}`)
  await dialog(page, '发货').getByRole('button', { name: '发货' }).click()
  await expect(drawer.locator('[data-status]')).toHaveText('已发货')
  await drawer.getByRole('button', { name: '关闭', exact: true }).last().click()

  await page.getByRole('button', { name: '导出待发货' }).click()
  await page.locator('textarea[name=export_reason]').fill('打单')
  const [file] = await Promise.all([page.waitForEvent('download'), dialog(page, '导出待发货订单').getByRole('button', { name: '导出待发货' }).click()])
  expect(file.suggestedFilename()).toContain('to-ship')
  await page.getByRole('button', { name: '批量发货' }).click()
  await page.getByRole('button', { name: '新建导入' }).click()
  await page.locator('input[name=import_file]').setInputFiles({ name: 'f.csv', mimeType: 'text/csv', buffer: Buffer.from(`order_id,carrier,tracking_no\n${other},中通,ZT${Date.now()}\n`) })
  await page.getByRole('button', { name: '上传并导入' }).click()
  await expect(page.locator('[data-taken]')).toHaveText('1')
})
