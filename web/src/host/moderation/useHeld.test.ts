// @vitest-environment jsdom
import { effectScope, type EffectScope } from 'vue'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '@client/index'
import type { JudgedLine } from './calls'
import { useHeld } from './useHeld'

const calls = vi.hoisted(() => ({ heldLines: vi.fn(), releaseChat: vi.fn(), refuseChat: vi.fn() }))
vi.mock('./calls', () => calls)

const line = (id: string): JudgedLine => ({
  id, at: '2026-11-21T12:00:00Z', viewer: { id: 'vwr_1', nickname: 'A' }, text: id, status: 'held', warned: [], reports: 0,
})
const refusal = (code: string) => new ApiError({ code, title: '', status: 409 })

let scope: EffectScope
beforeEach(() => {
  scope = effectScope()
  vi.resetAllMocks()
  calls.heldLines.mockResolvedValue([line('evt_3'), line('evt_2'), line('evt_1')])
})
afterEach(() => scope.stop())

async function opened() {
  const held = scope.run(() => useHeld('room_1'))!
  await vi.waitFor(() => expect(held.known.value).toBe(true))
  return held
}

test('the oldest comes first, and what is decided is gone before the server says so', async () => {
  const held = await opened()
  expect(held.lines.value.map((l) => l.id)).toEqual(['evt_1', 'evt_2', 'evt_3'])
  calls.releaseChat.mockReturnValue(new Promise(() => undefined))
  void held.decide(held.lines.value[0]!, true)
  expect(calls.releaseChat).toHaveBeenCalledWith('room_1', 'evt_1')
  await held.load()
  expect(held.lines.value.map((l) => l.id)).toEqual(['evt_2', 'evt_3'])
})

test('a message that a colleague decided is gone, and said so', async () => {
  const held = await opened()
  calls.refuseChat.mockRejectedValue(refusal('chat.decided'))
  expect(await held.decide(held.lines.value[0]!, false)).toBe(false)
  expect(held.lines.value.map((l) => l.id)).toEqual(['evt_2', 'evt_3'])
})

test('a message that could not be decided comes back', async () => {
  const held = await opened()
  calls.refuseChat.mockRejectedValue(refusal('client.offline'))
  await expect(held.decide(held.lines.value[0]!, false)).rejects.toThrow()
  expect(held.lines.value).toHaveLength(3)
})
