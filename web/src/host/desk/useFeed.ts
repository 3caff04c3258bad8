import { ref, shallowRef } from 'vue'
import type { ChatLine, RoomSocket } from '@client/index'

export interface FeedLine extends ChatLine {
  removed: boolean
}

const most = 400

/** The room's chat as the operators see it: removed lines stay, struck out. */
export function useFeed(socket: RoomSocket) {
  const lines = shallowRef<FeedLine[]>([])
  /** Until when a viewer is muted, as far as this desk knows. */
  const muted = ref(new Map<string, number>())

  const replace = (chat: ChatLine[]): void => {
    const gone = new Map(lines.value.filter((l) => l.removed).map((l) => [l.id, l]))
    const fresh = chat.map((l) => ({ ...l, removed: gone.has(l.id) }))
    const ids = new Set(fresh.map((l) => l.id))
    const kept = lines.value.filter((l) => l.removed && !ids.has(l.id))
    lines.value = [...kept, ...fresh].sort((a, b) => a.at.localeCompare(b.at))
  }

  const strike = (id: string): void => {
    // A new line, not the old one changed: what shows it would not be drawn anew.
    lines.value = lines.value.map((l) => (l.id === id ? { ...l, removed: true } : l))
  }

  socket.on('chat', (e) => {
    if (lines.value.some((l) => l.id === e.id)) return
    const line = { id: e.id, at: e.at ?? new Date().toISOString(), viewer: e.viewer, text: e.text, removed: false }
    lines.value = [...lines.value.slice(-most + 1), line]
  })
  socket.on('chat.removed', (e) => strike(e.id))

  return { lines, muted, replace, strike }
}

export type Feed = ReturnType<typeof useFeed>
