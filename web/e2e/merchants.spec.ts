import { expect, test, type Page } from '@playwright/test'
import { asStaff, signIn } from './staff'

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
