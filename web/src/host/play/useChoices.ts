import { computed } from 'vue'
import { ApiError } from '@client/index'
import { useLoad } from '@shared/useLoad'
import { listBatches, listCardProducts } from './calls'

/** What a plan can name: batches of coupons and card products. Who may not list batches types their id. */
export function useChoices() {
  const batches = useLoad(listBatches)
  const cards = useLoad(listCardProducts)
  const forbidden = computed(() => batches.error.value instanceof ApiError && batches.error.value.status === 403)
  return {
    forbidden,
    batches: computed(() => batches.data.value?.items ?? []),
    cards: computed(() => cards.data.value ?? []),
    batchOf: (id: string) => batches.data.value?.items.find((b) => b.id === id),
    async load(): Promise<void> {
      await Promise.all([forbidden.value ? undefined : batches.load(), cards.load()])
    },
  }
}

export type Choices = ReturnType<typeof useChoices>
