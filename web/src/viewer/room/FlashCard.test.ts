// @vitest-environment jsdom
import { mount } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { createI18n } from 'vue-i18n'
import type { FlashSale } from '@client/index'
import zh from '../locales/zh-CN.json'
import FlashCard from './FlashCard.vue'
import type { BuyState } from './useFlashBuy'

const i18n = createI18n({ legacy: false, locale: 'zh-CN', messages: { 'zh-CN': zh as never } })
const minute = 60_000
const iso = (ms: number) => new Date(Date.now() + ms).toISOString()
const on = (part: Partial<FlashSale> = {}): FlashSale => ({
  id: 'flash_1', sku_id: 'sku_1', status: 'on_sale', price_fen: 9900, total: 200, left: 50, per_user_limit: 2,
  starts_at: iso(-minute), ends_at: iso(minute), ...part,
})
const show = (sale: FlashSale, buy: BuyState = 'idle', online = true, payUntil: string | null = null) => {
  const card = mount(FlashCard, {
    props: { sale, item: null, buy, payUntil, online },
    global: { plugins: [i18n] },
  })
  const button = card.get('button.act')
  return { card, button, text: button.text(), locked: button.attributes('disabled') !== undefined }
}
const t = (i18n.global as unknown as { t: (key: string, named?: object) => string }).t

test.each<[string, FlashSale, BuyState, string, boolean]>([
  ['before it starts', on({ status: 'scheduled', starts_at: iso(minute) }), 'idle', 'flash.remind', false],
  ['while it is on', on(), 'idle', 'flash.buy', false],
  ['while the request is out', on(), 'buying', 'flash.buying', true],
  ['while the outcome is asked for', on(), 'confirming', 'flash.confirming', true],
  ['when the outcome stays unknown', on(), 'unknown', 'flash.askAgain', false],
  ['with a unit to pay for', on({ left: 0 }), 'won', 'flash.payNow', false],
  ['with a unit to pay for after the end', on({ status: 'ended' }), 'won', 'flash.payNow', false],
  ['after paying', on(), 'paid', 'flash.buyMore', false],
  ['when nothing is left', on({ left: 0 }), 'idle', 'flash.others', false],
  ['when it is over', on({ status: 'ended' }), 'idle', 'flash.ended', true],
])('the one button %s', (_name, sale, buy, key, locked) => {
  const shown = show(sale, buy)
  expect([shown.text, shown.locked]).toEqual([t(key), locked])
})

test('the limit is said with its number, and no more can be tried', () => {
  const shown = show(on(), 'limit')
  expect([shown.text, shown.locked]).toEqual([t('flash.limit', { n: 2 }), true])
})

test('offline, the button says so and may be tried', () => {
  const shown = show(on(), 'idle', false)
  expect([shown.text, shown.locked]).toEqual([t('room.offlineButton'), false])
})

test('sold out leads to the shelf, a won unit to paying', async () => {
  const gone = show(on({ left: 0 }))
  await gone.button.trigger('click')
  expect(Object.keys(gone.card.emitted())).toContain('look')
  const won = show(on(), 'won', true, iso(15 * minute))
  await won.button.trigger('click')
  expect(Object.keys(won.card.emitted())).toContain('pay')
  expect(won.card.get('.said').text()).toMatch(/15:00|14:59/)
})
