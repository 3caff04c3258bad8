import { expect, test } from 'vitest'
import { groupPan, idProblem, maskId, panOk, phoneOk } from './fields'

test.each(['11010519491231002X', '11010519491231002x', '440524188001010014', '370101190102039973', '513101198201130014'])(
  'resident id %s is taken',
  (id) => expect(idProblem(id)).toBeNull(),
)

test.each([
  ['110105194912310021', 'checksum'],
  ['1101051949123100', 'length'],
  ['11010519491331002X', 'checksum'],
])('resident id %s is refused for its %s', (id, problem) => expect(idProblem(id)).toBe(problem))

test('a person is of age on the eighteenth birthday in Shanghai, not a day before', () => {
  const id = '513101198201130014'
  expect(idProblem(id, new Date('2000-01-12T15:59:59Z'))).toBe('minor')
  expect(idProblem(id, new Date('2000-01-12T16:00:00Z'))).toBeNull()
})

test('a card number needs 13 to 19 digits and a right check digit', () => {
  expect(panOk('4111 1111 1111 1111')).toBe(true)
  expect(panOk('4111111111111112')).toBe(false)
  expect(panOk('411111')).toBe(false)
})

test('phones and masks', () => {
  expect(phoneOk('13800138000')).toBe(true)
  expect(phoneOk('12800138000')).toBe(false)
  expect(maskId('11010519491231002X')).toBe('1****************X')
  expect(groupPan('6217991234567890')).toBe('6217 9912 3456 7890')
})
