import { emailOk, idProblem, maskPhone, phoneOk, type IdProblem } from '../lib/fields'
import type { Draft } from './useDraft'

export const steps = ['product', 'person', 'work', 'consent', 'check'] as const
export type Step = (typeof steps)[number]

export const incomeBands = ['lt_50k', '50k_100k', '100k_200k', '200k_500k', 'gt_500k'] as const

export type Problem =
  | 'product'
  | 'name'
  | `id.${IdProblem}`
  | 'phone'
  | 'otherPhone'
  | 'email'
  | 'city'

/** What keeps a step from being left, by field. */
export function problemsOf(step: Step, draft: Draft, idNo: string, phoneMasked: string): Partial<Record<string, Problem>> {
  const found: Partial<Record<string, Problem>> = {}
  if (step === 'product' && !draft.productId) found.product = 'product'
  if (step === 'person') {
    if (!draft.name.trim()) found.name = 'name'
    const id = idProblem(idNo)
    if (id) found.id_no = `id.${id}`
    if (!phoneOk(draft.phone)) found.phone = 'phone'
    // The bank takes the phone that signed in; only its mask is known here.
    else if (phoneMasked && maskPhone(draft.phone) !== phoneMasked) found.phone = 'otherPhone'
  }
  if (step === 'work') {
    if (draft.email && !emailOk(draft.email)) found.email = 'email'
    if (!draft.cityCode) found.city_code = 'city'
  }
  return found
}
