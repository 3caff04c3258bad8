import type { Role } from '@client/index'
import { createStaffApi } from '@shared/staffApi'
import { createStaffDesk } from '@shared/staff/useStaff'

export const api = createStaffApi('desk')
export const staff = createStaffDesk(api)

/** The areas of the back office in the order of the navigation, with who may enter; the server holds to the same. */
export const areas = [
  { name: 'leads', roles: ['reviewer', 'supervisor'] },
  { name: 'review-queues', roles: ['supervisor'] },
  { name: 'review-figures', roles: ['supervisor'] },
  { name: 'handoffs', roles: ['supervisor'] },
  { name: 'handovers', roles: ['reviewer', 'supervisor'] },
  { name: 'funnel', roles: ['supervisor', 'operator', 'risk', 'admin', 'finance'] },
  { name: 'share-codes', roles: ['operator', 'supervisor', 'admin'] },
  { name: 'application-form', roles: ['admin', 'auditor'] },
  { name: 'screening', roles: ['risk', 'supervisor', 'auditor'] },
  { name: 'lists', roles: ['risk', 'supervisor', 'auditor'] },
  { name: 'journeys', roles: ['operator', 'supervisor', 'auditor'] },
  { name: 'finance-day', roles: ['finance', 'finance_checker', 'auditor'] },
  { name: 'settlements', roles: ['finance', 'finance_checker', 'auditor'] },
  { name: 'merchants', roles: ['operator', 'admin', 'finance', 'finance_checker', 'auditor'] },
  { name: 'reconciliations', roles: ['finance', 'finance_checker', 'auditor'] },
  { name: 'ledger', roles: ['finance', 'finance_checker', 'auditor'] },
  { name: 'trial-balance', roles: ['finance', 'finance_checker', 'auditor'] },
  { name: 'finance-reports', roles: ['finance', 'finance_checker', 'auditor'] },
  { name: 'audit', roles: ['auditor'] },
  { name: 'compliance', roles: ['risk'] },
  { name: 'keeping', roles: ['risk', 'auditor', 'admin'] },
  { name: 'staff', roles: ['admin'] },
] as const satisfies readonly { name: string; roles: readonly Role[] }[]

export type AreaName = (typeof areas)[number]['name']

export const mayEnter = (area: AreaName): boolean =>
  staff.has(...(areas.find((a) => a.name === area)?.roles ?? []))

/** The first area that the signed-in person may enter. */
export const firstArea = (): AreaName | null => areas.find((a) => mayEnter(a.name))?.name ?? null
