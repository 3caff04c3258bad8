import type { AnyEvent, ByeReason, RoomEventKind, RoomEvents, RoomState, ServerFrame } from './frames'

export type SocketStatus = 'connecting' | 'open' | 'reconnecting' | 'closed'

/** What the socket tells besides the room's events. */
export interface SocketSignals {
  status: SocketStatus
  /** A whole picture: replace everything. */
  snapshot: RoomState
  /** After each join, recovered or not: private events may have been missed. */
  joined: { recovered: boolean }
  bye: { reason: ByeReason; final: boolean }
  /** An error that answers no frame of ours. */
  fault: { code: string; message: string }
}

export interface SocketOptions {
  room: string
  /** A token good now, or null to watch as a guest. Asked before every join, and again before it expires. */
  token: () => Promise<string | null>
  /** When the token just given expires, in milliseconds; without it the socket lives as long as its first token. */
  until?: () => number
  /** Where the viewer came from, as the address said. */
  source?: string
  url?: string
  /** For tests: a WebSocket-like constructor, a clock's random part. */
  open?: (url: string) => WebSocket
  random?: () => number
}

/** Why a chat line was not taken: the server's code, or `client.offline`. */
export class FrameError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

const pingEvery = 20_000
const silentFor = 45_000
const ackWithin = 8_000
const backoffFirst = 500
const backoffMost = 15_000
// Within the half minute in which a token counts as spent, so that asking gives a new one.
const renewBefore = 25_000
const renewAgain = 5_000

type Listener = (value: never) => void

/** A frame that is answered, on its way; `frame` is still to be sent while the room is being joined. */
interface Waiter {
  resolve: () => void
  reject: (error: Error) => void
  timer: number
  frame: object | null
}

/**
 * One room's socket: joins, recovers what was missed by epoch and seq, and
 * comes back after every loss until `close` or a final `bye`. Facts reach the
 * listeners once each and in order; a gap leads to a new join, never to a hole.
 */
export class RoomSocket {
  status: SocketStatus = 'closed'
  private socket: WebSocket | null = null
  private position: { epoch: string; seq: number } | null = null
  private readonly listeners = new Map<string, Set<Listener>>()
  private readonly waiting = new Map<string, Waiter>()
  private attempts = 0
  private nextFrame = 0
  private stopped = true
  private retryTimer = 0
  private pingTimer = 0
  private renewTimer = 0
  private expiresAt = 0
  private lastHeard = 0
  private answersPings = false

  constructor(private readonly options: SocketOptions) {}

  on<K extends RoomEventKind>(kind: K, listener: (event: RoomEvents[K]) => void): () => void
  on<K extends keyof SocketSignals>(kind: K, listener: (value: SocketSignals[K]) => void): () => void
  on(kind: string, listener: Listener): () => void {
    const set = this.listeners.get(kind) ?? new Set()
    set.add(listener)
    this.listeners.set(kind, set)
    return () => set.delete(listener)
  }

  connect(): void {
    if (!this.stopped) return
    this.stopped = false
    window.addEventListener('online', this.hurry)
    document.addEventListener('visibilitychange', this.hurry)
    void this.dial()
  }

  /** Leaves for good; a later `connect` starts from a whole picture. */
  close(): void {
    this.stopped = true
    this.position = null
    window.removeEventListener('online', this.hurry)
    document.removeEventListener('visibilitychange', this.hurry)
    this.drop()
    this.become('closed')
  }

  /** Joins again at once, as after signing in or out. */
  rejoin(): void {
    if (this.stopped) return
    this.drop()
    this.attempts = 0
    void this.dial()
  }

  /**
   * Resolves when the server took the line, else rejects with a `FrameError`. A
   * line said while the room is being joined (as right after signing in) goes
   * out with the join; one whose answer was lost is not sent a second time.
   */
  chat(text: string): Promise<void> {
    return this.ask({ type: 'chat', text })
  }

  private ask(what: object): Promise<void> {
    const id = `c${++this.nextFrame}`
    const frame = { ...what, id }
    return new Promise<void>((resolve, reject) => {
      if (this.stopped) {
        reject(new FrameError('client.offline', ''))
        return
      }
      const sent = this.send(frame)
      const late = () => {
        const code = this.waiting.get(id)?.frame ? 'client.offline' : 'client.timeout'
        this.settle(id, new FrameError(code, ''))
      }
      const timer = window.setTimeout(late, ackWithin)
      this.waiting.set(id, { resolve, reject, timer, frame: sent ? null : frame })
    })
  }

  /** False when nothing could be sent; the caller keeps the count for later. */
  like(count: number): boolean {
    return this.send({ type: 'like', count })
  }

  private send(frame: object): boolean {
    if (this.status !== 'open' || this.socket?.readyState !== 1) return false
    this.socket.send(JSON.stringify(frame))
    return true
  }

  private async dial(): Promise<void> {
    window.clearTimeout(this.retryTimer)
    this.become(this.position || this.attempts > 0 ? 'reconnecting' : 'connecting')
    let token: string | null
    try {
      token = await this.options.token()
    } catch {
      this.retry()
      return
    }
    if (this.stopped || this.socket) return
    this.expiresAt = (token && this.options.until?.()) || 0
    const url = this.options.url ?? location.origin.replace(/^http/, 'ws') + '/api/v1/ws'
    const socket = this.options.open ? this.options.open(url) : new WebSocket(url)
    this.socket = socket
    socket.onopen = () => {
      const { room, source } = this.options
      socket.send(JSON.stringify({ type: 'join', room, token, since: this.position, source }))
    }
    socket.onmessage = (message) => {
      if (this.socket === socket) this.hear(String(message.data))
    }
    socket.onclose = () => {
      if (this.socket !== socket) return
      this.drop()
      if (!this.stopped) this.retry()
    }
  }

