// @vitest-environment jsdom
import { beforeEach, expect, test, vi } from 'vitest'

const fresh = async (search = '') => {
  vi.resetModules()
  const lib = await import('./useModes')
  lib.rememberModes(search)
  return lib.useModes()
}

beforeEach(() => {
  localStorage.clear()
  delete document.documentElement.dataset.mode
})

test('a link turns elder mode on, it is kept, and another link turns it off', async () => {
  window.matchMedia ??= (() => ({ matches: false })) as never
  expect((await fresh('?elder=1')).modes.elder).toBe(true)
  expect(document.documentElement.dataset.mode).toBe('elder')
  expect((await fresh()).modes.elder).toBe(true)
  expect((await fresh('?elder=0')).modes.elder).toBe(false)
  expect((await fresh()).modes.elder).toBe(false)
})

test('the data saver is offered after stalls, until it is on or turned down', async () => {
  const { offersSaver, stalled, set, declineSaver } = await fresh()
  expect(offersSaver.value).toBe(false)
  for (let i = 0; i < 3; i++) stalled()
  expect(offersSaver.value).toBe(true)
  set('saver', true)
  expect(offersSaver.value).toBe(false)
  set('saver', false)
  declineSaver()
  expect(offersSaver.value).toBe(false)
})

test.each(['2g', '3g', 'slow-2g'])('the data saver is offered at once on %s', async (effectiveType) => {
  vi.stubGlobal('navigator', { connection: { effectiveType } })
  expect((await fresh()).offersSaver.value).toBe(true)
  vi.unstubAllGlobals()
})
