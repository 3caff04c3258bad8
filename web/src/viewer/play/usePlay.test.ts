import { beforeEach, expect, test, vi } from 'vitest'
import { ApiError, type Lottery, type Poll, type RedPacket, type RoomSocket } from '@client/index'
import { api } from '../api'
import * as calls from '../calls/play'
import type { GiftItem, LotteryItem, PollItem } from './items'
import { usePlay } from './usePlay'

vi.mock('../api', () => ({ api: { session: { read: vi.fn() } } }))
vi.mock('../calls/play')
const mocked = vi.mocked(calls)

const ends = new Date(Date.now() + 60_000).toISOString()
const lottery: Lottery = {
  lottery_id: 'lot_1', room_id: 'room_1', title: 'draw', entry_rule: 'none', commitment: 'c', state: 'open', entrants: 0, seed: '', ends_at: ends,
  prizes: [{ title: 'first', quantity: 1 }, { title: 'second', quantity: 2 }],
}
const entry = { lottery_id: 'lot_1', ticket: 'mine', place: null, prize_no: null, coupon_id: null }
const poll: Poll = { poll_id: 'pol_1', room_id: 'room_1', question: 'which', options: ['a', 'b'], counts: [0, 0], open: true, ends_at: ends }
const packet: RedPacket = { packet_id: 'pkt_1', title: 'packet', total_fen: 300, shares: 3, left: 3, open: true, taken_fen: 0, ends_at: ends }
const refusal = (code: string, status = 409) => new ApiError({ code, status, title: code })

function room() {
  const listeners = new Map<string, (event: unknown) => void>()
  const socket = { on: (kind: string, listener: (event: unknown) => void) => listeners.set(kind, listener) }
  const play = usePlay(socket as unknown as RoomSocket, 'room_1')
  return { play, say: (kind: string, event: unknown) => listeners.get(kind)?.(event) }
}

beforeEach(() => {
  vi.resetAllMocks()
  mocked.getDrops.mockResolvedValue([])
  mocked.getPlaying.mockResolvedValue({ lotteries: [], polls: [], red_packets: [] })
})

test('the first opens itself, the next waits as a chip', () => {
  const { play, say } = room()
  say('lottery.opened', lottery)
  say('poll.opened', poll)
  expect([play.open.value, play.items.size]).toEqual(['lot_1', 2])
  play.show('pol_1')
  expect(play.open.value).toBe('pol_1')
  play.close()
  expect([play.open.value, play.items.size]).toEqual(['', 2])
})

test('what is over goes away unless one took part', async () => {
  mocked.enterLottery.mockResolvedValue(entry)
  const { play, say } = room()
  say('lottery.opened', lottery)
  await play.enter(play.current.value as LotteryItem)
  say('red_packet.opened', packet)
  play.close()
  say('red_packet.closed', { ...packet, open: false })
  expect([...play.items.keys()]).toEqual(['lot_1'])
  say('lottery.drawn', { lottery_id: 'lot_1', entrants: 2, seed: 's', winners: [{ place: 1, prize_no: 1, ticket: 'mine', prize: 'first', nickname_masked: 'm***' }] })
  expect(play.open.value).toBe('lot_1')
  expect(play.current.value).toMatchObject({ over: true, prize: 'first' })
  expect(play.news.value).toEqual({ what: 'won', title: 'draw' })
  play.close()
  expect(play.items.size).toBe(0)
})

test('who comes late sees what is on, and learns of a draw that was missed', async () => {
  vi.mocked(api.session.read).mockReturnValue({} as never)
  mocked.getPlaying.mockResolvedValue({ lotteries: [lottery], polls: [poll, { ...poll, poll_id: 'old', open: false }], red_packets: null })
  mocked.getLottery.mockResolvedValue({ ...lottery, mine: entry })
  const { play } = room()
  await play.load()
  expect([...play.items.keys()]).toEqual(['lot_1', 'pol_1'])
  expect(play.items.get('lot_1')).toMatchObject({ ticket: 'mine', over: false })
  expect(play.open.value).toBe('')

  const drawn = { ...lottery, state: 'drawn' as const }
  mocked.getPlaying.mockResolvedValue({ lotteries: [drawn], polls: [{ ...poll, counts: [3, 1], open: false }], red_packets: [] })
  mocked.getLottery.mockResolvedValue({ ...drawn, mine: { ...entry, place: 2, prize_no: 2 } })
  await play.load()
  expect([...play.items.keys()]).toEqual(['lot_1'])
  expect(play.current.value).toMatchObject({ prize: 'second', over: true })
})

test('what was read of just before its fact opens itself all the same', async () => {
  mocked.getPlaying.mockResolvedValue({ lotteries: [lottery], polls: [], red_packets: [] })
  const { play, say } = room()
  await play.load()
  expect(play.open.value).toBe('')
  say('lottery.opened', lottery)
  expect([play.open.value, play.items.size]).toEqual(['lot_1', 1])
  say('lottery.cancelled', { lottery_id: 'lot_1' })
  play.close()
  say('lottery.opened', lottery)
  expect([play.open.value, play.items.size]).toEqual(['', 0])
})

test('votes move the bars, and the end is the end', async () => {
  mocked.vote.mockResolvedValue({ ...poll, counts: [0, 1] })
  const { play, say } = room()
  say('poll.opened', poll)
  await play.choose(play.current.value as PollItem, 1)
  say('poll', { poll_id: 'pol_1', counts: [4, 1] })
  expect(play.current.value).toMatchObject({ choice: 1, poll: { counts: [4, 1] } })
  say('poll.closed', { ...poll, counts: [5, 1], open: false })
  say('poll', { poll_id: 'pol_1', counts: [4, 1] })
  expect(play.current.value).toMatchObject({ over: true, poll: { counts: [5, 1] } })
})

test('a share whose outcome is unknown is asked for again under the same key', async () => {
  mocked.takeShare.mockRejectedValueOnce(refusal('client.offline', 0)).mockRejectedValueOnce(refusal('coupon.sold_out'))
  const { play, say } = room()
  say('red_packet.opened', packet)
  await play.take(play.current.value as GiftItem)
  expect(play.current.value).toMatchObject({ refusal: '', error: { code: 'client.offline' } })
  await play.take(play.current.value as GiftItem)
  const keys = mocked.takeShare.mock.calls.map(([, key]) => key)
  expect(keys[0]).toBe(keys[1])
  expect(play.current.value).toMatchObject({ refusal: 'gone', error: null })
  play.close()
  mocked.getPlaying.mockResolvedValue({ lotteries: [], polls: [], red_packets: [packet] })
  await play.load()
  expect(play.items.size).toBe(0)
})
