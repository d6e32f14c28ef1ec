// The browser of a session as a person would name it.

import type { BrowserKind } from '../../model/browser-kind.ts'
import type { Locale } from '../look/locale.ts'
import { WORDS, type Words } from '../words/index.ts'

type BrowserWords = Pick<Words['account'], 'browserNames' | 'systemNames' | 'browserOn'>

/** "WeChat on iPhone"; null: nothing is known of it. */
export function browserName(kind: BrowserKind | undefined, locale: Locale): string | null {
  return browserNameIn(kind, WORDS[locale].account)
}

export function browserNameIn(kind: BrowserKind | undefined, words: BrowserWords): string | null {
  if (kind === undefined) return null
  const browser = kind.browser === null ? null : words.browserNames[kind.browser]
  const system = kind.system === null ? null : words.systemNames[kind.system]
  return browser !== null && system !== null ? words.browserOn(browser, system) : (browser ?? system)
}
