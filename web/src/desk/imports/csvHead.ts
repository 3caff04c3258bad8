import type { ImportColumn } from '../calls/imports'

/** The first lines of a file, and what is wrong with its header. */
export interface Head {
  cells: string[][]
  wrong: { what: 'unknown' | 'double' | 'missing'; column: string }[]
}

/** So much of a file is looked at; its lines are checked by the server. */
export const lookAt = 64 * 1024

/** Text as the server reads it: UTF-8, else GB18030; null for what is none. */
export function textOf(bytes: Uint8Array, whole: boolean): string | null {
  if (bytes.includes(0)) return null
  try {
    // A character that is cut at the end is not an error.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !whole })
  } catch {
    return new TextDecoder('gb18030').decode(bytes, { stream: !whole })
  }
}

/** The first `most` lines of CSV; a line that is cut off at the end of `text` is left out unless it is `whole`. */
export function readCsv(text: string, most: number, whole: boolean): string[][] {
  const lines: string[][] = []
  let line: string[] = []
  let cell = ''
  let quoted = false
  const end = () => {
    line.push(cell)
    if (line.length > 1 || cell.trim()) lines.push(line)
    line = []
    cell = ''
  }
  for (let i = 0; i < text.length && lines.length < most; i++) {
    const c = text[i]!
    if (quoted) {
      if (c !== '"') cell += c
      else if (text[i + 1] === '"') cell += text[++i]
      else quoted = false
    } else if (c === '"' && !cell) quoted = true
    else if (c === ',') {
      line.push(cell)
      cell = ''
    } else if (c === '\n') end()
    else if (c !== '\r') cell += c
  }
  if (whole && lines.length < most && (cell || line.length)) end()
  return lines
}

const fold = (s: string): string => s.normalize('NFKC').trim().toLowerCase()

/** What of the header's columns is unknown, doubled or missing. */
export function checkHeader(header: string[], columns: ImportColumn[]): Head['wrong'] {
  const wrong: Head['wrong'] = []
  const seen = new Set<string>()
  for (const cell of header) {
    const name = fold(cell)
    if (!name) continue
    const column = columns.find((c) => c.name === name || fold(c.title) === name)
    if (!column) wrong.push({ what: 'unknown', column: cell.trim() })
    else if (seen.has(column.name)) wrong.push({ what: 'double', column: cell.trim() })
    else seen.add(column.name)
  }
  for (const c of columns) if (c.required && !seen.has(c.name)) wrong.push({ what: 'missing', column: c.title })
  return wrong
}

/** An empty file of a kind: its header in Chinese, or by the API's names, with the mark that spreadsheets want. */
export function templateOf(columns: ImportColumn[], chinese: boolean): string {
  return '\ufeff' + columns.map((c) => (chinese ? c.title : c.name)).join(',') + '\r\n'
}
