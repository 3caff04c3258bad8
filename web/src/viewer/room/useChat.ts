import { ref, shallowRef } from 'vue'
import { FrameError, type ChatLine, type RoomSocket } from '@client/index'
import { serverNow } from '@shared/serverClock'
import { api } from '../api'

export interface ShownLine extends ChatLine {
  mine: boolean
  /** Held: taken, but shown to others only after someone looked at it. */
  state: 'sent' | 'sending' | 'held' | 'failed'
  /** The code of why it was not taken, or empty. The server's words would be in the browser's language, not the app's. */
  reason: string
}

const kept = 200

/** The room's talk: what others say, and one's own lines at once with what became of them. */
export function useChat(socket: RoomSocket) {
  const lines = shallowRef<ShownLine[]>([])
  const sending = ref(false)
  /** When the server last took a line of one's own, held or not; in its time. */
  const lastSaid = ref(0)
  let made = 0

  const me = () => api.session.read()?.person ?? null
  const shown = (line: ChatLine): ShownLine => ({
    ...line,
    mine: line.viewer.id === me()?.id,
    state: 'sent',
    reason: '',
  })
  const set = (next: ShownLine[]) => (lines.value = next.slice(-kept))
  const change = (id: string, part: Partial<ShownLine>) =>
    set(lines.value.map((line) => (line.id === id ? { ...line, ...part } : line)))

  const replace = (recent: ChatLine[]): void => {
    const known = (line: ShownLine) => recent.some((r) => r.viewer.id === line.viewer.id && r.text === line.text)
    const open = lines.value.filter((line) => line.id.startsWith('own-') && line.state !== 'sent' && !(line.state === 'held' && known(line)))
    set([...recent.map(shown), ...open])
  }

  socket.on('chat', (event) => {
    const line: ChatLine = { id: event.id, at: event.at ?? '', viewer: event.viewer, text: event.text }
    // One's own line comes back under the server's id: it takes the place of the one shown at once.
    const own = lines.value.find(
      (l) => l.id.startsWith('own-') && l.state !== 'failed' && l.viewer.id === line.viewer.id && l.text === line.text,
    )
    if (own) change(own.id, shown(line))
    else if (!lines.value.some((l) => l.id === line.id)) set([...lines.value, shown(line)])
  })
  socket.on('chat.removed', (event) => set(lines.value.filter((line) => line.id !== event.id)))

  /** Sends a line; the failure's code, or empty. */
  const say = async (text: string): Promise<string> => {
    const viewer = me()
    if (!viewer) return 'auth.required'
    const id = `own-${++made}`
    const line: ShownLine = {
      id, at: new Date().toISOString(), viewer: { id: viewer.id, nickname: viewer.nickname }, text,
      mine: true, state: 'sending', reason: '',
    }
    set([...lines.value, line])
    return send(id, text)
  }

  const send = async (id: string, text: string): Promise<string> => {
    sending.value = true
    try {
      await socket.chat(text)
      change(id, { state: 'sent' })
      lastSaid.value = serverNow()
      return ''
    } catch (error) {
      const refused = error instanceof FrameError ? error : new FrameError('client.offline', '')
      change(id, { state: refused.code === 'chat.held' ? 'held' : 'failed', reason: refused.code })
      // Too fast for slow mode, as after a reload: when the last line was is not known, so all of it is waited.
      if (refused.code === 'chat.held' || refused.code === 'chat.too_fast') lastSaid.value = serverNow()
      return refused.code
    } finally {
      sending.value = false
    }
  }

  const again = (line: ShownLine): Promise<string> => {
    change(line.id, { state: 'sending', reason: '' })
    return send(line.id, line.text)
  }

  return { lines, sending, lastSaid, say, again, replace }
}
