import { readFileSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

/** What everywhere.spec.ts asks of a screen, and how it finds the screens. */

const source = (path: string): string => readFileSync(new URL(`../src/${path}`, import.meta.url), 'utf8')

export type Messages = Map<string, string>

function flat(node: unknown, path = '', out: Messages = new Map()): Messages {
  if (typeof node === 'string') out.set(path, node)
  else for (const [key, value] of Object.entries(node as object)) flat(value, path ? `${path}.${key}` : key, out)
  return out
}

const messages = (app: string, locale: string): Messages => flat(JSON.parse(source(`${app}/locales/${locale}.json`)))

export interface Route {
  path: string
  area: string
}

/** Every path of an app's router, with the area it belongs to; redirects and the catch-all apart. */
export function routesOf(app: string): Route[] {
  const found = [...source(`${app}/router.ts`).matchAll(/\{ path: '([^']*)',(.*)$/gm)]
  return found
    .filter(([, path, rest]) => !path!.includes('*') && !rest!.includes('redirect:'))
    .map(([, path, rest]) => ({ path: '/' + path!.replace(/^\//, ''), area: /area: '([^']+)'/.exec(rest!)?.[1] ?? '' }))
}

/** The desk's areas with the roles that may enter them. */
export function areasOf(): Map<string, string[]> {
  const lines = source('desk/api.ts').matchAll(/\{ name: '([^']+)', group: '[^']+', roles: \[([^\]]*)\] \}/g)
  return new Map([...lines].map(([, name, roles]) => [name!, [...roles!.matchAll(/'(\w+)'/g)].map((m) => m[1]!)]))
}

/** A path with examples in the place of its parameters; those that may be left out are. */
export function filled(path: string, examples: Record<string, string>): string {
  return path.replace(/\/:\w+\?/g, '').replace(/:\w+/g, () => {
    const example = examples[path]
    if (!example) throw new Error(`no example for ${path}: add one to everywhere.spec.ts`)
    return example
  })
}

/** Every area of the desk, each with the first of these roles that may enter it. */
export function shares(): Map<string, string[]> {
  const areas = areasOf()
  const left = new Set(routesOf('desk'))
  const out = new Map<string, string[]>()
  for (const role of ['supervisor', 'finance', 'admin', 'risk', 'operator', 'reviewer', 'auditor', 'merchant']) {
    const mine = [...left].filter(({ area }) => !area || areas.get(area)?.includes(role))
    mine.forEach((route) => left.delete(route))
    if (mine.length) out.set(role, mine.map(({ path }) => path))
  }
  if (left.size) throw new Error(`nobody enters ${[...left].map(({ path }) => path).join(' ')}`)
  return out
}

/** Listens to a page: what it complains of, which calls are out, and what the server said. */
export async function listen(page: Page) {
  const complaints: string[] = []
  const said: string[] = []
  const out = new Set<unknown>()
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`))
  })
  page.on('console', (m) => m.type() === 'error' && complaints.push(m.text()))
  page.on('pageerror', (e) => complaints.push(e.message))
  page.on('request', (r) => r.url().includes('/api/') && out.add(r))
  page.on('requestfailed', (r) => out.delete(r))
  page.on('requestfinished', (r) => out.delete(r))
  page.on('response', async (r) => {
    if (r.ok() && r.url().includes('/api/')) said.push(await r.text().catch(() => ''))
  })
  page.on('websocket', (s) => s.on('framereceived', (f) => said.push(String(f.payload))))
  return { complaints, said, out }
}

export type Ear = Awaited<ReturnType<typeof listen>>

/** Goes there without loading the app anew, and waits until the screen has what it shows. */
export async function visit(page: Page, ear: Ear, path: string): Promise<void> {
  await page.evaluate(async (to) => {
    interface Host { __vue_app__?: { config: { globalProperties: { $router: { push(to: string): Promise<void> } } } } }
    await (document.querySelector('#app') as unknown as Host).__vue_app__!.config.globalProperties.$router.push(to)
  }, path)
  await settled(page, ear)
}

export async function settled(page: Page, ear: Ear): Promise<void> {
  const busy = (): Promise<boolean> =>
    page.evaluate(() => !document.querySelector('main, [role=main]') || !!document.querySelector('.el-skeleton, .van-skeleton, [aria-busy=true]'))
  let calm = 0
  await expect.poll(async () => (calm = ear.out.size || (await busy()) ? 0 : calm + 1), { intervals: [20, 40, 60] }).toBeGreaterThan(1)
}

/** The words on the screen, spoken ones too; nodes marked as people's own words (data-content) apart. */
export const shownWords = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = []
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT)
    for (let node: Node | null = walk.currentNode; node; node = walk.nextNode()) {
      const at = node instanceof Element ? node : node.parentElement!
      if (at.closest('[data-content], script, style, [lang]:not(html)')) continue
      if (node instanceof Element) for (const name of ['aria-label', 'title', 'placeholder', 'alt']) found.push(at.getAttribute(name) ?? '')
      else if (!at.closest('code, pre, .mono')) found.push(node.textContent ?? '')
    }
    return found.map((w) => w.trim()).filter(Boolean)
  })

const words = (app: string) => {
  const [zh, en] = ['zh-CN', 'en'].map((l) => new Map([...messages('shared', l), ...messages(app, l)])) as [Messages, Messages]
  return {
    /** A message's key that stands in the place of its text. */
    key: new RegExp(`^(${[...new Set([...zh.keys()].map((k) => k.split('.')[0]))].join('|')})(\\.[\\w-]+)+$`),
    /** What is said otherwise in Chinese. */
    english: new Set([...en].filter(([k, text]) => /\p{Script=Han}/u.test(zh.get(k) ?? '') && !text.includes('{')).map(([, text]) => text)),
  }
}
const wordsOf = new Map(['viewer', 'host', 'desk'].map((app) => [app, words(app)]))

/** Checks the words: nothing raw in either language, and nothing of the other one but what the server said. */
export function wordsWrong(app: string, language: string, shown: string[], said: string[]): string[] {
  const { key, english } = wordsOf.get(app)!
  const whole = said.join('\n')
  const own = (text: string): boolean => !whole.includes(JSON.stringify(text).slice(1, -1))
  return [...new Set(shown)].filter((word) => {
    if (/undefined|NaN|\[object|Invalid Date/.test(word) || key.test(word) || /^[a-z]+(_[a-z]+)+$/.test(word)) return own(word)
    if (language === 'zh-CN') return english.has(word) && own(word)
    return (word.match(/\p{Script=Han}[\p{Script=Han}\p{P}\d]*/gu) ?? []).some(own)
  })
}

/** What is wider than the page: the page itself, or a part that scrolls as the page does. */
export function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const roots = [document.documentElement, ...document.querySelectorAll('main')]
    return roots.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => {
      const edge = e.getBoundingClientRect().left + e.clientWidth
      const culprit = [...e.querySelectorAll('*')].find((x) => x.getBoundingClientRect().right > edge + 1)
      return `${e.tagName} ${e.scrollWidth} > ${e.clientWidth}: ${culprit?.outerHTML.slice(0, 140)}`
    })
  })
}

export async function grave(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'], preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }).analyze()
  return violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes[0]?.html.slice(0, 160)}`)
}
