import { showConfirmDialog } from 'vant'
import 'vant/es/dialog/style/index'

/** Asks before what cannot be undone; false where the person turns round. */
export function confirmed(title: string, message: string, yes: string, no: string): Promise<boolean> {
  return showConfirmDialog({ title, message, confirmButtonText: yes, cancelButtonText: no }).then(() => true, () => false)
}
