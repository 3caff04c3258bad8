import type { Room } from '@client/index'
import { useLoad } from '@shared/useLoad'
import { getReplay } from '../calls/rooms'

/** The recording of a room that is over, where the bank offers it, and the piece of it that plays. */
export function useReplay(room: Ref<Room | null>) {
  const { data, error, load } = useLoad(() => getReplay(room.value!.id))
  watch(() => room.value?.replay_at, (at) => at && void load(), { immediate: true })
  return {
    offered: computed(() => (room.value?.replay_at && data.value?.url ? data.value : null)),
    error,
    load,
    /** Its address; empty while nothing plays. */
    playing: ref(''),
    /** Where a product is explained; empty where it is not. */
    sliceOf: (sku?: string) => data.value?.slices.find((slice) => slice.sku_id === sku)?.url ?? '',
  }
}

export type RoomReplay = ReturnType<typeof useReplay>
