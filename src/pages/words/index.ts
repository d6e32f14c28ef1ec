// The words of every page, by language.

import type { Locale } from '../look/locale.ts'
import { en, type Words } from './en.ts'
import { zhCn } from './zh-cn.ts'

export type { Words } from './en.ts'

export const WORDS: Readonly<Record<Locale, Words>> = { 'zh-CN': zhCn, en }
