import { describe, expect, test } from 'vitest'
import { changeOf, deltaOf, emptySku, moved, skuWrong, termsOf } from './goodsRules'

const draft = (part: object) => ({ ...emptySku(), price: '12.50', ...part })

describe('a SKU as it is typed', () => {
  test.each([
    [{ price: '' }, 'price'], [{ price: '0' }, 'price'], [{ price: '1.234' }, 'price'], [{ list: '12' }, 'list'], [{ stock: '-1' }, 'stock'],
    [{ stock: '1.5' }, 'stock'], [{ limit: '1000001' }, 'limit'], [{ code: 'a b' }, 'code'], [{ attributes: [{ name: 'size', value: '' }] }, 'attributes'],
    [{ attributes: [{ name: '', value: 'a' }, { name: 'b', value: 'c' }] }, 'attributes'],
    [{ attributes: [{ name: 'b', value: 'a' }, { name: 'b', value: 'c' }] }, 'attributes'],
    [{}, null], [{ attributes: [{ name: '', value: '500g' }] }, null], [{ list: '19.9', stock: '20', limit: '2', code: 'T-1' }, null],
  ])('%j: %s', (part, wrong) => expect(skuWrong(draft(part), 'physical')).toBe(wrong))

  test('only a card offer costs nothing', () => expect(skuWrong(draft({ price: '0' }), 'card_offer')).toBeNull())

  test('is sent in fen, the list price being the price where it is left out', () => {
    expect(termsOf(draft({ stock: '3', limit: '' }))).toMatchObject({ price_fen: 1250, list_price_fen: 1250, stock: 3, per_person_limit: 0 })
    expect(changeOf(draft({}))).not.toHaveProperty('stock')
  })
})

test('a difference of stock has a sign and is not nothing', () => {
  expect([deltaOf('5'), deltaOf('+5'), deltaOf('-5'), deltaOf('0'), deltaOf('x'), deltaOf('')]).toEqual([5, 5, -5, null, null, null])
})

test('a picture goes to another place, never out of the list', () => {
  expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
  expect(moved(['a', 'b'], 1, 2)).toEqual(['a', 'b'])
})
