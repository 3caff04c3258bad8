import { computed, inject, provide, ref, type InjectionKey } from 'vue'
import { useRoute, useRouter } from 'vue-router'

const ofPage: InjectionKey<Sheets> = Symbol('sheets')

/** The page's sheets, for a part of it that opens one of its own. */
export const usePageSheets = (): Sheets => inject(ofPage)!

/**
 * The open sheets, as a stack in the address (`?sheet=shelf.product`): the
 * phone's back gesture closes the top one and leaves the page alone. What a
 * sheet shows is not in the address, so a page loaded afresh starts with none;
 * a page that keeps what they show has them wait (`kept`) and calls `restore`.
 */
export function useSheets({ kept = false } = {}) {
  const route = useRoute()
  const router = useRouter()
  const stackOf = (sheet: unknown) => (typeof sheet === 'string' ? sheet.split('.').filter(Boolean) : [])
  const stack = computed(() => stackOf(route.query.sheet))
  const at = (names: string[]) => ({ query: { ...route.query, sheet: names.join('.') || undefined } })

  // Reloaded, the entry still knows the one that it was pushed from; a link that somebody sent does not.
  const reloaded = !!(history.state as { back?: string } | null)?.back
  const waiting = ref(kept && reloaded && stack.value.length > 0)
  if (stack.value.length > 0 && !waiting.value) void router.replace(at([]))

  const settled = () =>
    new Promise<void>((resolve) => {
      const stop = router.afterEach(() => {
        stop()
        resolve()
      })
    })

  const sheets = {
    isOpen: (name: string) => !waiting.value && stack.value.includes(name),
    /** Shows again what was open before a reload, up to the first sheet that cannot be. */
    async restore(can: (name: string) => boolean): Promise<void> {
      if (!waiting.value) return
      const first = stack.value.findIndex((name) => !can(name))
      if (first >= 0) {
        const done = settled()
        router.go(first - stack.value.length)
        await done
      }
      waiting.value = false
    },
    top: computed(() => stack.value[stack.value.length - 1] ?? ''),

    async open(name: string): Promise<void> {
      if (!stack.value.includes(name)) await router.push(at([...stack.value, name]))
    },

    /** Takes the place of the top sheet: what was there is not gone back to. */
    async swap(name: string): Promise<void> {
      await router.replace(at([...stack.value.slice(0, -1), name]))
    },

    /** Closes the sheet and all above it; resolves when the address says so. */
    async close(name: string): Promise<void> {
      const index = stack.value.indexOf(name)
      if (index < 0) return
      const done = settled()
      router.go(index - stack.value.length)
      await done
    },
  }
  provide(ofPage, sheets)
  return sheets
}

export type Sheets = ReturnType<typeof useSheets>
