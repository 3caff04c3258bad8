import {
  idempotent,
  unwrap,
  type Applicant,
  type Application,
  type ApplicationDraft,
  type ApplicationReceipt,
  type CardProduct,
  type ConsentRef,
  type ConsentText,
  type FormPlan,
  type Page,
} from '@client/index'
import { api } from '../api'
import { deviceId } from '../lib/device'

export async function listCardProducts(): Promise<CardProduct[]> {
  const answer = await unwrap<{ items: CardProduct[] | null }>(api.http.GET('/card-products'))
  return answer.items ?? []
}

export function getDocument(ref: ConsentRef): Promise<ConsentText> {
  return unwrap(
    api.http.GET('/documents/{document}/{version}', {
      params: { path: { document: ref.document, version: ref.version } },
    }),
  )
}

export interface ApplicationForm {
  card_product_id: string
  applicant: Applicant
  consents: ConsentRef[]
  room_id?: string
  share_code?: string
}

/** What the bank's form asks for. */
export function getForm(): Promise<FormPlan> {
  return unwrap(api.http.GET('/application-form'))
}

export async function listDrafts(): Promise<ApplicationDraft[]> {
  return (await unwrap<{ items: ApplicationDraft[] | null }>(api.http.GET('/application-drafts'))).items ?? []
}

export interface DraftWrite {
  revision: number
  step: string
  fields: Record<string, string>
  room_id?: string
  share_code?: string
}

export function saveDraft(product: string, draft: DraftWrite): Promise<ApplicationDraft> {
  return unwrap(api.http.PUT('/card-products/{id}/draft', { params: { path: { id: product } }, body: draft }))
}

export function forgetDraft(product: string): Promise<unknown> {
  return unwrap(api.http.DELETE('/card-products/{id}/draft', { params: { path: { id: product } } }))
}

export function apply(form: ApplicationForm, key: string): Promise<ApplicationReceipt> {
  return unwrap(
    api.http.POST('/applications', {
      params: { ...idempotent(key) },
      body: { ...form, device_id: deviceId() } as never,
    }),
  )
}

export function listApplications(cursor?: string): Promise<Page<Application>> {
  return unwrap(api.http.GET('/applications', { params: { query: { cursor, limit: 20 } } }))
}

export function getApplication(id: string): Promise<Application> {
  return unwrap(api.http.GET('/applications/{id}', { params: { path: { id } } }))
}

export function supplement(id: string, fields: Record<string, string>): Promise<unknown> {
  return unwrap(api.http.POST('/applications/{id}/supplements', { params: { path: { id } }, body: { fields } }))
}

export function withdraw(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/applications/{id}/withdraw', { params: { path: { id } } }))
}
