import { createI18n } from 'vue-i18n'
import sharedZh from './locales/zh-CN.json'

export type Locale = 'zh-CN' | 'en'

// Messages are compiled at build into functions' data; to TypeScript they are opaque.
type Messages = Record<string, unknown>

const key = 'yinbo.locale'

/** The language chosen before, else Chinese: the apps' first public. */
function firstLocale(): Locale {
  const asked = new URLSearchParams(location.search).get('lang')
  if (asked === 'en' || asked === 'zh-CN') localStorage.setItem(key, asked)
  return localStorage.getItem(key) === 'en' ? 'en' : 'zh-CN'
}

let current: Locale = 'zh-CN'
let switchTo: (locale: Locale) => Promise<void> = async () => {}
const listeners = new Set<(locale: Locale) => void>()

export const currentLocale = (): Locale => current

/** Loads the language's messages where they are not there yet, and shows them everywhere. */
export const setLocale = (locale: Locale): Promise<void> => switchTo(locale)

export function onLocale(listener: (locale: Locale) => void): void {
  listeners.add(listener)
}

/**
 * An app's i18n. Chinese comes with the app (it is also the fallback); English
 * is loaded when chosen. Await it before mounting.
 */
export async function createAppI18n(zh: Messages, en: () => Promise<{ default: Messages }>) {
  const i18n = createI18n({
    legacy: false,
    locale: 'zh-CN',
    fallbackLocale: 'zh-CN',
    messages: { 'zh-CN': { ...(sharedZh as Messages), ...zh } } as never,
  })
  const global = i18n.global as unknown as {
    locale: { value: string }
    availableLocales: string[]
    setLocaleMessage(locale: string, messages: Messages): void
  }
  switchTo = async (locale) => {
    if (!global.availableLocales.includes(locale)) {
      const [shared, own] = await Promise.all([import('./locales/en.json'), en()])
      global.setLocaleMessage(locale, { ...(shared.default as Messages), ...own.default })
    }
    current = locale
    localStorage.setItem(key, locale)
    global.locale.value = locale
    document.documentElement.lang = locale
    for (const listener of listeners) listener(locale)
  }
  await switchTo(firstLocale())
  return i18n
}
