import { unwrap, type Address, type BookedAddress } from '@client/index'
import { api } from '../api'

/** One's book, masked, the default first; a book holds 20 at most. */
export async function listAddresses(): Promise<BookedAddress[]> {
  const answer = await unwrap<{ items: BookedAddress[] | null }>(api.http.GET('/addresses'))
  return answer.items ?? []
}

/** One of them in clear. */
export function getAddress(id: string): Promise<BookedAddress> {
  return unwrap(api.http.GET('/addresses/{id}', { params: { path: { id } } }))
}

export function addAddress(address: Address, asDefault = false): Promise<BookedAddress> {
  return unwrap(api.http.POST('/addresses', { body: { ...plain(address), default: asDefault } }))
}

export function changeAddress(id: string, address: Address, asDefault = false): Promise<BookedAddress> {
  return unwrap(api.http.PUT('/addresses/{id}', { params: { path: { id } }, body: { ...plain(address), default: asDefault } }))
}

export function removeAddress(id: string): Promise<unknown> {
  return unwrap(api.http.DELETE('/addresses/{id}', { params: { path: { id } } }))
}

/** The address alone, without its place in a book. */
export function plain({ name, phone, province, city, district, street }: Address): Address {
  return { name, phone, province, city, district, street }
}
