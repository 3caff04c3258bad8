import { describe, expect, test } from 'vitest'
import { parse, NodeTypes, type TemplateChildNode, type RootNode } from '@vue/compiler-dom'
import { parse as parseSfc } from 'vue/compiler-sfc'
import { apps, messages, sources, type Source } from './sources'

/**
 * A key is used when it stands in `t('…')`, `keypath="…"` or as a `'…'` of the
 * same form anywhere in the sources; a template `t(`a.b.${x}`)` uses all of `a.b.`.
 */
function usedKeys(files: Source[]): { exact: Set<string>; quoted: Set<string>; prefixes: string[] } {
  const exact = new Set<string>()
  const quoted = new Set<string>()
  const prefixes: string[] = []
  for (const { text } of files) {
    for (const m of text.matchAll(/\bt\(\s*['"]([\w.-]+)['"]/g)) exact.add(m[1]!)
    for (const m of text.matchAll(/keypath="([\w.-]+)"/g)) exact.add(m[1]!)
    for (const m of text.matchAll(/['"]([a-z]\w*(?:\.\w+)+)['"]/gi)) quoted.add(m[1]!)
    for (const m of text.matchAll(/\bt\(\s*`([\w.-]+\.)\$\{/g)) prefixes.push(m[1]!)
  }
  return { exact, quoted, prefixes }
}

/** Texts that are Chinese in every language: the other language's name, and what the bank's SMS must end with. */
const chinese = new Set(['shared.otherLanguage', 'journeys.optOut'])

describe.each([...apps, 'shared' as const])('messages of %s', (folder) => {
  const zh = messages(folder, 'zh-CN')
  const en = messages(folder, 'en')
  const shared = messages('shared', 'zh-CN')
  const files = sources(folder)
  const used = usedKeys(files)

  test('both languages have the same keys with the same parameters', () => {
    expect([...en.keys()].sort()).toEqual([...zh.keys()].sort())
    const params = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()
    for (const [key, text] of zh) {
      expect(params(en.get(key) ?? '').filter((p, i, a) => a.indexOf(p) === i), key).toEqual(
        params(text).filter((p, i, a) => a.indexOf(p) === i),
      )
    }
  })

  test('no text is empty, and no English text holds Chinese', () => {
    for (const [key, text] of zh) expect(text.trim(), key).not.toBe('')
    for (const [key, text] of en) {
      expect(text.trim(), key).not.toBe('')
      if (!chinese.has(key)) expect(text, key).not.toMatch(/\p{Script=Han}/u)
    }
  })

  test('every key that is used exists', () => {
    const missing = [...used.exact].filter((key) => !zh.has(key) && !shared.has(key))
    const emptyPrefixes = used.prefixes.filter((p) => ![...zh.keys(), ...shared.keys()].some((k) => k.startsWith(p)))
    expect([...missing, ...emptyPrefixes]).toEqual([])
  })

  test('every key that exists is used', () => {
    const everywhere = folder === 'shared' ? usedKeys([...files, ...apps.flatMap(sources)]) : used
    const unused = [...zh.keys()].filter(
      (key) =>
        !everywhere.exact.has(key) &&
        !everywhere.quoted.has(key) &&
        !everywhere.prefixes.some((p) => key.startsWith(p)),
    )
    expect(unused).toEqual([])
  })

  test('templates and scripts hold no text of their own', () => {
    expect(files.flatMap(literals)).toEqual([])
  })
})

const spoken = new Set(['placeholder', 'title', 'alt', 'label', 'aria-label', 'text', 'content', 'description'])

/** Text for people that stands in a source instead of a message file. */
function literals({ path, text }: Source): string[] {
  const found: string[] = []
  const say = (what: string) => found.push(`${path}: ${what.trim().slice(0, 60)}`)
  const code = path.endsWith('.vue') ? scriptOf(text) : text
  for (const line of withoutComments(code).split('\n')) if (/\p{Script=Han}/u.test(line)) say(line)
  if (path.endsWith('.vue')) {
    const template = parseSfc(text).descriptor.template
    if (template) visit(parse(template.content), say)
  }
  return found
}

function scriptOf(text: string): string {
  const { script, scriptSetup } = parseSfc(text).descriptor
  return (script?.content ?? '') + '\n' + (scriptSetup?.content ?? '')
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"])\/\/.*$/gm, '$1')
}

function visit(node: RootNode | TemplateChildNode, say: (what: string) => void): void {
  if (node.type === NodeTypes.TEXT && /[\p{Script=Han}A-Za-z]/u.test(node.content)) say(node.content)
  if (node.type === NodeTypes.INTERPOLATION && /\p{Script=Han}/u.test(node.loc.source)) say(node.loc.source)
  if (node.type === NodeTypes.ELEMENT) {
    for (const prop of node.props) {
      if (prop.type === NodeTypes.ATTRIBUTE && spoken.has(prop.name) && /[\p{Script=Han}A-Za-z]/u.test(prop.value?.content ?? '')) {
        say(`${prop.name}="${prop.value?.content}"`)
      }
      if (prop.type === NodeTypes.DIRECTIVE && /\p{Script=Han}/u.test(prop.loc.source)) say(prop.loc.source)
    }
  }
  if ('children' in node) for (const child of node.children) visit(child as TemplateChildNode, say)
}
