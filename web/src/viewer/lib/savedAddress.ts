import type { Address } from '@client/index'

const key = 'yinbo.viewer.address'

/** The address typed last, for this tab only: personal data does not stay on the phone. */
export function savedAddress(): Address | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null') as Address | null
  } catch {
    return null
  }
}

export function saveAddress(address: Address): void {
  sessionStorage.setItem(key, JSON.stringify(address))
}

/** Forgets all that this tab remembers of a person; called when signing out. */
export function forgetPerson(): void {
  sessionStorage.clear()
}
