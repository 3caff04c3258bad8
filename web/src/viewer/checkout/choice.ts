import type { ProductKind, Sku } from '@client/index'

/** What is about to be ordered. */
export interface Choice {
  sku: Sku
  title: string
  kind: ProductKind
  image: string | undefined
  quantity: number
  /** Whose goods they are; some coupons are for one merchant's. */
  merchant: string
}
