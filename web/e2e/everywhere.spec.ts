import { expect, test, type Page } from '@playwright/test'
import { filled, grave, listen, routesOf, settled, shares, shownWords, tooWide, visit, wordsWrong, type Ear } from './everywhere'
import { apply, asStaff, caller, signInByForm as staffSignIn } from './staff'
import { signIn } from './support'

/** Every screen of the three apps, in both languages, on the sizes people have. */

const phone = { width: 390, height: 844 }
const desktop = { width: 1440, height: 900 }
type Size = typeof phone

/** Walks the paths once a language; the first round also asks axe. The size changes as seldom as may be. */
async function walk(page: Page, ear: Ear, app: string, paths: string[], sizes: Size[]): Promise<string[]> {
  const wrong: string[] = []
  let order = [...sizes]
  for (const language of ['zh-CN', 'en']) {
    await page.evaluate((chosen) => localStorage.setItem('yinbo.locale', chosen), language)
    await page.reload()
    await settled(page, ear)
    for (const path of paths) {
      const say = (what: string): number => wrong.push(`${app} ${path} ${language}: ${what}`)
      await visit(page, ear, path)
      for (const size of order) {
        if (page.viewportSize()!.width !== size.width) await page.setViewportSize(size)
        for (const wide of await tooWide(page)) say(`${size.width} wide: ${wide}`)
      }
      order = order.reverse()
      for (const word of wordsWrong(app, language, await shownWords(page), ear.said)) say(`“${word.slice(0, 80)}”`)
      if (language === 'zh-CN') for (const fault of await grave(page)) say(fault)
      for (const complaint of ear.complaints.splice(0)) say(complaint)
    }
  }
  return wrong
}

test.describe.configure({ timeout: 120_000 })

test('every screen of the viewer', async ({ page, request }) => {
  const ear = await listen(page)
  await page.goto('/sign-in')
  const number = await signIn(page)
  await page.waitForURL((url) => !url.pathname.includes('sign-in'))
  const session = await page.evaluate(() => JSON.parse(localStorage.getItem('yinbo.viewer.session')!) as { accessToken: string })
  const me = caller(request, session.accessToken)
  const room = (await me.get<{ items: { id: string }[] }>('/rooms?status=live')).items[0]!.id
  const shelf = (await me.get<{ items: { sku_id: string; product: { kind: string } }[] }>(`/rooms/${room}/shelf`)).items
  const sku = shelf.find((item) => item.product.kind === 'voucher')!.sku_id
  const order = await me.post<{ id: string }>('/orders', { room_id: room, items: [{ sku_id: sku, quantity: 1 }] }, `everywhere-${Date.now()}`)
  const application = await apply(request, {}, room, { phone: number, call: me })
  const product = (await me.get<{ items: { id: string }[] }>('/products?limit=1')).items[0]!.id
  const examples = { '/rooms/:id': room, '/products/:id': product, '/orders/:id': order.id, '/applications/:id': application }
  const paths = routesOf('viewer').map(({ path }) => filled(path, examples))
  expect(await walk(page, ear, 'viewer', [...paths, '/nowhere'], [phone])).toEqual([])
})

test('every screen of the host panel', async ({ page, request }) => {
  const ear = await listen(page)
  const operator = await asStaff(request, 'operator')
  const room = (await operator.get<{ items: { id: string }[] }>('/host/rooms?status=live')).items[0]!.id
  await page.setViewportSize(desktop)
  await staffSignIn(page, 'host', 'operator')
  const paths = routesOf('host').map(({ path }) => filled(path, { '/rooms/:id': room, '/rooms/:id/report': room }))
  expect(await walk(page, ear, 'host', paths, [desktop, phone])).toEqual([])
})

for (const [role, paths] of shares()) {
  test(`every screen of the desk for ${role}`, async ({ page, request }) => {
    const examples: Record<string, string> = {}
    if (paths.includes('/settlements/:id/print')) {
      const finance = await asStaff(request, 'finance')
      examples['/settlements/:id/print'] = (await finance.get<{ items: { id: string }[] }>('/settlements?limit=1')).items[0]!.id
    }
    const ear = await listen(page)
    await page.setViewportSize(desktop)
    await staffSignIn(page, 'desk', role)
    expect(await walk(page, ear, 'desk', paths.map((path) => filled(path, examples)), [desktop, phone])).toEqual([])
  })
}
