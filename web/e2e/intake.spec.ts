import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { asStaff, signIn as staffSignIn } from './staff'
import { newIdNumber, newPhone, signIn, toConsents } from './support'

const next = (page: Page) => page.getByRole('button', { name: '下一步' })
const saved = (page: Page) => expect(page.locator('[data-saving]')).toHaveAttribute('data-saving', 'saved')

async function noViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`)).toEqual([])
}

async function begin(page: Page, phone: string): Promise<void> {
  await page.goto('/apply?share=from-a-friend')
  await signIn(page, phone)
  await expect(page.getByRole('radio').first()).toBeVisible()
}

test('an application is begun on one device, gone on with on another, and sent in once', async ({ page, browser }) => {
  const phone = newPhone()
  await begin(page, phone)
  await page.getByRole('radio').first().check()
  await next(page).click()
  await page.getByLabel('姓名').fill('欧阳小明')
  await page.getByLabel('拼音').fill('ouyang xiaoming')
  await page.getByLabel('长期有效').check()
  await page.getByText('已婚', { exact: true }).click()
  await saved(page)
  await expect(page.getByText(/^已保存 \d\d:\d\d$/)).toBeVisible()

  // Another device: what was filled in is there, but for the id number.
  const outside = await browser.newContext({ storageState: await page.context().storageState() })
  const other = await outside.newPage()
  await other.goto('/apply')
  await expect(other.getByRole('region', { name: '你有一份没填完的申请' })).toBeVisible()
  await noViolations(other)
  await other.getByRole('button', { name: '继续填写' }).click()
  await expect(other.getByLabel('姓名')).toHaveValue('欧阳小明')
  await expect(other.getByRole('radio', { name: '已婚' })).toBeChecked()
  await expect(other.getByLabel('身份证号')).toHaveValue('')
  await other.getByLabel('邮箱').fill('ouyang@example.com')
  await saved(other)

  // The first one is told, overwrites nothing, and takes over what is there.
  await page.getByLabel('拼音').fill('OUYANG')
  await expect(page.getByText('这份申请刚刚在另一台设备上改过')).toBeVisible()
  await page.getByRole('button', { name: '载入那边的内容' }).click()
  await expect(page.getByLabel('邮箱')).toHaveValue('ouyang@example.com')
  await expect(page.getByLabel('拼音')).toHaveValue('ouyang xiaoming')
  await outside.close()

  await page.getByLabel('身份证号').fill('110105194912310021')
  await next(page).click()
  await expect(page.getByText('身份证号有误，请检查')).toBeVisible()
  await page.getByLabel('身份证号').fill(newIdNumber())
  await next(page).click()
  await page.getByLabel('居住地区').click()
  await page.getByRole('button', { name: '确定' }).click()
  await expect(page.getByLabel('居住地区')).not.toHaveValue('')
  await page.getByLabel('居住地址').fill('世纪大道 1 号')
  await next(page).click()
  await page.getByLabel('单位电话').fill('12')
  await next(page).click()
  await expect(page.getByText('请填写单位电话，如 021-12345678')).toBeVisible()
  await page.getByLabel('单位电话').fill('021-12345678')
  await next(page).click()
  // A contact is whole, or not there at all.
  await page.getByLabel('联系人姓名').first().fill('诸葛大力')
  await next(page).click()
  await expect(page.getByText('请填写', { exact: true }).first()).toBeVisible()
  await page.getByRole('group', { name: '紧急联系人' }).getByText('配偶', { exact: true }).click()
  await page.getByLabel('联系人手机').first().fill('13911112222')
  await next(page).click()
  // The card is collected at an outlet, of another city than one's own.
  await page.getByText('网点自取', { exact: true }).click()
  await next(page).click()
  await expect(page.getByText('请选择领卡网点')).toBeVisible()
  await page.getByRole('textbox', { name: '领卡网点' }).click()
  const outlets = page.getByRole('dialog', { name: '选择领卡网点' })
  await outlets.getByLabel('城市').selectOption({ label: '上海市（3 家）' })
  await outlets.getByRole('button', { name: /陆家嘴支行/ }).click()
  await expect(page.getByRole('textbox', { name: '领卡网点' })).toHaveValue('陆家嘴支行')
  await page.getByLabel('期望额度').fill('50000')
  await toConsents(page)
  for (const box of await page.getByRole('checkbox').all()) await box.check()
  await next(page).click()
  await expect(page.getByText('¥50,000')).toBeVisible()
  await page.getByRole('button', { name: '提交申请' }).click()
  await expect(page.getByText('申请已收到')).toBeVisible()
  await expect(page.getByText('陆家嘴支行')).toBeVisible()
  const lead = new URL(page.url()).pathname.split('/').pop()!
  expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).not.toContain('欧阳小明')

  // The draft is gone; the application that is under way is pointed to.
  await page.goto('/apply')
  await page.getByRole('radio').first().check()
  await expect(page.getByText('你已经有一笔这张卡的申请在办理中')).toBeVisible()
  await expect(page.getByRole('button', { name: '继续填写' })).toHaveCount(0)

  // The reviewer sees it masked, with where it came from.
  const desk = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await staffSignIn(desk, 'desk', 'supervisor', `/leads/${lead}`)
  await expect(desk.locator('[data-field=contact1_phone]')).toHaveText('139****2222')
  await expect(desk.locator('[data-field=contact1_relation]')).toHaveText('配偶')
  await expect(desk.locator('[data-field=delivery_outlet_id]')).toContainText('陆家嘴支行')
  await expect(desk.locator('[data-field=limit_wished_fen]')).toContainText('50,000')
  await expect(desk.getByText('from-a-friend')).toBeVisible()
  await desk.context().close()
})

test('what cannot be saved is said, and saved when it can be', async ({ page, context }) => {
  await begin(page, newPhone())
  await page.getByRole('radio').first().check()
  await next(page).click()
  await context.setOffline(true)
  await page.getByLabel('姓名').fill('王小明')
  await expect(page.getByText('未保存：网络不通，恢复后会自动保存')).toBeVisible()
  await context.setOffline(false)
  await saved(page)
})

test('a form is changed by one and put in use by another', async ({ page, browser, request }) => {
  // There and back: other tests fill in this form too.
  const [admin, other] = [await asStaff(request, 'admin'), await asStaff(request, 'admin2')]
  for (const who of [admin, other]) {
    for (const c of (await who.get<{ items: { id: string; submitted_by: { id: string } }[] }>('/application-form/changes?state=submitted')).items) {
      if (c.submitted_by.id === (await who.get<{ id: string }>('/staff/me')).id) await who.post(`/application-form/changes/${c.id}/withdraw`)
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  await staffSignIn(page, 'desk', 'admin', '/application-form')
  const asked = (name: string) => page.locator(`[data-asked=${name}]`)
  await expect(asked('name')).toContainText('必须收集')
  const first = await page.locator('[data-step=contacts] [data-asked]').count()
  await page.getByRole('button', { name: '不再收集 第二联系人' }).click()
  await expect(page.locator('[data-step=contacts] [data-asked]')).toHaveCount(first - 1)
  await page.locator('[data-off=contact2]').click()
  await expect(page.locator('[data-step=contacts] [data-asked]')).toHaveCount(first)
  const submit = page.getByRole('button', { name: '提交审批' })
  await expect(submit).toBeDisabled()
  await page.getByRole('button', { name: '上移 学历' }).click()
  await submit.click()
  await expect(page.getByText('已提交，由另一位同事审批')).toBeVisible()
  const waiting = page.getByRole('region', { name: '待审批的修改' }).locator('[data-change]').filter({ hasText: '管理员' })
  await expect(waiting).toContainText('内的顺序有调整')
  await expect(waiting.getByRole('button', { name: '撤回' })).toBeVisible()
  await expect(waiting.getByRole('button', { name: '批准生效' })).toHaveCount(0)
  await noViolations(page)

  // It comes back with a reason, without the number in it, and is taken up again.
  const [back] = (await admin.get<{ items: { id: string }[] }>('/application-form/changes?state=submitted')).items
  await (await asStaff(request, 'supervisor')).post(`/application-form/changes/${back!.id}/reject`, { reason: '学历不必提前，13812345678' })
  await page.reload()
  await expect(page.getByText('审核主管退回了你的修改，原因：学历不必提前，***')).toBeVisible()
  await page.getByRole('button', { name: '载入这次修改' }).click()
  await submit.click()
  await expect(waiting).toContainText('内的顺序有调整')

  // A colleague's change of the same version comes too late.
  const form = await other.get<{ version: number; income_period: string }>('/application-form')
  const late = await other.post<{ id: string }>('/application-form/changes', { ...form, income_period: form.income_period === 'year' ? 'month' : 'year' })
  const desk = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await staffSignIn(desk, 'desk', 'supervisor', '/application-form')
  const theirs = desk.locator('[data-change]').filter({ hasText: '内的顺序有调整' })
  await theirs.getByRole('button', { name: '预览' }).click()
  await expect(desk.getByText('管理员提交的修改')).toBeVisible()
  await expect(desk.locator(`[data-change=${late.id}]`)).toContainText('收入改按')
  await noViolations(desk)
  await theirs.getByRole('button', { name: '批准生效' }).click()
  await desk.locator('.el-popconfirm:visible').getByRole('button').last().click()
  await expect(desk.getByText('已生效，新的申请按新版本填写')).toBeVisible()
  await expect(desk.getByText(/由管理员修改/).first()).toBeVisible()
  const over = desk.locator(`[data-change=${late.id}]`)
  await expect(over).toContainText('已有新版本生效')
  await expect(over.getByRole('button', { name: '批准生效' })).toHaveCount(0)
  await over.getByRole('button', { name: '退回' }).click()
  await desk.locator('textarea[name=reason]').fill('已有新版本')
  await desk.getByRole('dialog').getByRole('button', { name: '退回' }).click()
  await expect(over).toHaveCount(0)
  await desk.context().close()
})

test('a share code is made, copied from, and ended', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  await staffSignIn(page, 'desk', 'operator', '/share-codes')
  await page.getByRole('button', { name: '新建推广码' }).click()
  const dialog = page.getByRole('dialog', { name: '新建推广码' })
  await dialog.getByText('活动', { exact: true }).first().click()
  const campaign = `双十一 ${Date.now() % 100_000}`
  await dialog.locator('input[name=campaign]').fill(campaign)
  await dialog.locator('input[name=community]').fill('小区团购群')
  await dialog.getByRole('button', { name: '新建推广码' }).click()
  const row = page.locator('tr', { hasText: campaign })
  await expect(row).toContainText('有效')
  await expect(row).toContainText('运营小周')
  await row.getByRole('button', { name: '停用' }).click()
  await page.locator('.el-popconfirm:visible').getByRole('button').last().click()
  await expect(row).toContainText('已停用')
  await noViolations(page)
})
