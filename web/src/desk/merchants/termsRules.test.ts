import { describe, expect, test } from 'vitest'
import { bpsOf, percent, readTerms, type TermsForm } from './termsRules'

const form: TermsForm = { validFrom: '2026-03-01', commission: '5', cycle: 't7', reserve: '10', days: '30', rates: [{ category: 'cat_1', commission: '3.25' }] }

describe('terms', () => {
  test('per cent is read to two decimals', () => {
    expect(['5', '0.5', '3.25', '100', '100.01', '1.234', '-1', ''].map(bpsOf)).toEqual([500, 50, 325, 10000, null, null, null, null])
    expect(percent(325)).toBe('3.25%')
  })
  test('a whole form is read, one that lacks something is not', () => {
    expect(readTerms(form)).toEqual({ valid_from: '2026-03-01', commission_bps: 500, rates: [{ category_id: 'cat_1', bps: 325 }], cycle: 't7', reserve_bps: 1000, reserve_days: 30 })
    expect(readTerms({ ...form, days: '' })).toBeNull()
    expect(readTerms({ ...form, reserve: '50.01' })).toBeNull()
    expect(readTerms({ ...form, rates: [{ category: '', commission: '3' }] })).toBeNull()
  })
})
