// What a person typed as a new password, twice.

import { findPasswordFault, type PasswordFault, preparePassword } from './password-text.ts'

export type NewPasswordFault = PasswordFault | 'missing' | 'unchanged' | 'differs'

/**
 * Null: it is good. `former`: the password that is to be replaced, where it is at hand. `differs`: the two are not the
 * same, so that nobody knows which one was meant.
 */
export function newPasswordFault(
  next: string,
  again: string,
  username: string,
  former: string | null,
): NewPasswordFault | null {
  if (next === '') return 'missing'
  const fault = findPasswordFault(next, username)
  if (fault !== null) return fault
  if (former !== null && isSame(next, former)) return 'unchanged'
  return isSame(next, again) ? null : 'differs'
}

/** As they are hashed: two ways to type one letter are one password. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [preparePassword(one), preparePassword(other)]
  return 'prepared' in a && 'prepared' in b && a.prepared === b.prepared
}
