import { spawn, type ChildProcess } from 'node:child_process'
import { expect, request as requests, test, type APIRequestContext } from '@playwright/test'
import { asStaff, signIn, type Caller } from './staff'

test.use({ viewport: { width: 1440, height: 900 } })

const size = { width: 180, height: 320 }
let outside: APIRequestContext
let host: Caller
let encoder: ChildProcess | null = null

test.beforeAll(async () => {
  outside = await requests.newContext()
  host = await asStaff(outside, 'host')
})

test.afterEach(() => {
  encoder?.kill('SIGKILL')
  encoder = null
})

test.afterAll(() => outside.dispose())

/** Pushes a moving picture and a tone, as an encoder at a camera would. */
function push(address: string): ChildProcess {
  const picture = `testsrc2=s=${size.width}x${size.height}:r=25`
  return spawn('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-re', '-f', 'lavfi', '-i', picture, '-re', '-f', 'lavfi', '-i', 'sine=f=440:r=44100'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50', '-sc_threshold', '0', '-b:v', '300k'],
    ...['-c:a', 'aac', '-ar', '44100', '-f', 'flv', address],
  ])
}

test('what a host pushes is seen at the desk and in the room, and afterwards cut by hand and led to', async ({ page, browser }) => {
  test.setTimeout(120_000)
  const room = await host.post<{ id: string; title: string }>('/host/rooms', { title: `推流 ${Date.now()}`, starts_at: new Date().toISOString() })
  const { items: rooms } = await host.get<{ items: { id: string }[] }>('/rooms?status=live')
  const goods = (await host.get<{ items: { sku_id: string; product: { title: string } }[] }>(`/rooms/${rooms[0]!.id}/shelf`)).items.at(-1)!
  await host.put(`/host/rooms/${room.id}/shelf`, { items: [{ sku_id: goods.sku_id }] })
  await signIn(page, 'host', 'host', `/rooms/${room.id}`)
  const card = page.getByRole('region', { name: '推流' })
  await expect(card.locator('[data-ingest=idle]')).toBeVisible()
  await expect(card.locator('[data-stream-key]')).not.toContainText('key=')
  await card.getByRole('button', { name: '显示推流密钥' }).click()
  await expect(card.locator('[data-stream-key]')).toContainText(`${room.id}?key=`)
  const server = await card.locator('[data-push-url]').innerText()
  const key = await card.locator('[data-stream-key]').innerText()

  encoder = push(`${server}/${key}`)
  await expect(card.locator('[data-ingest=live]')).toBeVisible({ timeout: 30_000 })
  await expect(card.locator('[data-figure=size]')).toHaveText(`${size.width}×${size.height}`, { timeout: 15_000 })
  await expect(card.locator('[data-figure=bitrate]')).toHaveText(/^0\.[1-9]\d Mbps$/, { timeout: 15_000 })
  await host.post(`/host/rooms/${room.id}/start`)

  const viewer = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage()
  await viewer.goto(`/rooms/${room.id}`)
  const video = viewer.locator('video')
  const seen = () => video.evaluate((v: HTMLVideoElement) => ({ at: v.currentTime, width: v.videoWidth, height: v.videoHeight }))
  await expect.poll(async () => (await seen()).width, { timeout: 40_000 }).toBe(size.width)
  const before = await seen()
  expect(before.height).toBe(size.height)
  await expect.poll(async () => (await seen()).at, { timeout: 20_000 }).toBeGreaterThan(before.at + 1)

  await card.getByRole('button', { name: '更换推流密钥' }).click()
  await page.locator('.el-popconfirm:visible').getByRole('button', { name: '更换推流密钥' }).click()
  await expect(card.locator('[data-ingest=idle]')).toBeVisible({ timeout: 20_000 })
  await expect(card.locator('[data-stream-key]')).not.toHaveText(key)
  await host.post(`/host/rooms/${room.id}/end`)

  // Nobody explained anything: a piece is cut by hand, and the product's card leads to it.
  await host.put(`/host/rooms/${room.id}/replay`, { offered: true })
  await page.goto(`/host/rooms/${room.id}/report`)
  await page.getByRole('button', { name: '编辑切片' }).click()
  const editor = page.getByRole('dialog', { name: '编辑切片' })
  await editor.getByRole('button', { name: '添加切片' }).click()
  await editor.getByRole('combobox').click()
  await page.getByRole('option', { name: goods.product.title }).click()
  await editor.locator('input[name=cut_from]').fill('0:00')
  await editor.locator('input[name=cut_to]').fill('0:02')
  await editor.getByRole('button', { name: '保存' }).click()
  await expect(page.getByText('人工切片')).toBeVisible()

  await viewer.goto(`/rooms/${room.id}`)
  await viewer.getByRole('button', { name: '看看本场商品' }).click()
  await viewer.getByRole('dialog').getByRole('button', { name: goods.product.title }).click()
  await viewer.getByRole('dialog', { name: '商品详情' }).getByRole('button', { name: '看讲解' }).click()
  await expect(viewer.getByRole('dialog')).toHaveCount(0)
  await expect(viewer.getByRole('button', { name: goods.product.title })).toHaveAttribute('aria-pressed', 'true')
  await expect.poll(async () => (await seen()).at).toBeGreaterThan(0.5)
  expect(await video.evaluate((v: HTMLVideoElement) => v.duration), 'whole segments').toBeLessThanOrEqual(6)
  await viewer.context().close()
})
