import type { Place } from './index'
import data from './english.json'

/*
 * Regions in English. The data beside this says how characters are read in place names, what a
 * region is (`kinds`, the longest first), and what is not its characters' usual reading (`spoken`):
 * other readings, and names of Mongolian, Tibetan and Uygur as official maps write them. `whole`
 * tells places of one name apart by the province before it.
 */

const { peoples, spoken, whole } = data as { peoples: Record<string, string>; spoken: Record<string, string>; whole: Record<string, string> }
const kinds = Object.entries(data.kinds)
const people = new RegExp(`(?:${Object.keys(peoples).join('|')})$`)
const outer = new RegExp(data.outer)
const noCity = new RegExp(data.noCity)

const read = new Map<string, string>()
for (const [, syllable, characters] of data.readings.join(' ').matchAll(/([a-zü]+)(\S+)/g)) for (const c of characters!) read.set(c, syllable!)

const without = (name: string, end: string): string => (name.endsWith(end) ? name.slice(0, -end.length) : name)

/** By syllables, apart where two could be read as one: Xi'an. */
function spell(name: string): string {
  const known = spoken[name]
  if (known) return known
  let out = ''
  for (const c of name) {
    const syllable = read.get(c)
    if (!syllable) return name // no region's character: as it is
    out += out && /^[aeo]/.test(syllable) ? `'${syllable}` : syllable
  }
  return out.charAt(0).toUpperCase() + out.slice(1)
}

const listed = (names: string[]): string => (names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}` : (names[0] ?? ''))

/** A name with the peoples that it names: Enshi Tujia and Miao Autonomous Prefecture. */
function ethnic(stem: string, of: string): string {
  const named: string[] = []
  for (let m = people.exec(stem); m && !spoken[stem]; m = people.exec(stem)) {
    named.unshift(peoples[m[0]]!)
    stem = stem.slice(0, -m[0].length)
  }
  const wing = stem.endsWith(data.leftWing) ? ' Left Wing' : ''
  return `${spell(without(stem, data.leftWing))}${wing}${named.length && of ? ` ${listed(named)}` : ''}${of}`.trim()
}

/** A region's name in English, as official maps write it; what it lies in tells places of one name apart. */
export function english(name: string, province = '', city = ''): string {
  const exact = whole[province.slice(0, 2) + name]
  if (exact) return exact
  const [kind, of] = kinds.find(([k]) => name.endsWith(k)) ?? ['', '']
  let stem = name.slice(0, name.length - kind.length)
  if (!stem) return of.trim()
  // One character is never without what it is of: Yuxian County.
  if (stem.length === 1 && kind.length === 1) return `${spell(name)}${of}`
  stem = stem.length > 1 ? without(stem, data.city) : stem
  const words: string[] = []
  // A zone is often named after where it is.
  if (kind.length > 1)
    for (const around of [province.replace(outer, ''), city.replace(outer, '')])
      if (around && stem.startsWith(around) && stem.length > around.length) {
        words.push(spell(around))
        stem = stem.slice(around.length)
        if (stem.startsWith(data.city)) stem = stem.slice(data.city.length)
      }
  return [...words, ethnic(stem, of)].join(' ').trim()
}

/** A place in one line, from the district up; what the list puts in a city's place is left out where it is none. */
export function englishLine({ province, city, district }: Place): string {
  const parts = [district && english(district, province, city), city && !noCity.test(city) && english(city, province), province && english(province)]
  return [...new Set(parts)].filter(Boolean).join(', ')
}
