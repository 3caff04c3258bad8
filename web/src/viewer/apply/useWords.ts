import { formOptions, type Outlet } from '@client/index'
import { money } from '@shared/format'
import { useRegions } from '@shared/regions/useRegions'
import { getOutlet } from '../calls/outlets'
import type { Values } from './fieldRules'

/** What people read instead of codes; the list of places is loaded when first needed. */
export function useWords(values: Values) {
  const { t, te } = useI18n()
  const place = useRegions().ofCode(() => values.city_code ?? '')
  const outlet = shallowRef<Outlet | null>(null)
  watch(
    () => values.delivery_outlet_id ?? '',
    async (id) => {
      outlet.value = null
      const found = id ? await getOutlet(id).catch(() => null) : null
      if (found?.id === values.delivery_outlet_id) outlet.value = found
    },
    { immediate: true },
  )
  function worded(name: string, value: string): string {
    const list = name.endsWith('_relation') ? 'relation' : name
    if (formOptions[list]) return t(`shared.form.option.${list}.${value}`)
    switch (name) {
      case 'city_code':
        return place.value
      case 'delivery_outlet_id':
        return outlet.value?.name ?? ''
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
