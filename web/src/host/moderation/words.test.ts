// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { mostEdited, splitWords, textsOf, wholeList, wordsOf } from './words'
import type { Word } from './calls'

test('a text gives each of its words once, however they are parted', () => {
  expect(splitWords(' 加微信 \n返现,返现;刷单、套现\n\n')).toEqual(['加微信', '返现', '刷单', '套现'])
})

test('a list goes through the texts unchanged', () => {
  const list: Word[] = [
    { word: '稳赚', severity: 'warn' },
    { word: '加群', severity: 'hold' },
    { word: '返现', severity: 'hold' },
    { word: '套现', severity: 'block' },
  ]
  expect(wordsOf(textsOf(list))).toEqual(list)
})

test('of a word with two severities the graver comes last, which the server keeps', () => {
  expect(wordsOf({ warn: '套现', hold: '', block: '套现' })).toEqual([
    { word: '套现', severity: 'warn' },
    { word: '套现', severity: 'block' },
  ])
})

test('a list is read to its end, one too long to edit is not', async () => {
  const pages = (total: number) => (_room: string, cursor?: string) => {
    const from = Number(cursor ?? 0)
    const items: Word[] = Array.from({ length: Math.min(1000, total - from) }, (_, i) => ({ word: `w${from + i}`, severity: 'hold' }))
    return Promise.resolve({ items, next_cursor: from + 1000 < total ? String(from + 1000) : null })
  }
  expect(await wholeList('room_1', pages(2500))).toHaveLength(2500)
  expect(await wholeList('room_1', pages(mostEdited))).toHaveLength(mostEdited)
  expect(await wholeList('room_1', pages(mostEdited + 1))).toBeNull()
})
