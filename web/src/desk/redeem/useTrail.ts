import { ref } from 'vue'
import { staff } from '../api'

/** A try at this terminal: what was shown, and what it came to. */
export interface Try {
  at: string
  /** The last four symbols; a whole code is kept nowhere. */
  tail: string
  outcome: 'redeemed' | 'used' | 'expired' | 'void' | 'unknown'
  title: string
  spec: string
  value_fen: number | null
}

const most = 20
const storage = 'yinbo.desk.redeemed'

/** The last tries of this tab by who is signed in; gone when the tab is closed. */
export function useTrail() {
  const whose = `${storage}.${staff.person.value?.id ?? ''}`
  const read = (): Try[] => {
    try {
      return JSON.parse(sessionStorage.getItem(whose) ?? '[]') as Try[]
    } catch {
      return []
    }
  }
  const trail = ref(read())
  return {
    trail,
    add(one: Try): void {
      trail.value = [one, ...trail.value].slice(0, most)
      sessionStorage.setItem(whose, JSON.stringify(trail.value))
    },
  }
}
