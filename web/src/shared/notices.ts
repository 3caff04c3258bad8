import { reactive } from 'vue'

export interface Notice {
  id: number
  tone: 'info' | 'good' | 'bad'
  text: string
  detail: string
  requestId: string
}

/** The notes on screen now, oldest first; `YToasts` draws them. */
export const notices = reactive<Notice[]>([])

let last = 0

/** Says something for a while; errors stay longer, so that their id can be copied. */
export function notify(text: string, tone: Notice['tone'] = 'info', detail = '', requestId = ''): void {
  const same = notices.find((n) => n.text === text && n.detail === detail)
  if (same) dismiss(same.id)
  const id = ++last
  notices.push({ id, tone, text, detail, requestId })
  if (notices.length > 3) notices.shift()
  setTimeout(() => dismiss(id), tone === 'bad' ? 7000 : 2600)
}

export function dismiss(id: number): void {
  const at = notices.findIndex((n) => n.id === id)
  if (at >= 0) notices.splice(at, 1)
}
