// ID tokens that come back to us as hints: whether they are ours, and whom they are about. Expiry is not checked: a
// hint may be old (OpenID Connect Core §3.1.2.1).

import { unsealClientSecret } from '../../credentials/client-secret.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import { readJwt } from '../../protocol/jwt.ts'
import { isSignedBySecret } from '../keys/client-signature.ts'
import type { KeyRing } from '../keys/ring.ts'

export interface RecognitionParts {
  readonly issuer: string
  readonly keys: KeyRing
  readonly master: MasterKey
}

export interface RecognisedIdToken {
  readonly subject: string
  readonly clientId: string
  readonly sid: string | null
}

const LONGEST = 16_384

/** Null: it is not ours. `client` is who sends it, for tokens that are signed with a client's secret. */
export function recogniseIdToken(
  { issuer, keys, master }: RecognitionParts,
  token: string,
  client: ClientRecord | null,
): RecognisedIdToken | null {
  const signed = keys.recognise(token)
  const claims = signed.genuine ? signed.payload : bySecret(master, token, client)
  if (claims === null) return null
  const { iss, sub, aud, sid, exp } = claims
  // A JWT of ours without exp is no ID token, but for example an answer of user info.
  if (typeof exp !== 'number') return null
  // RFC 9068 §2.2: what has both is an access token of a resource that wants the type JWT; its resource must not use it
  // as a hint.
  if ('jti' in claims && 'client_id' in claims) return null
  if (iss !== issuer || typeof sub !== 'string' || typeof aud !== 'string') return null
  return { subject: sub, clientId: aud, sid: typeof sid === 'string' ? sid : null }
}

/** The secret proves only that the token is for this client. */
function bySecret(master: MasterKey, token: string, record: ClientRecord | null) {
  if (record?.client.id_token_signed_response_alg !== 'HS256' || record.sealedSecret === null) return null
  const jwt = readJwt(token, LONGEST)
  if ('problem' in jwt || jwt.header['alg'] !== 'HS256' || jwt.header['typ'] !== 'JWT' || 'crit' in jwt.header)
    return null
  const { client_id } = record.client
  const isOwn = isSignedBySecret(token, unsealClientSecret(master, client_id, record.sealedSecret))
  return isOwn && jwt.claims['aud'] === client_id ? jwt.claims : null
}
