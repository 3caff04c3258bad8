import { showConfirmDialog } from 'vant'

export interface Question {
  title: string
  message?: string
  yes: string
  no: string
}

/** Asks before what can't be undone. */
export function sure({ title, message, yes, no }: Question): Promise<boolean> {
  return showConfirmDialog({ title, message, confirmButtonText: yes, cancelButtonText: no }).then(() => true, () => false)
}
