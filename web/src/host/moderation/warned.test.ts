import { expect, test } from 'vitest'
import { ApiError } from '@client/index'
import { warnedWords } from './warned'

const refusal = (code: string) =>
  new ApiError({ code, title: '', status: 409, errors: [{ field: 'text', code: 'words.word', message: '“稳赚不赔”' }] })

test('only words that may be confirmed are asked about', () => {
  expect(warnedWords(refusal('words.warned'))).toEqual(['“稳赚不赔”'])
  expect(warnedWords(refusal('words.blocked'))).toEqual([])
  expect(warnedWords(new Error('words.warned'))).toEqual([])
})
