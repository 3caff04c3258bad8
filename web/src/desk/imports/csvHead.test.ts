import { describe, expect, test } from 'vitest'
import { checkHeader, readCsv, templateOf, textOf } from './csvHead'

const columns = [
  { name: 'order_id', title: 'Order', required: true },
  { name: 'carrier', title: 'Carrier', required: true },
  { name: 'note', title: 'Note', required: false },
]

describe('the head of a file', () => {
  test('quotes hold commas, line ends and quotes', () => {
    expect(readCsv('a,"b,1"\r\n"say ""hi""","two\nlines"\n\nc,d', 10, true)).toEqual([['a', 'b,1'], ['say "hi"', 'two\nlines'], ['c', 'd']])
  })
  test('a line that is cut off is left out', () => {
    expect(readCsv('a,b\n1,2\n3,', 10, false)).toEqual([['a', 'b'], ['1', '2']])
    expect(readCsv('a\n1\n2\n3', 2, true)).toEqual([['a'], ['1']])
  })
  test('names and titles both count, in either width and case', () => {
    expect(checkHeader(['ORDER', '\uff43arrier'], columns)).toEqual([])
    expect(checkHeader(['order_id', 'Order', 'what'], columns)).toEqual([
      { what: 'double', column: 'Order' }, { what: 'unknown', column: 'what' }, { what: 'missing', column: 'Carrier' },
    ])
  })
  test('a template passes its own check', () => {
    for (const chinese of [true, false]) {
      const text = textOf(new TextEncoder().encode(templateOf(columns, chinese)), true)!
      expect(checkHeader(readCsv(text, 1, true)[0]!, columns)).toEqual([])
    }
  })
  test('GB18030 is read where it is no UTF-8; what has zero bytes is no text', () => {
    expect(textOf(new Uint8Array([0xc9, 0xcc, 0xbb, 0xa7]), true)).toBe('\u5546\u6237')
    expect(textOf(new Uint8Array([0x50, 0x4b, 0]), true)).toBeNull()
  })
})
