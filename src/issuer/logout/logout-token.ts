// Logout tokens: signed anew for every attempt, short-lived, and of a type that nothing else accepts. OpenID Connect
// Back-Channel Logout §2.4.

import type { SessionIdentifiers } from '../../credentials/session-identifier.ts'
import type { Subjects } from '../../credentials/subject.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import type { LogoutDelivery } from '../../model/logout-delivery.ts'
import type { Seconds } from '../../model/time.ts'
import { newId } from '../../platform/random.ts'
import type { ClientEncryption } from '../keys/client-encryption.ts'
import type { KeyRing } from '../keys/ring.ts'
import type { ResponseSigners } from '../tokens/response-signer.ts'

export interface LogoutTokenParts {
  readonly issuer: string
  readonly keys: KeyRing
  readonly signers: ResponseSigners
  readonly encryption: ClientEncryption
  readonly subjects: Subjects
  readonly sessionIdentifiers: SessionIdentifiers
}

/** §2.4: at most two minutes. */
const LIFETIME: Seconds = 120

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} }

/** Signed and encrypted like the ID tokens of this client (§2.4), except for `none`, which §2.6 forbids. */
export async function logoutToken(
  parts: LogoutTokenParts,
  record: ClientRecord,
  delivery: Pick<LogoutDelivery, 'userId' | 'sessionId'>,
  now: Seconds,
): Promise<string> {
  const { id_token_encrypted_response_alg: alg, id_token_encrypted_response_enc: enc } = record.client
  const signed = signLogoutToken(parts, record, delivery, now)
  return alg === null ? signed : parts.encryption.encrypt(record, { alg, enc }, signed, true)
}

/**
 * Without `sid` it is about all sessions of the person. It never has a nonce, so that it cannot pass for an ID token.
 */
function signLogoutToken(
  { issuer, keys, signers, subjects, sessionIdentifiers }: LogoutTokenParts,
  record: ClientRecord,
  { userId, sessionId }: Pick<LogoutDelivery, 'userId' | 'sessionId'>,
  now: Seconds,
): string {
  const { client } = record
  const registered = client.id_token_signed_response_alg
  const algorithm = registered === 'none' ? (keys.algorithms[0] ?? 'RS256') : registered
  const claims = {
    iss: issuer,
    sub: subjects.of(userId, client),
    aud: client.client_id,
    iat: now,
    exp: now + LIFETIME,
    jti: newId('lt'),
    events: EVENTS,
    ...(sessionId !== null && { sid: sessionIdentifiers.of(sessionId, client.client_id) }),
  }
  return signers.signerFor(record, algorithm).sign(claims, 'logout+jwt')
}
