import type { Address } from '@client/index'
import type { Choice } from '../checkout/choice'

/** What somebody has under way in a room. */
export interface Kept {
  /** Words typed and not said. */
  text?: string
  /** The product that is open, with the specification and number chosen. */
  product?: { sku: string; chosen: string; quantity: number }
  choice?: Choice
  /** The order that is being paid. */
  order?: string
  /** A press on a flash sale whose verdict is not known. */
  press?: Press
}

export interface Press {
  sale: string
  key: string
  address?: Address
  at: number
}

/** After that a press is no longer taken for wanted. */
const pressHolds = 5 * 60_000

const name = (room: string) => `yinbo.room.${room}`

/** Kept for this tab, so that a reload loses nothing; gone with the tab and when signing out. */
export function readKept(room: string): Kept {
  try {
    return JSON.parse(sessionStorage.getItem(name(room)) ?? '{}') as Kept
  } catch {
    return {}
  }
}

export function keep(room: string, part: Kept): void {
  sessionStorage.setItem(name(room), JSON.stringify({ ...readKept(room), ...part }))
}

/** The press on this sale that may be asked about again. */
export function pressOf(room: string, sale: string, now = Date.now()): Press | null {
  const press = readKept(room).press
  return press && press.sale === sale && now - press.at < pressHolds ? press : null
}
