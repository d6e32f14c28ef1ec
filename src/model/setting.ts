// Kinds of settings: how a value that an operator typed becomes a typed one, or what is wrong with it.

import { hiddenCharacter } from './names/hidden-characters.ts'

/** The value, or what is wrong with the text, as the end of a sentence that begins with the setting's name. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string }

export interface SettingProblem {
  readonly setting: string
  /** The end of a sentence that begins with the setting's name. */
  readonly problem: string
  /** The known name that is nearest to an unknown one. */
  readonly nearest?: string
}

export interface Kind<T> {
  /** For the reference page: `text`, `true or false`, `one of …`. */
  readonly describes: string
  parse(value: unknown): Parsed<T>
}

/** A value as a message may repeat it: short, and inert on the terminal that shows it. */
export function shown(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, 200))
    : typeof value === 'object'
      ? 'an object'
      : `a ${typeof value}`
}

const wrong = (problem: string) => ({ problem })

export const flag: Kind<boolean> = {
  describes: 'true or false',
  parse: (value) => (typeof value === 'boolean' ? { value } : wrong('must be true or false')),
}

export function wholeNumber(least: number, most: number): Kind<number> {
  const problem = `must be a whole number from ${least} to ${most}`
  return {
    describes: `whole number from ${least} to ${most}`,
    parse: (value) =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
        ? { value }
        : wrong(problem),
  }
}

export function text(longest: number): Kind<string | null> {
  return {
    describes: `text, at most ${longest} characters`,
    parse(value) {
      if (value === null) return { value }
      if (typeof value !== 'string') return wrong('must be text')
      const trimmed = value.trim()
      if (trimmed === '' || Array.from(trimmed).length > longest) return wrong(`must have 1 to ${longest} characters`)
      if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(trimmed)) return wrong('must not hold control characters')
      // On the consent page they would let a name read as another.
      const turns = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/.test(trimmed)
      if (turns) return wrong('must not hold characters that change the direction of writing')
      const hidden = hiddenCharacter(trimmed)
      return hidden === null ? { value: trimmed } : wrong(`must not hold invisible characters (${hidden})`)
    },
  }
}

export const webAddress: Kind<string | null> = {
  describes: 'an address that begins with https:// or http://',
  parse(value) {
    if (value === null) return { value }
    return typeof value === 'string' && isWebAddress(value)
      ? { value }
      : wrong('must be an address that begins with https:// or http://')
  },
}

function isWebAddress(text: string): boolean {
  // Anybody who may register sends 64 KiB: what is too long is not looked at.
  if (text.length > 2_048 || hiddenCharacter(text) !== null) return false
  const [, authority = ''] = /^https?:\/\/([^\s"<>\\\p{Cc}/?#]+)(?:[/?#][^\s"<>\\\p{Cc}]*)?$/u.exec(text) ?? []
  // `https://bank.example@evil.example` names evil.example.
  return authority !== '' && !authority.includes('@') && URL.canParse(text)
}

export function oneOf<const T extends string>(...values: readonly T[]): Kind<T> {
  const known: readonly string[] = values
  return {
    describes: `one of ${values.map((value) => (value === '' ? '""' : `\`${value}\``)).join(', ')}`,
    parse: (value) =>
      typeof value === 'string' && known.includes(value)
        ? { value: value as T }
        : wrong(`must be one of ${values.map((each) => (each === '' ? '""' : each)).join(', ')}`),
  }
}

export function listOf<const T extends string>(...values: readonly T[]): Kind<readonly T[]> {
  const known: readonly string[] = values
  return {
    describes: `a list of ${values.map((value) => `\`${value}\``).join(', ')}`,
    parse(value) {
      const list = typeof value === 'string' ? value.split(/[\s,]+/).filter((each) => each !== '') : value
      if (!Array.isArray(list)) return wrong(`must be a list of ${values.join(', ')}`)
      const stranger = list.find((each) => typeof each !== 'string' || !known.includes(each))
      if (stranger !== undefined) return wrong(`holds ${shown(stranger)}; known are ${values.join(', ')}`)
      return { value: [...new Set(list as T[])] }
    },
  }
}

/** A list of texts, checked one by one. */
export function listWhere(
  describes: string,
  most: number,
  problemOf: (text: string) => string | null,
): Kind<readonly string[]> {
  return {
    describes,
    parse(value) {
      const list = typeof value === 'string' ? [value] : value
      if (!Array.isArray(list) || !list.every((each) => typeof each === 'string'))
        return wrong('must be a list of texts')
      if (list.length > most) return wrong(`has more than ${most} entries`)
      for (const each of list) {
        const problem = problemOf(each)
        if (problem !== null) return wrong(`holds ${shown(each)}, which ${problem}`)
      }
      return { value: [...new Set(list)] }
    },
  }
}

export const scopeList: Kind<string> = {
  describes: 'scope names separated by blanks',
  parse(value) {
    if (typeof value !== 'string' || value.length > 2_000) return wrong('must be scope names separated by blanks')
    const words = value.split(/\s+/).filter((word) => word !== '')
    const bad = words.find((word) => !/^[\x21\x23-\x5B\x5D-\x7E]+$/.test(word))
    if (bad !== undefined) return wrong(`holds ${shown(bad)}, which is no scope name (RFC 6749 §3.3)`)
    return { value: [...new Set(words)].join(' ') }
  },
}

/** A setting that may be left out: JSON and the command line say `null`. */
export function orNothing<T>(kind: Kind<T>): Kind<T | null> {
  return {
    describes: kind.describes,
    parse: (value): Parsed<T | null> => (value === null ? { value } : kind.parse(value)),
  }
}
