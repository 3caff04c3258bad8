import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type AppName = 'viewer' | 'host' | 'desk'
export const apps: AppName[] = ['viewer', 'host', 'desk']

const root = join(import.meta.dirname, '..', 'src')

export interface Source {
  path: string
  text: string
}

/** Every .vue and .ts file under one folder of src, tests and generated types apart. */
export function sources(folder: AppName | 'shared'): Source[] {
  const base = join(root, folder)
  return readdirSync(base, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(vue|ts)$/.test(name) && !/\.(test|d)\.ts$/.test(name))
    .map((name) => ({ path: `${folder}/${name}`, text: readFileSync(join(base, name), 'utf8') }))
}

/** A message file as `dotted.key` → text. */
export function messages(folder: AppName | 'shared', locale: 'zh-CN' | 'en'): Map<string, string> {
  const file = join(root, folder, 'locales', `${locale}.json`)
  const out = new Map<string, string>()
  const walk = (node: unknown, path: string): void => {
    if (typeof node === 'string') out.set(path, node)
    else for (const [k, v] of Object.entries(node as object)) walk(v, path ? `${path}.${k}` : k)
  }
  walk(JSON.parse(readFileSync(file, 'utf8')), '')
  return out
}
