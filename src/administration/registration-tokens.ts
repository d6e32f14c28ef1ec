// Operations on initial access tokens (RFC 7591 §1.2): what an operator hands to somebody who may register clients. The
// token is told once, when it is made.

import { sha256 } from '../credentials/digest.ts'
import { type NarrowPolicy, parseNarrowPolicy } from '../model/client/registration-policy.ts'
import { text } from '../model/setting.ts'
import type { Seconds } from '../model/time.ts'
import type { Clock } from '../platform/clock.ts'
import { newId, newSecret } from '../platform/random.ts'
import type { InitialAccessToken, InitialAccessTokenVerbs } from '../store/verbs/initial-access-tokens.ts'
import { AdministrationError } from './errors.ts'

export interface RegistrationTokenParts {
  readonly store: InitialAccessTokenVerbs
  readonly clock: Clock
}

export interface NewRegistrationToken {
  /** For whom, to be found again in the list. */
  readonly note?: string
  /** Default a day. */
  readonly lifetime?: Seconds
  /** How many clients it registers. Default one; null: any number. */
  readonly uses?: number | null
  /** Narrower than the server's own policy; nothing can be wider. */
  readonly policy?: Readonly<Record<string, unknown>>
}

const A_DAY: Seconds = 86_400

export async function addRegistrationToken(
  { store, clock }: RegistrationTokenParts,
  { note, lifetime = A_DAY, uses = 1, policy = {} }: NewRegistrationToken,
): Promise<{ readonly token: string; readonly record: InitialAccessToken }> {
  const now = clock.now()
  const named = text(200).parse(note ?? null)
  if ('problem' in named) throw new AdministrationError('invalid_setting', `The note ${named.problem}`)
  const record: InitialAccessToken = {
    tokenId: newId('it'),
    note: named.value,
    policy: narrow(policy),
    usesLeft: uses,
    createdAt: now,
    expiresAt: now + lifetime,
  }
  const token = newSecret()
  const detail = { tokenId: record.tokenId, note: record.note }
  await store.addInitialAccessToken(sha256(token), record, { type: 'initial_access_token_added', at: now, detail })
  return { token, record }
}

function narrow(policy: Readonly<Record<string, unknown>>): NarrowPolicy {
  try {
    return parseNarrowPolicy(policy)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new AdministrationError('invalid_setting', `The policy is wrong: ${error.message}`, null, { cause: error })
  }
}

/** Those that are neither expired nor revoked, oldest first. */
export async function listRegistrationTokens({
  store,
  clock,
}: RegistrationTokenParts): Promise<readonly InitialAccessToken[]> {
  return await store.listInitialAccessTokens(clock.now())
}

/** Clients that it has registered stay. */
export async function revokeRegistrationToken(
  { store, clock }: RegistrationTokenParts,
  tokenId: string,
): Promise<void> {
  const event = { type: 'initial_access_token_revoked' as const, at: clock.now(), detail: { tokenId } }
  if (await store.revokeInitialAccessToken(tokenId, event)) return
  throw new AdministrationError(
    'registration_token_not_found',
    `There is no initial access token ${JSON.stringify(tokenId.slice(0, 100))}`,
  )
}
