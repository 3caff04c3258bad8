import { idempotent, unwrap, type Page } from '@client/index'
import type { components } from '@client/schema'
import { api } from '../api'

type Schemas = components['schemas']
export type Batch = Omit<Schemas['PromoBatchView'], '$schema' | 'sku_ids' | 'bins'> & { sku_ids: string[]; bins: string[] }
export type BatchDetail = Batch & { figures: Schemas['PromoFigures']; goods: Schemas['PromoGood'][] }
export type Viewer = Schemas['DeskViewer']
export type Grant = Schemas['PromoGrantView']
export type NewBatch = Omit<Schemas['NewBatchInBody'], '$schema'>

export const batchStates = ['draft', 'open', 'paused', 'closed'] as const
export type BatchState = (typeof batchStates)[number]
export const grantStates = ['granted', 'reserved', 'used', 'returned', 'expired'] as const
export type GrantState = (typeof grantStates)[number]
export const batchVerbs = ['open', 'pause', 'resume', 'close'] as const
export type BatchVerb = (typeof batchVerbs)[number]

const at = (id: string) => ({ params: { path: { id } } })

export function listBatches(state: string, cursor?: string): Promise<Page<Batch>> {
  const query = { state: (state as BatchState) || undefined, cursor, limit: 50 }
  return unwrap(api.http.GET('/shop/coupon-batches', { params: { query } }))
}

export function getBatch(id: string): Promise<BatchDetail> {
  return unwrap(api.http.GET('/shop/coupon-batches/{id}', at(id)))
}

export function createBatch(body: NewBatch, key: string): Promise<Batch> {
  return unwrap(api.http.POST('/shop/coupon-batches', { params: { ...idempotent(key) }, body }))
}

const verbs = {
  open: (id: string) => api.http.POST('/shop/coupon-batches/{id}/open', at(id)),
  pause: (id: string) => api.http.POST('/shop/coupon-batches/{id}/pause', at(id)),
  resume: (id: string) => api.http.POST('/shop/coupon-batches/{id}/resume', at(id)),
  close: (id: string) => api.http.POST('/shop/coupon-batches/{id}/close', at(id)),
}

export function moveBatch(id: string, verb: BatchVerb): Promise<Batch> {
  return unwrap(verbs[verb](id))
}

/** People by whole phones or order ids, in their order; null for nobody. */
export async function findViewers(who: string[]): Promise<(Viewer | null)[]> {
  return (await unwrap<{ items: (Viewer | null)[] }>(api.http.POST('/shop/viewers/find', { body: { who } }))).items
}

/** The list as CSV, for `download`. */
export const exportBatches = (state: string) =>
  api.http.GET('/shop/coupon-batches/export', { params: { query: { state: (state as BatchState) || undefined } }, parseAs: 'blob' })

export function listGrants(id: string, status: GrantState | '', cursor?: string): Promise<Page<Grant>> {
  const query = { status: status || undefined, cursor, limit: 20 }
  return unwrap(api.http.GET('/shop/coupon-batches/{id}/grants', { params: { path: { id }, query } }))
}

/** Them as CSV, for `download`. */
export const exportGrants = (id: string, status: GrantState | '') =>
  api.http.GET('/shop/coupon-batches/{id}/grants/export', { params: { path: { id }, query: { status: status || undefined } }, parseAs: 'blob' })

/** One coupon each: all or none. */
export function grantCoupons(id: string, viewer_ids: string[], key: string): Promise<{ coupon_ids: string[] }> {
  return unwrap(api.http.POST('/shop/coupon-batches/{id}/grants', { params: { path: { id }, ...idempotent(key) }, body: { viewer_ids } }))
}
