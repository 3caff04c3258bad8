import { expect, test } from 'vitest'
import { cameFrom } from './cameFrom'

test.each([
  ['?from=share', 'share'],
  ['?bank=demo&from=qr_2', 'qr_2'],
  ['', undefined],
  ['?from=', undefined],
  ['?from=A%20b', undefined],
  ['?from=' + 'x'.repeat(41), undefined],
])('%s', (search, source) => expect(cameFrom(search)).toBe(source))
