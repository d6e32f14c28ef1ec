// Whether whoever sends a token has the key that it is bound to. RFC 9449 §4.3, §7.1.

import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify } from 'jose'

const ALGORITHMS = ['ES256', 'ES384', 'PS256', 'EdDSA', 'Ed25519']
const SECONDS = 60

/** Proofs of the last two minutes, each with the instant after which it may be forgotten. An API of several processes keeps them in a store that they share. */
const used = new Map<string, number>()

export interface ProvenRequest {
  readonly method: string
  /** Without query and fragment. */
  readonly url: string
  readonly token: string
}

/** The thumbprint of the key, which must be the token's `cnf.jkt`. Throws a `JOSEError` for a proof that is not good. */
export async function provenKey(proof: string, { method, url, token }: ProvenRequest): Promise<string> {
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
    typ: 'dpop+jwt',
    algorithms: ALGORITHMS,
    maxTokenAge: SECONDS,
    clockTolerance: 10,
    requiredClaims: ['jti', 'htm', 'htu', 'ath'],
  })
  const { jti, htm, htu, ath } = payload
  const hash = createHash('sha256').update(token).digest('base64url')
  if (htm !== method || htu !== url || ath !== hash) throw new errors.JWTInvalid('the proof is of another request')
  const key = await calculateJwkThumbprint(protectedHeader.jwk ?? {})
  const now = Date.now()
  for (const [each, until] of used) if (until < now) used.delete(each)
  if (used.has(`${key} ${jti}`)) throw new errors.JWTInvalid('the proof was used before')
  used.set(`${key} ${jti}`, now + 2 * SECONDS * 1_000)
  return key
}
