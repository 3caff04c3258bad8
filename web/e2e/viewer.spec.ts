import { gzipSync } from 'node:zlib'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { addressIfAsked, codeAfter, enterRoom, fillAddress, newIdNumber, newPan, newPhone, payAtCashier, signIn, toConsents } from './support'

const shelf = (page: Page) => page.getByRole('button', { name: /打开小黄车/ })
const dialog = (page: Page) => page.getByRole('dialog').last()

async function noViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([])
}

test('a guest watches, sees the shelf and the sale, and is asked to sign in only to take part', async ({ page }) => {
  const refused: string[] = []
  page.on('console', (m) => /Content Security Policy/.test(m.text()) && refused.push(m.text()))
  await enterRoom(page)
  await expect(page.getByText('限时秒杀')).toBeVisible()
  await shelf(page).click()
  await expect(dialog(page).getByRole('listitem')).not.toHaveCount(0)
  await page.goBack()
  await expect(page).toHaveURL(/\/rooms\/room_/)
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.getByRole('textbox', { name: '说点什么…' }).fill('你好')
  await page.getByRole('button', { name: '发送' }).click()
  await expect(dialog(page).getByLabel('验证码', { exact: true })).toBeVisible()
  await noViolations(page)
  expect(refused).toEqual([])
})

test("one's own words show at once, and others see them", async ({ page, browser }) => {
  await enterRoom(page)
  const other = await (await browser.newContext()).newPage()
  await other.goto(page.url())
  await expect(other.getByRole('button', { name: /打开小黄车/ })).toBeVisible()
  const words = `你好 ${Date.now() % 1e6}`
  await page.getByRole('textbox', { name: '说点什么…' }).fill(words)
  await page.getByRole('button', { name: '发送' }).click()
  await signIn(page)
  await expect(page.getByRole('list', { name: '聊天' }).getByText(words)).toBeVisible()
  await expect(other.getByRole('list', { name: '聊天' }).getByText(words)).toBeVisible()
  await other.context().close()
})

test('a flash unit is grabbed, paid at the cashier, and turns paid in the room', async ({ page }) => {
  await enterRoom(page)
  await page.getByRole('button', { name: '立即抢' }).click()
  await signIn(page)
  const addressed = page.getByRole('dialog', { name: '先填收货地址' })
  const won = page.getByRole('button', { name: '去支付' })
  await expect(addressed.or(won).first()).toBeVisible()
  if (await addressed.isVisible()) {
    await fillAddress(page)
    await page.getByRole('button', { name: '用这个地址抢' }).click()
  }
  await expect(page.getByText(/抢到了.*内支付/)).toBeVisible()
  await won.click()
  await payAtCashier(page, () => dialog(page).getByRole('button', { name: '去支付' }).click())
  await expect(dialog(page).getByText('支付成功')).toBeVisible({ timeout: 15_000 })
  await page.keyboard.press('Escape')
  await expect(page.getByText('已支付，抢购成功').first()).toBeVisible()
})

test('goods are ordered and paid by a bound card; the card is unbound as plainly', async ({ page }) => {
  const phone = newPhone()
  await page.goto('/cards')
  await signIn(page, phone)
  await page.getByRole('button', { name: '绑定银行卡' }).click()
  const sheet = page.getByRole('dialog', { name: '绑定银行卡' })
  await sheet.getByLabel('银行卡号').fill(newPan())
  await sheet.getByLabel('姓名').fill('张三')
  await sheet.getByLabel('身份证号').fill(newIdNumber())
  await sheet.getByLabel('银行预留手机号').fill(phone)
  const code = await codeAfter(page.request, phone, () => sheet.getByRole('button', { name: /下一步/ }).click())
  await sheet.getByLabel('验证码').fill(code)
  await sheet.getByRole('button', { name: '确认绑定' }).click()
  await expect(page.getByText(/尾号 \d{4}/).first()).toBeVisible()

  await enterRoom(page)
  await shelf(page).click()
  await dialog(page).getByRole('button', { name: /去买/ }).last().click()
  await page.getByRole('dialog', { name: '商品详情' }).getByRole('button', { name: '立即购买' }).click()
  const checkout = page.getByRole('dialog', { name: '确认订单' })
  await expect(checkout).toBeVisible()
  await addressIfAsked(page)
  await checkout.getByRole('button', { name: '提交订单' }).click()
  const pay = page.getByRole('dialog', { name: '支付' })
  await pay.getByRole('radio', { name: /尾号/ }).check()
  await pay.getByRole('button', { name: '去支付' }).click()
  await expect(pay.getByText('支付成功')).toBeVisible({ timeout: 15_000 })
  await pay.getByRole('link', { name: '查看订单' }).click()
  await expect(page.getByRole('heading', { name: '订单详情' })).toBeVisible()

  await page.getByRole('button', { name: '申请退款' }).click()
  await dialog(page).getByLabel('退款原因').fill('不想要了')
  await dialog(page).getByRole('button', { name: '提交申请' }).click()
  await expect(page.getByText(/退款中|已退款/).first()).toBeVisible({ timeout: 15_000 })

  await page.goto('/cards')
  await page.getByRole('button', { name: '解绑' }).last().click()
  await page.getByRole('dialog').getByRole('button', { name: '解绑' }).click()
  await expect(page.getByText('还没有绑定银行卡')).toBeVisible()
})

