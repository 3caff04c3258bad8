import { currentBank } from '@shared/bank'
import { sharedBy } from './shareCode'

/** A room's address to pass on: with the bank, and with the share code of the one who brought this viewer. */
export function shareLink(room: string, origin = location.origin): string {
  const link = new URL(`/rooms/${room}`, origin)
  link.searchParams.set('from', 'share')
  const share = sharedBy()
  if (share) link.searchParams.set('share', share)
  if (currentBank()) link.searchParams.set('bank', currentBank())
  return link.href
}
