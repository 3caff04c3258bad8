// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { RoomSocket, FrameError } from './socket'

/** A server's end that tests drive by hand. */
class FakeSocket {
  static made: FakeSocket[] = []
  readyState = 0
  sent: Record<string, unknown>[] = []
  onopen: (() => void) | null = null
  onmessage: ((m: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  constructor() {
    FakeSocket.made.push(this)
  }
  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }
  close() {
    this.readyState = 3
  }
  open() {
    this.readyState = 1
    this.onopen?.()
  }
  tell(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  lose() {
    this.readyState = 3
    this.onclose?.()
  }
}

const latest = () => FakeSocket.made[FakeSocket.made.length - 1]!
const state = { shelf: [], flash: [], recent_chat: [], pinned: null, notice: null, viewers: 1, likes: 2, server_time: '' }
let socket: RoomSocket

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.made = []
  socket = new RoomSocket({
    room: 'room_1',
    token: () => Promise.resolve('token'),
    open: () => new FakeSocket() as unknown as WebSocket,
    random: () => 0,
  })
})
afterEach(() => {
  socket.close()
  vi.useRealTimers()
})

async function join(seq = 5): Promise<FakeSocket> {
  socket.connect()
  await vi.advanceTimersByTimeAsync(0)
  latest().open()
  latest().tell({ type: 'joined', epoch: 'e1', seq, recovered: false, state })
  return latest()
}

test('the first frame joins with the token and no position', async () => {
  const server = await join()
  expect(server.sent[0]).toEqual({ type: 'join', room: 'room_1', token: 'token', since: null })
  expect(socket.status).toBe('open')
})

test('after a loss it joins again from where it was, and facts come once each, in order', async () => {
  const seen: string[] = []
  socket.on('notice', (e) => seen.push(e.text))
  const first = await join(5)
  first.tell({ type: 'events', seq: 6, events: [{ kind: 'notice', seq: 6, text: 'six' }] })
  first.lose()
  expect(socket.status).toBe('reconnecting')
  await vi.advanceTimersByTimeAsync(500)
  latest().open()
  expect(latest().sent[0]).toMatchObject({ since: { epoch: 'e1', seq: 6 } })
  latest().tell({
    type: 'joined', epoch: 'e1', seq: 8, recovered: true,
    events: [{ kind: 'notice', seq: 6, text: 'six' }, { kind: 'notice', seq: 7, text: 'seven' }, { kind: 'notice', seq: 8, text: 'eight' }],
  })
  expect(seen).toEqual(['six', 'seven', 'eight'])
  expect(socket.status).toBe('open')
})

test('a gap in the facts leads to a new join from before it', async () => {
  const seen: string[] = []
  socket.on('notice', (e) => seen.push(e.text))
  const first = await join(5)
  first.tell({ type: 'events', seq: 7, events: [{ kind: 'notice', seq: 7, text: 'seven' }] })
  expect(seen).toEqual([])
  await vi.advanceTimersByTimeAsync(500)
  latest().open()
  expect(latest()).not.toBe(first)
  expect(latest().sent[0]).toMatchObject({ since: { epoch: 'e1', seq: 5 } })
})

test('bye with a time comes back after that time; without one it stays away', async () => {
  const byes: boolean[] = []
  socket.on('bye', (e) => byes.push(e.final))
  const first = await join()
  first.tell({ type: 'bye', reason: 'draining', reconnect_ms: 3000 })
  await vi.advanceTimersByTimeAsync(2999)
  expect(FakeSocket.made).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(FakeSocket.made).toHaveLength(2)
  latest().open()
  latest().tell({ type: 'joined', epoch: 'e1', seq: 5, recovered: true, events: [] })
  latest().tell({ type: 'bye', reason: 'banned', reconnect_ms: null })
  await vi.advanceTimersByTimeAsync(120_000)
  expect(FakeSocket.made).toHaveLength(2)
  expect(byes).toEqual([false, true])
  expect(socket.status).toBe('closed')
})

