// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, ref, type EffectScope } from 'vue'
import { ApiError, type FlashSale, type Order } from '@client/index'

const orderFlash = vi.hoisted(() => vi.fn<(id: string, body: unknown, key: string) => Promise<Order>>())
const getOrder = vi.hoisted(() => vi.fn<(id: string) => Promise<Order>>())
vi.mock('../calls/orders', () => ({ orderFlash, getOrder }))
const { useFlashBuy } = await import('./useFlashBuy')

const sale: FlashSale = {
  id: 'flash_1', sku_id: 'sku_1', status: 'on_sale', price_fen: 100, total: 10, left: 5, per_user_limit: 1,
  starts_at: '2026-05-01T00:00:00.000Z', ends_at: '2026-05-01T01:00:00.000Z',
}
const order = { id: 'ord_1', status: 'pending_payment', expires_at: null } as unknown as Order
const refusal = (code: string, status: number) => new ApiError({ code, title: code, status })
const keys = () => orderFlash.mock.calls.map((call) => call[2])
let scope: EffectScope

beforeEach(() => {
  vi.useFakeTimers()
  sessionStorage.clear()
  orderFlash.mockReset()
  getOrder.mockReset()
  getOrder.mockResolvedValue(order)
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})
const start = () => scope.run(() => useFlashBuy(ref(sale), 'room_1'))!

test('a won unit waits for payment and turns paid with its order', async () => {
  orderFlash.mockResolvedValue(order)
  const buy = start()
  await buy.buy()
  expect(buy.state.value).toBe('won')
  getOrder.mockResolvedValue({ ...order, status: 'paid' })
  await vi.advanceTimersByTimeAsync(3000)
  expect(buy.state.value).toBe('paid')
})

test('while the outcome is unknown the same key asks again, and the verdict stands', async () => {
  orderFlash.mockRejectedValueOnce(refusal('client.offline', 0))
  orderFlash.mockRejectedValueOnce(refusal('idempotency.in_flight', 409))
  orderFlash.mockResolvedValueOnce(order)
  const buy = start()
  const done = buy.buy()
  await vi.advanceTimersByTimeAsync(0)
  expect(buy.state.value).toBe('confirming')
  await vi.advanceTimersByTimeAsync(3000)
  await done
  expect(buy.state.value).toBe('won')
  expect(new Set(keys()).size).toBe(1)
})

test('a button pressed twice makes one request', async () => {
  orderFlash.mockResolvedValue(order)
  const buy = start()
  await Promise.all([buy.buy(), buy.buy()])
  expect(orderFlash).toHaveBeenCalledTimes(1)
})

test('a refusal is final for its key; the next try has another', async () => {
  orderFlash.mockRejectedValueOnce(refusal('flash.sold_out', 409))
  orderFlash.mockRejectedValueOnce(refusal('flash.limit_reached', 409))
  const buy = start()
  await buy.buy()
  expect(buy.state.value).toBe('idle')
  await buy.buy()
  expect(buy.state.value).toBe('limit')
  expect(new Set(keys()).size).toBe(2)
})

test('an outcome that stays unknown is said so, and asked again under the same key', async () => {
  orderFlash.mockRejectedValue(refusal('client.timeout', 0))
  const buy = start()
  const done = buy.buy()
  await vi.advanceTimersByTimeAsync(40_000)
  await done
  expect(buy.state.value).toBe('unknown')
  orderFlash.mockResolvedValue(order)
  await buy.buy()
  expect(buy.state.value).toBe('won')
  expect(new Set(keys()).size).toBe(1)
})

test('an unpaid order of the sale from before is taken up again', () => {
  const buy = start()
  buy.resume({ ...order, flash_id: 'other' })
  expect(buy.state.value).toBe('idle')
  buy.resume({ ...order, flash_id: 'flash_1' })
  expect(buy.state.value).toBe('won')
  expect(orderFlash).not.toHaveBeenCalled()
})

test('a press that a reload cut off is asked about again under its key, and only while it is fresh', async () => {
  orderFlash.mockReturnValueOnce(new Promise(() => undefined))
  void start().buy()
  await vi.advanceTimersByTimeAsync(0)
  scope.stop()
  scope = effectScope()
  orderFlash.mockResolvedValueOnce(order)
  const after = start()
  await vi.advanceTimersByTimeAsync(0)
  expect(after.state.value).toBe('won')
  expect(new Set(keys()).size).toBe(1)
  scope.stop()
  scope = effectScope()
  expect(start().state.value).toBe('idle')
})
