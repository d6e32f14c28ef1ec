// A password that its owner chooses, whatever page they choose it on: what was typed, and the session that begins with
// it. Everything from before ends, as it does when an operator sets a password. docs/decisions/0062

import { PasswordHashingBusy } from '../../credentials/hashing-queue.ts'
import { newPasswordFault } from '../../credentials/new-password.ts'
import type { UserWithPassword } from '../../model/user.ts'
import type { PasswordError } from '../../pages/index.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import type { SignedIn } from '../../store/verbs/sessions.ts'
import type { SignInParts } from '../parts.ts'
import { type Entered, type Entering, enter } from './enter.ts'

export function newPasswordIn(form: Parameters): string {
  return form.get('new-password') ?? ''
}

/** Null: it can be taken. `former`: the password that it replaces, where it is at hand. */
export function newPasswordError(form: Parameters, username: string, former: string | null): PasswordError | null {
  const fault = newPasswordFault(newPasswordIn(form), form.get('new-password-again') ?? '', username, former)
  if (fault === null) return null
  return fault === 'differs' ? { field: 'again', fault } : { field: 'next', fault }
}

type NewPasswordEntering<Other extends SignedIn> = Omit<Entering<Other>, 'user' | 'sessionId' | 'begin'> & {
  /** As when it was made sure that they may choose one. */
  readonly user: UserWithPassword
}

/** Null: the user has changed meanwhile. `busy`: too many passwords are waiting. Either way nothing was written. */
export async function enterByNewPassword<Other extends SignedIn>(
  parts: SignInParts,
  { user: known, ...entering }: NewPasswordEntering<Other>,
  next: string,
): Promise<Entered<Other> | 'busy' | null> {
  const { store, hasher, clock } = parts
  const { passwordHash: _, passwordTemporary, ...user } = known
  const { userId, generation } = user
  try {
    const passwordHash = await hasher.hash(next)
    const detail = { address: entering.http.peer.address, first: passwordTemporary }
    const changed = { type: 'user_password_changed' as const, at: clock.now(), userId, detail }
    return await enter(parts, {
      ...entering,
      user: { ...user, generation: generation + 1, version: user.version + 1 },
      begin: (session, secretHash, started) =>
        store.changePassword({ userId, generation }, passwordHash, session, secretHash, [changed, started]),
    })
  } catch (error) {
    if (error instanceof PasswordHashingBusy) return 'busy'
    throw error
  }
}
