import { unwrap, type Page } from '@client/index'
import { api } from '../api'

/** What the bank wrote to one within the app. */
export interface Message {
  id: string
  text: string
  at: string
  read_at: string | null
  /** The room that it is about. */
  room_id: string | null
}

export function listMessages(cursor?: string): Promise<Page<Message>> {
  return unwrap(api.http.GET('/messages', { params: { query: { cursor } } }))
}

/** Marks all of them as seen. */
export function markRead(): Promise<unknown> {
  return unwrap(api.http.POST('/messages/read'))
}
