import { unwrap, type Page, type Room } from '@client/index'
import { api } from '../api'

export interface HostFollow {
  following: boolean
}

/** A host whom one follows; `room` is the one that is on, else the next. */
export interface Followed {
  id: string
  host: { id: string; name: string }
  followed_at: string
  room: Room | null
}

const at = (host: string) => ({ params: { path: { id: host } } })

export function listFollowing(cursor?: string): Promise<Page<Followed>> {
  return unwrap(api.http.GET('/following', { params: { query: { cursor, limit: 50 } } }))
}

export function follows(host: string): Promise<HostFollow> {
  return unwrap(api.http.GET('/hosts/{id}/follow', at(host)))
}

export function setFollow(host: string, on: boolean): Promise<HostFollow> {
  return unwrap(on ? api.http.POST('/hosts/{id}/follow', at(host)) : api.http.DELETE('/hosts/{id}/follow', at(host)))
}
