// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest'
import { rememberShare } from './shareCode'
import { shareLink } from './shareLink'

beforeEach(() => {
  sessionStorage.clear()
  localStorage.clear()
})

test('a link that is passed on keeps the share code and the bank', () => {
  expect(shareLink('room_1', 'https://bank.example')).toBe('https://bank.example/rooms/room_1?from=share')
  rememberShare('?share=Kai_7')
  localStorage.setItem('yinbo.bank', 'other')
  expect(shareLink('room_1', 'https://bank.example')).toBe('https://bank.example/rooms/room_1?from=share&share=Kai_7&bank=other')
})
