import { computed, reactive } from 'vue'
import { useElderTheme } from '@shared/theme'

/** Ways to see the app, kept on this phone; each by a switch or by the link (`?elder=1`, `?saver=1`). */
const modes = reactive({
  /** Large type, plain screens, nothing that moves by itself. */
  elder: false,
  /** No video: sound on wish, pictures, words. */
  saver: false,
  /** Talk in the room while in elder mode; off until asked for. */
  elderChat: false,
})
export type Mode = keyof typeof modes

/** What tells that the network bears no video: the browser's word, or pictures that stood still. */
const net = reactive({ slow: false, stalls: 0, declined: false })
const stallsToOffer = 3

interface Connection extends EventTarget {
  saveData?: boolean
  effectiveType?: string
}

const key = (mode: Mode) => `yinbo.mode.${mode}`

function set(mode: Mode, on: boolean): void {
  modes[mode] = on
  localStorage.setItem(key(mode), on ? '1' : '0')
  if (mode === 'elder') useElderTheme(on)
}

/** Reads what the link asks for and what was chosen before; called once, before anything is drawn. */
export function rememberModes(search = location.search): void {
  const asked = new URLSearchParams(search)
  for (const mode of ['elder', 'saver', 'elderChat'] as const) {
    const said = asked.get(mode) ?? localStorage.getItem(key(mode))
    if (said === '1' || said === '0') set(mode, said === '1')
  }
  const connection = (navigator as { connection?: Connection }).connection
  const look = (): void => {
    // Once slow is slow enough to ask: an answer is not taken away under the finger.
    net.slow ||= !!connection?.saveData || /2g|3g/.test(connection?.effectiveType ?? '')
  }
  look()
  connection?.addEventListener?.('change', look)
}

export function useModes() {
  return {
    modes,
    set,
    /** The data saver is worth offering, and was not turned down since the app was opened. */
    offersSaver: computed(() => !modes.saver && !net.declined && (net.slow || net.stalls >= stallsToOffer)),
    declineSaver: (): void => void (net.declined = true),
    stalled: (): void => void net.stalls++,
  }
}
