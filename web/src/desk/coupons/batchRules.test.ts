import { describe, expect, test } from 'vitest'
import { bodyOf, emptyBatch, howMany, namesViewer, whoOf, wrongsOf, type BatchDraft } from './batchRules'

const day = 86_400_000
const now = Date.UTC(2026, 10, 27)
const at = (days: number) => new Date(now + days * day)
const draft = (part: Partial<BatchDraft> = {}): BatchDraft => ({
  ...emptyBatch(), title: 'autumn', amount: '10', budget: '1000', grant: [at(0), at(7)], use: [at(0), at(30)], ...part,
})

describe('a batch as it is typed', () => {
  test('one that fits has nothing wrong', () => expect(wrongsOf(draft(), now)).toEqual({}))
  test.each<[Partial<BatchDraft>, object]>([
    [{ title: ' ' }, { title: 'required' }],
    [{ funder: 'merchant' }, { merchant: 'required' }],
    [{ kind: 'instant' }, { bins: 'required' }],
    [{ kind: 'instant', bins: '621799 62179' }, { bins: 'bins' }],
    [{ kind: 'instant', bins: '621799,621799' }, { bins: 'bins' }],
    [{ amount: '0' }, { amount: 'amount' }],
    [{ budget: '9.99' }, { budget: 'small' }],
    [{ perPerson: '1001' }, { perPerson: 'perPerson' }],
    [{ way: 'spend' }, { spend: 'required' }],
    [{ grant: [at(-3), at(-1)] }, { grant: 'past' }],
    [{ use: [at(0), at(6)] }, { use: 'early' }],
    [{ use: [at(0), at(2000)] }, { use: 'far' }],
  ])('%j: %j', (part, wrong) => expect(wrongsOf(draft(part), now)).toEqual(wrong))
  test('a coupon takes no cards unless it is for binding one', () => {
    expect(bodyOf(draft({ bins: '621799' }))).not.toHaveProperty('bins')
    expect(bodyOf(draft({ bins: '621799', way: 'card_bound' })).bins).toEqual(['621799'])
  })
  test('is sent in fen, without what was not asked', () => {
    const body = bodyOf(draft({ spend: '5', room: 'room_1', way: 'staff' }))
    expect(body).toMatchObject({ amount_fen: 1000, budget_fen: 100_000, daily_cap: 0, threshold_fen: 0, per_person: 1 })
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['spend_fen']))
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['room_id']))
  })
  test('its budget is enough for whole coupons', () => expect(howMany(draft({ amount: '30' }))).toBe(33))
})

test('viewers are named by phone or order, each once', () => {
  const order = 'ord_01hx0000000000000000000000'
  expect(whoOf(`13800001234\n${order.toUpperCase()}, 13800001234\n`)).toEqual(['13800001234', order])
  expect(['13800001234', order, '1380000123', 'vwr_1', 'ord_1'].map(namesViewer)).toEqual([true, true, false, false, false])
})
