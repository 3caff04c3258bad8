import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/**
 * A page's filters, kept in its URL: reloading, going back and sending the link
 * all show the same rows. A change replaces the entry of the history.
 */
export function useQueryFilter<K extends string>(keys: readonly K[]): {
  filter: ComputedRef<Record<K, string>>
  set(change: Partial<Record<K, string>>): void
} {
  const route = useRoute()
  const router = useRouter()
  const read = (key: K): string => {
    const value = route.query[key]
    return typeof value === 'string' ? value : ''
  }
  const filter = computed(() => Object.fromEntries(keys.map((k) => [k, read(k)])) as Record<K, string>)

  return {
    filter,
    set(change) {
      const query = { ...route.query }
      for (const [key, value] of Object.entries(change) as [K, string][]) {
        if (value) query[key] = value
        else delete query[key]
      }
      void router.replace({ query })
    },
  }
}
