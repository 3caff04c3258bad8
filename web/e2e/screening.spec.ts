import { mkdirSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { apply, asViewer, signIn } from './staff'
import { newIdNumber } from './support'

test.use({ viewport: { width: 1440, height: 900 } })

/** Pictures for people to look at, where SCREENS names a folder. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENS
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: `${folder}/${name}.png` })
}

test('rules are drafted, tried, submitted by one and approved by another', async ({ page, request, browser }) => {
  const lead = await apply(request)
  await signIn(page, 'desk', 'risk', '/screening')
  await expect(page.getByText('生效中').first()).toBeVisible()
  await picture(page, 'versions')
  await page.getByRole('button', { name: '新建草稿' }).click()
  await expect(page).toHaveURL(/screening\/rls_/)

  // A bad expression is named with its line and column, under its rule.
  await page.getByRole('button', { name: '添加规则' }).click()
  const rule = page.locator('.rule').last()
  await rule.getByLabel('规则名称').fill('三十岁以上')
  const when = rule.locator('textarea')
  await when.fill('age >= 18 &&\n  agee < 3')
  await page.getByRole('button', { name: '保存', exact: true }).click()
  await expect(rule.getByRole('alert')).toContainText('第 2 行第 3 列')
  await picture(page, 'bad-expression')
  await when.fill('age >= 18')
  await page.getByRole('button', { name: '保存', exact: true }).click()
  await expect(page.getByText('未保存')).toBeHidden()

  // Somebody of thirty is referred now: the cases say so, and it can't be submitted.
  await page.getByRole('button', { name: '运行用例' }).click()
  await expect(page.getByText('实为需人工留意').first()).toBeVisible()
  await picture(page, 'cases')
  await page.getByRole('button', { name: '提交审批' }).click()
  await expect(page.getByText('有测试用例未通过').first()).toBeVisible()
  await when.fill('age >= 18 && hour < 0')
  await page.getByRole('button', { name: '保存', exact: true }).click()
  await expect(page.getByText('未保存')).toBeHidden()
  await page.getByRole('button', { name: '开始试算' }).click()
  await expect(page.getByText(/完成：\d+ 件中有 0 件结论不同/)).toBeVisible({ timeout: 20_000 })
  await picture(page, 'dry-run')
  await page.getByRole('button', { name: '提交审批' }).click()
  await expect(page.getByText('你提交了此版本')).toBeVisible()

  const other = await (await browser.newContext({ locale: 'en', viewport: { width: 1440, height: 900 } })).newPage()
  await other.addInitScript(() => localStorage.setItem('yinbo.locale', 'en'))
  await signIn(other, 'desk', 'supervisor', new URL(page.url()).pathname.replace('/desk', ''))
  await other.getByRole('button', { name: 'Approve' }).click()
  await picture(other, 'approve-en')
  await other.locator('.el-popconfirm').getByRole('button', { name: 'Approve' }).click()
  await expect(other.getByText(/is active/)).toBeVisible()

  // The lead was decided by the version before, and replays so.
  await page.locator('input[name=lead]').fill(lead)
  await page.getByRole('button', { name: '查看筛查' }).click()
  await page.getByRole('button', { name: '重放' }).click()
  await expect(page.getByText(/重放，结果一致/)).toBeVisible()
  await picture(page, 'decision')
})

test('a phone on the black list is kept by its mark only, and its lead is referred with the reason', async ({ page, request, browser }) => {
  const viewer = await asViewer(request)
  await signIn(page, 'desk', 'risk', '/lists')
  await page.getByRole('button', { name: '加入名单' }).click()
  const dialog = page.getByRole('dialog', { name: '加入名单' })
  await dialog.locator('input[name=entry_reason]').fill('冒用')
  await dialog.locator('input[name=entry_value]').fill('123')
  await dialog.getByRole('button', { name: '加入名单' }).click()
  await expect(dialog.getByRole('alert')).toBeVisible()
  await dialog.locator('input[name=entry_value]').fill(viewer.phone)
  await picture(page, 'add-entry')
  await dialog.getByRole('button', { name: '加入名单' }).click()
  await expect(page.getByText('冒用')).toBeVisible()
  await expect(page.getByText(viewer.phone)).toHaveCount(0)
  await page.getByRole('button', { name: '导入' }).click()
  await page.locator('input[name=list_file]').setInputFiles({ name: 'l.csv', mimeType: 'text/csv', buffer: Buffer.from('list,kind,value,reason\nwhite,ip,192.0.2.7,网点\nwhite,ip,no,网点\n') })
  await page.getByRole('dialog').getByRole('button', { name: '导入' }).click()
  await expect(page.getByText('新增 1 行，已有 0 行，失败 1 行')).toBeVisible()
  await picture(page, 'import')
  await page.getByRole('dialog').getByRole('button', { name: '关闭' }).last().click()
  await page.locator('input[name=value]').fill(viewer.phone)
  await page.getByRole('button', { name: '查找' }).click()
  await expect(page.locator('[data-entry]')).toHaveCount(1)
  await picture(page, 'lists')
  await page.setViewportSize({ width: 390, height: 844 })
  await picture(page, 'lists-phone')
  await page.goto('/desk/screening')
  await expect(page.getByText('进件开放')).toBeVisible()
  await picture(page, 'versions-phone')

  const product = (await viewer.call.get<{ items: { id: string; consents: { document: string; version: string }[] }[] }>('/card-products')).items[0]!
  const { id } = await viewer.call.post<{ id: string }>('/applications', {
    card_product_id: product.id,
    applicant: { name: '测试申请', id_no: newIdNumber(), phone: viewer.phone, city_code: '530102' },
    consents: product.consents.map(({ document, version }) => ({ document, version })),
  }, `screening-${viewer.phone}`)
  const reviewer = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await signIn(reviewer, 'desk', 'reviewer', `/leads/${id}`)
  await expect(reviewer.getByText('手机、设备、网络地址、单位电话黑名单')).toBeVisible()
  await picture(reviewer, 'lead')
})
