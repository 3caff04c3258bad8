import { computed, watch } from 'vue'
import { useLoad } from '@shared/useLoad'

/** What a drawer shows of the one whose id the address names, loaded when it is another; '' is closed. */
export function useDrawer<T extends { id: string }>(id: () => string, read: (id: string) => Promise<T>, close: () => void) {
  const { data, error, load } = useLoad(() => read(id()))
  const open = computed({ get: () => id() !== '', set: (now) => !now && close() })
  // While the drawer closes it goes on showing what it showed.
  const shown = computed(() => (id() === '' || data.value?.id === id() ? data.value : null))
  watch(id, (now) => now && void load(), { immediate: true })
  return { shown, error, load, open }
}
