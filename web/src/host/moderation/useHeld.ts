import { computed, reactive } from 'vue'
import { ApiError } from '@client/index'
import { heldLines, refuseChat, releaseChat, type JudgedLine } from './calls'
import { usePolled } from './usePolled'

const every = 3_000

/** Messages that wait for somebody to look at them, the oldest first. */
export function useHeld(room: string) {
  const { data, error, load } = usePolled(() => heldLines(room), every)
  /** Decided here: gone at once, whatever an answer that is under way still says. */
  const decided = reactive(new Set<string>())
  const lines = computed(() => (data.value ?? []).filter((l) => !decided.has(l.id)).reverse())

  /** False when a colleague was quicker; throws when nothing was decided. */
  async function decide(line: JudgedLine, through: boolean): Promise<boolean> {
    decided.add(line.id)
    try {
      await (through ? releaseChat(room, line.id) : refuseChat(room, line.id))
      return true
    } catch (cause) {
      if (cause instanceof ApiError && cause.code === 'chat.decided') return false
      decided.delete(line.id)
      throw cause
    }
  }

  return { lines, known: computed(() => data.value !== null), error, load, decide }
}

export type Held = ReturnType<typeof useHeld>
