import { useI18n } from 'vue-i18n'

/** A source's name in words, where it is a known one. */
export function useSourceName() {
  const { t, te } = useI18n()
  return (source: string): string => {
    if (!source) return t('play.source.unknown')
    return te(`play.source.${source}`) ? t(`play.source.${source}`) : source
  }
}
