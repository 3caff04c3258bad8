import { useI18n } from 'vue-i18n'

/** An applicant field's name; one that only a supplement brought is shown by its own. */
export function useFieldName(): (field: string) => string {
  const { t, te } = useI18n()
  return (field) => {
    const key = [`desk.field.${field}`, `shared.form.field.${field}`].find((k) => te(k))
    return key ? t(key) : field
  }
}
