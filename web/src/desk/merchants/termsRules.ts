import type { AskedTerms, Cycle } from '@client/index'

/** Terms as they are typed: parts in per cent. */
export interface TermsForm {
  validFrom: string
  commission: string
  cycle: Cycle
  reserve: string
  days: string
  rates: { category: string; commission: string }[]
}

export const percent = (bps: number): string => `${bps / 100}%`

/** Per cent with at most two decimals in ten-thousandths; null for anything else. */
export function bpsOf(text: string): number | null {
  const m = /^(\d{1,3})(?:\.(\d{1,2}))?$/.exec(text.trim())
  if (!m) return null
  const bps = Number(m[1]) * 100 + Number((m[2] ?? '').padEnd(2, '0'))
  return bps <= 10000 ? bps : null
}

/** What the form asks for; null while it is not whole. */
export function readTerms(f: TermsForm): AskedTerms | null {
  const commission = bpsOf(f.commission)
  const reserve = bpsOf(f.reserve || '0')
  const days = /^\d{1,3}$/.test(f.days || '0') ? Number(f.days || '0') : null
  const rates = f.rates.map((r) => ({ category_id: r.category, bps: bpsOf(r.commission) ?? -1 }))
  if (!f.validFrom || commission === null || reserve === null || reserve > 5000 || days === null || days > 366) return null
  if ((reserve === 0) !== (days === 0) || rates.some((r) => !r.category_id || r.bps < 0)) return null
  return { valid_from: f.validFrom, commission_bps: commission, rates, cycle: f.cycle, reserve_bps: reserve, reserve_days: days }
}
