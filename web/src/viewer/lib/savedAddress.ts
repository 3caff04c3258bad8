import type { Address } from '@client/index'

/** Where goods went last: its place in the book, empty for one that is in no book. */
interface Last {
  id: string
  address: Address
}

let last: Last | null = null

/** The address of this page's last order, in memory alone: what should stay is kept in one's address book. */
export const lastAddress = (): Last | null => last

export function rememberAddress(address: Address, id = ''): void {
  last = { id, address }
}

/** Forgets all that this tab remembers of a person; called when signing out. */
export function forgetPerson(): void {
  last = null
  sessionStorage.clear()
}
