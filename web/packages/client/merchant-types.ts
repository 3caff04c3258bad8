/** Merchants' contracts, as the back office reads them. */

export type Cycle = 't1' | 't7' | 'monthly'
export const cycles = ['t1', 't7', 'monthly'] as const

export interface MerchantRate {
  category_id: string
  category?: string
  bps: number
}

export interface AskedTerms {
  valid_from: string
  commission_bps: number
  rates: MerchantRate[]
  cycle: Cycle
  reserve_bps: number
  reserve_days: number
}

export interface MerchantTerms extends AskedTerms {
  id: string
  version: number
  valid_to: string | null
}

export interface MerchantAccount {
  id: string
  holder: string
  bank_name: string
  last4: string
  status: 'proposed' | 'current' | 'former' | 'refused'
  created_at: string
}

export interface MerchantChange {
  id: string
  kind: 'open' | 'terms' | 'account'
  merchant_id: string
  name: string
  terms: AskedTerms | null
  account: MerchantAccount | null
  reason: string
  status: 'proposed' | 'approved' | 'rejected' | 'withdrawn'
  stale: boolean
  proposed_by: string
  proposed_at: string
  reject_reason: string | null
}

export interface ContractMerchant {
  id: string
  name: string
  terms: MerchantTerms | null
  commission_bps: number
  account: MerchantAccount | null
  reserve_fen: number
  pending: number
}

export interface MerchantDetails extends ContractMerchant {
  history: MerchantTerms[]
  accounts: MerchantAccount[]
  changes: MerchantChange[]
}

export interface MerchantInvoice {
  id: string
  settlement_id: string
  business_date: string
  kind: 'sales' | 'commission'
  expected_fen: number
  status: 'requested' | 'received' | 'matched'
  number: string | null
  amount_fen: number | null
  issued_on: string | null
}

export interface NewChange {
  kind: MerchantChange['kind']
  merchant_id?: string
  name?: string
  terms?: AskedTerms
  account?: { holder: string; bank_name: string; number: string }
  reason: string
}
