import { readFile } from 'node:fs/promises'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { apply, asStaff, signIn } from './staff'

test.use({ viewport: { width: 1440, height: 900 } })

const dialog = (page: Page, name: string) => page.getByRole('dialog', { name })

test('a lead is claimed, looked at with a reason, and decided, all by keys', async ({ page, request }) => {
  const id = await apply(request)
  await signIn(page, 'desk', 'reviewer', `/leads/${id}`)
  await expect(page.locator('[data-field=phone]')).toHaveText(/^139\*{4}\d{4}$/)
  await expect(page.getByText('身份证校验')).toBeVisible()

  await page.keyboard.press('a')
  await expect(page.getByText('先领取（C）再处理')).toBeVisible()
  await page.keyboard.press('c')
  await expect(page.getByText(/你已领取/)).toBeVisible()

  await page.getByRole('button', { name: '查看明文' }).click()
  const reveal = dialog(page, '查看明文')
  await reveal.getByText('手机号').click()
  await expect(reveal.getByRole('button', { name: '查看' })).toBeDisabled()
  await reveal.locator('input[name=reason]').fill('电话核实')
  await reveal.getByRole('button', { name: '查看' }).click()
  await expect(page.locator('[data-field=phone]')).toHaveText(/^139\d{8}$/)
  await page.getByRole('button', { name: /^隐藏/ }).click()
  await expect(page.locator('[data-field=phone]')).toHaveText(/\*{4}/)
  await expect(page.getByText('查看了明文').first()).toBeVisible()

  await page.locator('textarea[name=note]').fill('单位已核实')
  await page.getByRole('button', { name: '添加备注' }).click()
  await expect(page.getByText('单位已核实')).toBeVisible()

  await page.locator('h2').click()
  await page.keyboard.press('r')
  const decide = dialog(page, '拒绝申请')
  await expect(decide.getByRole('button', { name: '确认拒绝' })).toBeDisabled()
  await decide.getByText('收入未能核实').click()
  await decide.locator('textarea[name=comment]').fill('收入材料不足')
  await decide.getByRole('button', { name: '确认拒绝' }).click()
  await expect(page.getByText('已拒绝').first()).toBeVisible()
  const reviewer = await asStaff(request, 'reviewer')
  expect((await reviewer.get<{ status: string }>(`/leads/${id}`)).status).toBe('rejected')
})

test('information is asked for, and the lead waits', async ({ page, request }) => {
  const id = await apply(request)
  await signIn(page, 'desk', 'reviewer', `/leads/${id}`)
  await page.getByRole('button', { name: /^领取/ }).click()
  await page.getByRole('button', { name: /^要求补件/ }).click()
  const ask = dialog(page, '要求补充资料')
  await ask.getByText('工作单位').click()
  await ask.locator('textarea[name=message]').fill('请补充单位全称,谢谢。')
  await ask.getByRole('button', { name: '发送' }).click()
  await expect(page.getByText('已请申请人补充：工作单位')).toBeVisible()
})

test('two reviewers: the second is told who has it', async ({ page, request }) => {
  const id = await apply(request)
  await (await asStaff(request, 'reviewer2')).post(`/leads/${id}/claim`)
  await signIn(page, 'desk', 'reviewer', `/leads/${id}`)
  await expect(page.getByText(/正在处理/)).toBeVisible()
  await expect(page.getByRole('button', { name: /^通过/ })).toHaveCount(0)
})

test('filters live in the URL, personal data does not', async ({ page }) => {
  await signIn(page, 'desk', 'reviewer', '/leads?status=rejected')
  await expect(page.locator('[data-lead]').first()).toBeVisible()
  for (const chip of await page.locator('[data-lead] .chip').all()) await expect(chip).toHaveText('已拒绝')
  await page.reload()
  await expect(page.locator('[data-lead]').first()).toContainText('已拒绝')
  const asked = page.waitForRequest((r) => r.url().includes('/api/v1/leads?') && r.url().includes('13900000000'))
  await page.locator('input[name=q]').fill('13900000000')
  await asked
  expect(page.url()).not.toContain('13900000000')
})

