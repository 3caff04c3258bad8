import { onScopeDispose, ref, shallowRef, type Ref } from 'vue'

export interface Loaded<T> {
  data: Ref<T | null>
  error: Ref<unknown>
  loading: Ref<boolean>
  load: () => Promise<void>
}

/** Loads something once asked, keeps the last good data while loading again, drops late answers. */
export function useLoad<T>(read: () => Promise<T>): Loaded<T> {
  const data = shallowRef<T | null>(null)
  const error = shallowRef<unknown>(null)
  const loading = ref(false)
  let turn = 0
  onScopeDispose(() => turn++)

  const load = async (): Promise<void> => {
    const mine = ++turn
    loading.value = true
    try {
      const got = await read()
      if (mine !== turn) return
      data.value = got
      error.value = null
    } catch (cause) {
      if (mine === turn) error.value = cause
    } finally {
      if (mine === turn) loading.value = false
    }
  }
  return { data: data as Ref<T | null>, error, loading, load }
}
