import { deliveryWays, formFields, formMinimum, formSteps, type DeliveryWay, type FormFieldName, type FormPlan, type FormStepKey } from '@client/index'

/** The page on which a field stands unless it was put elsewhere. */
const home: Record<FormStepKey, readonly FormFieldName[]> = {
  person: ['name', 'pinyin', 'id_no', 'id_expires_on', 'phone', 'email', 'marital_status', 'education'],
  home: ['city_code', 'address', 'residence_years'],
  work: ['employer', 'industry', 'title', 'employer_phone', 'employer_address', 'income_band'],
  contacts: ['contact1', 'contact2'],
  wishes: ['delivery_to', 'limit_wished_fen', 'auto_repay'],
}

export const fixed = (name: FormFieldName): boolean => formMinimum.includes(name)

/** What the form does not ask for. */
export const unasked = (plan: FormPlan): FormFieldName[] => formFields.filter((f) => !plan.steps.some((s) => s.fields.some((a) => a.name === f)))

/** Each act gives a new plan; pages without fields go. */
const tidy = (plan: FormPlan): FormPlan => ({ ...plan, steps: plan.steps.filter((s) => s.fields.length) })
const copy = (plan: FormPlan): FormPlan => ({ ...plan, steps: plan.steps.map((s) => ({ key: s.key, fields: s.fields.map((f) => ({ ...f })) })) })

/** What a form asks otherwise than another: a field, a page's order, the pages' order, or what income is of. */
export interface Difference {
  kind: 'added' | 'dropped' | 'required' | 'optional' | 'moved' | 'order' | 'pages' | 'perYear' | 'perMonth' | 'way' | 'noWay'
  name?: FormFieldName
  step?: FormStepKey
  way?: DeliveryWay
}

const flat = (plan: FormPlan) => plan.steps.flatMap((s) => s.fields.map((f) => ({ ...f, step: s.key })))

export function differences(from: FormPlan, to: FormPlan): Difference[] {
  const was = flat(from)
  const is = flat(to)
  const out: Difference[] = []
  for (const f of is) {
    const before = was.find((w) => w.name === f.name)
    if (!before) out.push({ kind: 'added', name: f.name, step: f.step })
    else if (before.step !== f.step) out.push({ kind: 'moved', name: f.name, step: f.step })
    if (f.required !== (before?.required ?? false)) out.push({ kind: f.required ? 'required' : 'optional', name: f.name })
  }
  for (const w of was) if (!is.some((f) => f.name === w.name)) out.push({ kind: 'dropped', name: w.name })
  const stayed = (list: typeof was, other: typeof was, step: FormStepKey) =>
    list.filter((f) => f.step === step && other.some((o) => o.name === f.name && o.step === step)).map((f) => f.name).join()
  for (const step of formSteps) if (stayed(was, is, step) !== stayed(is, was, step)) out.push({ kind: 'order', step })
  const pages = (plan: FormPlan, other: FormPlan) => plan.steps.filter((s) => other.steps.some((o) => o.key === s.key)).map((s) => s.key).join()
  if (pages(from, to) !== pages(to, from)) out.push({ kind: 'pages' })
  for (const way of deliveryWays)
    if (from.deliveries.includes(way) !== to.deliveries.includes(way)) out.push({ kind: to.deliveries.includes(way) ? 'way' : 'noWay', way })
  if (from.income_period !== to.income_period) out.push({ kind: to.income_period === 'year' ? 'perYear' : 'perMonth' })
  return out
}

/** Offers a way in which the card comes, or no longer; one stays at least. */
export function offer(plan: FormPlan, way: DeliveryWay, on: boolean): FormPlan {
  const deliveries = deliveryWays.filter((w) => (w === way ? on : plan.deliveries.includes(w)))
  return deliveries.length ? { ...plan, deliveries } : plan
}

const swap = <T>(list: T[], i: number, by: number): void => {
  const j = i + by
  if (i < 0 || j < 0 || j >= list.length) return
  ;[list[i], list[j]] = [list[j]!, list[i]!]
}

export function moveField(plan: FormPlan, step: FormStepKey, index: number, by: 1 | -1): FormPlan {
  const next = copy(plan)
  swap(next.steps.find((s) => s.key === step)?.fields ?? [], index, by)
  return next
}

export function moveStep(plan: FormPlan, index: number, by: 1 | -1): FormPlan {
  const next = copy(plan)
  swap(next.steps, index, by)
  return next
}

export function require(plan: FormPlan, name: FormFieldName, required: boolean): FormPlan {
  const next = copy(plan)
  for (const f of next.steps.flatMap((s) => s.fields)) if (f.name === name) f.required = required || fixed(name)
  return next
}

export function drop(plan: FormPlan, name: FormFieldName): FormPlan {
  if (fixed(name)) return plan
  const next = copy(plan)
  for (const s of next.steps) s.fields = s.fields.filter((f) => f.name !== name && !(name === 'contact1' && f.name === 'contact2'))
  return tidy(next)
}

/** Puts a field on a page, at its end; one that is asked elsewhere moves. */
export function place(plan: FormPlan, name: FormFieldName, step?: FormStepKey): FormPlan {
  const next = copy(plan)
  const was = next.steps.flatMap((s) => s.fields).find((f) => f.name === name)
  for (const s of next.steps) s.fields = s.fields.filter((f) => f.name !== name)
  const key = step ?? formSteps.find((k) => home[k].includes(name)) ?? 'person'
  let page = next.steps.find((s) => s.key === key)
  if (!page) {
    page = { key, fields: [] }
    const after = next.steps.findIndex((s) => formSteps.indexOf(s.key) > formSteps.indexOf(key))
    next.steps.splice(after < 0 ? next.steps.length : after, 0, page)
  }
  page.fields.push(was ?? { name, required: fixed(name) })
  // A second contact needs a first one.
  if (name === 'contact2' && !next.steps.some((s) => s.fields.some((f) => f.name === 'contact1'))) page.fields.splice(page.fields.length - 1, 0, { name: 'contact1', required: false })
  return tidy(next)
}