test('J and K walk the list, and one lead after the other is reviewed without a mouse', async ({ page, request }) => {
  await apply(request)
  await apply(request)
  await signIn(page, 'desk', 'reviewer', '/leads?status=queued')
  const rows = page.locator('[data-lead]')
  await expect(rows.first()).toBeVisible()
  const [first, second] = await rows.evaluateAll((all) => all.slice(0, 2).map((row) => row.getAttribute('data-lead')))
  await page.keyboard.press('j')
  await expect(page).toHaveURL(new RegExp(first!))
  await page.keyboard.press('j')
  await expect(page).toHaveURL(new RegExp(second!))
  await page.keyboard.press('k')
  await expect(page).toHaveURL(new RegExp(first!))

  const body = page.locator('article .body')
  await expect(body).toBeVisible()
  await page.keyboard.press('PageDown')
  await expect.poll(() => body.evaluate((e) => e.scrollTop)).toBeGreaterThan(0)
  await page.keyboard.press('c')
  await expect(page.getByText(/你已领取/)).toBeVisible()
  await page.keyboard.press('n')
  await page.keyboard.type('单位电话无人接听')
  await page.keyboard.press('Control+Enter')
  await expect(page.locator('article ol').getByText('单位电话无人接听')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('r')
  await expect(dialog(page, '拒绝申请').getByRole('radio').first()).toBeFocused()
  await page.keyboard.press('Space')
  await page.keyboard.press('Control+Enter')
  await expect(page).toHaveURL(new RegExp(second!))
  await page.keyboard.press('c')
  await expect(page.getByText(/你已领取/)).toBeVisible()
  await page.keyboard.press('a')
  await expect(dialog(page, '通过申请').locator('textarea')).toBeFocused()
  await page.keyboard.press('Control+Enter')
  const reviewer = await asStaff(request, 'reviewer')
  const statusOf = async (id: string) => (await reviewer.get<{ status: string }>(`/leads/${id}`)).status
  await expect.poll(() => statusOf(second!)).toMatch(/approved|handed_off/)
  expect(await statusOf(first!)).toBe('rejected')
})

test('a supervisor exports the list as CSV', async ({ page }) => {
  await signIn(page, 'desk', 'supervisor', '/leads')
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: '导出' }).click()
  const file = await saved
  expect(file.suggestedFilename()).toMatch(/\.csv$/)
  const text = await readFile(await file.path(), 'utf8')
  expect(text.split('\n')[0]).toContain('receipt_no')
  expect(text).not.toMatch(/1[3-9]\d{9}/)
})

test('the card system’s answers are taken in from its file, line by line', async ({ page, request }) => {
  const id = await apply(request)
  const reviewer = await asStaff(request, 'reviewer')
  await reviewer.post(`/leads/${id}/claim`)
  await reviewer.post(`/leads/${id}/decide`, { decision: 'approve', reason_code: 'meets_policy' })
  const unknown = id.slice(0, -4) + 'zzzz'
  const at = new Date().toISOString()
  await signIn(page, 'desk', 'supervisor', '/leads')
  await page.getByRole('button', { name: '回执' }).click()
  await dialog(page, '导入核心系统回执').locator('input[type=file]').setInputFiles({
    name: 'outcomes.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`application_id,outcome,card_last4,at\n${id},issued,4321,${at}\n${unknown},issued,4321,${at}\n${id},lost,,${at}\n`),
  })
  await page.getByRole('button', { name: '导入' }).click()
  await expect(page.getByText('未采纳 2 条')).toBeVisible()
  await expect(page.getByText(/第 3 行 .*没有这笔申请/)).toBeVisible()
  await expect(page.getByText(/第 4 行 .*outcome 不是可用的值/)).toBeVisible()
  await expect.poll(async () => (await reviewer.get<{ status: string }>(`/leads/${id}`)).status).toBe('issued')
})

