import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { asStaff, asViewer, signIn } from './staff'
import { bankbox } from './support'

/** The shop's keeping: an operator puts goods on sale, takes a file in, gives coupons and redeems vouchers. */

test.use({ viewport: { width: 1440, height: 900 } })

const dialog = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name })
const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

/** What the browser complains of; a refusal or a broken line that the page tells of is none. */
function listen(page: Page): string[] {
  const faults: string[] = []
  page.on('console', (m) => m.type() === 'error' && !/status of 4\d\d|net::ERR_FAILED/.test(m.text()) && faults.push(m.text()))
  page.on('pageerror', (e) => faults.push(String(e)))
  return faults
}

async function faultless(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  expect(violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes[0]?.html}`)).toEqual([])
}

test('a category and a product with its picture and SKU reach viewers; stock moves by a difference', async ({ page, request }) => {
  const faults = listen(page)
  const stamp = Date.now()
  const [shelf, title] = [`茶叶${stamp}`, `高山乌龙${stamp}`]
  const viewer = await asViewer(request)
  const seen = async () => (await viewer.call.get<{ items: { title: string; images: string[] }[] }>(`/products?q=gswl${stamp}`)).items

  await signIn(page, 'desk', 'operator', '/products?tab=categories')
  await page.getByRole('button', { name: '新增分类', exact: true }).click()
  await dialog(page, '新增分类').locator('input[name=category_name]').fill(shelf)
  await dialog(page, '新增分类').getByRole('button', { name: '保存' }).click()
  await expect(page.locator(`[data-category="${shelf}"]`)).toBeVisible()

  await page.getByRole('tab', { name: '商品' }).click()
  await page.getByRole('button', { name: '新增商品' }).click()
  const form = dialog(page, '新增商品')
  await form.locator('input[name=product_title]').fill(title)
  await form.getByRole('combobox', { name: '商户' }).click()
  await page.locator('.el-select-dropdown:visible').getByRole('option').first().click()
  await form.getByRole('combobox', { name: '分类' }).fill(shelf)
  await page.locator('.el-select-dropdown:visible').getByRole('option', { name: shelf }).click()
  await form.locator('input[name=images]').setInputFiles({ name: 'tea.png', mimeType: 'image/png', buffer: pixel })
  await expect(form.locator('[data-image="0"] img')).toHaveAttribute('alt', `${title}，图 1`)
  await form.locator('input[name=sku0_price]').fill('69.9')
  await form.locator('input[name=sku0_list]').fill('60')
  await expect(form.getByText('不能低于售价')).toBeVisible()
  await form.locator('input[name=sku0_list]').fill('99')
  await form.locator('input[name=sku0_stock]').fill('20')
  await form.getByRole('button', { name: '新增商品' }).click()

  const drawer = dialog(page, title)
  await expect(drawer.locator('[data-stock]')).toHaveText('20')
  expect((await seen()).map((p) => [p.title, p.images.length])).toEqual([[title, 1]])
  await drawer.getByRole('button', { name: '调整库存' }).click()
  await dialog(page, '调整库存').locator('input[name=delta]').fill('-21')
  await expect(dialog(page, '调整库存').getByText('库存只有 20 件')).toBeVisible()
  await dialog(page, '调整库存').locator('input[name=delta]').fill('-15')
  await dialog(page, '调整库存').locator('textarea[name=stock_reason]').fill('盘亏')
  await dialog(page, '调整库存').getByRole('button', { name: '调整', exact: true }).click()
  await expect(drawer.locator('[data-stock]')).toHaveText('5')
  await expect(drawer.getByText('库存紧张')).toBeVisible()

  await drawer.getByRole('button', { name: '下架' }).click()
  await dialog(page, '下架').locator('textarea[name=hide_reason]').fill('换包装')
  await dialog(page, '下架').getByRole('button', { name: '下架' }).click()
  await expect(drawer.getByText('已下架')).toBeVisible()
  expect(await seen()).toEqual([])
  await faultless(page)
  await drawer.getByRole('button', { name: 'Close this dialog' }).or(drawer.locator('.el-drawer__close-btn')).first().click()
  await page.getByRole('textbox', { name: '名称、拼音首字母或编码' }).fill(`gswl${stamp}`)
  await expect(page).toHaveURL(/q=gswl/)
  await expect(page.locator('[data-product]')).toHaveCount(1)
  await expect(page.locator('[data-product]')).toContainText('已下架')
  expect(faults).toEqual([])
})

test('a file of 200 lines is looked at, taken in, and its three bad lines are told', async ({ page, request }) => {
  const faults = listen(page)
  const operator = await asStaff(request, 'operator')
  const merchant = (await operator.get<{ items: { name: string }[] }>('/shop/merchants')).items[0]!.name
  const stamp = Date.now()
  const bad = new Map([[50, `查无此商户,导入,坏 50,9.90,1`], [100, `${merchant},导入,坏 100,九元,1`], [150, `${merchant},导入,,9.90,1`]])
  const lines = Array.from({ length: 200 }, (_, i) => bad.get(i + 2) ?? `${merchant},导入${stamp},导入 ${stamp} 之 ${i},9.90,3`)
  await signIn(page, 'desk', 'operator', '/imports')
  await page.locator('header').getByRole('button', { name: '新建导入' }).click()
  const form = dialog(page, '新建导入')
  /** On a disk, as people have it: written once for a header, so that it stays the same file. */
  const file = (header: string): string => {
    const path = test.info().outputPath(String(header.length), `goods-${stamp}.csv`)
    if (!existsSync(path)) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, `${header}\n${lines.join('\n')}\n`)
    }
    return path
  }
  await form.locator('input[name=import_file]').setInputFiles(file('商户,分类,品名,售价,库存'))
  await expect(form.getByText('没有“品名”这一列')).toBeVisible()
  await expect(form.getByText('缺少“商品名称”')).toBeVisible()
  await expect(form.getByRole('button', { name: '上传并导入' })).toBeDisabled()
  await form.locator('input[name=import_file]').setInputFiles(file('商户,分类,商品名称,售价,库存'))
  await expect(form.getByText('列名正确')).toBeVisible()
  await expect(form.locator('tbody tr')).toHaveCount(5)
  // The line breaks and the page is loaded anew: the same file goes on where it was.
  await page.route('**/parts/1', (route) => route.abort())
  await form.getByRole('button', { name: '上传并导入' }).click()
  const drawer = dialog(page, `goods-${stamp}.csv`)
  await expect(drawer.getByRole('alert')).toBeVisible()
  await page.unroute('**/parts/1')
  await page.reload()
  await drawer.locator('input[name=again_file]').setInputFiles(file('商户,分类,商品名称,售价'))
  await expect(drawer.getByText('这不是上次选择的文件')).toBeVisible()
  await drawer.locator('input[name=again_file]').setInputFiles(file('商户,分类,商品名称,售价,库存'))
  await expect(drawer.locator('[data-state]')).toHaveText('已完成')
  await expect(drawer.locator('[data-lines]')).toHaveText('200')
  await expect(drawer.locator('[data-failed]')).toHaveText('3')
  await expect(drawer.locator('[data-line]')).toHaveCount(3)
  await expect(drawer.locator('[data-line="50"]')).toContainText('没有这个商户')
  await expect(drawer.locator('[data-line="100"]')).toContainText('售价')
  const [saved] = await Promise.all([page.waitForEvent('download'), drawer.getByRole('button', { name: '下载结果' }).click()])
  expect(saved.suggestedFilename()).toMatch(/\.csv$/)
  await faultless(page)
  expect(faults).toEqual([])
})

test('a batch of coupons is drafted, opened, claimed, paused and closed', async ({ page, request }) => {
  const faults = listen(page)
  const title = `新客券 ${Date.now()}`
  const viewer = await asViewer(request)
  await signIn(page, 'desk', 'operator', '/coupons')
  await page.locator('header').getByRole('button', { name: '新建券批次' }).click()
  const form = dialog(page, '新建券批次')
  await form.locator('input[name=batch_title]').fill(title)
  await form.locator('input[name=batch_amount]').fill('10')
  await form.locator('input[name=batch_threshold]').fill('50')
  await form.locator('input[name=batch_budget]').fill('5')
  await expect(form.getByText('预算不能低于面额')).toBeVisible()
  await form.locator('input[name=batch_budget]').fill('20')
  await expect(form.getByText('可发 2 张')).toBeVisible()
  await expect(form.locator('.coupon')).toContainText('满 ¥50.00 可用')
  await faultless(page)
  await form.getByRole('button', { name: '保存为草稿' }).click()

  const drawer = dialog(page, title)
  const move = async (verb: string, state: string) => {
    await drawer.locator(`[data-verb=${verb}]`).click()
    await page.locator('[data-confirm]').click()
    await expect(drawer.locator('[data-state]')).toHaveText(state)
  }
  await expect(drawer.locator('[data-state]')).toHaveText('草稿')
  await move('open', '发放中')
  const batch = /coupons\/(\w+)/.exec(page.url())![1]!
  await viewer.call.post('/coupons/claims', { batch_id: batch }, `claim-${viewer.id}`)

  // Who has had enough is named; the others get none either.
  const second = await asViewer(request)
  await drawer.getByRole('button', { name: '发放给观众' }).click()
  const grant = dialog(page, '发放给观众')
  const who = grant.locator('textarea[name=viewers]')
  await who.fill(second.id)
  await expect(grant.getByRole('alert')).toContainText('不是手机号或订单号')
  await who.fill(`${viewer.phone} 13000000000`)
  await grant.getByRole('button', { name: '查找' }).click()
  await expect(grant.getByRole('alert')).toContainText('未找到：13000000000')
  await grant.getByRole('button', { name: '发放 1 张' }).click()
  await expect(grant.locator('[data-people] .wrong')).toBeVisible() // has one already
  await who.fill(second.phone)
  await grant.getByRole('button', { name: '查找' }).click()
  await expect(grant.locator('[data-people]')).toContainText(second.phone.slice(-4))
  await grant.getByRole('button', { name: '发放 1 张' }).click()
  await expect(drawer.locator('[data-figure=granted] dd')).toHaveText('2')
  const grants = drawer.locator('[data-grants]')
  await expect(grants.locator('[data-grant]')).toHaveText([/人工发放/, /观众领取/])
  await expect(grants).toContainText(second.phone.slice(-4))
  await grants.locator('.el-select').click()
  await page.getByRole('option', { name: '已使用' }).click()
  await expect(grants.getByText('没有这种状态的券')).toBeVisible()
  await move('pause', '已暂停')
  await move('resume', '发放中')
  await move('close', '已关闭')
  await expect(drawer.locator('[data-verb]')).toHaveCount(0)
  await expect(page.locator(`[data-batch=${batch}]`)).toContainText('已关闭')
  expect(faults).toEqual([])
})

test('a voucher is redeemed once; the second time says when it was', async ({ page, request }) => {
  const faults = listen(page)
  const viewer = await asViewer(request)
  const goods = (await viewer.call.get<{ items: { kind: string; title: string; skus: { id: string }[] }[] }>('/products?category=卡券')).items.find((p) => p.kind === 'voucher')!
  const order = await viewer.call.post<{ id: string }>('/orders', { items: [{ sku_id: goods.skus[0]!.id, quantity: 1 }] }, `order-${viewer.id}`)
  const { payment } = await viewer.call.post<{ payment: { cashier_url: string } }>(`/orders/${order.id}/pay`, { method: 'cashier' }, `pay-${viewer.id}`)
  expect((await request.post(`${bankbox}${new URL(payment.cashier_url).pathname}/pay`)).ok()).toBe(true)
  const vouchers = async () => (await viewer.call.get<{ items: { code: string }[] }>(`/vouchers?order_id=${order.id}`)).items
  await expect.poll(async () => (await vouchers()).length).toBe(1)
  const { code } = (await vouchers())[0]!

  await signIn(page, 'desk', 'operator', '/redeem')
  const field = page.getByRole('textbox', { name: '券码' })
  const act = page.getByRole('button', { name: '核销', exact: true })
  await expect(field).toBeFocused()
  await field.fill(code.slice(0, -1) + (code.endsWith('2') ? '3' : '2'))
  await expect(page.getByText('券码有误，请逐位核对')).toBeVisible()
  await expect(act).toBeDisabled()
  await field.fill(code.toLowerCase().replaceAll('-', ' '))
  await field.press('Enter')
  await expect(page.locator('[data-outcome=redeemed]')).toContainText(goods.title)
  await expect(field).toHaveValue('')
  await field.fill(code)
  await act.click()
  await expect(page.locator('[data-outcome=used]')).toContainText(/该券码已于 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d 核销/)
  await field.fill('2222-2222-2222-2222')
  await act.click()
  await expect(page.locator('[data-outcome=unknown]')).toBeVisible()
  await expect(page.locator('[data-try]')).toHaveCount(3)
  await faultless(page)
  await page.reload()
  await expect(page.locator('[data-try=redeemed]')).toHaveCount(1)
  expect(faults).toEqual([])
})

test('an auditor reads the shop and changes nothing; others are kept out', async ({ page }) => {
  await signIn(page, 'desk', 'auditor', '/products')
  await page.locator('[data-product]').first().click()
  await expect(page.locator('[data-sku]').first()).toBeVisible()
  await expect(page.getByRole('button', { name: /新增商品|下架|调整库存|新增 SKU/ })).toHaveCount(0)
  await page.goto('/desk/redeem')
  await expect(page.getByText('没有权限查看这个页面')).toBeVisible()
})
