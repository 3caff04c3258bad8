import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { asStaff } from './staff'
import { codeAfter, enterRoom, fillAddress, newIdNumber, newPan, newPhone, payAtCashier, signIn } from './support'

/** The shop's whole way: coupons, addresses, goods, money, and what comes after. Passing messages fade; axe is not to catch them half-way. */

const dialog = (page: Page, name: string) => page.getByRole('dialog', { name, exact: true })
const orderOf = (page: Page) => /ord_\w+/.exec(page.url())![0]

async function noViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).exclude('.toast').withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([])
}

/** Signs a new viewer in, who claims a coupon in the live room. */
async function claim(page: Page, title: string): Promise<string> {
  await page.goto('/sign-in?next=/me')
  const phone = await signIn(page)
  await expect(page.getByRole('link', { name: '我的优惠券' })).toBeVisible()
  await enterRoom(page)
  await page.getByRole('button', { name: '领券', exact: true }).click()
  const sheet = dialog(page, '领券')
  await sheet.getByRole('button', { name: `领取${title}` }).click()
  await expect(sheet.getByRole('listitem').filter({ hasText: title })).toContainText('已领取')
  return phone
}

/** Finds a product by its initials and opens it. */
async function find(page: Page, initials: string, title: string): Promise<void> {
  await page.goto('/shop')
  await page.getByRole('searchbox').fill(initials)
  await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(1)
  await page.getByRole('link', { name: new RegExp(title) }).click()
  await expect(page.getByRole('heading', { name: title })).toBeVisible()
}

test('a coupon is claimed and used, goods are paid, shipped and received', async ({ page }) => {
  const faults: string[] = []
  page.on('console', (m) => m.type() === 'error' && faults.push(m.text()))
  page.on('pageerror', (e) => faults.push(String(e)))
  const operator = await asStaff(page.request, 'operator')
  await claim(page, '农场满 50 减 5')
  await noViolations(page)

  await page.goto('/addresses')
  await page.getByRole('button', { name: '新增地址' }).click()
  await fillAddress(page)
  await dialog(page, '新增地址').getByRole('button', { name: '保存' }).click()
  const entry = page.getByRole('listitem').filter({ hasText: '默认' })
  await expect(entry).toContainText('138****8000')
  await expect(entry).not.toContainText('张三')
  await noViolations(page)
  await page.goto('/coupons')
  await expect(page.getByRole('article').filter({ hasText: '农场满 50 减 5' })).toContainText('商家出资')
  await noViolations(page)

  await find(page, 'mqljc', '明前龙井茶')
  await expect(page.getByText('每人限购 3 件')).toBeVisible()
  await expect(page.getByText('可用「农场满 50 减 5」')).toBeVisible()
  await page.getByRole('button', { name: '立即购买' }).click()
  const checkout = dialog(page, '确认订单')
  await expect(checkout.getByRole('radio', { name: /138\*{4}8000/ })).toBeChecked()
  await checkout.getByText('1 张可用').click()
  await checkout.getByRole('checkbox', { name: /农场满 50 减 5/ }).check()
  await checkout.getByRole('button', { name: '提交订单' }).click()
  await expect(page).toHaveURL(/\/orders\/ord_/)
  await expect(page.getByText('已优惠 ¥5.00')).toBeVisible()
  await expect(page.getByRole('definition').filter({ hasText: '-¥5.00' })).toBeVisible()
  await noViolations(page)
  await payAtCashier(page, () => page.getByRole('button', { name: '去支付' }).click())
  await expect(page.getByRole('heading', { name: '待发货' })).toBeVisible({ timeout: 15_000 })

  await operator.post(`/shop/orders/${orderOf(page)}/ship`, { carrier: '顺丰速运', tracking_no: 'SF1234567890' })
  await page.reload()
  await expect(page.getByText('SF1234567890')).toBeVisible()
  await page.getByRole('button', { name: '确认收货' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '确认收货' }).click()
  await expect(page.getByText('订单已完成，谢谢光顾。')).toBeVisible()
  await expect(page.getByRole('listitem').filter({ has: page.locator('time') })).toHaveText([/已完成/, /已发货/, /已支付.*194\.00/, /已下单.*194\.00/])
  await noViolations(page)
  expect(faults).toEqual([])
})