test('a settlement goes from one person to another, back, and through', async ({ page, browser }) => {
  await signIn(page, 'desk', 'finance', '/settlements?status=draft')
  const row = page.locator('[data-settlement]').first()
  const id = (await row.getAttribute('data-settlement'))!
  await row.click()
  await expect(page.getByText('金额相符')).toBeVisible()
  await expect(page.getByText(/行净额合计等于应付/)).toBeVisible()
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'XLSX' }).click()
  expect((await saved).suggestedFilename()).toMatch(/\.xlsx$/)
  await page.getByRole('button', { name: '提交复核' }).click()
  await expect(page.getByText('已提交，等待另一位同事复核')).toBeVisible()

  const other = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await signIn(other, 'desk', 'finance_checker', `/settlements/${id}`)
  await other.getByRole('button', { name: '退回' }).click()
  await dialog(other, '退回结算单').locator('textarea').fill('请核对退款')
  await dialog(other, '退回结算单').getByRole('button', { name: '退回' }).click()
  await expect(other.getByText('退回原因：请核对退款')).toBeVisible()

  await page.reload()
  await page.getByRole('button', { name: '重新提交' }).click()
  await expect(page.getByText('已提交，等待另一位同事复核')).toBeVisible()
  await other.reload()
  await other.getByRole('button', { name: '复核通过' }).click()
  await other.locator('.el-popconfirm:visible').getByRole('button', { name: '复核通过' }).click()
  await expect(other.getByText('已复核通过')).toBeVisible()
  await expect(other.getByRole('button', { name: '退回' })).toHaveCount(0)
})

test('a closed day is reconciled, and the books are equal', async ({ page }) => {
  await signIn(page, 'desk', 'auditor', '/reconciliations')
  await page.locator('[data-reconciliation]').first().click()
  await expect(page.getByRole('dialog')).toContainText('的差异')
  await expect(page.getByRole('button', { name: '处理', exact: true })).toHaveCount(0)
  await page.goto('/desk/trial-balance')
  await expect(page.getByText('借贷相等')).toBeVisible()
  const sums = page.locator('tfoot td.right')
  expect(await sums.nth(0).innerText()).toBe(await sums.nth(1).innerText())
  await expect(sums.nth(2)).toHaveText('¥0.00')
})

test('the auditor finds who looked at personal data', async ({ page, request }) => {
  const id = await apply(request)
  const reviewer = await asStaff(request, 'reviewer')
  await reviewer.post(`/leads/${id}/claim`)
  await reviewer.post(`/leads/${id}/reveal`, { fields: ['phone'], reason: '电话核实' })
  await signIn(page, 'desk', 'auditor', `/audit?object=${id}`)
  await expect(page.locator('[data-action]').first()).toBeVisible()
  await page.getByRole('combobox', { name: '动作' }).click()
  await page.locator('.el-select-dropdown:visible').getByRole('option', { name: '查看敏感信息' }).click()
  await expect(page).toHaveURL(/action=lead\.revealed/)
  const row = page.locator('[data-action="lead.revealed"]')
  await expect(row).toHaveCount(1)
  await row.click()
  await expect(page.getByRole('dialog').locator('pre')).toContainText('电话核实')
})

test('each role sees its own areas only', async ({ page }) => {
  await signIn(page, 'desk', 'reviewer')
  await expect(page.getByRole('navigation').getByRole('link')).toHaveText(['进件审核', '进件交接'])
  await page.goto('/desk/settlements')
  await expect(page.getByText('没有权限查看这个页面')).toBeVisible()
  await page.getByRole('button', { name: '退出登录' }).click()
  await signIn(page, 'desk', 'host')
  await expect(page.getByRole('navigation').getByRole('link')).toHaveText(['推广码'])
})

test('no serious accessibility faults', async ({ page, request }) => {
  const id = await apply(request)
  const faults = async (): Promise<string[]> => {
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
    return violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes[0]?.html}`)
  }
  await signIn(page, 'desk', 'supervisor', `/leads/${id}`)
  await expect(page.locator('[data-field=phone]')).toBeVisible()
  expect(await faults()).toEqual([])
  await page.goto('/desk/')
  const signedOut = page.waitForResponse(/logout$/)
  await page.getByRole('button', { name: '退出登录' }).click()
  await signedOut
  await expect(page.locator('input[name=username]')).toBeVisible()
  await signIn(page, 'desk', 'finance', '/settlements')
  await expect(page.locator('[data-settlement]').first()).toBeVisible()
  expect(await faults()).toEqual([])
})
