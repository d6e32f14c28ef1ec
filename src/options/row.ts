// A row of the table of options, and the names that follow from its key: flag, variable and property.

import type { Kind } from '../model/setting.ts'

export type Place = 'flag' | 'environment' | 'file'

export interface Row<T> {
  readonly kind: Kind<T>
  readonly default: T
  readonly en: string
  readonly zh: string
  /** Words for the default, where its value would tell people little. */
  readonly defaultText?: string
  /** Where the option may be set: as a flag, a variable or in the file. Default: everywhere. */
  readonly places?: readonly Place[]
  /** Never shown, never repeated in an error; a URL keeps all but its password. */
  readonly secret?: 'whole' | 'password'
  /** A relative path begins at the YAML file that holds it, else at the working directory. */
  readonly isPath?: boolean
  /** Its value may stand in a file named by `…_FILE`, `--…-file` or `…File`. */
  readonly orFile?: boolean
}

const ALL_PLACES: readonly Place[] = ['flag', 'environment', 'file']

export function placesOf(row: Row<unknown>): readonly Place[] {
  return row.places ?? ALL_PLACES
}

/** `brand.productName` → `brandProductName`. */
export function nameOf(key: string): string {
  return key.replace(/\.([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** `brand.productName` → `--brand-product-name`. */
export function flagOf(key: string): string {
  return `--${wordsOf(key).join('-')}`
}

/** `brand.productName` → `LINGPAI_BRAND_PRODUCT_NAME`. */
export function variableOf(key: string): string {
  return `LINGPAI_${wordsOf(key).join('_').toUpperCase()}`
}

function wordsOf(key: string): readonly string[] {
  return key
    .replaceAll('.', ' ')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .split(' ')
}

/** A row whose values have the type of its default. */
export function row<const T>(facts: Row<T>): Row<T> {
  return facts
}
