import { formOptions } from '@client/index'
import { money } from '@shared/format'
import type { Values } from './fieldRules'

/** What people read instead of codes; the list of places is loaded when first needed. */
export function useWords(values: Values) {
  const { t, te } = useI18n()
  const place = ref('')
  watch(
    () => values.city_code ?? '',
    async (code) => {
      if (!code) return void (place.value = '')
      const { areaList } = await import('@vant/area-data')
      if (code !== values.city_code) return
      const names = [areaList.province_list[`${code.slice(0, 2)}0000`], areaList.city_list[`${code.slice(0, 4)}00`], areaList.county_list[code]]
      place.value = [...new Set(names)].filter(Boolean).join(' ') || code
    },
    { immediate: true },
  )
  function worded(name: string, value: string): string {
    const list = name.endsWith('_relation') ? 'relation' : name
    if (formOptions[list]) return t(`shared.form.option.${list}.${value}`)
    switch (name) {
      case 'city_code':
        return place.value
      case 'income_band':
        return te(`shared.form.band.${value}`) ? t(`shared.form.band.${value}`) : value
      case 'id_expires_on':
        return value === 'long_term' ? t('shared.form.longTerm') : value
      case 'residence_years':
        return t('shared.form.years', { n: value })
      case 'limit_wished_fen':
        return money(Number(value) * 100)
    }
    return value
  }
  return { worded, place }
}
