// What commands say to people, in the language of their terminal.

import type { Locale } from '../pages/index.ts'
import type { Flags } from './flags.ts'
import type { Output } from './output.ts'

export type InBoth = Readonly<Record<Locale, string>>

/** The language that `--language` asks for, where the command has this flag; otherwise that of the terminal. */
export function languageOf(flags: Flags, output: Output): Locale {
  const chosen = flags['language']
  return chosen === 'zh-CN' || chosen === 'en' ? chosen : output.language
}

/** A line of its own on standard error. `words` without the full stop that ends them. */
export function warned(words: InBoth, language: Locale): string {
  return language === 'zh-CN' ? `提醒：${words['zh-CN']}。` : `Warning: ${words.en}.`
}
