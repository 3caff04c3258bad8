import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useKeys } from '@shared/staff/useKeys'
import type { ShelfEdit } from './useShelfEdit'
import type { Desk } from './useDesk'

/** The live desk's keys: they act while the room is not over, and are told on `?`. */
export function useDeskKeys(desk: Desk, edit: ShelfEdit, flash: () => void) {
  const { t } = useI18n()

  useKeys((key) => {
    if (desk.room.value?.status === 'ended') return false
    if (/^\d$/.test(key)) {
      const item = desk.shelf.value[Number(key) - 1]
      if (key === '0') void edit.pin(null)
      else if (item && item.on !== false) void edit.pin(item.sku_id)
      return true
    }
    if (key === 'n') {
      document.querySelector<HTMLElement>('input[name=notice]')?.focus()
      return true
    }
    if (key !== 'f' || !desk.rights.runs.value || !desk.shelf.value.length) return false
    flash()
    return true
  })

  return computed(() => [
    {
      title: t('host.shelf.title'),
      keys: [
        { keys: ['1', '–', '9'], label: t('host.keys.pin') },
        { keys: ['0'], label: t('host.keys.unpin') },
        { keys: ['F'], label: t('host.flash.create') },
      ],
    },
    {
      title: t('host.chat.title'),
      keys: [
        { keys: ['N'], label: t('host.notice.placeholder') },
        { keys: ['K'], label: t('host.keys.refuse') },
        { keys: ['L'], label: t('host.keys.release') },
      ],
    },
    { title: t('host.keys.anywhere'), keys: [{ keys: ['?'], label: t('shared.shortcuts') }] },
  ])
}
