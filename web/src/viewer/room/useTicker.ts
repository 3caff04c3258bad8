import { onScopeDispose, ref } from 'vue'

export interface TickerLine {
  key: number
  who: string
  what: string
}

const shownFor = 3000
const most = 20

/** Orders told one line at a time, three seconds each; a rush keeps the newest. */
export function useTicker() {
  const line = ref<TickerLine | null>(null)
  const queue: TickerLine[] = []
  let made = 0
  let timer = 0

  const next = (): void => {
    line.value = queue.shift() ?? null
    timer = line.value ? window.setTimeout(next, shownFor) : 0
  }
  onScopeDispose(() => clearTimeout(timer))

  return {
    line,
    push(who: string, what: string): void {
      queue.push({ key: ++made, who, what })
      if (queue.length > most) queue.shift()
      if (!timer) next()
    },
  }
}
