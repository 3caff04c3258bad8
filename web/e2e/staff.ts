import { expect, type APIRequestContext, type Page } from '@playwright/test'
import { bankbox, codeAfter, newIdNumber, newPhone } from './support'

/** What the staff's specs share: sign-in at the two apps, and the API beside them to set the scene and to check. */

const base = process.env.E2E_BASE_URL ?? 'http://127.0.0.1:8080'
const api = base + '/api/v1'

export type App = 'host' | 'desk'

/** Opens a page of an app for somebody, the session in its place: the door costs a loading of the app. */
export async function signIn(page: Page, app: App, user: string, path = '/'): Promise<void> {
  const response = await page.request.post(api + '/staff/login', { data: { username: user, password: `demo-${user}` } })
  expect(response.ok(), await response.text()).toBe(true)
  const answer = (await response.json()) as { access_token: string; refresh_token: string; expires_in: number; staff: unknown }
  const session = JSON.stringify({
    accessToken: answer.access_token, refreshToken: answer.refresh_token, expiresAt: Date.now() + answer.expires_in * 1000, person: answer.staff,
  })
  if (!page.url().startsWith(base)) await page.goto('/favicon.svg')
  await page.evaluate(([key, value]) => localStorage.setItem(key!, value!), [`yinbo.${app}.session`, session])
  await page.goto(`/${app}${path}`)
  await page.locator('#app > *').first().waitFor({ state: 'attached' })
}

/** The same by the door. */
export async function signInByForm(page: Page, app: App, user: string, path = '/'): Promise<void> {
  await page.goto(`/${app}${path}`)
  await page.locator('input[name=username]').fill(user)
  await page.locator('input[name=password]').fill(`demo-${user}`)
  await page.locator('button[type=submit]').click()
  await page.waitForURL((url) => !url.pathname.includes('sign-in'))
}

export interface Caller {
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: unknown, key?: string): Promise<T>
  put(path: string, body: unknown): Promise<void>
}

/** Calls the API with a token; anything but 2xx fails the test. */
export function caller(request: APIRequestContext, token: string): Caller {
  const headers = { Authorization: `Bearer ${token}` }
  return {
    async get(path) {
      const response = await request.get(api + path, { headers })
      expect(response.ok(), `GET ${path}: ${await response.text()}`).toBe(true)
      return (await response.json()) as never
    },
    async post(path, body, key) {
      const response = await request.post(api + path, {
        headers: key ? { ...headers, 'Idempotency-Key': key } : headers,
        ...(body === undefined ? {} : { data: body }),
      })
      expect(response.ok(), `POST ${path}: ${await response.text()}`).toBe(true)
      const text = await response.text()
      return (text ? JSON.parse(text) : null) as never
    },
    async put(path, body) {
      const response = await request.put(api + path, { headers, data: body })
      expect(response.ok(), `PUT ${path}: ${await response.text()}`).toBe(true)
    },
  }
}

export async function asStaff(request: APIRequestContext, user: string): Promise<Caller> {
  const response = await request.post(api + '/staff/login', { data: { username: user, password: `demo-${user}` } })
  expect(response.ok()).toBe(true)
  return caller(request, ((await response.json()) as { access_token: string }).access_token)
}

export interface ViewerAtTest {
  phone: string
  token: string
  id: string
  call: Caller
  /** What the viewer's app keeps of the sign-in, under `yinbo.viewer.session`. */
  session: string
}

/** Signs a new viewer in; the code stands in the bank's list of messages. */
export async function asViewer(request: APIRequestContext): Promise<ViewerAtTest> {
  const phone = newPhone()
  const code = await codeAfter(request, phone, async () => {
    const sent = await request.post(api + '/auth/otp', { data: { phone } })
    expect(sent.status(), await sent.text()).toBe(202)
  })
  const response = await request.post(api + '/auth/otp/verify', { data: { phone, code } })
  expect(response.ok(), await response.text()).toBe(true)
  const { access_token, refresh_token, expires_in, viewer } = (await response.json()) as {
    access_token: string; refresh_token: string; expires_in: number; viewer: { id: string }
  }
  const session = JSON.stringify({ accessToken: access_token, refreshToken: refresh_token, expiresAt: Date.now() + expires_in * 1000, person: viewer })
  return { phone, token: access_token, id: viewer.id, call: caller(request, access_token), session }
}

