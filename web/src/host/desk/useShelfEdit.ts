import type { ShelfItem } from '@client/index'
import { useAction } from '@shared/staff/useAction'
import { getShelf, pinProduct, putShelf, type ShelfEntry } from '../calls'
import { placeOnShelf } from '../play/calls'
import type { Desk } from './useDesk'

/**
 * Changes of the shelf. The API replaces the whole shelf, so each change starts
 * from the shelf as it is now: another operator's change of a moment ago stays.
 */
export function useShelfEdit(desk: Desk) {
  const { busy, run } = useAction()
  const pinning = useAction()

  const entryOf = (item: ShelfItem): ShelfEntry => {
    const catalogue = desk.goods.goods.get(item.sku_id)?.price_fen
    // Only a price of the room's own is written back; the catalogue's keeps following the catalogue.
    return catalogue === item.price_fen ? { sku_id: item.sku_id } : { sku_id: item.sku_id, price_fen: item.price_fen }
  }

  const change = (edit: (entries: ShelfEntry[]) => ShelfEntry[]): Promise<boolean> =>
    run(async () => {
      const items = await getShelf(desk.id)
      await desk.goods.learnShelf(items)
      await putShelf(desk.id, edit(items.map(entryOf)))
      await desk.refreshShelf()
    })

  return {
    busy,
    pinning: pinning.busy,
    add: (sku: string, priceFen: number | null) =>
      change((entries) => [
        ...entries.filter((e) => e.sku_id !== sku),
        priceFen === null ? { sku_id: sku } : { sku_id: sku, price_fen: priceFen },
      ]),
    remove: (sku: string) => change((entries) => entries.filter((e) => e.sku_id !== sku)),
    price: (sku: string, priceFen: number | null) =>
      change((entries) =>
        entries.map((e) => (e.sku_id !== sku ? e : priceFen === null ? { sku_id: sku } : { sku_id: sku, price_fen: priceFen })),
      ),
    move: (sku: string, by: -1 | 1) =>
      change((entries) => {
        const from = entries.findIndex((e) => e.sku_id === sku)
        const to = from + by
        const moved = entries[from]
        if (!moved || to < 0 || to >= entries.length) return entries
        const rest = entries.filter((_, i) => i !== from)
        return [...rest.slice(0, to), moved, ...rest.slice(to)]
      }),
    /** Puts a product at a place, counted from 0. */
    place: (sku: string, to: number) =>
      run(async () => {
        await placeOnShelf(desk.id, sku, { position: to })
        await desk.refreshShelf()
      }),
    /** Puts a product before the viewers, or takes it off and keeps its place. */
    show: (sku: string, on: boolean) =>
      run(async () => {
        await placeOnShelf(desk.id, sku, { on })
        await desk.refreshShelf()
      }),
    /** Explains a product, or none. */
    async pin(sku: string | null): Promise<void> {
      if (await pinning.run(() => pinProduct(desk.id, sku))) desk.pinned.value = sku
    },
  }
}

export type ShelfEdit = ReturnType<typeof useShelfEdit>