test('an unpaid order can be cancelled, and the list says so', async ({ page }) => {
  await enterRoom(page)
  await shelf(page).click()
  await dialog(page).getByRole('button', { name: /去买/ }).last().click()
  await page.getByRole('dialog', { name: '商品详情' }).getByRole('button', { name: '立即购买' }).click()
  await signIn(page)
  const checkout = page.getByRole('dialog', { name: '确认订单' })
  await expect(checkout).toBeVisible()
  await addressIfAsked(page)
  await checkout.getByRole('button', { name: '提交订单' }).click()
  await page.getByRole('link', { name: '查看订单' }).click()
  await page.getByRole('button', { name: '取消订单' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '取消订单' }).click()
  await expect(page.getByText('已取消', { exact: true }).first()).toBeVisible()
  await page.goto('/orders')
  await expect(page.getByRole('main').getByText('已取消').last()).toBeVisible()
})

test('a card is applied for: nothing ticked beforehand, the text readable, a receipt at the end', async ({ page }) => {
  await page.goto('/apply')
  const phone = await signIn(page)
  const next = page.getByRole('button', { name: '下一步' })
  await page.getByRole('radio').first().check()
  await next.click()
  await page.getByLabel('姓名').fill('王小明')
  await page.getByLabel('身份证号').fill('110105194912310021')
  await next.click()
  await expect(page.getByText('身份证号有误')).toBeVisible()
  await page.getByLabel('身份证号').fill(newIdNumber())
  await page.getByLabel('手机号').fill(phone)
  await next.click()
  await page.getByLabel('居住地区').click()
  await page.getByRole('button', { name: '确定' }).click()
  await toConsents(page)

  const boxes = page.getByRole('checkbox')
  await expect(boxes.first()).toBeVisible()
  for (const box of await boxes.all()) await expect(box).not.toBeChecked()
  await next.click()
  await expect(page.getByText('需要同意才能申请').first()).toBeVisible()
  await page.getByRole('button', { name: /阅读全文/ }).first().click()
  await expect(dialog(page).getByRole('article')).not.toBeEmpty()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  for (const box of await boxes.all()) await box.check()
  await noViolations(page)
  await next.click()
  await page.getByRole('button', { name: '提交申请' }).click()
  await expect(page.getByText('申请已收到')).toBeVisible()
  await expect(page.getByText('回执编号', { exact: true })).toBeVisible()
  expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain('王小明')
})

test('messages within the app have a page of their own', async ({ page }) => {
  await page.goto('/me')
  await page.getByRole('link', { name: '我的消息' }).click()
  await signIn(page)
  await expect(page).toHaveURL(/\/messages$/)
  await expect(page.getByText('还没有消息')).toBeVisible()
})

test('the language is switched at once and remembered', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('button', { name: 'English' }).click()
  await expect(page.getByRole('tab', { name: 'Upcoming' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('tab', { name: 'Upcoming' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
})

test.describe('sizes', () => {
  test.use({ serviceWorkers: 'block' })

  test('the room needs at most 250 KiB of script before it paints', async ({ page }) => {
    await page.goto('/')
    const room = await page.getByRole('main').getByRole('link').first().getAttribute('href')
    const fresh = await (await page.context().browser()!.newContext()).newPage()
    const scripts: Promise<number>[] = []
    fresh.on('response', (r) => {
      if (/\.js$/.test(new URL(r.url()).pathname) && !/hls/.test(r.url())) scripts.push(r.body().then((b) => gzipSync(b).length))
    })
    await fresh.goto(room!)
    await expect(fresh.getByRole('textbox', { name: '说点什么…' })).toBeVisible()
    const total = (await Promise.all(scripts)).reduce((a, b) => a + b, 0)
    expect(total).toBeLessThan(250 * 1024)
    await fresh.context().close()
  })
})

test.describe('by night', () => {
  test.use({ colorScheme: 'dark' })

  test('the dark colours keep their contrast', async ({ page }) => {
    for (const path of ['/', '/shop', '/sign-in', '/me', '/privacy']) {
      await page.goto(path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await noViolations(page)
    }
  })
})
