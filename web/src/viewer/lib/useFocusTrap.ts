import { nextTick, onScopeDispose, watch, type Ref } from 'vue'

const focusable =
  'a[href],button:not([disabled]),input:not([disabled]),textarea:not([disabled]),select:not([disabled]),[tabindex]:not([tabindex="-1"])'

/** The open traps, the topmost last: only that one acts on keys. */
const open: object[] = []

/** Keeps the keyboard inside `box` while it is shown, and gives focus back where it was. */
export function useFocusTrap(box: Ref<HTMLElement | null>, shown: () => boolean, escape: () => void): void {
  let before: HTMLElement | null = null
  const mine = {}

  const onKey = (event: KeyboardEvent): void => {
    const here = box.value
    if (!here || open[open.length - 1] !== mine) return
    if (event.key === 'Escape') {
      event.stopImmediatePropagation()
      escape()
    }
    if (event.key !== 'Tab') return
    const stops = [...here.querySelectorAll<HTMLElement>(focusable)].filter((el) => el.offsetParent !== null)
    const first = stops[0]
    const last = stops[stops.length - 1]
    if (!first || !last) return
    // The focus falls to the page when the button that had it goes away.
    if (!here.contains(document.activeElement)) {
      event.preventDefault()
      first.focus()
    } else if (event.shiftKey && (document.activeElement === first || document.activeElement === here)) {
      event.preventDefault()
      last.focus()
    } else if (!event.shiftKey && document.activeElement === last) {
      event.preventDefault()
      first.focus()
    }
  }

  const release = (): void => {
    document.removeEventListener('keydown', onKey)
    const at = open.indexOf(mine)
    if (at >= 0) open.splice(at, 1)
    before?.focus?.({ preventScroll: true })
    before = null
  }

  watch(
    shown,
    async (now, was) => {
      if (now && !was) {
        before = document.activeElement as HTMLElement | null
        document.addEventListener('keydown', onKey)
        open.push(mine)
        await nextTick()
        box.value?.focus({ preventScroll: true })
      } else if (!now && was) release()
    },
    { immediate: true },
  )
  onScopeDispose(release)
}
