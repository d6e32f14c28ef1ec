// A password as text: the one form in which it is hashed, what can never be a password, and what a new one must be
// like.

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

/** A new password is refused. `fault` is a stable name, for which pages choose their own words. */
export class PasswordRefused extends Error {
  readonly fault: PasswordFault
  constructor(fault: PasswordFault) {
    super(FAULT_TEXT[fault])
    this.name = 'PasswordRefused'
    this.fault = fault
  }
}

/**
 * The form that is hashed: RFC 8265 §4.2 (OpaqueString) maps every kind of space to the plain one and then applies NFC,
 * so that the same keys give the same password on every system. A fault when the text can be no password at all.
 */
export function preparePassword(typed: string): { readonly prepared: string } | { readonly fault: PasswordFault } {
  // A UTF-16 unit takes at least one byte, so the first comparison need not read the text.
  if (typed.length > LONGEST_PASSWORD || Buffer.byteLength(typed, 'utf8') > LONGEST_PASSWORD)
    return { fault: 'too_long' }
  // bcrypt ends or repeats at NUL, and UTF-8 encodes every lone surrogate in the same way: either would make different
  // passwords equal.
  if (typed.includes('\0') || !typed.isWellFormed()) return { fault: 'unusable_character' }
  return { prepared: typed.replace(/\p{Zs}/gu, ' ').normalize('NFC') }
}

/**
 * Why a new password is refused; null: it is good. For passwords that people and operators set, not for imported
 * hashes.
 */
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
