import { unwrap, type Branch, type Page, type ShopProduct, type Voucher } from '@client/index'
import { api } from '../api'

/** Goods as one's branch sees them; `q` is words of the title or of its pinyin, initials too. */
export function listProducts(q: string, cursor?: string): Promise<Page<ShopProduct>> {
  return unwrap(api.http.GET('/products', { params: { query: { q: q || undefined, cursor, limit: 20 } } }))
}

export function getShopProduct(id: string): Promise<ShopProduct> {
  return unwrap(api.http.GET('/products/{id}', { params: { path: { id } } }))
}

export function listVouchers(cursor?: string, order?: string): Promise<Page<Voucher>> {
  return unwrap(api.http.GET('/vouchers', { params: { query: { cursor, order_id: order, limit: 20 } } }))
}

/** All of the bank's branches, page by page. */
export async function listBranches(): Promise<Branch[]> {
  const all: Branch[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await unwrap<Page<Branch>>(api.http.GET('/branches', { params: { query: { cursor, limit: 100 } } }))
    all.push(...(page.items ?? []))
    if (!page.next_cursor) return all
    cursor = page.next_cursor
  }
}

export async function ownBranch(): Promise<string | null> {
  return (await unwrap<{ branch_id: string | null }>(api.http.GET('/me/branch'))).branch_id
}

export function chooseBranch(id: string | null): Promise<unknown> {
  return unwrap(api.http.PUT('/me/branch', { body: { branch_id: id } }))
}
