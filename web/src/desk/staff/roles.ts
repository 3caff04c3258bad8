import type { Role } from '@client/index'
import type { StaffRequest, Wish } from '../calls/staff'

export const allRoles = ['admin', 'host', 'operator', 'reviewer', 'supervisor', 'finance', 'finance_checker', 'risk', 'auditor'] as const satisfies readonly Role[]

/** Those of the staff, and that of a merchant's own account. */
export const everyRole = [...allRoles, 'merchant'] as const satisfies readonly Role[]

/** What a change of roles gives and takes. */
export function roleChange(base: Wish, wish: Wish): { given: Role[]; taken: Role[]; kept: Role[] } {
  const was = base.roles ?? []
  const now = wish.roles ?? []
  return { given: now.filter((r) => !was.includes(r)), taken: was.filter((r) => !now.includes(r)), kept: now.filter((r) => was.includes(r)) }
}

/** Whether somebody may decide on a request: not who asked, not whom it is about, not an outdated one. */
export const mayDecide = (r: StaffRequest, me: string): boolean => r.state === 'asked' && r.asked_by.id !== me && r.staff_id !== me
