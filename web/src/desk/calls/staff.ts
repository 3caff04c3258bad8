import { unwrap, type Named, type Page, type Role } from '@client/index'
import { api } from '../api'

const at = (id: string) => ({ params: { path: { id } } })

export interface SignInRules {
  password_length: number
  password_days: number
  totp_roles: Role[]
}

export interface OwnAccount {
  id: string
  username: string
  name: string
  roles: Role[]
  branch_id: string | null
  due: '' | 'password' | 'totp'
  totp: boolean
  recovery_left: number
  password_set_at: string | null
  rules: SignInRules
}

export interface Factor {
  secret: string
  uri: string
  /** The URI as a picture. */
  qr: string
}

export interface Device {
  id: string
  agent: string
  address: string
  created_at: string
  used_at: string
  expires_at: string
  current: boolean
}

export interface Member {
  id: string
  username: string
  name: string
  roles: Role[]
  branch_id: string | null
  merchant_id: string | null
  totp: boolean
  password_once: boolean
  locked_until: string | null
  last_seen_at: string | null
  disabled_at: string | null
  created_at: string
}

export interface MemberFilter {
  q: string
  role: string
  branch: string
  state: string
}

export const requestKinds = ['create', 'roles', 'branch', 'totp_reset', 'password', 'rules'] as const
export type RequestKind = (typeof requestKinds)[number]
export const requestStates = ['asked', 'applied', 'rejected', 'withdrawn'] as const
export type RequestState = (typeof requestStates)[number]

export interface Wish {
  username?: string
  name?: string
  roles?: Role[]
  branch_id?: string
  /** Of a merchant's own account. */
  merchant_id?: string
  rules?: SignInRules
}

export interface StaffRequest {
  id: string
  kind: RequestKind
  staff_id: string
  staff_name: string
  wish: Wish
  base: Wish
  reason: string
  state: RequestState
  outdated: boolean
  asked_by: Named
  asked_at: string
  decided_by: Named | null
  decided_at: string | null
}

export interface RequestForm extends Wish {
  kind: RequestKind
  staff_id?: string
  reason: string
}

const given = (filter: object): Record<string, string> => Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''))

export const readOwn = (): Promise<OwnAccount> => unwrap(api.http.GET('/staff/me'))
export const changePassword = (old: string, now: string): Promise<void> => unwrap(api.http.POST('/staff/me/password', { body: { old, new: now } }))
export const enrol = (password: string, code: string): Promise<Factor> =>
  unwrap(api.http.POST('/staff/me/totp', { body: { password, ...(code ? { code } : {}) } }))
export const confirmFactor = (code: string): Promise<{ recovery_codes: string[] }> => unwrap(api.http.POST('/staff/me/totp/confirm', { body: { code } }))
export const renewCodes = (code: string): Promise<{ recovery_codes: string[] }> => unwrap(api.http.POST('/staff/me/totp/recovery-codes', { body: { code } }))
export const listOwnDevices = (): Promise<Page<Device>> => unwrap(api.http.GET('/staff/me/sessions', { params: { query: { limit: 100 } } }))
export const endOwnDevice = (id: string): Promise<void> => unwrap(api.http.POST('/staff/me/sessions/{id}/end', at(id)))
export const endOtherDevices = (): Promise<{ ended: number }> => unwrap(api.http.POST('/staff/me/sessions/end-others'))

export const listMembers = (filter: MemberFilter, cursor?: string): Promise<Page<Member>> =>
  unwrap(api.http.GET('/staff', { params: { query: { ...given(filter), cursor, limit: 50 } } }))
export const readMember = (id: string): Promise<Member> => unwrap(api.http.GET('/staff/{id}', at(id)))
export const listDevices = (id: string): Promise<Page<Device>> => unwrap(api.http.GET('/staff/{id}/sessions', { params: { path: { id }, query: { limit: 100 } } }))
export const endSessions = (id: string, session: string): Promise<{ ended: number }> =>
  unwrap(api.http.POST('/staff/{id}/end-sessions', { ...at(id), body: session ? { session_id: session } : {} }))
export const disable = (id: string, reason: string): Promise<Member> => unwrap(api.http.POST('/staff/{id}/disable', { ...at(id), body: { reason } }))
export const enable = (id: string, reason: string): Promise<Member> => unwrap(api.http.POST('/staff/{id}/enable', { ...at(id), body: { reason } }))
export const unlock = (id: string): Promise<Member> => unwrap(api.http.POST('/staff/{id}/unlock', at(id)))
export const readRules = (): Promise<SignInRules> => unwrap(api.http.GET('/staff/rules'))

export const listRequests = (state: RequestState | '', cursor?: string): Promise<Page<StaffRequest>> =>
  unwrap(api.http.GET('/staff/requests', { params: { query: { ...(state ? { state } : {}), cursor, limit: 50 } } }))
export const ask = (body: RequestForm): Promise<StaffRequest> => unwrap(api.http.POST('/staff/requests', { body }))
export const approve = (id: string): Promise<StaffRequest & { once_password?: string }> => unwrap(api.http.POST('/staff/requests/{id}/approve', at(id)))
export const reject = (id: string, reason: string): Promise<StaffRequest> => unwrap(api.http.POST('/staff/requests/{id}/reject', { ...at(id), body: { reason } }))
export const withdraw = (id: string): Promise<StaffRequest> => unwrap(api.http.POST('/staff/requests/{id}/withdraw', at(id)))
