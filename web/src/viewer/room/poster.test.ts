import { expect, test } from 'vitest'
import { lines } from './poster'

const pen = { measureText: (s: string) => ({ width: s.length * 10 }) as TextMetrics }

test.each<[string, string, number, string[]]>([
  ['short', 'abc def', 2, ['abc def']],
  ['broken between words', 'abcdef ghijkl', 2, ['abcdef', 'ghijkl']],
  ['cut with an ellipsis', 'abcdefg hijklmn opqrst', 2, ['abcdefg', 'hijklmn…']],
])('a title %s', (_name, text, most, want) => expect(lines(pen, text, 90, most)).toEqual(want))
