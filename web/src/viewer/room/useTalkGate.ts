import { computed, type Ref } from 'vue'
import type { Room } from '@client/index'

/** Why one may not speak now; empty when one may. */
export type Silence = '' | 'notLive' | 'muted' | 'closed' | 'slow'

/** What the room lets a person say now: muted, closed to all, or in slow mode a while after each line. */
export function useTalkGate(room: Ref<Room | null>, mutedUntil: Ref<string>, lastSaid: Ref<number>, now: Ref<number>) {
  const slowFor = computed(() => room.value?.chat?.slow_s ?? 0)
  /** Whole seconds until the next line; every line takes one second, which is not worth telling. */
  const wait = computed(() =>
    slowFor.value > 1 && lastSaid.value > 0 ? Math.max(Math.ceil((lastSaid.value + slowFor.value * 1000 - now.value) / 1000), 0) : 0,
  )
  const silence = computed<Silence>(() => {
    if (room.value?.status !== 'live') return 'notLive'
    if (mutedUntil.value !== '' && Date.parse(mutedUntil.value) > now.value) return 'muted'
    if (room.value.chat?.closed) return 'closed'
    return wait.value > 0 ? 'slow' : ''
  })
  return { silence, wait, slowFor }
}
