import { fenOf, yuan } from '@shared/format'
import type { Attribute, ProductKind, SkuChange, SkuTerms, Stocked } from '../calls/catalog'

/** A SKU as it is typed: amounts in yuan, numbers as text. */
export interface SkuDraft {
  attributes: Attribute[]
  code: string
  price: string
  list: string
  stock: string
  limit: string
}

export const emptySku = (): SkuDraft => ({ attributes: [], code: '', price: '', list: '', stock: '0', limit: '' })

export function draftOf(sku: Stocked): SkuDraft {
  return {
    attributes: sku.attributes.map((a) => ({ ...a })),
    code: sku.code ?? '',
    price: yuan(sku.price_fen),
    list: sku.list_price_fen === sku.price_fen ? '' : yuan(sku.list_price_fen),
    stock: String(sku.stock),
    limit: sku.per_person_limit ? String(sku.per_person_limit) : '',
  }
}

const whole = (text: string, most: number): number | null => {
  const n = /^\d{1,10}$/.test(text.trim()) ? Number(text) : text.trim() ? NaN : 0
  return n <= most ? n : null
}

export type SkuWrong = 'price' | 'list' | 'stock' | 'limit' | 'code' | 'attributes'

/** The field of the draft that does not fit, as the server would say; null when all do. */
export function skuWrong(d: SkuDraft, kind: ProductKind): SkuWrong | null {
  const price = fenOf(d.price)
  const list = d.list.trim() ? fenOf(d.list) : price
  if (price === null || (price === 0 && kind !== 'card_offer')) return 'price'
  if (list === null || list < price) return 'list'
  if (whole(d.stock, 1_000_000_000) === null) return 'stock'
  if (whole(d.limit, 1_000_000) === null) return 'limit'
  if (!/^[\x21-\x7e]{0,60}$/.test(d.code.trim())) return 'code'
  const names = d.attributes.map((a) => a.name.trim())
  const plain = d.attributes.length === 1
  const bad = d.attributes.some((a, i) => !a.value.trim() || a.value.includes(';') || /[:;]/.test(a.name) || (!names[i] && (!plain || a.value.includes(':'))) || names.indexOf(names[i]!) !== i)
  return bad ? 'attributes' : null
}

const attributesOf = (d: SkuDraft): Attribute[] => d.attributes.map((a) => ({ name: a.name.trim(), value: a.value.trim() }))

/** What the API takes of a draft that fits. */
export function termsOf(d: SkuDraft): SkuTerms {
  const price = fenOf(d.price) ?? 0
  return {
    attributes: attributesOf(d),
    code: d.code.trim(),
    price_fen: price,
    list_price_fen: d.list.trim() ? (fenOf(d.list) ?? price) : price,
    stock: whole(d.stock, 1_000_000_000) ?? 0,
    per_person_limit: whole(d.limit, 1_000_000) ?? 0,
  }
}

/** An edit's body: stock has its own way. */
export function changeOf(d: SkuDraft): SkuChange {
  const { attributes, code, price_fen, list_price_fen, per_person_limit } = termsOf(d)
  return { attributes: attributes ?? [], code, price_fen, list_price_fen, per_person_limit }
}

/** The prices of a product's SKUs, from the lowest to the highest. */
export function pricesOf(skus: Stocked[]): [low: number, high: number] | null {
  const prices = skus.map((s) => s.price_fen)
  return prices.length ? [Math.min(...prices), Math.max(...prices)] : null
}

/** A difference of stock as typed, with its sign; null for none. */
export function deltaOf(text: string): number | null {
  const m = /^([+-]?)(\d{1,9})$/.exec(text.trim().replace(/^\uff0b/, '+').replace(/^[\u2212\uff0d]/, '-'))
  const n = m ? Number(m[1] + m[2]!) : 0
  return n === 0 ? null : n
}

/** The list with one of its items moved to another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const out = [...list]
  if (to < 0 || to >= out.length) return out
  out.splice(to, 0, ...out.splice(from, 1))
  return out
}
