import { expect, test } from '@playwright/test'

const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1360, height: 900 } }

for (const [size, viewport] of Object.entries(sizes)) {
  test.describe(size, () => {
    test.use({ viewport })
    test('an operator writes a journey, a supervisor puts it in use', async ({ page }) => {
      const key = `care_${size}`
      const signIn = async (name: string) => {
        await page.goto('/desk/sign-in?bank=demo')
        await page.locator('input').nth(0).fill(name)
        await page.locator('input[type=password]').fill(`demo-${name}`)
        await page.keyboard.press('Enter')
        await expect(page.locator('aside')).toBeVisible()
        await page.goto('/desk/journeys')
        await expect(page.locator('[data-journey=bind_card]')).toBeVisible()
      }
      await signIn('operator')
      await page.getByRole('button', { name: /新建旅程|New journey/ }).click()
      const dialog = page.getByRole('dialog')
      await dialog.locator('input').nth(0).fill('关怀')
      await dialog.locator('input').nth(1).fill(key)
      await dialog.locator('textarea').first().fill('您好{nobody}。拒收请回复T')
      await dialog.getByRole('button', { name: /保存草稿|Save draft/ }).click()
      await expect(dialog.locator('.wrong').first()).toContainText('{nobody}')
      await dialog.locator('textarea').first().fill('{bank}提醒您绑定{product}。拒收请回复T')
      await dialog.getByRole('button', { name: /预览|Preview/ }).click()
      await expect(dialog.locator('.shown')).toContainText('【')
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/edit-${size}.png` })
      await dialog.getByRole('button', { name: /保存草稿|Save draft/ }).click()
      await expect(dialog).toBeHidden()
      await page.locator(`[data-journey=${key}]`).getByRole('button', { name: /提交审批|Submit/ }).click()
      await expect(page.locator(`[data-journey=${key}] .chip.warn`)).toBeVisible()
      await page.evaluate(() => { sessionStorage.clear(); localStorage.clear() })
      await signIn('supervisor')
      await page.locator(`[data-journey=${key}]`).getByRole('button', { name: /批准|Approve/ }).click()
      await expect(page.locator(`[data-journey=${key}] .chip.good`)).toBeVisible()
      if (process.env.SHOTS) {
        await page.screenshot({ path: `${process.env.SHOTS}/list-${size}.png`, fullPage: true })
        await page.getByRole('button', { name: /EN|English/ }).first().click()
        await page.screenshot({ path: `${process.env.SHOTS}/list-${size}-en.png`, fullPage: true })
      }
    })
  })
}
