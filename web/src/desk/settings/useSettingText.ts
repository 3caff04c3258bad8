import { useFormat } from '@shared/useFormat'
import type { SettingKind } from '../calls/settings'
import { messageOf, unitOf, units, type WorkHours } from './settingRules'

/** A setting's name and value in words. */
export function useSettingText() {
  const { t, te } = useI18n()
  const { money } = useFormat()
  const name = (key: string): string => {
    const at = key.startsWith('keep_days.') ? messageOf(key) : `${messageOf(key)}.name`
    return te(at) ? t(at) : key
  }

  function hours(value: WorkHours | null): string {
    if (!value) return t('settings.always')
    const days = (value.days?.length ? value.days : [1, 2, 3, 4, 5]).map((d) => t(`settings.day.${d}`)).join(t('desk.comma'))
    return t('settings.hoursAre', { days, from: value.from || '09:00', to: value.to || '18:00' })
  }

  function say(kind: SettingKind, value: unknown): string {
    switch (kind) {
      case 'flag':
        return t(value === true ? 'settings.on' : 'settings.off')
      case 'hours':
        return hours(value as WorkHours | null)
      case 'fen':
        return money(Number(value))
      case 'minutes': {
        const unit = unitOf(Number(value))
        const n = Number(value) / units[unit]
        return t(`settings.count.${unit}`, { n }, n)
      }
      case 'days':
      case 'bps':
        return t(`settings.count.${kind}`, { n: Number(value) }, Number(value))
      default:
        return String(value)
    }
  }
  return { name, say }
}
