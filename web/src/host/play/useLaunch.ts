import { computed, reactive, ref, shallowRef, watch, type Ref } from 'vue'
import { ApiError, newKey } from '@client/index'
import { useErrors } from '@shared/errors'
import { notify } from '@shared/notices'

/**
 * The steps of a launcher's drawer: typed, read over, confirmed. The idempotency
 * key belongs to the opened drawer, so that no second launch comes of a second
 * press or of an answer that was lost.
 */
export function useLaunch(open: Ref<boolean>, blank: () => void) {
  const { describe } = useErrors()
  /** What was typed is sound and is being read over. */
  const checking = ref(false)
  const busy = ref(false)
  const failed = shallowRef<unknown>(null)
  /** The outcome of what was sent is not known: only the same may be sent under the key again. */
  const unsure = ref(false)
  let key = newKey()

  watch(open, (now) => {
    if (!now) return
    blank()
    checking.value = false
    failed.value = null
    unsure.value = false
    key = newKey()
  })

  const run = async (send: (key: string) => Promise<void>, done: string): Promise<void> => {
    if (busy.value) return
    busy.value = true
    failed.value = null
    try {
      await send(key)
      notify(done, 'good')
      open.value = false
    } catch (error) {
      failed.value = error
      unsure.value = error instanceof ApiError && error.unknownOutcome
      if (!unsure.value) checking.value = false
    } finally {
      busy.value = false
    }
  }

  return reactive({
    checking, busy, unsure, run,
    told: computed(() => (failed.value ? describe(failed.value) : null)),
    /** What the server said about a field. */
    field: (name: string): string => (failed.value instanceof ApiError ? failed.value.field(name) : ''),
  })
}

export type Launch = ReturnType<typeof useLaunch>
