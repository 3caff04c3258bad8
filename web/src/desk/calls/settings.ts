import { unwrap, type Page } from '@client/index'
import type { components } from '@client/schema'
import { api } from '../api'

type Schemas = components['schemas']
export type SettingSection = Schemas['SettingSection']
export type Setting = Schemas['SettingShown']
export type SettingChange = Schemas['SettingChange']
export type SettingKind = Setting['kind']

const at = (id: string) => ({ params: { path: { id } } })

export const listSettings = (): Promise<Page<SettingSection>> => unwrap(api.http.GET('/settings', { params: { query: { limit: 100 } } }))

export const listSettingChanges = (cursor?: string): Promise<Page<SettingChange>> =>
  unwrap(api.http.GET('/settings/changes', { params: { query: { cursor, limit: 20 } } }))

export const changeSettings = (section: SettingSection['name'], values: Record<string, unknown>, reason: string): Promise<SettingChange> =>
  unwrap(api.http.POST('/settings/changes', { body: { section, values, reason } }))

export const confirmChange = (id: string): Promise<SettingChange> => unwrap(api.http.POST('/settings/changes/{id}/confirm', at(id)))

export const rejectChange = (id: string, reason: string): Promise<SettingChange> =>
  unwrap(api.http.POST('/settings/changes/{id}/reject', { ...at(id), body: { reason } }))

export const withdrawChange = (id: string): Promise<SettingChange> => unwrap(api.http.POST('/settings/changes/{id}/withdraw', at(id)))
