import { expect, type APIRequestContext, type Page } from '@playwright/test'

/** The bank's sandbox: where sent messages can be read. */
export const bankbox = process.env.E2E_BANKBOX_URL ?? 'http://127.0.0.1:8090'

/** A phone number that no other test uses. */
export function newPhone(): string {
  return '139' + String(Math.floor(Math.random() * 1e8)).padStart(8, '0')
}

const codesOf = async (request: APIRequestContext, phone: string): Promise<string[]> => {
  const answer = await request.get(`${bankbox}/sms/v1/messages`, { params: { phone } })
  const { items } = (await answer.json()) as { items: { text: string }[] }
  return items.flatMap((item) => /\d{6}/.exec(item.text)?.[0] ?? [])
}

/** The code that arrives after `ask` was done, read from the bank's list of messages. */
export async function codeAfter(request: APIRequestContext, phone: string, ask: () => Promise<void>): Promise<string> {
  const before = (await codesOf(request, phone)).length
  await ask()
  await expect.poll(async () => (await codesOf(request, phone)).length).toBeGreaterThan(before)
  return (await codesOf(request, phone)).at(-1)!
}

/** Signs in by the form that is on the screen, a page's or a sheet's. */
export async function signIn(page: Page, phone = newPhone()): Promise<string> {
  const form = page.locator('form:visible', { has: page.getByLabel('手机号') })
  await form.getByLabel('手机号').fill(phone)
  const code = await codeAfter(page.request, phone, () => form.getByRole('button', { name: '获取验证码' }).last().click())
  await form.getByLabel('验证码', { exact: true }).fill(code)
  await form.getByRole('button', { name: '登录' }).click()
  return phone
}

/** Goes into the first live room. */
export async function enterRoom(page: Page): Promise<void> {
  await page.goto('/')
  await page.getByRole('main').getByRole('link').first().click()
  await expect(page.getByRole('textbox', { name: '说点什么…' })).toBeEnabled()
}

/** A valid resident id of an adult, different each time. */
export function newIdNumber(): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const random = (most: number) => Math.floor(Math.random() * most)
  const body = `110105${1960 + random(40)}${two(1 + random(12))}${two(1 + random(28))}${String(random(1000)).padStart(3, '0')}`
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
  const sum = weights.reduce((total, weight, i) => total + weight * Number(body[i]), 0)
  return body + '10X98765432'[sum % 11]
}

/** Goes on over the pages of the application form that ask for nothing required, to the consents. */
export async function toConsents(page: Page): Promise<void> {
  const heading = page.getByRole('main').getByRole('heading', { level: 2 })
  for (let n = 0; n < 8; n++) {
    const was = (await heading.first().textContent()) ?? ''
    if (was === '请逐份阅读并勾选同意') return
    await page.getByRole('button', { name: '下一步' }).click()
    await expect(heading.first()).not.toHaveText(was)
  }
}

/** A card number of the demo bank with a right check digit. */
export function newPan(bin = '621799'): string {
  const body = bin + String(Math.floor(Math.random() * 1e12)).padStart(12, '0')
  let sum = 0
  for (let i = 0; i < body.length; i++) {
    const digit = Number(body[body.length - 1 - i])
    sum += i % 2 === 0 ? (digit * 2 > 9 ? digit * 2 - 9 : digit * 2) : digit
  }
  return body + ((10 - (sum % 10)) % 10)
}

/** Fills the address form that is on the screen, if goods need one. */
export async function fillAddress(page: Page): Promise<void> {
  const sheet = page.getByRole('dialog').last()
  await sheet.getByLabel('收货人').fill('张三')
  await sheet.getByLabel('手机号').fill('13800138000')
  await sheet.getByLabel('所在地区').click()
  await page.getByRole('button', { name: '确定' }).click()
  await expect(sheet.getByLabel('所在地区')).not.toHaveValue('')
  await sheet.getByLabel('详细地址').fill('解放路 1 号')
}

/** Fills the address at the checkout where goods are sent; vouchers need none. */
export async function addressIfAsked(page: Page): Promise<void> {
  const checkout = page.getByRole('dialog', { name: '确认订单' })
  const asked = checkout.getByLabel('收货人')
  await expect(asked.or(checkout.getByText('电子券，无需收货地址。'))).toBeVisible()
  if (await asked.isVisible()) await fillAddress(page)
}

/** Pays in the cashier's own tab. */
export async function payAtCashier(page: Page, press: () => Promise<void>): Promise<void> {
  const [cashier] = await Promise.all([page.context().waitForEvent('page'), press()])
  await cashier.waitForURL(/\/pay\/cashier\//)
  await cashier.getByRole('button', { name: /^(确认)?支付(?!失败)/ }).first().click()
  await expect(cashier.getByText(/支付成功|已支付|成功/).first()).toBeVisible()
  await cashier.close()
}
