import { expect, test } from '@playwright/test'
import { signIn as staffSignIn } from './staff'
import { signIn } from './support'

test('a person reads what is kept, and has themselves erased', async ({ page }) => {
  await page.goto('/sign-in')
  await signIn(page)
  await page.waitForURL((url) => url.pathname === '/')
  await page.goto('/privacy')
  await expect(page.getByText('还没有同意过授权文件。')).toBeVisible()
  await page.getByRole('button', { name: '注销并删除我的信息' }).click()
  await page.getByRole('button', { name: '确认删除' }).click()
  await expect(page.getByText('已注销，你的信息已删除')).toBeVisible()
  await page.goto('/orders')
  await page.waitForURL((url) => url.pathname === '/sign-in')
})

test('a reviewer finds the guide beside the shortcuts', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 900 })
  await staffSignIn(page, 'desk', 'reviewer', '/leads')
  await page.keyboard.press('?')
  const [guide] = await Promise.all([page.context().waitForEvent('page'), page.getByRole('link', { name: /操作手册/ }).click()])
  await expect(guide.getByRole('heading', { level: 1 })).toHaveText('进件审核操作手册')
  await guide.waitForLoadState('load')
  expect(await guide.evaluate(() => [...document.images].every((image) => image.naturalWidth > 0))).toBe(true)
})
