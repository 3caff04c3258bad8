import { notify } from './notices'

/** Copies a text and says so; where the browser lets nobody copy, as on plain http, says how to do it by hand. */
export async function copyText(text: string, done: string, byHand: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    notify(done, 'good')
  } catch {
    notify(byHand)
  }
}
