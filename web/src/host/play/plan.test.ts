import { describe, expect, test } from 'vitest'
import type { Batch, Cue, CueKind } from './calls'
import { blankPlan, bodies, draftOf, kinds, offsetOf, planOf, planWrongs, secondsOf, type PlanDraft } from './plan'

const plan = (change: Partial<PlanDraft>): PlanDraft => ({ ...blankPlan(), ...change })
const batch = { amount_fen: 500, budget_left_fen: 100_000 } as Batch

const sound: Record<CueKind, PlanDraft> = {
  pin: plan({}),
  flash: plan({ sku: 'sku_a', price: '9.90', delay: 30 }),
  coupon: plan({ batch: 'batch_a', quantity: 50 }),
  notice: plan({ text: 'Soon' }),
  lottery: plan({ title: 'Tea', rule: 'chatted', prizes: [{ title: 'A box', quantity: 3, batch: '' }, { title: 'Ten off', quantity: 5, batch: 'batch_a' }] }),
  red_packet: plan({ batch: 'batch_a', title: 'Rain', amount: '100', shares: 50 }),
  poll: plan({ question: 'Tea?', options: ['Green', 'Black'] }),
  card: plan({ card: 'cardproduct_a' }),
}

const cue = (kind: CueKind, body: unknown): Cue =>
  ({ id: 'cue_1', kind, note: 'n', state: 'planned', after_seconds: 90, at: null, [kind]: body }) as unknown as Cue

describe('a plan', () => {
  test.each(kinds)('of kind %s passes, and comes back from its cue as it was', (kind) => {
    expect(planWrongs(kind, sound[kind])).toEqual({})
    const body = bodies[kind](sound[kind])
    expect(bodies[kind](planOf(cue(kind, body)))).toEqual(body)
    expect(draftOf(cue(kind, body))).toEqual({ id: 'cue_1', note: 'n', after_seconds: 90, [kind]: body })
  })

  test('a cue of a time of day is sent back with it', () => {
    const at = '2026-11-21T12:00:00Z'
    expect(draftOf({ ...cue('card', {}), after_seconds: null, at })).toMatchObject({ at })
  })

  test.each<[CueKind, Partial<PlanDraft>, keyof PlanDraft, string]>([
    ['flash', { price: '128.01' }, 'price', 'notCheaper'],
    ['flash', { perUser: 101 }, 'perUser', 'overTotal'],
    ['coupon', { batch: '' }, 'batch', 'batch'],
    ['coupon', { quantity: 1_000_001 }, 'quantity', 'units'],
    ['notice', { text: ' ' }, 'text', 'text'],
    ['lottery', { title: '' }, 'title', 'title'],
    ['lottery', { prizes: [{ title: '', quantity: 1, batch: '' }] }, 'prizes', 'prizeTitle'],
    ['lottery', { prizes: [1, 2].map(() => ({ title: 'A', quantity: 501, batch: '' })) }, 'prizes', 'prizeQuantity'],
    ['red_packet', { amount: '0.49' }, 'amount', 'tooLittle'],
    ['red_packet', { amount: '250.01' }, 'amount', 'tooMuchEach'],
    ['red_packet', { amount: '1000.01', shares: 10_000 }, 'amount', 'overBudget'],
    ['red_packet', { shares: 10_001 }, 'shares', 'shares'],
    ['poll', { options: ['A', ''] }, 'options', 'option'],
    ['poll', { options: ['A', ' A '] }, 'options', 'sameOption'],
    ['card', { card: '' }, 'card', 'card'],
  ])('%s with %o is held back', (kind, change, field, wrong) => {
    expect(planWrongs(kind, { ...sound[kind], ...change }, { batch, shelfPrice: 12_800 })[field]).toBe(wrong)
  })
})

test.each([
  ['5', 300], ['5:30', 330], ['1:05:00', 3900], ['0:00:07', 7], [' 90 ', 5400], ['24:00:00', 86_400], ['5:30', 330],
  ['', null], ['5:60', null], ['1:60:00', null], ['24:00:01', null], ['1:2:3:4', null], ['soon', null],
] as const)('%s after the start is %s seconds', (text, seconds) => {
  expect(secondsOf(text)).toBe(seconds)
  if (seconds !== null) expect(secondsOf(offsetOf(seconds))).toBe(seconds)
})
