import { expect, test } from 'vitest'
import type { RoomSocket } from '@client/index'
import { useFeed } from './useFeed'

/** A socket that only says what the test says. */
function fakeSocket() {
  const listeners = new Map<string, (event: unknown) => void>()
  const socket = { on: (kind: string, listener: (event: unknown) => void) => listeners.set(kind, listener) }
  return { socket: socket as unknown as RoomSocket, say: (kind: string, event: unknown) => listeners.get(kind)?.(event) }
}

const line = (id: string, at = '2026-11-21T12:00:00Z') => ({ id, at, viewer: { id: 'vwr_1', nickname: 'A' }, text: id })

test('a removed line stays, struck out, also over a new picture of the room', () => {
  const { socket, say } = fakeSocket()
  const feed = useFeed(socket)
  feed.replace([line('evt_1', '2026-11-21T12:00:00Z'), line('evt_2', '2026-11-21T12:00:01Z')])
  say('chat.removed', { id: 'evt_1' })
  feed.replace([line('evt_2', '2026-11-21T12:00:01Z'), line('evt_3', '2026-11-21T12:00:02Z')])
  expect(feed.lines.value.map((l) => [l.id, l.removed])).toEqual([['evt_1', true], ['evt_2', false], ['evt_3', false]])
})

test('a line that is told twice shows once', () => {
  const { socket, say } = fakeSocket()
  const feed = useFeed(socket)
  say('chat', line('evt_1'))
  say('chat', line('evt_1'))
  expect(feed.lines.value).toHaveLength(1)
})

test('only the latest lines are kept', () => {
  const { socket, say } = fakeSocket()
  const feed = useFeed(socket)
  for (let i = 0; i < 450; i++) say('chat', line(`evt_${i}`))
  expect(feed.lines.value).toHaveLength(400)
  expect(feed.lines.value.at(-1)?.id).toBe('evt_449')
})

test('a line that is removed is another line: what shows it is drawn anew', () => {
  const { socket, say } = fakeSocket()
  const feed = useFeed(socket)
  say('chat', line('evt_1'))
  const before = feed.lines.value[0]
  say('chat.removed', { id: 'evt_1' })
  expect(feed.lines.value[0]).toMatchObject({ id: 'evt_1', removed: true })
  expect(feed.lines.value[0]).not.toBe(before)
})
