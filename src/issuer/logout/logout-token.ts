// Logout tokens: signed anew for every attempt, short-lived, and of a type that nothing else accepts. OpenID Connect
// Back-Channel Logout §2.4.

import type { SessionIdentifiers } from '../../credentials/session-identifier.ts'
import type { Subjects } from '../../credentials/subject.ts'
import type { Client } from '../../model/client.ts'
import type { LogoutDelivery } from '../../model/logout-delivery.ts'
import type { Seconds } from '../../model/time.ts'
import { newId } from '../../platform/random.ts'
import type { KeyRing } from '../keys/ring.ts'

export interface LogoutTokenParts {
  readonly issuer: string
  readonly keys: KeyRing
  readonly subjects: Subjects
  readonly sessionIdentifiers: SessionIdentifiers
}

/** §2.4: at most two minutes. */
const LIFETIME: Seconds = 120

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} }

/** Without `sid` it means all sessions of the person. Never a nonce: it must not pass for an ID token. */
export function signLogoutToken(
  { issuer, keys, subjects, sessionIdentifiers }: LogoutTokenParts,
  client: Client,
  { userId, sessionId }: Pick<LogoutDelivery, 'userId' | 'sessionId'>,
  now: Seconds,
): string {
  return keys.signer(client.id_token_signed_response_alg).signJwt('logout+jwt', {
    iss: issuer,
    sub: subjects.of(userId, client),
    aud: client.client_id,
    iat: now,
    exp: now + LIFETIME,
    jti: newId('lt'),
    events: EVENTS,
    ...(sessionId !== null && { sid: sessionIdentifiers.of(sessionId, client.client_id) }),
  })
}
