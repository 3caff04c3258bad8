import { unwrap, type Page } from '@client/index'
import type { components } from '@client/schema'
import { api } from '../api'

/** The lists of which one keeps views. */
export type ListName = 'leads' | 'orders' | 'audit' | 'settlements' | 'merchants' | 'products' | 'imports' | 'coupons' | 'exceptions' | 'ledger'
export type SavedView = components['schemas']['SavedviewView']

export const listViews = (list: ListName): Promise<Page<SavedView>> =>
  unwrap(api.http.GET('/staff/me/views/{list}', { params: { path: { list }, query: { limit: 100 } } }))

export const saveView = (list: ListName, name: string, query: Record<string, string>, columns: string[]): Promise<unknown> =>
  unwrap(api.http.PUT('/staff/me/views/{list}/{name}', { params: { path: { list, name } }, body: { query, columns } }))

export const dropView = (list: ListName, name: string): Promise<unknown> =>
  unwrap(api.http.DELETE('/staff/me/views/{list}/{name}', { params: { path: { list, name } } }))
