// Whether the credentials prove the client. A failure touches nothing: the same code or refresh token may be tried
// again with better credentials (Go's client does that).

import { digestClientSecret, sameBytes } from '../../credentials/digest.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import { type ClientRecord, isConfidential } from '../../model/client.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Evidence } from '../../protocol/evidence.ts'
import type { EventVerbs } from '../../store/events.ts'
import { invalidClient, type PresentedCredentials, twoMethods } from './credentials.ts'
import type { FailureLimit } from './failure-limit.ts'

/** Holding it proves that the client has authenticated as it is registered to (public ones: named themselves). */
export type AuthenticatedClient = Evidence<ClientRecord, 'client authenticated'>

export interface AuthenticationParts {
  readonly master: MasterKey
  readonly clock: Clock
  readonly limit: FailureLimit
  readonly store: EventVerbs
}

/** `found` is the record of the client that was named, as just read; null when there is none. */
export async function authenticateClient(
  { master, clock, limit, store }: AuthenticationParts,
  presented: PresentedCredentials,
  found: ClientRecord | null,
  address: string,
): Promise<AuthenticatedClient> {
  // As it is registered: one id has many form-encoded spellings. Ids that are made up share a counter.
  const clientId = found?.client.client_id ?? ''
  const now = clock.now()
  limit.assertOpen(clientId, address, now)
  const refusal = found === null ? UNKNOWN : refusalOf(master, presented, found)
  if (refusal === null) return found as AuthenticatedClient
  // A request without a secret is no guess: common clients probe like that.
  if (refusal.counts && limit.count(clientId, address, now)) {
    await store.appendEvents([
      { type: 'client_authentication_limited', at: now, ...(found && { clientId }), detail: { address } },
    ])
  }
  throw refusal.rule === 'two_authentication_methods' ? twoMethods() : invalidClient(refusal.rule, refusal.reason)
}

interface AuthenticationRefusal {
  readonly rule: string
  readonly reason: string
  readonly counts: boolean
}

const UNKNOWN: AuthenticationRefusal = { rule: 'client_unknown', reason: 'no client has this client_id', counts: true }

function refusalOf(
  master: MasterKey,
  presented: PresentedCredentials,
  { client, enabled, secretHash }: ClientRecord,
): AuthenticationRefusal | null {
  const refuse = (rule: string, reason: string, counts = true) => ({ rule, reason, counts })
  if (!enabled) return refuse('client_disabled', 'the client is disabled', false)
  const pairs = presented.pairs.filter(({ clientId }) => clientId === client.client_id)
  const withoutSecret = pairs.every(({ secret }) => secret === '')
  if (!isConfidential(client)) {
    // RFC 6749 §2.1: a public client has no secret; one that it sends is made up.
    return withoutSecret ? null : refuse('public_client_sent_secret', 'a public client sent a secret')
  }
  if (presented.method === 'none' || withoutSecret) {
    return refuse('client_secret_missing', 'the client is confidential, but sent no secret', false)
  }
  if (client.strictAuthMethod && presented.method !== client.token_endpoint_auth_method) {
    return refuse(
      'client_authentication_method',
      `strictAuthMethod: only ${client.token_endpoint_auth_method} is accepted`,
    )
  }
  const right = pairs.some(
    ({ secret }) => secretHash !== null && sameBytes(digestClientSecret(master, secret), secretHash),
  )
  if (!right) return refuse('client_secret_wrong', 'the client secret is wrong')
  if (presented.repeatedInBody && !client.bothWhenIdentical) {
    return refuse('two_authentication_methods', 'header and body at once', false)
  }
  return null
}

/** The secret methods that metadata lists, in the order of preference. RFC 8414 §2. */
export const CLIENT_AUTHENTICATION_METHODS = ['client_secret_basic', 'client_secret_post', 'none'] as const
