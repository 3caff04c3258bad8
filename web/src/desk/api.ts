import type { Role } from '@client/index'
import { createStaffApi } from '@shared/staffApi'
import { createStaffDesk } from '@shared/staff/useStaff'

export const api = createStaffApi('desk')
export const staff = createStaffDesk(api)

/**
 * The areas of the back office by department, with who may enter; the server holds to the
 * same. `myAreas` has them in the order of one's own navigation: the first is where one begins.
 */
export const areas = [
  { name: 'leads', group: 'leads', roles: ['reviewer', 'supervisor'] },
  { name: 'review-queues', group: 'leads', roles: ['supervisor'] },
  { name: 'review-figures', group: 'leads', roles: ['supervisor'] },
  { name: 'handoffs', group: 'leads', roles: ['supervisor'] },
  { name: 'handovers', group: 'leads', roles: ['reviewer', 'supervisor'] },
  { name: 'screening', group: 'rules', roles: ['risk', 'supervisor', 'auditor'] },
  { name: 'lists', group: 'rules', roles: ['risk', 'supervisor', 'auditor'] },
  { name: 'my-orders', group: 'shop', roles: ['merchant'] },
  { name: 'orders', group: 'shop', roles: ['operator', 'finance', 'finance_checker', 'auditor'] },
  { name: 'products', group: 'shop', roles: ['operator', 'auditor'] },
  { name: 'imports', group: 'shop', roles: ['operator', 'auditor', 'merchant'] },
  { name: 'coupons', group: 'shop', roles: ['operator', 'auditor'] },
  { name: 'redeem', group: 'shop', roles: ['operator'] },
  { name: 'finance-day', group: 'finance', roles: ['finance', 'finance_checker', 'auditor'] },
  { name: 'settlements', group: 'finance', roles: ['finance', 'finance_checker', 'auditor'] },
  { name: 'merchants', group: 'finance', roles: ['operator', 'admin', 'finance', 'finance_checker', 'auditor'] },
  { name: 'reconciliations', group: 'finance', roles: ['finance', 'finance_checker', 'auditor'] },
  { name: 'ledger', group: 'finance', roles: ['finance', 'finance_checker', 'auditor'] },
  { name: 'trial-balance', group: 'finance', roles: ['finance', 'finance_checker', 'auditor'] },
  { name: 'finance-reports', group: 'finance', roles: ['finance', 'finance_checker', 'auditor'] },
  { name: 'my-statements', group: 'finance', roles: ['merchant'] },
  { name: 'funnel', group: 'growth', roles: ['supervisor', 'operator', 'risk', 'admin', 'finance'] },
  { name: 'share-codes', group: 'growth', roles: ['operator', 'supervisor', 'admin', 'host'] },
  { name: 'journeys', group: 'growth', roles: ['operator', 'supervisor', 'auditor'] },
  { name: 'audit', group: 'oversight', roles: ['auditor'] },
  { name: 'compliance', group: 'oversight', roles: ['risk'] },
  { name: 'keeping', group: 'oversight', roles: ['risk', 'auditor', 'admin'] },
  { name: 'staff', group: 'settings', roles: ['admin'] },
  { name: 'settings', group: 'settings', roles: ['admin', 'auditor'] },
  { name: 'application-form', group: 'settings', roles: ['admin', 'supervisor', 'auditor'] },
  { name: 'outlets', group: 'settings', roles: ['admin', 'supervisor', 'auditor'] },
] as const satisfies readonly { name: string; group: string; roles: readonly Role[] }[]

export type AreaName = (typeof areas)[number]['name']

/** Areas of the head office alone, whatever one's roles. */
const headOffice: AreaName[] = ['imports', 'outlets']

export const mayEnter = (area: AreaName): boolean =>
  staff.has(...(areas.find((a) => a.name === area)?.roles ?? [])) && !(headOffice.includes(area) && staff.person.value?.branch_id)

/** Whether one may change the shop: its operators of the whole bank. */
export const keepsShop = (): boolean => staff.has('operator') && !staff.person.value?.branch_id

/** Whether one may take files in: those who keep the shop, and merchants what is theirs. */
export const mayImport = (): boolean => keepsShop() || staff.has('merchant')

type Group = (typeof areas)[number]['group']

/** The department whose work a role is there for; its areas stand before the others'. */
const departments: Partial<Record<Role, Group>> = {
  operator: 'shop', reviewer: 'leads', supervisor: 'leads', risk: 'rules', finance: 'finance', finance_checker: 'finance', admin: 'settings', auditor: 'oversight', host: 'growth',
}

/** What the signed-in person may enter, their own departments first. */
export function myAreas(): (typeof areas)[number][] {
  const own = (staff.person.value?.roles ?? []).map((role) => departments[role])
  const late = (group: Group): number => (own.includes(group) ? 0 : 1)
  return areas.filter((a) => mayEnter(a.name)).sort((a, b) => late(a.group) - late(b.group))
}

/** The first area that the signed-in person may enter. */
export const firstArea = (): AreaName | null => myAreas()[0]?.name ?? null

/** Those whose day begins with an overview; others begin in their first area. */
export const hasOverview = (): boolean => staff.has('operator', 'admin', 'supervisor')
