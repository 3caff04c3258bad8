import { unwrap } from '@client/index'
import { api } from '../api'

/** Whether one takes promotions, over all channels. */
export interface Choice {
  promotions: boolean
  stopped_at: string | null
}

export function getChoice(): Promise<Choice> {
  return unwrap(api.http.GET('/privacy/promotions'))
}

export function choose(promotions: boolean): Promise<Choice> {
  return unwrap(api.http.PUT('/privacy/promotions', { body: { promotions } }))
}
