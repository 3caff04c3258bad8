import { ref, type Ref } from 'vue'
import { useErrors } from '../errors'

export interface Action {
  busy: Ref<boolean>
  /** Runs an act unless one is under way; true when it went through. A failure is told as a note. */
  run(act: () => Promise<unknown>): Promise<boolean>
}

/** A button's act: never twice at once, failures told. `onError` may take the failure instead (answer true). */
export function useAction(onError?: (error: unknown) => boolean | void): Action {
  const busy = ref(false)
  const { toast } = useErrors()
  return {
    busy,
    async run(act) {
      if (busy.value) return false
      busy.value = true
      try {
        await act()
        return true
      } catch (error) {
        if (!onError?.(error)) toast(error)
        return false
      } finally {
        busy.value = false
      }
    },
  }
}
