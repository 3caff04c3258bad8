import { unwrap } from '@client/index'
import type { components } from '@client/schema'
import { api } from '../api'
import { forgetPerson } from '../lib/savedAddress'

export type OwnConsent = components['schemas']['CardOwnConsent']

export async function listConsents(): Promise<OwnConsent[]> {
  const { items } = await unwrap<{ items: OwnConsent[] | null }>(api.http.GET('/privacy/consents'))
  return items ?? []
}

/** Erases oneself at the bank, and here. */
export async function eraseOneself(): Promise<void> {
  await unwrap(api.http.POST('/privacy/erasure'))
  api.session.clear()
  forgetPerson()
}
