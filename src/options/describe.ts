// The table told to people: rows for the command line's help and the reference page, and effective values with where
// each comes from. Secrets are masked here, so no caller can forget it.

import { bytesText, spanText } from './kinds.ts'
import type { LoadedOptions } from './load.ts'
import { sourceText } from './problem.ts'
import { flagOf, nameOf, placesOf, type Row, variableOf } from './row.ts'
import { ROWS } from './table.ts'

export interface OptionDescription {
  /** Property that a command line parser makes of the flag: `brandProductName`. */
  readonly name: string
  /** Name in the YAML file, with dots for nesting: `brand.productName`. */
  readonly key: string
  /** Null: never a flag. */
  readonly flag: string | null
  /** `--port <number>`, ready for a command line parser; null: never a flag. */
  readonly flagSyntax: string | null
  /** A list is given by repeating the flag, or separated by commas. */
  readonly isList: boolean
  readonly environment: string
  readonly isInFile: boolean
  readonly describes: string
  readonly defaultText: string
  readonly secret: boolean
  readonly en: string
  readonly zh: string
}

export function describeOptions(): readonly OptionDescription[] {
  return [...ROWS].flatMap(([key, row]) => [describe(key, row), ...(row.orFile ? [describeFileOf(key, row)] : [])])
}

function describe(key: string, row: Row<unknown>): OptionDescription {
  const places = placesOf(row)
  const flag = places.includes('flag') ? flagOf(key) : null
  return {
    name: nameOf(key),
    key,
    flag,
    flagSyntax: flag === null ? null : typeof row.default === 'boolean' ? flag : `${flag} <${argumentOf(key, row)}>`,
    isList: Array.isArray(row.default),
    environment: variableOf(key),
    isInFile: places.includes('file'),
    describes: row.kind.describes,
    defaultText: row.defaultText ?? valueText(key, row.default),
    secret: row.secret !== undefined,
    en: row.en,
    zh: row.zh,
  }
}

/** Describes the variant of the option that names a file with the value, such as `--master-key-file`. */
function describeFileOf(key: string, row: Row<unknown>): OptionDescription {
  return {
    ...describe(`${key}File`, { ...row, en: '', zh: '' }),
    name: `${nameOf(key)}File`,
    flagSyntax: placesOf(row).includes('flag') ? `${flagOf(key)}-file <file>` : null,
    describes: 'a path',
    defaultText: 'none',
    secret: false,
    en: `File that holds the value of ${key}.`,
    zh: `存放 ${key} 的值的文件。`,
  }
}

function argumentOf(key: string, row: Row<unknown>): string {
  if (row.isPath) return key === 'data' || key.endsWith('Folder') ? 'folder' : 'file'
  if (isSpan(key)) return 'span'
  if (typeof row.default === 'number' || row.kind.describes.startsWith('whole number')) return 'number'
  if (Array.isArray(row.default)) return 'list'
  return /url|issuer|database$/i.test(key) ? 'url' : 'text'
}

function isSpan(key: string): boolean {
  return key.startsWith('lifetimes.') || /(Wait|Lifetime|Every|Timeout|waitForClients)$/.test(key)
}

/** The value as a person writes it in flags and files: `30d`, `16M`. */
function valueText(key: string, value: unknown): string {
  if (value === null) return 'none'
  if (Array.isArray(value)) {
    const texts = value.map((each: unknown) => (typeof each === 'string' ? each : JSON.stringify(each)))
    return texts.length === 0 ? 'none' : texts.join(', ')
  }
  if (typeof value === 'number' && isSpan(key)) return spanText(value)
  if (typeof value === 'number' && key.endsWith('Bytes')) return bytesText(value)
  if (typeof value === 'string') return value === '' ? '(empty)' : value
  return JSON.stringify(value)
}

export interface ShownOption {
  readonly key: string
  /** As the reference writes it: `30d`, `(secret)`. */
  readonly text: string
  /** For JSON. Secrets are masked here too. */
  readonly value: unknown
  /** `default`, `--port`, `LINGPAI_PORT`, `/etc/lingpai.yaml line 3`. */
  readonly source: string
}

/** For `config show`. */
export function showOptions({ options, sources }: Pick<LoadedOptions, 'options' | 'sources'>): readonly ShownOption[] {
  return [...ROWS].map(([key, row]) => {
    const value = masked(row, valueAt(options, key))
    const source = sources.get(key) ?? { kind: 'default' }
    // Where no value is set and the default is a description, the description is shown.
    const text = value === null && row.defaultText !== undefined ? row.defaultText : valueText(key, value)
    return { key, text, value, source: sourceText(source) }
  })
}

function valueAt(options: unknown, key: string): unknown {
  return key.split('.').reduce((group: unknown, name) => (group as Record<string, unknown>)[name], options)
}

function masked(row: Row<unknown>, value: unknown): unknown {
  if (row.secret === undefined || typeof value !== 'string') return value
  return row.secret === 'whole' ? '(secret)' : maskPassword(value)
}

/** Hides passwords in the address of a database, also those in its query, where drivers accept them too. */
function maskPassword(text: string): string {
  if (!URL.canParse(text)) return '(secret)'
  const url = new URL(text)
  if (url.password !== '') url.password = '***'
  for (const name of new Set(url.searchParams.keys())) {
    if (/pass|secret|key/i.test(name)) url.searchParams.set(name, '***')
  }
  return url.href
}
