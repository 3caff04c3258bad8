import { unwrap, type Page } from '@client/index'
import type { components } from '@client/schema'
import { download } from '@shared/staff/download'
import { api } from '../api'

type Schemas = components['schemas']
export type FunnelFigures = Schemas['FunnelFigures']
export type FunnelLine = Schemas['FunnelLine']
export type Cost = Schemas['FunnelCost']
export type CostForm = Schemas['FunnelCostForm']
export type By = CostForm['by']

export interface FunnelQuery {
  from: string
  to: string
  by: By
}

export const dimensions = ['room', 'host', 'branch', 'outlet', 'manager', 'campaign', 'product', 'share_code'] as const satisfies readonly By[]
export const costKinds = ['advertising', 'benefits', 'staff', 'other'] as const satisfies readonly CostForm['kind'][]

export const readFunnel = (query: FunnelQuery): Promise<FunnelFigures> => unwrap(api.http.GET('/funnel', { params: { query } }))

export const exportFunnel = (query: FunnelQuery): Promise<void> =>
  download(api.http.GET('/funnel/export', { params: { query }, parseAs: 'blob' }), 'funnel.csv')

export const listCosts = (by: By, cursor?: string): Promise<Page<Cost>> =>
  unwrap(api.http.GET('/funnel/costs', { params: { query: { by, cursor, limit: 50 } } }))

export const saveCost = (id: string, body: CostForm): Promise<Cost> =>
  unwrap(id ? api.http.PUT('/funnel/costs/{id}', { params: { path: { id } }, body }) : api.http.POST('/funnel/costs', { body }))

export const withdrawCost = (id: string, reason: string): Promise<Cost> =>
  unwrap(api.http.POST('/funnel/costs/{id}/withdraw', { params: { path: { id } }, body: { reason } }))
