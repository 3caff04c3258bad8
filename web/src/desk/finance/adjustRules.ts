import type { LedgerPosting } from '@client/index'
import { fenOf } from '@shared/format'

/** A line of an entry by hand as it is typed, amounts in yuan. */
export interface TypedLine {
  account: string
  debit: string
  credit: string
}

export const emptyLine = (): TypedLine => ({ account: '', debit: '', credit: '' })

/** One side of a line as fen: 0 where nothing is typed, null for what is no amount. */
const side = (text: string): number | null => (text.trim() ? fenOf(text) : 0)

/** The sums so far; the postings only when every line is one amount on one side and the sides are equal. */
export function readLines(lines: TypedLine[]): { debit: number; credit: number; postings: LedgerPosting[] | null } {
  const postings: LedgerPosting[] = lines.map((l) => ({
    account: l.account.trim(),
    debit_fen: side(l.debit) ?? -1,
    credit_fen: side(l.credit) ?? -1,
  }))
  const sum = (of: (p: LedgerPosting) => number) => postings.reduce((s, p) => s + Math.max(of(p), 0), 0)
  const debit = sum((p) => p.debit_fen)
  const credit = sum((p) => p.credit_fen)
  const good = postings.every((p) => p.account && p.debit_fen >= 0 && p.credit_fen >= 0 && p.debit_fen > 0 !== p.credit_fen > 0)
  return { debit, credit, postings: good && debit === credit && debit > 0 ? postings : null }
}
