import { computed } from 'vue'
import { useLoad } from '@shared/useLoad'
import { listCategories, type Category } from '../calls/catalog'

/** A category and those below it. */
export interface Shelf extends Category {
  children: Category[]
}

/** The shop's categories, as a tree of two levels and as a list in that order. */
export function useShelves() {
  const { data, error, loading, load } = useLoad(listCategories)
  const list = computed(() => data.value ?? [])
  const tree = computed<Shelf[]>(() =>
    list.value.filter((c) => c.parent_id === null).map((c) => ({ ...c, children: list.value.filter((k) => k.parent_id === c.id) })),
  )
  return { list, tree, error, loading, load }
}
