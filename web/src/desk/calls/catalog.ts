import { idempotent, unwrap, type Page } from '@client/index'
import type { components } from '@client/schema'
import { api } from '../api'

/** The shop's objects, as the API's document has them. */
type Schemas = components['schemas']
export type Attribute = Schemas['CatalogAttribute']
export type Stocked = Omit<Schemas['CatalogStocked'], 'attributes'> & { attributes: Attribute[] }
export type Entry = Omit<Schemas['CatalogEntry'], 'images' | 'skus'> & { images: string[]; skus: Stocked[] }
export type Category = Schemas['CatalogCategory']
export type ShopMerchant = Schemas['CatalogMerchant']
export type SkuTerms = Omit<Schemas['SkuTerms'], '$schema'>
export type NewEntry = Omit<Schemas['NewEntryInBody'], '$schema'>
export type EntryChange = Omit<Schemas['EditEntryInBody'], '$schema'>
export type SkuChange = Omit<Schemas['EditSKUInBody'], '$schema'>

export const productKinds = ['physical', 'voucher', 'card_offer'] as const
export type ProductKind = (typeof productKinds)[number]

export interface EntryFilter {
  q: string
  category: string
  merchant: string
  branch: string
  kind: string
  hidden: string
  stock: string
}

const at = (id: string) => ({ params: { path: { id } } })
const keyed = (id: string, key: string) => ({ params: { path: { id }, ...idempotent(key) } })
const given = (filter: object): Record<string, string> => Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''))

export function listEntries(filter: EntryFilter, cursor?: string): Promise<Page<Entry>> {
  return unwrap(api.http.GET('/shop/products', { params: { query: { ...given(filter), cursor, limit: 50 } } }))
}

/** The list as CSV, a line for each SKU, for `download`. */
export const exportEntries = (filter: EntryFilter) => api.http.GET('/shop/products/export', { params: { query: given(filter) }, parseAs: 'blob' })

export function getEntry(id: string): Promise<Entry> {
  return unwrap(api.http.GET('/shop/products/{id}', at(id)))
}

export function createEntry(body: NewEntry, key: string): Promise<Entry> {
  return unwrap(api.http.POST('/shop/products', { params: { ...idempotent(key) }, body }))
}

export function editEntry(id: string, body: EntryChange): Promise<Entry> {
  return unwrap(api.http.PATCH('/shop/products/{id}', { ...at(id), body }))
}

export function hideEntry(id: string, reason: string): Promise<Entry> {
  return unwrap(api.http.POST('/shop/products/{id}/hide', { ...at(id), body: { reason } }))
}

export function unhideEntry(id: string, reason: string): Promise<Entry> {
  return unwrap(api.http.POST('/shop/products/{id}/unhide', { ...at(id), body: { reason } }))
}

export function createSku(product: string, body: SkuTerms, key: string): Promise<Stocked> {
  return unwrap(api.http.POST('/shop/products/{id}/skus', { ...keyed(product, key), body }))
}

export function editSku(id: string, body: SkuChange): Promise<Stocked> {
  return unwrap(api.http.PATCH('/shop/skus/{id}', { ...at(id), body }))
}

/** Units to add, or to take out where `delta` is negative. */
export function moveStock(id: string, delta: number, reason: string, key: string): Promise<Stocked> {
  return unwrap(api.http.POST('/shop/skus/{id}/stock', { ...keyed(id, key), body: { delta, reason } }))
}

/** The address of a picture that is now kept. */
export async function uploadImage(file: File): Promise<string> {
  const image = await unwrap<{ url: string }>(
    api.http.POST('/shop/images', {
      headers: { 'Content-Type': file.type },
      body: file as never,
      bodySerializer: (body: unknown) => body as Blob,
    } as never),
  )
  return image.url
}

export async function listCategories(): Promise<Category[]> {
  const all: Category[] = []
  for (let cursor: string | undefined; ; ) {
    const page: Page<Category> = await unwrap(api.http.GET('/shop/categories', { params: { query: { cursor, limit: 100 } } }))
    all.push(...(page.items ?? []))
    if (!page.next_cursor) return all
    cursor = page.next_cursor
  }
}

export interface CategoryForm {
  name: string
  position: number
  /** Empty for the first level. */
  parent_id: string
}

export function createCategory(form: CategoryForm): Promise<Category> {
  return unwrap(api.http.POST('/shop/categories', { body: form }))
}

export function editCategory(id: string, form: Partial<CategoryForm>): Promise<Category> {
  return unwrap(api.http.PATCH('/shop/categories/{id}', { ...at(id), body: form }))
}

export function deleteCategory(id: string): Promise<unknown> {
  return unwrap(api.http.DELETE('/shop/categories/{id}', at(id)))
}

export function listShopMerchants(q: string, cursor?: string): Promise<Page<ShopMerchant>> {
  return unwrap(api.http.GET('/shop/merchants', { params: { query: { q: q || undefined, cursor, limit: 50 } } }))
}

export function createShopMerchant(name: string, commission_bps: number): Promise<ShopMerchant> {
  return unwrap(api.http.POST('/shop/merchants', { body: { name, commission_bps } }))
}

export function editShopMerchant(id: string, change: { name?: string; commission_bps?: number }): Promise<ShopMerchant> {
  return unwrap(api.http.PATCH('/shop/merchants/{id}', { ...at(id), body: change }))
}