/** Buys something that is sent, of a merchant where one is named, and pays at the cashier. */
export async function bought(request: APIRequestContext, merchant = ''): Promise<{ id: string; viewer: ViewerAtTest; fen: number }> {
  const viewer = await asViewer(request)
  const products = await viewer.call.get<{ items: { kind: string; merchant: { name: string }; skus: { id: string }[] }[] }>('/products?limit=50')
  const sku = products.items.find((p) => p.kind === 'physical' && (!merchant || p.merchant.name === merchant))!.skus[0]!.id
  const address = { name: '张三丰', phone: '13800138000', province: '云南省', city: '昆明市', district: '五华区', street: '示例路 1 号' }
  const key = `orders-${viewer.phone}`
  const made = await viewer.call.post<{ id: string; payable_fen: number }>('/orders', { address, items: [{ sku_id: sku, quantity: 2 }] }, key)
  const { payment } = await viewer.call.post<{ payment: { cashier_url: string } }>(`/orders/${made.id}/pay`, { method: 'cashier' }, key + '-pay')
  expect((await request.post(`${bankbox}${new URL(payment.cashier_url).pathname}/pay`)).ok()).toBe(true)
  await expect.poll(async () => (await viewer.call.get<{ status: string }>(`/orders/${made.id}`)).status).toBe('paid')
  return { id: made.id, viewer, fen: made.payable_fen }
}

interface CardProducts {
  items: { id: string; consents: { document: string; version: string }[] }[]
}

/** A new application, which is a new lead; gives its id. `who`, the room and whose it is may be named. */
export async function apply(
  request: APIRequestContext, who: { name?: string; employer?: string } = {}, room?: string, by?: { phone: string; call: Caller },
): Promise<string> {
  const viewer = by ?? (await asViewer(request))
  const product = (await viewer.call.get<CardProducts>('/card-products')).items[0]!
  const application = await viewer.call.post<{ id: string }>(
    '/applications',
    {
      card_product_id: product.id,
      applicant: {
        name: '测试申请', id_no: newIdNumber(), phone: viewer.phone, email: 'someone@example.com',
        employer: '昆明示例商贸有限公司', city_code: '530102', address: '示例路 1 号', ...who,
      },
      room_id: room,
      consents: product.consents.map(({ document, version }) => ({ document, version })),
    },
    `e2e-${viewer.phone}`,
  )
  return application.id
}

/** Says a line in a room as a viewer, over a socket of its own; gives the chat event's id as the room heard it. */
export async function say(page: Page, room: string, token: string, text: string): Promise<string> {
  return page.evaluate(
    ([url, roomId, access, line]) =>
      new Promise<string>((resolve, reject) => {
        const socket = new WebSocket(url!)
        const late = setTimeout(() => reject(new Error('no answer on the socket')), 20_000)
        socket.onopen = () => socket.send(JSON.stringify({ type: 'join', room: roomId, token: access, since: null }))
        socket.onmessage = (message) => {
          const frame = JSON.parse(String(message.data)) as { type: string; message?: string; events?: { kind: string; id: string; text: string }[] }
          if (frame.type === 'joined') socket.send(JSON.stringify({ type: 'chat', id: 'c1', text: line }))
          if (frame.type === 'error') reject(new Error(frame.message))
          const mine = frame.events?.find((e) => e.kind === 'chat' && e.text === line)
          if (!mine) return
          clearTimeout(late)
          socket.close()
          resolve(mine.id)
        }
      }),
    [base.replace(/^http/, 'ws') + '/api/v1/ws', room, token, text] as const,
  )
}
