import { ref } from 'vue'

/** Lines that are dragged to another place; `drop` is told which went where, counted from 0. */
export function useDragOrder(drop: (key: string, to: number) => void) {
  const dragged = ref('')
  /** The line that the dragged one would come to stand at. */
  const over = ref(-1)
  const end = (): void => {
    dragged.value = ''
    over.value = -1
  }
  return {
    dragged,
    over,
    start(key: string, event: DragEvent): void {
      dragged.value = key
      event.dataTransfer?.setData('text/plain', key)
    },
    enter(index: number, event: DragEvent): void {
      if (!dragged.value) return
      event.preventDefault()
      over.value = index
    },
    drop(event: DragEvent): void {
      if (!dragged.value || over.value < 0) return
      event.preventDefault()
      drop(dragged.value, over.value)
      end()
    },
    end,
  }
}
