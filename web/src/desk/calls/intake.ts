import { unwrap, type FormPlan, type FormVersion, type Named, type Page, type ShareCode, type ShareWish } from '@client/index'
import { api } from '../api'

export const getForm = (): Promise<FormPlan> => unwrap(api.http.GET('/application-form'))

export const saveForm = (plan: FormPlan): Promise<FormPlan> => unwrap(api.http.PUT('/application-form', { body: plan as never }))

export const listFormVersions = (cursor?: string): Promise<Page<FormVersion>> =>
  unwrap(api.http.GET('/application-form/versions', { params: { query: { cursor, limit: 20 } } }))

export const listShareCodes = (cursor?: string): Promise<Page<ShareCode>> => unwrap(api.http.GET('/share-codes', { params: { query: { cursor, limit: 30 } } }))

export const shareChoices = (): Promise<{ managers: Named[] | null; rooms: Named[] | null }> => unwrap(api.http.GET('/share-codes/choices'))

export const makeShareCode = (wish: ShareWish): Promise<ShareCode> => unwrap(api.http.POST('/share-codes', { body: wish as never }))

export const retireShareCode = (id: string): Promise<ShareCode> => unwrap(api.http.POST('/share-codes/{id}/retire', { params: { path: { id } } }))
