import { createHmac } from 'node:crypto'
import { expect, test } from '@playwright/test'
import { asStaff, signIn } from './staff'

/** The code of a second factor, by RFC 6238, for the step `ahead` of now. */
function codeOf(secret: string, ahead = 0): string {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g)!.map((b) => parseInt(b, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead))
  const mac = createHmac('sha1', key).update(step).digest()
  const at = mac.at(-1)! & 15
  return ((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).toString().padStart(6, '0')
}

test('a new person comes in by two, sets password and second factor, and the auditor proves it', async ({ page, request }) => {
  test.slow()
  const name = `clerk${Date.now().toString(36)}`
  await signIn(page, 'desk', 'admin', '/staff')
  await page.getByRole('button', { name: '新增人员' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('input[name=username]').fill(name)
  await dialog.locator('input[name=name]').fill('新同事')
  await dialog.getByText('风控', { exact: false }).first().click()
  await dialog.locator('textarea[name=reason]').fill('新入职')
  await dialog.getByRole('button', { name: '提交申请' }).click()
  await expect(dialog).toBeHidden()
  await page.goto('/desk/staff?tab=requests')
  const mine = page.locator('[data-request]', { hasText: name })
  await expect(mine.getByRole('button', { name: '撤回' })).toBeVisible()
  await expect(mine.getByRole('button', { name: '批准' })).toHaveCount(0)
  await page.evaluate(() => localStorage.clear())

  // The second admin agrees and is shown the password, once.
  await signIn(page, 'desk', 'admin2', '/staff?tab=requests')
  await page.locator('[data-request]', { hasText: name }).getByRole('button', { name: '批准' }).click()
  const once = (await page.locator('[data-once]').innerText()).trim()
  expect(once).toHaveLength(16)
  await page.evaluate(() => localStorage.clear())

  // The new one can do nothing before the password is theirs.
  await page.goto('/desk/')
  await page.locator('input[name=username]').fill(name)
  await page.locator('input[name=password]').fill(once)
  await page.locator('button[type=submit]').click()
  await expect(page).toHaveURL(/\/desk\/account/)
  await page.goto('/desk/screening')
  await expect(page).toHaveURL(/\/desk\/account/)
  await page.locator('input[name=old_password]').fill(once)
  await page.locator('input[name=new_password]').fill('purple-Harbour-93')
  await page.locator('input[name=again_password]').fill('purple-Harbour-93')
  await page.getByRole('button', { name: '修改密码' }).click()
  await expect(page).toHaveURL(/\/desk\/screening/)

  await page.goto('/desk/account')
  await page.getByRole('button', { name: '开始设置' }).click()
  await page.locator('input[name=factor_password]').fill('purple-Harbour-93')
  await page.getByRole('button', { name: '下一步' }).click()
  const secret = (await page.locator('[data-secret]').innerText()).replace(/\s/g, '')
  await page.locator('input[name=factor_code]').fill(codeOf(secret))
  await page.getByRole('button', { name: '启用' }).click()
  await expect(page.locator('[data-codes] li')).toHaveCount(10)
  await page.getByRole('button', { name: '已保存' }).click()
  await expect(page.locator('[data-session]')).toHaveCount(1)
  await page.evaluate(() => localStorage.clear())

  // Its code comes after the password; the next step's, as one is good once.
  await page.goto('/desk/sign-in')
  await page.locator('input[name=username]').fill(name)
  await page.locator('input[name=password]').fill('purple-Harbour-93')
  await page.locator('input[name=totp]').fill(codeOf(secret, 1))
  await page.locator('button[type=submit]').click()
  await expect(page).toHaveURL(/\/desk\/screening/)
  await page.evaluate(() => localStorage.clear())

  await signIn(page, 'desk', 'auditor', '/audit?action=staff.create_applied')
  await page.locator('[data-action="staff.create_applied"]').first().click()
  await expect(page.locator('.chain .here')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: '校验日志链' }).click()
  await page.getByRole('button', { name: '立即校验' }).click()
  await expect(page.locator('[data-verdict="holds"]')).toBeVisible({ timeout: 60_000 })
  const auditor = await asStaff(request, 'auditor')
  const log = await auditor.get<{ items: { actor_name: string; title: string }[] }>('/audit?action=staff.create_applied')
  expect(log.items[0]).toMatchObject({ actor_name: '管理员乙' })
})
