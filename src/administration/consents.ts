// Operations on what a person has agreed to: which consents there are, and withdrawing one.

import type { Consent } from '../model/consent.ts'
import type { User } from '../model/user.ts'
import type { Clock } from '../platform/clock.ts'
import { shellWord } from '../platform/shell-word.ts'
import type { ConsentVerbs } from '../store/verbs/consents.ts'
import type { UserVerbs } from '../store/verbs/users.ts'
import { AdministrationError } from './errors.ts'
import { getUser, type UserReference } from './users.ts'

export interface ConsentParts {
  readonly store: ConsentVerbs & UserVerbs
  readonly clock: Clock
}

export type ListedConsent = Omit<Consent, 'userId'>

/** The newest first. Throws `user_not_found`. */
export async function listConsents(
  store: ConsentParts['store'],
  who: UserReference,
): Promise<{ readonly user: User; readonly consents: readonly ListedConsent[] }> {
  const user = await getUser(store, who)
  return { user, consents: await store.listConsents(user.userId) }
}

/**
 * What the client was given ends at once, its refresh tokens too, and the person is asked again at the next sign-in.
 * Throws `user_not_found`, and `consent_not_found` when nothing is remembered, as for a client that asks nobody.
 */
export async function withdrawConsent(
  { store, clock }: ConsentParts,
  who: UserReference,
  clientId: string,
): Promise<{ readonly user: User }> {
  const user = await getUser(store, who)
  if (await withdrawConsentOf({ store, clock }, user.userId, clientId, 'operator')) return { user }
  const named = shellWord(user.username)
  throw new AdministrationError(
    'consent_not_found',
    `${user.username} has no remembered consent for a client ${JSON.stringify(clientId.slice(0, 200))}`,
    `What there is: "npx lingpai consent list --user ${named}". What a client has without being agreed to ends with: "npx lingpai session end --user ${named} --with-offline"`,
  )
}

/** The same by user id, for a person who withdraws consent on their own account page. False when no consent is stored. */
export function withdrawConsentOf(
  { store, clock }: { readonly store: ConsentVerbs; readonly clock: Clock },
  userId: string,
  clientId: string,
  by: 'operator' | 'person',
): Promise<boolean> {
  const event = { type: 'consent_withdrawn', at: clock.now(), userId, clientId, detail: { by } } as const
  return store.withdrawConsent(userId, clientId, event)
}
