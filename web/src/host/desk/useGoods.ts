import { reactive } from 'vue'
import type { Product, ShelfItem, StockState } from '@client/index'
import { getProduct } from '../calls'

/** What the catalogue says of one SKU. */
export interface Good {
  sku_id: string
  product_id: string
  title: string
  spec: string
  kind: Product['kind']
  image: string
  merchant: string
  price_fen: number
  stock_state: StockState
}

/** The catalogue's SKUs seen so far: the shelf names prices of the room, this the catalogue's own and the specification. */
export function useGoods() {
  const goods = reactive(new Map<string, Good>())
  const asked = new Set<string>()

  const learn = (product: Product): Good[] =>
    product.skus.map((sku) => {
      const good: Good = {
        sku_id: sku.id,
        product_id: product.id,
        title: product.title,
        spec: sku.spec,
        kind: product.kind,
        image: product.images[0] ?? '',
        merchant: product.merchant.name,
        price_fen: sku.price_fen,
        stock_state: sku.stock_state,
      }
      goods.set(sku.id, good)
      return good
    })

  /** Reads the products of a shelf that are not known yet; one that fails is asked for again next time. */
  const learnShelf = async (items: ShelfItem[]): Promise<void> => {
    const unknown = new Set(items.filter((i) => !goods.has(i.sku_id)).map((i) => i.product.id))
    await Promise.all(
      [...unknown]
        .filter((id) => !asked.has(id))
        .map(async (id) => {
          asked.add(id)
          try {
            learn(await getProduct(id))
          } catch {
            asked.delete(id)
          }
        }),
    )
  }

  return { goods, learn, learnShelf }
}
