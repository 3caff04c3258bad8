import { expect, test } from '@playwright/test'
import { asStaff, asViewer, signIn } from './staff'

test.use({ viewport: { width: 1440, height: 900 } })

interface Playing { polls: { poll_id: string; question: string }[]; lotteries: { lottery_id: string; title: string }[] }

test('a cue is planned, checked and run; a lottery is launched and drawn; the report tells of both', async ({ page, request }) => {
  const operator = await asStaff(request, 'operator')
  const room = (await operator.get<{ items: { id: string; title: string }[] }>('/rooms?status=live')).items[0]!
  const playing = () => operator.get<Playing>(`/rooms/${room.id}/play`)
  await signIn(page, 'host', 'operator', `/rooms/${room.id}`)

  const rundown = page.getByRole('region', { name: '活动脚本' })
  await rundown.getByRole('button', { name: '添加环节' }).click()
  const planning = page.getByRole('dialog', { name: '添加环节' })
  await planning.locator('.el-select').first().click()
  await page.getByRole('option', { name: '投票' }).click()
  await planning.locator('input[name=after]').fill('23:59:00')
  const question = `喝哪种茶 ${Date.now()}`
  await planning.locator('input[name=question]').fill(question)
  await planning.locator('input[name=option_0]').fill('绿茶')
  await planning.locator('input[name=option_1]').fill('绿茶')
  await expect(planning.getByText('选项不能重复')).toBeVisible()
  await planning.locator('input[name=option_1]').fill('红茶')
  await planning.getByRole('button', { name: '保存环节' }).click()
  await expect(planning).toBeHidden()

  const cue = rundown.locator('[data-cue]', { hasText: question })
  await expect(cue.getByText('待执行')).toBeVisible()
  await rundown.getByRole('button', { name: /试运行/ }).click()
  await expect(rundown.getByText(/检查了 \d+ 个环节/)).toBeVisible()
  await cue.getByRole('button', { name: '执行' }).click()
  await expect(cue.getByText('已执行', { exact: true })).toBeVisible()

  const games = page.getByRole('region', { name: '互动玩法' })
  const poll = games.locator('[data-game]', { hasText: question })
  const viewer = await asViewer(request)
  const open = (await playing()).polls.find((p) => p.question === question)!
  await viewer.call.put(`/polls/${open.poll_id}/vote`, { option: 1 })
  await expect(poll.getByText('1 票 100%')).toBeVisible()
  await poll.getByRole('button', { name: '提前结束' }).click()
  await page.locator('.el-popconfirm:visible').getByRole('button', { name: '提前结束' }).click()
  await expect(poll.getByRole('button', { name: '提前结束' })).toBeHidden()

  await games.getByRole('button', { name: '抽奖' }).click()
  const launching = page.getByRole('dialog', { name: '发起抽奖' })
  const title = `送茶叶 ${Date.now()}`
  await launching.locator('input[name=title]').fill(title)
  await launching.locator('input[name=prize_0]').fill('明前龙井')
  await launching.getByRole('button', { name: '下一步：核对' }).click()
  await launching.getByRole('button', { name: '确认发起' }).dblclick()
  await expect(launching).toBeHidden()
  const started = (await playing()).lotteries.filter((l) => l.title === title)
  expect(started).toHaveLength(1)
  await viewer.call.post(`/lotteries/${started[0]!.lottery_id}/entries`)
  const lottery = games.locator('[data-game]', { hasText: title })
  await expect(lottery.getByText('1 人参与')).toBeVisible()
  await lottery.getByRole('button', { name: '开奖' }).click()
  await page.locator('.el-popconfirm:visible').getByRole('button', { name: '开奖' }).click()
  const winners = page.getByRole('dialog', { name: '中奖名单' })
  await expect(winners.getByText('待发放')).toBeVisible()
  await winners.getByRole('button', { name: '关闭' }).last().click()

  await page.getByRole('link', { name: '复盘报告' }).click()
  await expect(page.getByRole('img', { name: '每分钟走势' })).toBeVisible()
  await expect(page.getByRole('row', { name: new RegExp(question) }).getByText('已执行')).toBeVisible()
})

test('a product goes off the shelf and back, its place kept', async ({ page, request }) => {
  const operator = await asStaff(request, 'operator')
  const room = (await operator.get<{ items: { id: string }[] }>('/rooms?status=live')).items[0]!
  const seen = async () => (await operator.get<{ items: { sku_id: string }[] }>(`/rooms/${room.id}/shelf`)).items.map((i) => i.sku_id)
  const before = await seen()
  await signIn(page, 'host', 'operator', `/rooms/${room.id}`)
  const row = page.locator(`[data-sku="${before.at(-1)}"]`)
  await row.locator('.el-switch').click()
  await expect(row.getByText('已下架')).toBeVisible()
  await expect.poll(seen).not.toContain(before.at(-1))
  await row.locator('.el-switch').click()
  await expect.poll(seen).toEqual(before)
})
