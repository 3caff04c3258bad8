import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type APIRequestContext, type Page } from '@playwright/test'
import { apply, asStaff, asViewer, signIn, type ViewerAtTest } from './staff'
import { bankbox } from './support'

test.use({ viewport: { width: 1440, height: 900 } })

const dialog = (page: Page, name: string) => page.getByRole('dialog', { name })

async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes[0]?.html}`)).toEqual([])
}

/** Buys something that is sent, and pays at the cashier. */
async function bought(request: APIRequestContext): Promise<{ id: string; viewer: ViewerAtTest; fen: number }> {
  const viewer = await asViewer(request)
  const products = await viewer.call.get<{ items: { kind: string; skus: { id: string }[] }[] }>('/products?limit=50')
  const sku = products.items.find((p) => p.kind === 'physical')!.skus[0]!.id
  const address = { name: '张三丰', phone: '13800138000', province: '云南省', city: '昆明市', district: '五华区', street: '示例路 1 号' }
  const key = `orders-${viewer.phone}`
  const made = await viewer.call.post<{ id: string; payable_fen: number }>('/orders', { address, items: [{ sku_id: sku, quantity: 2 }] }, key)
  const { payment } = await viewer.call.post<{ payment: { cashier_url: string } }>(`/orders/${made.id}/pay`, { method: 'cashier' }, key + '-pay')
  expect((await request.post(`${bankbox}${new URL(payment.cashier_url).pathname}/pay`)).ok()).toBe(true)
  await expect.poll(async () => (await viewer.call.get<{ status: string }>(`/orders/${made.id}`)).status).toBe('paid')
  return { id: made.id, viewer, fen: made.payable_fen }
}

test('an order is found by phone, sent off and refunded in part', async ({ page, request }) => {
  const order = await bought(request)
  await signIn(page, 'desk', 'operator', '/orders')
  await page.locator('input[name=order_q]').fill(order.viewer.phone)
  await page.keyboard.press('Enter')
  await expect(page.locator('[data-order]')).toHaveCount(1)
  expect(page.url()).not.toContain(order.viewer.phone)
  await page.locator(`[data-order="${order.id}"]`).getByRole('button').click()
  const drawer = dialog(page, '订单详情')
  await expect(drawer.locator('[data-address]')).toContainText('138****8000')
  await drawer.getByRole('button', { name: '查看' }).click()
  await dialog(page, '查看收货信息').locator('textarea').fill('补打面单')
  await dialog(page, '查看收货信息').getByRole('button', { name: '查看' }).click()
  await expect(drawer.locator('[data-address]')).toContainText('张三丰')

  await drawer.getByRole('button', { name: '发货' }).click()
  await dialog(page, '发货').locator('input[name=carrier]').fill('顺丰')
  await dialog(page, '发货').locator('input[name=tracking_no]').fill(`SF${Date.now()}`)
  await dialog(page, '发货').getByRole('button', { name: '发货' }).click()
  await expect(drawer.locator('[data-status]')).toHaveText('履约中')

  await drawer.getByRole('button', { name: '退款' }).click()
  const refund = dialog(page, '退款')
  await refund.locator('input[name=refund_amount]').fill('999999')
  await expect(refund.getByRole('alert')).toContainText('最多可退')
  await refund.locator('input[name=refund_amount]').fill('1.23')
  await expect(refund.locator('[data-to=viewer]')).toHaveText('¥1.23')
  await refund.locator('input[name=refund_reason]').fill('外盒破损')
  await refund.getByRole('button', { name: '退款 ¥1.23' }).click()
  await expect(drawer.locator('[data-event=refund_asked]')).toContainText('外盒破损')
  await expect.poll(async () => (await order.viewer.call.get<{ refunded_fen: number }>(`/orders/${order.id}`)).refunded_fen).toBe(123)
  await page.reload()
  await expect(dialog(page, '订单详情').locator('[data-event=refunded]')).toContainText('¥1.23')
  await accessible(page)
  const log = await (await asStaff(request, 'auditor')).get<{ items: { action: string }[] }>('/audit?action=order.*&limit=50')
  for (const action of ['order.searched', 'order.revealed', 'order.shipped', 'order.refund_asked']) expect(log.items.map((e) => e.action)).toContain(action)
})

test('a view of the orders is saved with its columns and used again', async ({ page }) => {
  await signIn(page, 'desk', 'operator', '/orders?status=paid')
  await page.getByRole('button', { name: '列设置' }).click()
  await page.locator('.el-checkbox', { hasText: '直播间' }).click()
  await expect(page.getByRole('columnheader', { name: '直播间' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: '我的筛选' }).click()
  const name = '待发货' + String.fromCharCode(97 + (Date.now() % 26), 97 + (Math.floor(Date.now() / 26) % 26))
  await page.locator('input[name=filter_name]').fill(name)
  await page.getByRole('button', { name: '保存' }).click()
  await expect(page.getByRole('button', { name })).toBeVisible()
  await page.evaluate(() => localStorage.removeItem('desk.columns.orders'))
  await page.goto('/desk/orders')
  await expect(page.getByRole('columnheader', { name: '直播间' })).toHaveCount(0)
  await page.getByRole('button', { name: '我的筛选' }).click()
  await page.getByRole('button', { name }).click()
  await expect(page).toHaveURL(/status=paid/)
  await expect(page.getByRole('columnheader', { name: '直播间' })).toBeVisible()
})

test('settings that touch money are asked for by one and confirmed by another', async ({ page, request, browser }) => {
  await signIn(page, 'desk', 'admin', '/settings')
  const group = page.locator('[data-section=reconciliation]')
  const field = group.locator('input[name="reconciliation.write_off_up_to_fen"]')
  await field.fill('999')
  await expect(group.getByRole('alert')).toContainText('须在')
  const cents = 10 + (Date.now() % 80)
  await field.fill(`0.${cents}`)
  await group.getByRole('button', { name: '提交复核' }).click()
  const why = dialog(page, '对账规则')
  await why.locator('textarea').fill('尾差核销')
  await why.getByRole('button', { name: '提交复核' }).click()
  await expect(group.locator('[data-change]')).toContainText(`¥0.${cents}`)
  await expect(group.getByRole('button', { name: '确认变更' })).toHaveCount(0)

  const other = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await signIn(other, 'desk', 'admin2', '/settings')
  await other.locator('[data-section=reconciliation]').getByRole('button', { name: '确认变更' }).click()
  await expect(other.locator('[data-setting="reconciliation.write_off_up_to_fen"]')).toContainText('修改')
  const rules = await (await asStaff(request, 'finance')).get<{ write_off_up_to_fen: number }>('/reconciliation-rules')
  expect(rules.write_off_up_to_fen).toBe(cents)
  // What one may change alone holds at once.
  const days = other.locator('[data-section=orders]')
  await days.locator('input').fill('12')
  await days.locator('input').blur()
  await days.getByRole('button', { name: '保存' }).click()
  await dialog(other, '订单').locator('textarea').fill('物流变慢')
  await dialog(other, '订单').getByRole('button', { name: '保存' }).click()
  await expect(days).toContainText('修改')
  await other.goto('/desk/')
  await expect(other.locator('[data-card=settingChanges]')).toBeVisible()
  await accessible(other)
})

test('leads are worked through without a mouse', async ({ page, request }) => {
  const id = await apply(request)
  await signIn(page, 'desk', 'reviewer', '/leads')
  await expect(page.locator(`[data-lead="${id}"]`)).toBeVisible()
  await page.keyboard.press('?')
  await expect(dialog(page, '键盘快捷键')).toContainText('下一件')
  await page.keyboard.press('Escape')
  await expect(dialog(page, '键盘快捷键')).toBeHidden()
  await page.keyboard.press('j')
  await expect(page).toHaveURL(/\/leads\/app_/)
  await page.goto(`/desk/leads/${id}`)
  await expect(page.getByRole('button', { name: /^领取/ })).toBeVisible()
  await page.keyboard.press('c')
  await expect(page.getByText(/你已领取/)).toBeVisible()
  await page.keyboard.press('r')
  await expect(page.getByRole('dialog').locator('input').first()).toBeFocused()
  await page.keyboard.press('Space')
  await page.keyboard.press('Control+Enter')
  await expect.poll(async () => (await (await asStaff(request, 'reviewer')).get<{ status: string }>(`/leads/${id}`)).status).toBe('rejected')
})
