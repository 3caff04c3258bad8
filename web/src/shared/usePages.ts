import { ref, shallowRef } from 'vue'
import type { Page } from '@client/index'

/** A list that grows page by page; `reset` starts over, dropping answers that come too late. */
export function usePages<T>(read: (cursor?: string) => Promise<Page<T>>) {
  const items = shallowRef<T[]>([])
  const error = shallowRef<unknown>(null)
  const loading = ref(false)
  const done = ref(false)
  let cursor: string | undefined
  let turn = 0

  const more = async (): Promise<void> => {
    if (loading.value || done.value) return
    const mine = ++turn
    loading.value = true
    try {
      const page = await read(cursor)
      if (mine !== turn) return
      items.value = [...items.value, ...(page.items ?? [])]
      cursor = page.next_cursor ?? undefined
      done.value = !cursor
      error.value = null
    } catch (cause) {
      if (mine === turn) error.value = cause
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  const reset = (): Promise<void> => {
    turn++
    items.value = []
    cursor = undefined
    done.value = false
    loading.value = false
    error.value = null
    return more()
  }
  /** Puts what became of an entry in its place. */
  const replace = (entry: T & { id: string }): void => {
    items.value = items.value.map((row) => ((row as { id?: string }).id === entry.id ? entry : row))
  }
  return { items, error, loading, done, more, reset, replace }
}
