import { expect, test, type Page } from '@playwright/test'
import { asStaff, signIn } from './staff'

test.use({ viewport: { width: 1440, height: 900 } })

interface Entries {
  items: { id: string; ref: string; order_id: string; event: string; business_date: string }[]
}

const dialog = (page: Page, name: string) => page.getByRole('dialog', { name })

test('finance goes from the day to the trial balance, an account, an entry, its order and its payment', async ({ page, request }) => {
  const finance = await asStaff(request, 'finance')
  const { items } = await finance.get<Entries>('/ledger/entries?event=order.paid&limit=1')
  const sale = items[0]!
  await signIn(page, 'desk', 'finance', `/finance?date=${sale.business_date}`)
  await expect(page.locator('[data-closes]')).toBeVisible()
  const day = await finance.get<{ closes: boolean; missing: string[] }>(`/finance/day?date=${sale.business_date}`)
  if (!day.closes) await expect(page.locator(`[data-missing="${day.missing[0]}"]`)).toBeVisible()
  await page.locator('#content').getByRole('link', { name: '试算平衡' }).click()
  await page.getByRole('link', { name: '佣金收入' }).click()
  await expect(page).toHaveURL(/account=commission/)
  await page.locator('input[name=ref]').fill(sale.order_id)
  await page.locator('input[name=ref]').press('Enter')
  await page.locator(`[data-entry="${sale.id}"]`).click()
  const entry = dialog(page, '订单收款')
  await expect(entry.getByTitle(sale.order_id)).toBeVisible()
  await expect(entry.locator('li.this')).toContainText(sale.ref)
  await expect(entry.getByRole('button', { name: '冲销' })).toHaveCount(0)
})

test('an entry by hand waits for a second person, and is reversed by two', async ({ page, request, browser }) => {
  const reason = `渠道差错 ${Date.now().toString(36)}`
  await signIn(page, 'desk', 'finance', '/ledger')
  await page.locator('header').getByRole('button', { name: '手工分录' }).click()
  const form = dialog(page, '手工分录')
  await form.locator('input[name=account_0]').fill('cash')
  await form.locator('input[name=debit_0]').fill('12.30')
  await form.locator('input[name=account_1]').fill('suspense')
  await form.locator('input[name=credit_1]').fill('12.3')
  await form.locator('textarea[name=adjust_reason]').fill(reason)
  await form.getByRole('button', { name: '提交复核' }).click()
  await expect(form).toBeHidden()
  await page.getByRole('link', { name: '手工分录与冲销' }).click()
  const mine = page.locator('[data-proposal]', { hasText: reason })
  await expect(mine).toContainText('由你提出')

  const checker = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await signIn(checker, 'desk', 'finance_checker', '/ledger/proposals?status=proposed')
  await checker.locator('[data-proposal]', { hasText: reason }).getByRole('button', { name: '复核通过' }).click()
  await expect(checker.locator('[data-proposal]', { hasText: reason })).toHaveCount(0)

  const finance = await asStaff(request, 'finance')
  const { items } = await finance.get<Entries>('/ledger/entries?event=ledger.adjusted&limit=1')
  await page.goto(`/desk/ledger/${items[0]!.id}`)
  const entry = dialog(page, '手工分录')
  await entry.getByRole('button', { name: '冲销' }).click()
  await page.locator('textarea[name=reverse_reason]').fill('记错了 ' + reason)
  await dialog(page, '冲销').getByRole('button', { name: '提交复核' }).click()
  await expect(dialog(page, '冲销')).toBeHidden()
  await checker.goto('/desk/ledger/proposals?status=proposed')
  await checker.locator('[data-proposal]', { hasText: '记错了 ' + reason }).getByRole('button', { name: '复核通过' }).click()
  await expect(checker.locator('[data-proposal]', { hasText: '记错了 ' + reason })).toHaveCount(0)
  await page.reload()
  await expect(dialog(page, '手工分录').getByText('冲销分录')).toBeVisible()
})

test('an entry by hand is taken back by who proposed it', async ({ page, request }) => {
  const reason = `写错了 ${Date.now().toString(36)}`
  const finance = await asStaff(request, 'finance')
  const postings = [
    { account: 'cash', debit_fen: 100, credit_fen: 0 },
    { account: 'suspense', debit_fen: 0, credit_fen: 100 },
  ]
  await finance.post('/ledger/adjustments', { reason, postings }, `take-back-${Date.now()}`)
  await signIn(page, 'desk', 'finance', '/ledger/proposals')
  const mine = page.locator('[data-proposal]', { hasText: reason })
  await mine.getByRole('button', { name: '撤回' }).click()
  await page.locator('.el-popconfirm:visible').getByRole('button', { name: '撤回' }).click()
  await expect(mine).toContainText('已撤回')
  await expect(mine.getByRole('button')).toHaveCount(0)
})
