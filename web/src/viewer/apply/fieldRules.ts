import { formMinimum, type Applicant, type AskedField, type FormPlan } from '@client/index'
import { emailOk, idProblem, maskPhone, normalId, phoneOk, type IdProblem } from '../lib/fields'

/** What is filled in, by the names under which the bank keeps it; the limit in yuan, as people say it. */
export type Values = Record<string, string>

export type Problem =
  | 'product' | 'name' | `id.${IdProblem}` | 'phone' | 'otherPhone' | 'email' | 'city' | 'required' | 'choose' | 'pinyin' | 'expiry' | 'expired'
  | 'employer_phone' | 'contact_phone' | 'years' | 'limit' | 'outlet'

/** The names of the values of a field; a contact has three. */
export const partsOf = (field: string): string[] =>
  field === 'contact1' || field === 'contact2' ? ['relation', 'name', 'phone'].map((part) => `${field}_${part}`) : [field]

const chosen = ['marital_status', 'education', 'industry', 'title', 'income_band', 'delivery_to', 'auto_repay', 'contact1_relation', 'contact2_relation']

function missing(name: string): Problem {
  if (name === 'name') return 'name'
  if (name === 'city_code') return 'city'
  return chosen.includes(name) ? 'choose' : 'required'
}

function wrongValue(name: string, value: string, phoneMasked: string, now: Date): Problem | null {
  switch (name) {
    case 'phone':
      if (!phoneOk(value)) return 'phone'
      // The bank takes the phone that signed in; only its mask is known here.
      return phoneMasked && maskPhone(value) !== phoneMasked ? 'otherPhone' : null
    case 'contact1_phone':
    case 'contact2_phone':
      return phoneOk(value) ? null : 'contact_phone'
    case 'email':
      return emailOk(value) ? null : 'email'
    case 'pinyin':
      return /^[A-Za-z]([A-Za-z' -]{0,78}[A-Za-z])?$/.test(value) ? null : 'pinyin'
    case 'employer_phone':
      return /^\+?\d[\d-]{4,24}$/.test(value) ? null : 'employer_phone'
    case 'residence_years':
      return /^\d{1,2}$/.test(value) ? null : 'years'
    case 'limit_wished_fen':
      return /^[1-9]\d{0,7}$/.test(value) && Number(value) <= 10_000_000 ? null : 'limit'
    case 'id_expires_on':
      if (value === 'long_term') return null
      if (!/^\d{4}-\d{2}-\d{2}$/.test(value) || Number.isNaN(Date.parse(value))) return 'expiry'
      return value < dayThere(now) ? 'expired' : null
  }
  return null
}

/** The day in Shanghai. */
const dayThere = (now: Date): string => new Date(now.getTime() + 8 * 3600_000).toISOString().slice(0, 10)

/** What keeps a page of the form from being left, by the name of the value. */
export function problemsOf(fields: AskedField[], values: Values, idNo: string, phoneMasked: string, now = new Date()): Partial<Record<string, Problem>> {
  const found: Partial<Record<string, Problem>> = {}
  for (const field of fields) {
    if (field.name === 'id_no') {
      const id = idProblem(idNo, now)
      if (id) found.id_no = `id.${id}`
      continue
    }
    const parts = partsOf(field.name)
    const some = parts.some((name) => values[name]?.trim())
    for (const name of parts) {
      const value = values[name]?.trim() ?? ''
      const problem = value ? wrongValue(name, value, phoneMasked, now) : field.required || some ? missing(name) : null
      if (problem) found[name] = problem
    }
    if (field.name === 'delivery_to' && values.delivery_to === 'branch' && !values.delivery_outlet_id) found.delivery_outlet_id = 'outlet'
  }
  return found
}

/** A card can be sent only to where there is an address. */
export function deliveryProblems(plan: FormPlan, values: Values): Partial<Record<string, Problem>> {
  const field = { home: 'address', work: 'employer_address' }[values.delivery_to ?? '']
  const asked = plan.steps.some((step) => step.fields.some((f) => f.name === field))
  return field && asked && !values[field]?.trim() ? { [field]: 'required' } : {}
}

/** Where the form asks for a value that the server names, such as `applicant.contacts[0].phone`. */
export function valueAt(path: string): string {
  const contact = /^applicant\.contacts\[(\d)\]\.(\w+)$/.exec(path)
  return contact ? `contact${Number(contact[1]) + 1}_${contact[2]}` : path.replace(/^applicant\./, '')
}

/** The page of the form that asks for a value; an outlet is asked for with how the card comes. */
export function pageOf(plan: FormPlan, name: string): string | undefined {
  const asked = name === 'delivery_outlet_id' ? 'delivery_to' : name
  return plan.steps.find((step) => step.fields.some((f) => partsOf(f.name).includes(asked)))?.key
}

/** The values as the API takes them: only what the form asks for, and only what is there. */
export function applicantOf(plan: FormPlan, values: Values, idNo: string): Applicant {
  const asked = plan.steps.flatMap((step) => step.fields.map((f) => f.name as string))
  const given = (name: string): string | undefined => (asked.includes(name) || formMinimum.includes(name as never) ? values[name]?.trim() || undefined : undefined)
  const contacts = ['contact1', 'contact2']
    .filter((c) => asked.includes(c) && partsOf(c).every((part) => values[part]?.trim()))
    .map((c) => ({ relation: values[`${c}_relation`]!, name: values[`${c}_name`]!.trim(), phone: values[`${c}_phone`]!.trim() }))
  const years = given('residence_years')
  const limit = given('limit_wished_fen')
  const repay = given('auto_repay')
  return {
    name: given('name') ?? '',
    id_no: normalId(idNo),
    phone: given('phone') ?? '',
    city_code: given('city_code') ?? '',
    pinyin: given('pinyin')?.toUpperCase(),
    id_expires_on: given('id_expires_on'),
    email: given('email'),
    marital_status: given('marital_status'),
    education: given('education'),
    address: given('address'),
    residence_years: years === undefined ? undefined : Number(years),
    employer: given('employer'),
    industry: given('industry'),
    title: given('title'),
    employer_phone: given('employer_phone'),
    employer_address: given('employer_address'),
    income_band: given('income_band'),
    contacts: contacts.length ? contacts : undefined,
    delivery_to: given('delivery_to'),
    delivery_outlet_id: given('delivery_to') === 'branch' ? values.delivery_outlet_id : undefined,
    limit_wished_fen: limit === undefined ? undefined : Number(limit) * 100,
    auto_repay: repay === undefined ? undefined : repay === 'yes',
  }
}