test('a chat line resolves on its ack, rejects on its error, on silence and when offline', async () => {
  const server = await join()
  const taken = socket.chat('hello')
  server.tell({ type: 'ack', id: server.sent[1]!.id })
  await expect(taken).resolves.toBeUndefined()

  const refused = socket.chat('again')
  server.tell({ type: 'error', id: server.sent[2]!.id, code: 'chat.too_fast', message: 'slow down' })
  await expect(refused).rejects.toMatchObject({ code: 'chat.too_fast' })

  const silent = socket.chat('silence')
  const told = expect(silent).rejects.toMatchObject({ code: 'client.timeout' })
  await vi.advanceTimersByTimeAsync(8000)
  await told

  const unanswered = socket.chat('lost on the way')
  server.lose()
  await expect(unanswered).rejects.toMatchObject({ code: 'client.offline' })
  const offline = socket.chat('never out')
  const why = expect(offline).rejects.toBeInstanceOf(FrameError)
  await vi.advanceTimersByTimeAsync(8000)
  await why
})

test('a line said while joining goes out with the join, once', async () => {
  await join()
  socket.rejoin()
  const said = socket.chat('first words')
  await vi.advanceTimersByTimeAsync(0)
  latest().open()
  expect(latest().sent).toHaveLength(1)
  latest().tell({ type: 'joined', epoch: 'e1', seq: 5, recovered: true, events: [] })
  expect(latest().sent).toHaveLength(2)
  latest().tell({ type: 'ack', id: latest().sent[1]!.id })
  await expect(said).resolves.toBeUndefined()
})

test('a second picture on the same socket replaces the first, and facts go on from it', async () => {
  const pictures: number[] = []
  const seen: string[] = []
  socket.on('snapshot', (picture) => pictures.push(picture.viewers))
  socket.on('notice', (e) => seen.push(e.text))
  const server = await join(5)
  server.tell({ type: 'joined', epoch: 'e2', seq: 40, recovered: false, state: { ...state, viewers: 9 } })
  server.tell({ type: 'events', seq: 41, events: [{ kind: 'notice', seq: 41, text: 'after' }] })
  expect(pictures).toEqual([1, 9])
  expect(seen).toEqual(['after'])
  server.lose()
  await vi.advanceTimersByTimeAsync(500)
  latest().open()
  expect(latest().sent[0]).toMatchObject({ since: { epoch: 'e2', seq: 41 } })
})

describe('a token that expires', () => {
  const life = 7_200_000
  let tokens: string[]
  beforeEach(() => {
    tokens = ['t1', 't2', 't3', 't4']
    socket = new RoomSocket({
      room: 'room_1',
      source: 'share',
      token: () => Promise.resolve(tokens.shift() ?? null),
      until: () => Date.now() + life,
      open: () => new FakeSocket() as unknown as WebSocket,
      random: () => 0,
    })
  })
  const shown = (server: FakeSocket) => server.sent.filter((frame) => frame.type === 'auth')

  test('is replaced before that, again and again, on the same socket', async () => {
    const server = await join()
    expect(server.sent[0]).toMatchObject({ token: 't1', source: 'share' })
    await vi.advanceTimersByTimeAsync(life - 26_000)
    expect(shown(server)).toEqual([])
    await vi.advanceTimersByTimeAsync(1000)
    expect(shown(server)).toMatchObject([{ token: 't2', id: expect.any(String) }])
    server.tell({ type: 'ack', id: shown(server)[0]!.id })
    await vi.advanceTimersByTimeAsync(life - 25_000)
    expect(shown(server)).toMatchObject([{ token: 't2' }, { token: 't3' }])
    expect(FakeSocket.made).toHaveLength(1)
  })

  test('is tried again when the server was busy, and leads to a new join when refused', async () => {
    const server = await join()
    await vi.advanceTimersByTimeAsync(life - 25_000)
    server.tell({ type: 'error', id: shown(server)[0]!.id, code: 'unavailable', message: '' })
    await vi.advanceTimersByTimeAsync(5000)
    expect(shown(server)).toHaveLength(2)
    server.tell({ type: 'error', id: shown(server)[1]!.id, code: 'auth.forbidden', message: '' })
    await vi.advanceTimersByTimeAsync(0)
    expect(FakeSocket.made).toHaveLength(2)
    latest().open()
    expect(latest().sent[0]).toMatchObject({ type: 'join', token: 't4' })
  })
})

test('close leaves nothing running', async () => {
  await join()
  socket.close()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(FakeSocket.made).toHaveLength(1)
  expect(vi.getTimerCount()).toBe(0)
})
