import type { Branch } from '@client/index'

export interface BranchRow extends Branch {
  /** 0 for one directly under the bank. */
  depth: number
}

/** Branches as they hang together, each under its parent; one whose parent is not there stands at the top. */
export function branchTree(all: Branch[]): BranchRow[] {
  const ids = new Set(all.map((b) => b.id))
  const under = (parent: string | null, depth: number): BranchRow[] =>
    all
      .filter((b) => (b.parent_id && ids.has(b.parent_id) ? b.parent_id : null) === parent)
      .flatMap((b) => [{ ...b, depth }, ...under(b.id, depth + 1)])
  return under(null, 0)
}
