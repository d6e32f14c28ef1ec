// A password as text: the one form that is hashed, what can never be a password, and what a new one must offer.

import { commonPasswords } from './common-passwords.ts'

export const SHORTEST_PASSWORD = 8
/** Bytes of UTF-8. Longer ones are refused unread, so that nobody can make us normalise or hash megabytes. */
const LONGEST_PASSWORD = 1024

export type PasswordFault = 'too_short' | 'too_long' | 'unusable_character' | 'same_as_username' | 'too_common'

const FAULT_TEXT: Readonly<Record<PasswordFault, string>> = {
  too_short: `The password must have at least ${SHORTEST_PASSWORD} characters`,
  too_long: `The password must have at most ${LONGEST_PASSWORD} bytes`,
  unusable_character:
    'The password holds a NUL or half a character, which not every keyboard and system keeps as it is',
  same_as_username: 'The password must differ from the username',
  too_common: 'The password is among the first that anybody would try; choose another',
}

/** A new password that is refused. `fault` is stable; pages choose their own words by it. */
export class PasswordRefused extends Error {
  readonly fault: PasswordFault
  constructor(fault: PasswordFault) {
    super(FAULT_TEXT[fault])
    this.name = 'PasswordRefused'
    this.fault = fault
  }
}

/**
 * What is hashed: RFC 8265 §4.2 (OpaqueString) maps every kind of space to the plain one, then takes NFC, so that the
 * same keys give the same password on every system. A fault when the text can be no password at all.
 */
export function preparePassword(typed: string): { readonly prepared: string } | { readonly fault: PasswordFault } {
  // A UTF-16 unit is at least one byte: the first comparison needs no look at the text.
  if (typed.length > LONGEST_PASSWORD || Buffer.byteLength(typed, 'utf8') > LONGEST_PASSWORD)
    return { fault: 'too_long' }
  // bcrypt ends or repeats at NUL, and UTF-8 turns every lone surrogate into the same character: both would make
  // different passwords equal.
  if (typed.includes('\0') || !typed.isWellFormed()) return { fault: 'unusable_character' }
  return { prepared: typed.replace(/\p{Zs}/gu, ' ').normalize('NFC') }
}

/** Why a new password is refused; null: good. For passwords set by people and operators, not for imported hashes. */
export function findPasswordFault(typed: string, username: string): PasswordFault | null {
  const result = preparePassword(typed)
  if ('fault' in result) return result.fault
  if (Array.from(result.prepared).length < SHORTEST_PASSWORD) return 'too_short'
  const folded = fold(result.prepared)
  if (folded === fold(username)) return 'same_as_username'
  if (commonPasswords.has(folded) || new Set(folded).size < 3) return 'too_common'
  return null
}

function fold(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase()
}
