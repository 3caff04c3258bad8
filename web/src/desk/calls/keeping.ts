import { unwrap, type Page } from '@client/index'
import type { components } from '@client/schema'
import { api } from '../api'

type Schemas = components['schemas']
export type Hold = Schemas['KeepingHold']
export type Proof = Schemas['ProofView']
export type VerifiedProof = Schemas['VerifiedProof']
export type Kept = Schemas['KeepingKept']

const at = (id: string) => ({ params: { path: { id } } })

export const listHolds = (object: string, standing: boolean, cursor?: string): Promise<Page<Hold>> =>
  unwrap(api.http.GET('/holds', { params: { query: { object_id: object || undefined, standing: standing || undefined, cursor, limit: 50 } } }))

export const setHold = (object: string, reason: string): Promise<Hold> => unwrap(api.http.POST('/holds', { body: { object_id: object, reason } }))

export const liftHold = (id: string, reason: string): Promise<Hold> => unwrap(api.http.POST('/holds/{id}/lift', { ...at(id), body: { reason } }))

export const listProofs = (kind: Proof['kind'] | '', cursor?: string): Promise<Page<Proof>> =>
  unwrap(api.http.GET('/proofs', { params: { query: { kind: kind || undefined, cursor, limit: 50 } } }))

export const verifyProof = (id: string): Promise<VerifiedProof> => unwrap(api.http.GET('/proofs/{id}', at(id)))

export const listKept = (): Promise<Page<Kept>> => unwrap(api.http.GET('/keeping', { params: { query: { limit: 100 } } }))
