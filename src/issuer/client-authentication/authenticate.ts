// Whether the credentials prove the client. A failure touches nothing: the same code or refresh token may be tried
// again with better credentials (Go's client does that).

import type { ClientRecord } from '../../model/client/client.ts'
import { DOCUMENTS_REFUSED, type DocumentRules, documentIdRefusal } from '../../model/client/registration-policy.ts'
import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Evidence } from '../../protocol/evidence.ts'
import type { UnverifiedJwt } from '../../protocol/jwt.ts'
import type { AssertionVerbs } from '../../store/verbs/assertions.ts'
import type { EventVerbs } from '../../store/verbs/events.ts'
import { type Audience, algorithmOf, claimsRefusal, usedOnce } from './assertion.ts'
import { invalidClient, type PresentedCredentials, twoMethods } from './credentials.ts'
import type { FailureLimit } from './failure-limit.ts'
import { type AssertionMethod, type AuthenticationRefusal, type ClientAuthenticationMethod, refuse } from './method.ts'

/**
 * Whoever holds this value knows that the client has authenticated as it is registered to; a public client has only
 * named itself.
 */
export type AuthenticatedClient = Evidence<ClientRecord, 'client authenticated'>

export interface AuthenticationParts {
  readonly methods: readonly ClientAuthenticationMethod[]
  readonly audience: Audience
  readonly clock: Clock
  readonly limit: FailureLimit
  readonly documents: DocumentRules
  readonly store: EventVerbs & AssertionVerbs
}

/** `find` reads the named client, together with whatever else the endpoint needs, in one store call. */
export async function authenticateClient<Found extends { readonly client: ClientRecord }>(
  parts: AuthenticationParts,
  presented: PresentedCredentials,
  find: (clientId: string) => Promise<Found | null>,
  address: string,
): Promise<{ readonly client: AuthenticatedClient; readonly found: Found }> {
  const { clock, limit, store } = parts
  const found = await findNamed(presented, find)
  // The id as it is registered, since one id has many form-encoded spellings. All ids that we do not know share one
  // counter.
  const clientId = found?.client.client.client_id ?? ''
  const now = clock.now()
  limit.assertOpen(clientId, address)
  const refusal = found === null ? UNKNOWN : await refusalOf(parts, presented, found.client, now)
  if (found !== null && refusal === null) return { client: found.client as AuthenticatedClient, found }
  const { rule, reason, counts, description } = refusal ?? UNKNOWN
  // A request without a secret is no guess: common clients send one to find out what is asked of them. Nor is one in the
  // name of a public client, whose users share addresses: nobody among them may hold up the others.
  const isGuess = counts && found?.client.client.token_endpoint_auth_method !== 'none'
  if (isGuess && limit.count(clientId, address)) {
    await store.appendEvents([
      { type: 'client_authentication_limited', at: now, ...(found && { clientId }), detail: { address } },
    ])
  }
  throw rule === 'two_authentication_methods' ? twoMethods() : invalidClient(rule, reason, description)
}

const UNKNOWN: AuthenticationRefusal = { rule: 'client_unknown', reason: 'no client has this client_id', counts: true }

/** The raw reading of the header is tried first, then the form-decoded one where it names another client. */
async function findNamed<Found>(
  { pairs: [raw, decoded] }: PresentedCredentials,
  find: (clientId: string) => Promise<Found | null>,
): Promise<Found | null> {
  const found = await find(raw.clientId)
  if (found !== null || decoded === undefined || decoded.clientId === raw.clientId) return found
  return find(decoded.clientId)
}

async function refusalOf(
  parts: AuthenticationParts,
  presented: PresentedCredentials,
  record: ClientRecord,
  now: Seconds,
): Promise<AuthenticationRefusal | null> {
  const { client, enabled } = record
  if (!enabled) return refuse('client_disabled', 'the client is disabled', false)
  const refusal = documentIdRefusal(parts.documents, client.client_id)
  if (refusal !== null) {
    const reason = `the client_id ${refusal}`
    return { rule: 'client_document_unusable', reason, counts: false, description: DOCUMENTS_REFUSED }
  }
  const registered = client.token_endpoint_auth_method
  const method = parts.methods.find(({ name }) => name === registered)
  const other = (counts: boolean) =>
    refuse('client_authentication_method', `the client is registered for ${registered} and used another method`, counts)
  if (method === undefined) return other(false)
  if (presented.method !== 'assertion') {
    if (method.kind === 'plain') return method.prove(presented, record)
    const withoutSecret = presented.pairs.every(({ secret }) => secret === '')
    return withoutSecret ? refuse('assertion_missing', 'the client must send client_assertion', false) : other(true)
  }
  if (method.kind === 'plain') return other(false)
  return assertionRefusal(parts, method, presented.assertion, record, now)
}

/** The cheapest checks come first, and an assertion is used up only when it is good in everything else. */
async function assertionRefusal(
  { audience, store }: AuthenticationParts,
  method: AssertionMethod,
  assertion: UnverifiedJwt,
  record: ClientRecord,
  now: Seconds,
): Promise<AuthenticationRefusal | null> {
  const { client } = record
  const algorithm = algorithmOf(assertion, method, client)
  if (typeof algorithm !== 'string') return algorithm
  const refusal = claimsRefusal(assertion, client, audience, now) ?? (await method.verify(assertion, algorithm, record))
  if (refusal !== null) return refusal
  const { hash, expiresAt } = usedOnce(assertion, client)
  // RFC 7523 §3: a jti is good once, whichever node it reaches.
  return (await store.consumeAssertion(hash, expiresAt))
    ? null
    : refuse('assertion_replayed', 'an assertion with this jti was used before', false)
}
