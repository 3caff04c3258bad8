import { unwrap, type Page } from '@client/index'
import { api } from '../api'

/** What is kept of a branch as an outlet where cards are collected. */
export interface OutletDetails {
  number: string
  city_code: string
  address: string
  collects: boolean
}

export interface OutletBranch {
  id: string
  parent_id: string | null
  name: string
  details: OutletDetails | null
}

export const listOutletBranches = (cursor?: string): Promise<Page<OutletBranch>> =>
  unwrap(api.http.GET('/branches/outlets', { params: { query: { cursor, limit: 100 } } }))

export const saveOutlet = (id: string, details: OutletDetails): Promise<OutletBranch> =>
  unwrap(api.http.PUT('/branches/{id}/outlet', { params: { path: { id } }, body: details }))
