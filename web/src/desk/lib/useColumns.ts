import { computed, ref } from 'vue'
import type { ListName } from '../calls/views'

/**
 * Which columns of a table are shown, remembered in this browser; `fixed` are
 * always there, and stand first. An empty choice is the usual one.
 */
export function useColumns<C extends string>(list: ListName, fixed: readonly C[], choice: readonly C[], hidden: readonly C[] = []) {
  const at = `desk.columns.${list}`
  const usual = choice.filter((c) => !hidden.includes(c))
  const known = (names: readonly string[]): C[] => choice.filter((c) => names.includes(c))
  const chosen = ref<C[]>(read()) as { value: C[] }

  function read(): C[] {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(at) ?? 'null')
      return Array.isArray(kept) ? known(kept.map(String)) : usual
    } catch {
      return usual
    }
  }

  /** Takes names as they come, from a saved view or from the boxes; none is the usual columns. */
  function choose(names: readonly string[]): void {
    const of = known(names)
    chosen.value = of.length ? of : usual
    try {
      localStorage.setItem(at, JSON.stringify(chosen.value))
    } catch {
      // Without storage the choice holds until the page is left.
    }
  }

  const shown = computed(() => [...fixed, ...chosen.value])
  return { all: choice, chosen: computed(() => chosen.value), shown, has: (c: C) => shown.value.includes(c), choose }
}
