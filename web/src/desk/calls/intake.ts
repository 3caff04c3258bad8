import { unwrap, type FormChange, type FormPlan, type FormVersion, type Named, type Page, type ShareCode, type ShareWish } from '@client/index'
import { api } from '../api'

export const getForm = (): Promise<FormPlan> => unwrap(api.http.GET('/application-form'))

export const submitForm = (plan: FormPlan): Promise<FormChange> => unwrap(api.http.POST('/application-form/changes', { body: plan as never }))

export const listFormChanges = (state: FormChange['state'], cursor?: string): Promise<Page<FormChange>> =>
  unwrap(api.http.GET('/application-form/changes', { params: { query: { state, cursor, limit: 20 } } }))

export const approveForm = (id: string): Promise<FormChange> => unwrap(api.http.POST('/application-form/changes/{id}/approve', { params: { path: { id } } }))

export const rejectForm = (id: string, reason: string): Promise<FormChange> =>
  unwrap(api.http.POST('/application-form/changes/{id}/reject', { params: { path: { id } }, body: { reason } }))

export const withdrawForm = (id: string): Promise<FormChange> => unwrap(api.http.POST('/application-form/changes/{id}/withdraw', { params: { path: { id } } }))

export const listFormVersions = (cursor?: string): Promise<Page<FormVersion>> =>
  unwrap(api.http.GET('/application-form/versions', { params: { query: { cursor, limit: 20 } } }))

export const listShareCodes = (cursor?: string): Promise<Page<ShareCode>> => unwrap(api.http.GET('/share-codes', { params: { query: { cursor, limit: 30 } } }))

export const shareChoices = (): Promise<{ managers: Named[] | null; outlets: Named[] | null; rooms: Named[] | null }> => unwrap(api.http.GET('/share-codes/choices'))

export const makeShareCode = (wish: ShareWish): Promise<ShareCode> => unwrap(api.http.POST('/share-codes', { body: wish as never }))

export const retireShareCode = (id: string): Promise<ShareCode> => unwrap(api.http.POST('/share-codes/{id}/retire', { params: { path: { id } } }))
