import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import en from 'element-plus/es/locale/lang/en'
import zhCn from 'element-plus/es/locale/lang/zh-cn'

/** Element Plus's own words (pickers, empty tables) in the language shown. English is in its bundle anyway. */
export function useElementLocale(): ComputedRef<typeof zhCn> {
  const { locale } = useI18n()
  return computed(() => (locale.value === 'en' ? en : zhCn))
}
