import type { ScreenCase, ScreenInput, ScreenRule, ScreenText, ScreenVersion, Verdict } from '@client/index'

export const verdictTone: Record<Verdict, string> = { pass: 'good', refer: 'warn', decline: 'bad' }
export const stateTone: Record<ScreenVersion['state'], string> = { draft: '', submitted: 'info', active: 'good', retired: '' }

/** A test case as it is typed: the input is text until it is saved. */
export interface TypedCase {
  name: string
  expect: Verdict
  input: string
}

export const typed = (c: ScreenCase): TypedCase => ({ name: c.name, expect: c.expect, input: JSON.stringify(brief(c.input), null, 1) })

/** An input without what is empty: those are the defaults. */
export function brief(input: ScreenInput): ScreenInput {
  const out: ScreenInput = {}
  for (const [name, value] of Object.entries(input)) {
    if (value && typeof value === 'object') {
      const inner = brief(value as ScreenInput)
      if (Object.keys(inner).length) out[name] = inner
    } else if (value) out[name] = value
  }
  return out
}

/** Somebody of whom nothing speaks against; a new case begins with it. */
export const harmless: ScreenInput = { age: 30, id_valid: true, city_code: '310100', agent: 'mobile', cool_off_days: 90 }

export interface Unreadable {
  /** Cases whose input is no JSON object, by their place. */
  cases: number[]
}

/** What is sent, or which cases can't be read. */
export function textOf(name: string, note: string, rules: ScreenRule[], cases: TypedCase[]): ScreenText | Unreadable {
  const bad: number[] = []
  const read = cases.map((c, i): ScreenCase => {
    let input: unknown = null
    try {
      input = JSON.parse(c.input)
    } catch {
      // told below, by its place
    }
    if (!input || typeof input !== 'object' || Array.isArray(input)) bad.push(i)
    return { name: c.name, expect: c.expect, input: (input ?? {}) as ScreenInput }
  })
  return bad.length ? { cases: bad } : { name, note, rules, cases: read }
}

/** The messages of a refusal by the place that they are about: `rules[2].when` → `rules.2`. */
export function byPlace(fields: { field: string; message: string }[]): Record<string, string[]> {
  const out: Record<string, string[]> = {}
  for (const f of fields) {
    const m = /^(?:body\.)?(rules|cases)\[(\d+)\]/.exec(f.field)
    const place = m ? `${m[1]}.${m[2]}` : f.field
    ;(out[place] ??= []).push(f.message)
  }
  return out
}

/** What the signed-in person may do with a version; the server holds to the same. */
export function actsOf(v: Pick<ScreenVersion, 'state' | 'submitted_by'>, roles: { risk: boolean; supervisor: boolean }, me: string) {
  const own = v.state === 'submitted' && v.submitted_by === me
  return {
    edit: roles.risk && v.state === 'draft',
    submit: roles.risk && (v.state === 'draft' || v.state === 'retired'),
    withdraw: own,
    decide: v.state === 'submitted' && !own && (roles.risk || roles.supervisor),
    own,
  }
}
