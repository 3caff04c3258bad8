import { readdir, readFile } from 'node:fs/promises'
import MarkdownIt from 'markdown-it'
import type { Plugin } from 'vite'

/**
 * Vant draws its icons with a font inlined as data:, which the pages' CSP
 * (no font-src, so 'self') refuses. The few icons that its components draw by
 * themselves are put back as masks of inline SVG; all others are components of
 * lucide in our own templates.
 */
const strokes: Record<string, string> = {
  arrow: 'm9 18 6-6-6-6',
  'arrow-left': 'm15 18-6-6 6-6',
  'arrow-down': 'm6 9 6 6 6-6',
  'arrow-up': 'm18 15-6-6-6 6',
  cross: 'M18 6 6 18M6 6l12 12',
  clear: 'M18 6 6 18M6 6l12 12',
  close: 'M18 6 6 18M6 6l12 12',
  success: 'M20 6 9 17l-5-5',
  checked: 'M20 6 9 17l-5-5',
  fail: 'M12 8v5M12 16v.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  photo: 'M3 5h18v14H3zM3 16l5-5 5 5 3-3 5 5',
  'photo-fail': 'M3 5h18v14H3zM3 16l5-5 5 5 3-3 5 5',
}

function iconRules(): string {
  const base =
    '.van-icon{position:relative;display:inline-block;line-height:1;font-size:inherit}' +
    '.van-icon:before{display:inline-block;content:"";width:1em;height:1em;vertical-align:middle;' +
    'background:currentColor;-webkit-mask:var(--icon-mask) center/contain no-repeat;' +
    'mask:var(--icon-mask) center/contain no-repeat}' +
    '.van-icon__image{display:block;width:1em;height:1em;object-fit:contain}'
  const each = Object.entries(strokes).map(([name, path]) => {
    const svg =
      `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='black' ` +
      `stroke-width='2' stroke-linecap='round' stroke-linejoin='round'><path d='${path}'/></svg>`
    return `.van-icon-${name}{--icon-mask:url("data:image/svg+xml,${encodeURIComponent(svg)}")}`
  })
  return base + each.join('')
}

export function vantIconsAsSvg(): Plugin {
  return {
    name: 'yinbo:vant-icons-as-svg',
    enforce: 'pre',
    transform(_code, id) {
      if (/[\\/]vant[\\/]es[\\/]icon[\\/]index\.css/.test(id)) return { code: iconRules(), map: null }
      return undefined
    },
  }
}

/** The API's documents are read in Swagger UI, from this origin: /docs-ui/. */
export function apiDocs(from: string): Plugin {
  return {
    name: 'yinbo:api-docs',
    apply: 'build',
    async generateBundle() {
      for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js']) {
        this.emitFile({ type: 'asset', fileName: `docs-ui/${name}`, source: await readFile(`${from}/${name}`) })
      }
    },
  }
}

/**
 * The guides of docs/guides as pages that print, from this origin:
 * /guides/host.zh-CN.html. A missing picture fails the build.
 */
export function guides(from: string): Plugin {
  const page = (lang: string, title: string, body: string) =>
    `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<title>${title}</title><link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="guide.css"></head><body><main>${body}</main></body></html>`
  return {
    name: 'yinbo:guides',
    apply: 'build',
    async generateBundle() {
      const markdown = new MarkdownIt({ html: false })
      const emit = async (fileName: string, source: string | Uint8Array) => {
        this.emitFile({ type: 'asset', fileName: `guides/${fileName}`, source })
      }
      const pictures = new Set<string>()
      for (const file of (await readdir(from)).filter((name) => name.endsWith('.md'))) {
        const [, name, lang] = /^(\w+)\.([\w-]+)\.md$/.exec(file) ?? []
        if (!name || !lang) continue
        const text = await readFile(`${from}/${file}`, 'utf8')
        for (const found of text.matchAll(/\]\((img\/[\w.-]+)\)/g)) pictures.add(found[1]!)
        await emit(`${name}.${lang}.html`, page(lang, /^# (.*)/.exec(text)?.[1] ?? name, markdown.render(text)))
      }
      for (const picture of pictures) await emit(picture, await readFile(`${from}/${picture}`))
      await emit('guide.css', await readFile(`${from}/guide.css`))
    },
  }
}
