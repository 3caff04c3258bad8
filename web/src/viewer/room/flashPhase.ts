import type { FlashSale } from '@client/index'

export type FlashPhase = 'scheduled' | 'on_sale' | 'sold_out' | 'over'

/**
 * What a sale is now by the server's clock: its event may be a moment behind
 * the countdown that everybody watches, and the server decides anyway.
 */
export function phaseOf(sale: FlashSale, now: number): FlashPhase {
  if (sale.status === 'cancelled' || sale.status === 'ended' || now >= Date.parse(sale.ends_at)) return 'over'
  if (sale.status === 'scheduled' && now < Date.parse(sale.starts_at)) return 'scheduled'
  // Units of unpaid orders come back: what is left decides, not that it was once sold out.
  return sale.left <= 0 ? 'sold_out' : 'on_sale'
}

/** The sale to show in the room: one that is on, else the next, else the one just sold out. */
export function saleToShow(sales: Iterable<FlashSale>, now: number): FlashSale | null {
  const rank = { on_sale: 0, scheduled: 1, sold_out: 2, over: 3 }
  const order = (a: FlashSale, b: FlashSale) =>
    rank[phaseOf(a, now)] - rank[phaseOf(b, now)] || Date.parse(a.starts_at) - Date.parse(b.starts_at)
  const best = [...sales].sort(order)[0]
  return best && phaseOf(best, now) !== 'over' ? best : null
}
