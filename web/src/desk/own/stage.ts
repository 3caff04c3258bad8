import type { OwnOrder } from '../calls/own'

/** Where an order stands for its merchant; what is paid waits for the merchant, for the bank, or is codes alone. */
export type Stage = 'to_ship' | 'by_bank' | 'codes' | 'shipped' | 'completed' | 'refunding' | 'refunded'

export function stageOf(o: Pick<OwnOrder, 'status' | 'ships_by'>): Stage {
  switch (o.status) {
    case 'paid':
      return o.ships_by === 'merchant' ? 'to_ship' : o.ships_by === 'bank' ? 'by_bank' : 'codes'
    case 'fulfilling':
      return 'shipped'
    default:
      return o.status
  }
}
