import { computed, watch, type ComputedRef } from 'vue'
import type { Page } from '@client/index'
import { usePages } from '@shared/usePages'
import { useQueryFilter } from './useQueryFilter'

/**
 * A list whose filters stand in its URL, read anew whenever one of `keys` changes;
 * `beside` are what else of the page stands there, such as an open row.
 */
export function useFilteredPages<T, K extends string, B extends string = never>(
  keys: readonly K[],
  read: (filter: Record<K, string>, cursor?: string) => Promise<Page<T>>,
  beside: readonly B[] = [],
) {
  const { filter, set } = useQueryFilter<K | B>([...keys, ...beside])
  const asked: ComputedRef<Record<K, string>> = computed(
    () => Object.fromEntries(keys.map((k) => [k, filter.value[k]])) as Record<K, string>,
  )
  const pages = usePages<T>((cursor) => read(asked.value, cursor))
  // The object is new at each navigation; only what it holds matters.
  watch(() => JSON.stringify(asked.value), () => void pages.reset(), { immediate: true })
  return { filter, asked, set, ...pages }
}
