// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from './errors'
import { createApi, unwrap } from './http'
import { SessionStore } from './session'

type Answer = { status: number; body?: unknown; headers?: Record<string, string> }
let calls: Request[] = []
let answer: (request: Request) => Answer

beforeEach(() => {
  localStorage.clear()
  calls = []
  vi.stubGlobal('fetch', async (request: Request) => {
    calls.push(request)
    const a = answer(request)
    return new Response(a.body === undefined ? null : JSON.stringify(a.body), {
      status: a.status,
      headers: { 'Content-Type': a.status >= 400 ? 'application/problem+json' : 'application/json', ...a.headers },
    })
  })
})
afterEach(() => vi.unstubAllGlobals())

const make = () =>
  createApi({ session: new SessionStore('viewer'), locale: () => 'en', bank: () => 'demo' })
const tokens = (n: number) => ({ access_token: `a${n}`, refresh_token: `r${n}`, expires_in: 7200, viewer: { id: 'vwr_1' } })

test('language, bank and token go along', async () => {
  const api = make()
  api.session.accept(tokens(1))
  answer = () => ({ status: 200, body: { items: [] } })
  await unwrap(api.http.GET('/orders'))
  expect(calls[0]!.headers.get('Accept-Language')).toBe('en')
  expect(calls[0]!.headers.get('X-Bank')).toBe('demo')
  expect(calls[0]!.headers.get('Authorization')).toBe('Bearer a1')
})

test('many calls with an expired token spend the refresh token once', async () => {
  const api = make()
  api.session.accept(tokens(1))
  answer = (request) => {
    if (request.url.endsWith('/auth/refresh')) return { status: 200, body: tokens(2) }
    const fresh = request.headers.get('Authorization') === 'Bearer a2'
    return fresh ? { status: 200, body: { items: [] } } : { status: 401, body: { code: 'auth.required', title: 'x', status: 401 } }
  }
  let turn = Promise.resolve()
  vi.stubGlobal('navigator', {
    locks: { request: (_: string, work: () => Promise<unknown>) => (turn = turn.then(work as () => Promise<void>)) },
  })
  await Promise.all([unwrap(api.http.GET('/orders')), unwrap(api.http.GET('/cards')), unwrap(api.http.GET('/applications'))])
  expect(calls.filter((c) => c.url.endsWith('/auth/refresh'))).toHaveLength(1)
  expect(api.session.read()?.accessToken).toBe('a2')
})

test('a refresh that is refused ends the session and shows the first refusal', async () => {
  const api = make()
  api.session.accept(tokens(1))
  answer = () => ({ status: 401, body: { code: 'auth.required', title: 'Sign in', status: 401 } })
  await expect(unwrap(api.http.GET('/orders'))).rejects.toMatchObject({ code: 'auth.required' })
  expect(api.session.read()).toBeNull()
})

test('a refusal becomes an ApiError with its fields, request id and wait', async () => {
  const api = make()
  answer = () => ({
    status: 429,
    headers: { 'Retry-After': '7' },
    body: { code: 'rate_limited', title: 'Slow down', status: 429, request_id: 'req_1', errors: [{ field: 'body.phone', code: 'x', message: 'bad' }] },
  })
  const error = (await unwrap(api.http.POST('/auth/otp', { body: { phone: '1' } })).catch((e: unknown) => e)) as ApiError
  expect(error).toBeInstanceOf(ApiError)
  expect([error.code, error.requestId, error.retryAfter, error.field('phone')]).toEqual(['rate_limited', 'req_1', 7, 'bad'])
  expect(error.unknownOutcome).toBe(false)
})

test('no network and pages that are no problem+json are told apart from refusals', async () => {
  const api = make()
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')))
  await expect(unwrap(api.http.GET('/rooms'))).rejects.toMatchObject({ code: 'client.offline', status: 0, unknownOutcome: true })
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('<html>', { status: 502 })))
  await expect(unwrap(api.http.GET('/rooms'))).rejects.toMatchObject({ code: 'client.unreadable', status: 502, unknownOutcome: true })
})
