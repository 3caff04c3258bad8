import { computed, ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Desk } from '../desk/useDesk'
import type { CueKind } from './calls'
import { planWrongs, type PlanDraft } from './plan'
import type { Choices } from './useChoices'

/** A plan's mistakes in words. What is still empty is not complained of before the form was sent once. */
export function useWrongs(kind: Ref<CueKind>, draft: Ref<PlanDraft>, desk: Desk, choices: Choices) {
  const { t } = useI18n()
  const touched = ref(false)
  const wrongs = computed(() =>
    planWrongs(kind.value, draft.value, {
      batch: choices.batchOf(draft.value.batch),
      shelfPrice: desk.shelf.value.find((i) => i.sku_id === draft.value.sku)?.price_fen,
    }),
  )
  const begun = (field: keyof PlanDraft): boolean => {
    const value = draft.value[field]
    if (field === 'options') return draft.value.options.every((o) => o.trim())
    if (field === 'prizes') return draft.value.prizes.every((p) => p.title.trim())
    return value !== '' && value !== undefined
  }
  return {
    touched,
    sound: computed(() => Object.keys(wrongs.value).length === 0),
    wrong: (field: keyof PlanDraft): string => {
      const name = wrongs.value[field]
      return name && (touched.value || begun(field)) ? t(`play.wrong.${name}`) : ''
    },
  }
}
