import type { Page } from '@client/index'
import { listWords, severities, type Severity, type Word } from './calls'

/** How many words are edited as text at most; longer lists are only added to. */
export const mostEdited = 5_000
export const longestWord = 60

export type WordTexts = Record<Severity, string>

/** The words of a text, each once: one a line, or behind a comma or semicolon. */
export const splitWords = (text: string): string[] => [
  ...new Set(text.split(/[\n,,、;;]+/).map((w) => w.trim()).filter(Boolean)),
]

/** A list as three texts, a word a line. */
export function textsOf(words: Word[]): WordTexts {
  const text = (s: Severity): string => words.filter((w) => w.severity === s).map((w) => w.word).join('\n')
  return { warn: text('warn'), hold: text('hold'), block: text('block') }
}

/** The list of three texts. Of doubles the server keeps the last, so the gravest come last. */
export const wordsOf = (texts: WordTexts): Word[] =>
  severities.flatMap((severity) => splitWords(texts[severity]).map((word) => ({ word, severity })))

/** A whole list, or null when it is too long to edit. */
export async function wholeList(room: string, page: (room: string, cursor?: string) => Promise<Page<Word>> = listWords): Promise<Word[] | null> {
  const all: Word[] = []
  for (let cursor: string | undefined; ; ) {
    const got = await page(room, cursor)
    all.push(...got.items)
    if (!got.next_cursor) return all
    if (all.length >= mostEdited) return null
    cursor = got.next_cursor
  }
}