test('a voucher is bought, shown as a QR code, and used up', async ({ page }) => {
  const operator = await asStaff(page.request, 'operator')
  await page.goto('/sign-in?next=/me')
  await signIn(page)
  await expect(page.getByRole('link', { name: '我的卡券' })).toBeVisible()
  await find(page, 'kafei', '精品咖啡电子券')
  await page.getByRole('button', { name: '立即购买' }).click()
  await dialog(page, '确认订单').getByRole('button', { name: '提交订单' }).click()
  await payAtCashier(page, () => page.getByRole('button', { name: '去支付' }).click())
  await expect(page.getByRole('heading', { name: '卡券' })).toBeVisible({ timeout: 15_000 })
  await page.goto('/vouchers')
  const voucher = page.getByRole('article').filter({ hasText: '精品咖啡电子券' })
  await voucher.getByRole('button', { name: '出示二维码' }).click()
  await expect(voucher.getByRole('img')).toBeVisible()
  await noViolations(page)
  await operator.post('/shop/vouchers/redeem', { code: await voucher.locator('.code').innerText() }, `e2e-${Date.now()}`)
  await page.reload()
  await expect(voucher).toContainText('已使用')
})

test('an instant discount is taken by binding a card on the way, and the way goes on', async ({ page }) => {
  const phone = await claim(page, '本行卡立减 20 元')
  await find(page, 'mqljc', '明前龙井茶')
  await page.getByRole('button', { name: '立即购买' }).click()
  await fillAddress(page)
  await dialog(page, '确认订单').getByRole('checkbox', { name: '保存到我的收货地址' }).check()
  await dialog(page, '确认订单').getByRole('button', { name: '提交订单' }).click()
  await page.getByRole('button', { name: /绑定银行卡.*立减 ¥20\.00/ }).click()
  const sheet = dialog(page, '绑定银行卡')
  await sheet.getByLabel('银行卡号').fill(newPan())
  await sheet.getByLabel('姓名').fill('张三')
  await sheet.getByLabel('身份证号').fill(newIdNumber())
  await sheet.getByLabel('银行预留手机号').fill(phone)
  await sheet.getByLabel('验证码').fill(await codeAfter(page.request, phone, () => sheet.getByRole('button', { name: /下一步/ }).click()))
  await sheet.getByRole('button', { name: '确认绑定' }).click()

  await expect(page.getByText('已优惠 ¥20.00')).toBeVisible()
  await expect(page.getByRole('radio', { name: /银行收银台/ })).toBeDisabled()
  await expect(page.getByRole('radio', { name: /尾号/ })).toBeChecked()
  await page.getByRole('button', { name: '去支付' }).click()
  await expect(page.getByText('已通知商家，请等待发货')).toBeVisible({ timeout: 15_000 })
  await page.goto('/addresses')
  await expect(page.getByRole('listitem').filter({ hasText: '默认' })).toBeVisible()
})

test("one's branch is chosen; WeChat's code and instalments are shown where there are any", async ({ page }) => {
  await page.route('**/api/v1/branches*', (route) => route.fulfill({ json: { items: [{ id: 'brn_1', parent_id: null, name: '昆明分行' }, { id: 'brn_2', parent_id: 'brn_1', name: '五华支行' }], next_cursor: null } }))
  await page.route('**/api/v1/me/branch', (route) => route.fulfill({ json: { branch_id: route.request().method() === 'PUT' ? 'brn_2' : null } }))
  await page.route('**/api/v1/payment-channels', (route) => route.fulfill({ json: { items: ['bankbox', 'wechatpay'] } }))
  await page.route('**/api/v1/orders/*/pay', (route) => route.fulfill({ json: { payment: { id: 'pay_1', status: 'pending', cashier_url: 'weixin://wxpay/bizpayurl?pr=abc' } } }))
  await page.goto('/branch')
  await signIn(page, newPhone())
  await page.getByRole('radio', { name: '五华支行' }).check()
  await page.getByRole('button', { name: '保存' }).click()
  await expect(page.getByText('分行已保存')).toBeVisible()

  await find(page, 'kafei', '精品咖啡电子券')
  await page.getByRole('button', { name: '立即购买' }).click()
  await dialog(page, '确认订单').getByRole('button', { name: '提交订单' }).click()
  await page.getByRole('radio', { name: /微信支付/ }).check()
  await page.getByRole('button', { name: '去支付' }).click()
  await expect(page.getByRole('img', { name: '微信支付二维码' })).toBeVisible()
  await noViolations(page)
})
