import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import * as format from './format'
import type { Locale } from './i18n'

/** The format functions bound to the language shown now. */
export function useFormat() {
  const { locale } = useI18n()
  const shown = computed(() => locale.value as Locale)
  return {
    locale: shown,
    money: format.money,
    countdown: (milliseconds: number) => format.countdown(milliseconds, shown.value),
    count: (n: number) => format.count(n, shown.value),
    dateTime: (iso: string) => format.dateTime(iso, shown.value),
    clock: (iso: string, seconds = false) => format.clock(iso, shown.value, seconds),
    moment: (iso: string) => format.moment(iso, shown.value),
    when: (iso: string) => format.when(iso, shown.value),
  }
}
