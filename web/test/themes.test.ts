import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sources } from './sources'

const theme = join(import.meta.dirname, '..', 'src', 'shared', 'theme')
const read = (name: string) => readFileSync(join(theme, name), 'utf8')
const banks = readdirSync(join(theme, 'banks')).map((name) => name.replace('.css', ''))

type Tokens = Record<string, string>
type Look = 'light' | 'dark' | 'elder'

/** What one rule of a file sets. */
function rule(css: string, selector: string): Tokens {
  const body = css.replace(/\/\*[^]*?\*\//g, '').split('}').find((part) => part.split('{')[0]!.trim() === selector)
  return Object.fromEntries([...(body ?? '').matchAll(/(--[\w-]+):\s*([^;]+);/g)].map((m) => [m[1]!, m[2]!.trim()]))
}

/** The tokens of a bank in a look, in the order in which the files are loaded; variables resolved. */
function tokens(bank: string, look: Look): Tokens {
  const all = read('tokens.css')
  const own = read(`banks/${bank}.css`)
  const mine = `:root[data-bank='${bank}']`
  const of: Tokens = {
    ...rule(all, ':root'),
    ...(look === 'dark' ? rule(all, ":root[data-theme='dark']") : {}),
    ...(look === 'elder' ? rule(read('elder.css'), ":root[data-mode='elder']") : {}),
    ...rule(own, mine),
    ...(look === 'dark' ? rule(own, `${mine}[data-theme='dark']`) : {}),
    ...(look === 'elder' ? rule(own, `${mine}[data-mode='elder']`) : {}),
  }
  const resolved = (value: string): string => value.replace(/var\((--[\w-]+)\)/g, (_, name: string) => resolved(of[name] ?? ''))
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, resolved(value)]))
}

/** Contrast of two colours by WCAG 2. */
function contrast(a: string, b: string): number {
  const light = (hex: string) => {
    const channel = (at: number) => {
      const c = parseInt(hex.slice(at, at + 2), 16) / 255
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    }
    expect(hex, 'a colour in six digits').toMatch(/^#[0-9a-f]{6}$/)
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
  }
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

const pairs: [ink: string, ground: string][] = [
  ['--brand-ink', '--brand'],
  ['--brand-ink', '--brand-deep'],
  ['--brand-text', '--surface'],
  ['--brand-text', '--page'],
  ['--brand-text', '--brand-soft'],
]
const ours: [ink: string, ground: string][] = [
  ['--ink', '--page'], ['--ink-2', '--page'], ['--ink-2', '--surface-2'], ['--ink-3', '--surface'],
  ['--price', '--surface'], ['--good', '--good-soft'], ['--warn', '--warn-soft'], ['--bad', '--bad-soft'], ['--accent', '--accent-soft'],
  ['--over', '--wait'], ['--over', '--hot'], ['--cart-ink', '--cart'],
]

describe.each(banks)('the theme of %s', (bank) => {
  test.each<[Look, number]>([['light', 4.5], ['dark', 4.5], ['elder', 7]])('keeps its contrast: %s, %s to 1', (look, least) => {
    const t = tokens(bank, look)
    const faint = [...pairs, ...ours].filter(([ink, ground]) => contrast(t[ink]!, t[ground]!) < least)
    expect(faint.map((pair) => `${pair.join(' on ')}: ${pair.map((name) => t[name]).join(' on ')}`)).toEqual([])
  })
})

/** Bank cards are drawn as their plastic looks; the picture of each is a design, not a theme. */
const drawn = new Set(['viewer/pages/CardsPage.vue'])

test('the viewer and what is shared take every colour from a token', () => {
  const raw = [...sources('viewer'), ...sources('shared')]
    .filter(({ path }) => !drawn.has(path) && path.endsWith('.vue'))
    .filter(({ text }) => /#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl)a?\(\s*\d/.test(/<style[^]*$/.exec(text)?.[0] ?? ''))
  expect(raw.map(({ path }) => path)).toEqual([])
})
