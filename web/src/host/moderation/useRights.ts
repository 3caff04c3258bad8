import { computed, ref } from 'vue'
import type { Staff } from '@client/index'
import { staff } from '../api'
import { listCrew, type Member } from './calls'

/** What one is in a room: its owner (or an operator), a host, or an assistant. */
export type Standing = 'owner' | 'host' | 'assistant'

/** An owner is who may see a room without standing in its crew. */
export function standingIn(person: Staff, crew: Member[]): Standing {
  if (person.roles.includes('operator')) return 'owner'
  return crew.find((m) => m.id === person.id)?.role ?? 'owner'
}

/** What the signed-in person may do in a room; the server holds to the same. */
export function useRights(room: string) {
  const operates = computed(() => staff.has('operator'))
  const standing = ref<Standing | null>(operates.value ? 'owner' : null)

  async function learn(): Promise<void> {
    const person = staff.person.value
    if (!person || operates.value) return
    try {
      standing.value = standingIn(person, await listCrew(room))
    } catch {
      // Not known: the controls are shown, and the server refuses what is not allowed.
      standing.value ??= 'host'
    }
  }

  return {
    learn,
    operates,
    /** The room's life, its picture and what costs money. */
    runs: computed(() => standing.value === 'owner' || standing.value === 'host'),
    /** Who else may run it. */
    owns: computed(() => standing.value === 'owner'),
  }
}