  private hear(raw: string): void {
    this.lastHeard = Date.now()
    let frame: ServerFrame
    try {
      frame = JSON.parse(raw) as ServerFrame
    } catch {
      return
    }
    switch (frame.type) {
      case 'joined':
        this.welcome(frame)
        break
      case 'events':
        this.take(frame.events ?? [])
        break
      case 'ack':
        if (frame.id) this.settle(frame.id, null)
        else this.answersPings = true
        break
      case 'pong':
        this.answersPings = true
        break
      case 'error':
        if (frame.id) this.settle(frame.id, new FrameError(frame.code, frame.message))
        else this.tell('fault', { code: frame.code, message: frame.message })
        break
      case 'bye':
        this.farewell(frame.reason, frame.reconnect_ms)
        break
    }
  }

  private welcome(frame: Extract<ServerFrame, { type: 'joined' }>): void {
    this.attempts = 0
    const before = this.position?.seq ?? 0
    if (frame.recovered) {
      this.position = { epoch: frame.epoch, seq: before }
      this.take(frame.events ?? [])
      this.position.seq = Math.max(this.position.seq, frame.seq)
    } else {
      this.position = { epoch: frame.epoch, seq: frame.seq }
      this.tell('snapshot', frame.state)
    }
    this.become('open')
    for (const waiter of this.waiting.values()) {
      if (waiter.frame && this.send(waiter.frame)) waiter.frame = null
    }
    this.tell('joined', { recovered: frame.recovered })
    window.clearInterval(this.pingTimer)
    this.pingTimer = window.setInterval(this.beat, pingEvery)
    this.planRenewal()
  }

  private planRenewal(): void {
    window.clearTimeout(this.renewTimer)
    if (!this.expiresAt) return
    const wait = Math.max(this.expiresAt - Date.now() - renewBefore, 0)
    this.renewTimer = window.setTimeout(() => void this.renew(), wait)
  }

  /** Shows a fresh token before the old one expires; where that is refused, the socket joins anew. */
  private async renew(): Promise<void> {
    const socket = this.socket
    try {
      const token = await this.options.token()
      if (this.socket !== socket || this.status !== 'open') return
      if (!token) {
        this.rejoin()
        return
      }
      await this.ask({ type: 'auth', token })
      this.expiresAt = this.options.until?.() ?? 0
      this.planRenewal()
    } catch (error) {
      if (this.socket !== socket || this.status !== 'open') return
      if (error instanceof FrameError && error.code.startsWith('auth.')) this.rejoin()
      else this.renewTimer = window.setTimeout(() => void this.renew(), renewAgain)
    }
  }

  private take(events: AnyEvent[]): void {
    for (const event of events) {
      if (typeof event.seq === 'number' && this.position) {
        if (event.seq <= this.position.seq) continue
        if (event.seq > this.position.seq + 1) {
          this.drop()
          this.retry()
          return
        }
        this.position.seq = event.seq
      }
      this.tell(event.kind, event)
    }
  }

  private farewell(reason: ByeReason, reconnectMs: number | null): void {
    const final = reconnectMs === null
    this.tell('bye', { reason, final })
    if (final) {
      this.close()
      return
    }
    this.drop()
    this.become('reconnecting')
    // The server spreads its guests by its own number; the jitter spreads those who got the same.
    const wait = reconnectMs + this.random() * Math.min(1000, reconnectMs)
    this.retryTimer = window.setTimeout(() => void this.dial(), wait)
  }

  private retry(): void {
    if (this.stopped) return
    this.attempts++
    this.become('reconnecting')
    const most = Math.min(backoffMost, backoffFirst * 2 ** (this.attempts - 1))
    this.retryTimer = window.setTimeout(() => void this.dial(), most / 2 + this.random() * (most / 2))
  }

  /** Back on the net or on the screen: do not wait out the back-off. */
  private readonly hurry = (): void => {
    if (this.stopped || this.socket || document.hidden) return
    void this.dial()
  }

  private readonly beat = (): void => {
    if (this.answersPings && Date.now() - this.lastHeard > silentFor) {
      this.rejoin()
      return
    }
    this.send({ type: 'ping' })
  }

  private drop(): void {
    window.clearTimeout(this.retryTimer)
    window.clearInterval(this.pingTimer)
    window.clearTimeout(this.renewTimer)
    const socket = this.socket
    this.socket = null
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close()
    }
    for (const [id, waiter] of [...this.waiting]) {
      if (!waiter.frame || this.stopped) this.settle(id, new FrameError('client.offline', ''))
    }
  }

  private settle(id: string, error: Error | null): void {
    const waiter = this.waiting.get(id)
    if (!waiter) return
    this.waiting.delete(id)
    window.clearTimeout(waiter.timer)
    if (error) waiter.reject(error)
    else waiter.resolve()
  }

  private become(status: SocketStatus): void {
    if (this.status === status) return
    this.status = status
    this.tell('status', status)
  }

  private tell(kind: string, value: unknown): void {
    for (const listener of this.listeners.get(kind) ?? []) (listener as (v: unknown) => void)(value)
  }

  private random(): number {
    return (this.options.random ?? Math.random)()
  }
}
