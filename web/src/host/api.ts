import { createStaffApi } from '@shared/staffApi'
import { createStaffDesk } from '@shared/staff/useStaff'

export const api = createStaffApi('host')
export const staff = createStaffDesk(api)

/** Who may work here; the server holds to the same. */
export const mayHost = (): boolean => staff.has('host', 'operator')
