import { computed, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { placeOf, type Place } from './index'

type English = typeof import('./english')

/** Regions in the reader's language. What names them in English is loaded for those who read it. */
export function useRegions() {
  const { locale } = useI18n()
  const loaded = shallowRef<English | null>(null)
  watch(
    locale,
    async (now) => {
      if (now === 'en' && !loaded.value) loaded.value = await import('./english')
    },
    { immediate: true },
  )
  const inEnglish = computed(() => (locale.value === 'en' ? loaded.value : null))
  const english = computed(() => inEnglish.value?.english ?? null)

  /** One region's name. */
  const name = (zh: string, province = '', city = ''): string => english.value?.(zh, province, city) ?? zh

  /** A place in one line: from the province down in Chinese, from the district up in English. */
  const line = (place: Place): string =>
    inEnglish.value?.englishLine(place) ?? [...new Set([place.province, place.city, place.district])].filter(Boolean).join(' ')

  /** A place by its code, as the language changes; the code itself where it is not known. */
  function ofCode(code: () => string) {
    const place = shallowRef<Place | null>(null)
    watch(
      code,
      async (now) => {
        place.value = null
        if (!now) return
        const found = await placeOf(now)
        if (now === code()) place.value = found
      },
      { immediate: true },
    )
    return computed(() => (place.value ? line(place.value) || code() : ''))
  }

  return { english, name, line, ofCode }
}
