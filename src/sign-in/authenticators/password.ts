// Signing in with user name and password: the same answer and time for an unknown user and a wrong password.

import { PasswordHashingBusy } from '../../credentials/hashing-queue.ts'
import type { PasswordHasher } from '../../credentials/password-hash.ts'
import { preparePassword } from '../../credentials/password-text.ts'
import { usernameKey } from '../../model/names/username.ts'
import type { Seconds } from '../../model/time.ts'
import type { UserWithPassword } from '../../model/user.ts'
import type { UserVerbs } from '../../store/verbs/users.ts'
import type { AttemptGate } from './limits.ts'

export type PasswordVerdict =
  | { readonly kind: 'signed_in'; readonly user: UserWithPassword }
  /** `crowded`: one of very many failures from its address. */
  | { readonly kind: 'wrong'; readonly crowded: boolean }
  /**
   * It can be nobody's password. It is neither looked at nor counted, because counting would be a free way to fill the
   * store.
   */
  | { readonly kind: 'unusable' }
  /** The password was right, so this person may be told that they are disabled. */
  | { readonly kind: 'disabled'; readonly user: UserWithPassword }
  | { readonly kind: 'wait'; readonly seconds: Seconds; readonly rule: string }
  | { readonly kind: 'busy' }

export interface PasswordParts {
  readonly store: UserVerbs
  readonly hasher: PasswordHasher
  readonly gate: AttemptGate
}

export interface PasswordAttempt {
  readonly username: string
  readonly password: string
  readonly address: string
  readonly visitHash: Uint8Array
  readonly device: string | null
}

export async function verifyPassword(
  parts: PasswordParts,
  { username, password, address, visitHash, device }: PasswordAttempt,
): Promise<PasswordVerdict> {
  const { store, hasher, gate } = parts
  if ('fault' in preparePassword(password)) return { kind: 'unusable' }
  const key = usernameKey(username)
  const user = await store.findUserByUsername(key)
  const attempt = { usernameKey: key, userId: user?.userId ?? null, address, visitHash, device }
  const admission = await gate.admit(attempt)
  if (!admission.admitted) return { kind: 'wait', seconds: admission.wait, rule: admission.rule }
  let matches = false
  let checked = false
  try {
    const verdict = await (user === null
      ? hasher.verifyAgainstNobody(password)
      : hasher.verify(password, user.passwordHash))
    checked = true
    matches = user !== null && verdict.matches
    if (matches && user?.passwordHash && verdict.upgrade) await upgrade(parts, user.userId, user.passwordHash, password)
  } catch (error) {
    if (!(error instanceof PasswordHashingBusy)) throw error
    return { kind: 'busy' }
  } finally {
    await admission.settle(matches ? 'succeeded' : checked ? 'failed' : 'unchecked')
  }
  if (!matches || user === null) return { kind: 'wrong', crowded: admission.crowded }
  return user.enabled ? { kind: 'signed_in', user } : { kind: 'disabled', user }
}

/** When too many passwords are waiting, the old hash stays until another sign-in: the person is let in all the same. */
async function upgrade({ store, hasher }: PasswordParts, userId: string, old: string, password: string): Promise<void> {
  try {
    await store.upgradePasswordHash(userId, old, await hasher.hash(password))
  } catch (error) {
    if (!(error instanceof PasswordHashingBusy)) throw error
  }
}
