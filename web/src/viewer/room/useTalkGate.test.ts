import { expect, test } from 'vitest'
import { ref } from 'vue'
import type { Room } from '@client/index'
import { useTalkGate } from './useTalkGate'

const now = Date.parse('2026-05-01T12:00:00Z')
const later = (seconds: number) => new Date(now + seconds * 1000).toISOString()
const room = (part: Partial<Room>) => ({ status: 'live', chat: { slow_s: 0, review: false, closed: false }, ...part }) as Room
const slow = room({ chat: { slow_s: 30, review: false, closed: false } })

test.each<[string, Room | null, string, number, string, number]>([
  ['nothing in the way', room({}), '', now - 500, '', 0],
  ['before the picture', null, '', 0, 'notLive', 0],
  ['not live', room({ status: 'scheduled' }), later(60), 0, 'notLive', 0],
  ['muted', room({}), later(60), 0, 'muted', 0],
  ['no more muted', room({}), later(-1), 0, '', 0],
  ['closed to all', room({ chat: { slow_s: 30, review: false, closed: true } }), '', 0, 'closed', 0],
  ['slow mode, nothing said yet', slow, '', 0, '', 0],
  ['slow mode, just said', slow, '', now - 1500, 'slow', 29],
  ['slow mode, waited', slow, '', now - 30_000, '', 0],
])('%s', (_name, where, muted, said, silence, wait) => {
  const gate = useTalkGate(ref(where), ref(muted), ref(said), ref(now))
  expect([gate.silence.value, gate.wait.value]).toEqual([silence, wait])
})
