import { idempotent, unwrap, type Card as Plain } from '@client/index'
import { api } from '../api'

/** A bound card with its face, and whether it is taken when no other is named. */
export interface Card extends Plain {
  default: boolean
  art: string
}

export async function listCards(): Promise<Card[]> {
  const answer = await unwrap<{ items: Card[] | null }>(api.http.GET('/cards'))
  return answer.items ?? []
}

/** The four factors; they go to the bank and are kept nowhere in this app. */
export interface Factors {
  pan: string
  name: string
  id_no: string
  phone: string
}

export async function startBinding(factors: Factors, key: string): Promise<string> {
  const answer = await unwrap<{ id: string }>(
    api.http.POST('/cards/bindings', { params: { ...idempotent(key) }, body: factors }),
  )
  return answer.id
}

export async function confirmBinding(id: string, code: string): Promise<Card> {
  const answer = await unwrap<{ card: Card }>(
    api.http.POST('/cards/bindings/{id}/confirm', { params: { path: { id } }, body: { code } }),
  )
  return answer.card
}

export function unbind(id: string): Promise<unknown> {
  return unwrap(api.http.DELETE('/cards/{id}', { params: { path: { id } } }))
}

export function makeDefault(id: string): Promise<unknown> {
  return unwrap(api.http.PUT('/cards/{id}/default', { params: { path: { id } } }))
}
