// Which language a page is in.

import Negotiator from 'negotiator'

export const LOCALES = ['zh-CN', 'en'] as const
export type Locale = (typeof LOCALES)[number]

export function isLocale(text: string): text is Locale {
  return LOCALES.some((locale) => locale === text)
}

export interface LocaleWishes {
  /** Space separated, most wanted first (OpenID Connect Core §3.1.2.1). */
  readonly uiLocales?: string | null | undefined
  /** What the person chose on an earlier page. */
  readonly cookie?: string | null | undefined
  readonly acceptLanguage?: string | null | undefined
  readonly fallback: Locale
}

/** The first wish that names a language we have. A `ui_locales` without such a language is ignored. */
export function chooseLocale(wishes: LocaleWishes): Locale {
  return (
    first((wishes.uiLocales ?? '').split(/\s+/)) ??
    first([wishes.cookie ?? '']) ??
    first(acceptedLanguages(wishes.acceptLanguage)) ??
    wishes.fallback
  )
}

function first(tags: readonly string[]): Locale | null {
  for (const tag of tags) {
    const language = tag.toLowerCase().split(/[-_]/, 1)[0]
    if (language === 'zh') return 'zh-CN'
    if (language === 'en') return 'en'
  }
  return null
}

/** Ordered by quality; those with `q=0` are left out. */
function acceptedLanguages(header: string | null | undefined): readonly string[] {
  // Negotiator reads a missing header as `*`, which says nothing about the person.
  if (header === null || header === undefined) return []
  return new Negotiator({ headers: { 'accept-language': header.slice(0, 1000) } }).languages()
}

/** The same address once per language, for the switch: `ui_locales` is replaced, everything else stays as it was. */
export function localizedHrefs(path: string, query: string): Readonly<Record<Locale, string>> {
  const others = query.split('&').filter((pair) => pair !== '' && pair.split('=', 1)[0] !== 'ui_locales')
  const href = (locale: Locale) => `${path}?${[...others, `ui_locales=${locale}`].join('&')}`
  return { 'zh-CN': href('zh-CN'), en: href('en') }
}
