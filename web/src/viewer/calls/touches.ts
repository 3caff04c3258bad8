import { api } from '../api'

export interface Touch {
  kind: 'clicked' | 'started'
  product: string
  room?: string
  share?: string
  campaign?: string
}

/**
 * Tells the bank that a card product's form was opened or begun. A figure only:
 * it outlives the page, nobody waits for it, and it may be lost.
 */
export function touch({ kind, product, room, share, campaign }: Touch): void {
  api.http
    .POST('/card-products/{id}/touches', {
      params: { path: { id: product } },
      body: { kind, room_id: room, share_code: share, campaign },
      keepalive: true,
    })
    .catch(() => undefined)
}
