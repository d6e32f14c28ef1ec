// The key that a client proves to have beside a request, and to which its tokens are bound then. RFC 9449.

import { sha256 } from '../../credentials/digest.ts'
import type { ProofNonces } from '../../credentials/proof-nonce.ts'
import type { HttpRequest } from '../../http/message.ts'
import type { Clock } from '../../platform/clock.ts'
import { proofRefusal, readProof } from '../../protocol/dpop.ts'
import type { AssertionVerbs } from '../../store/verbs/assertions.ts'
import { isSignedByKey } from '../keys/client-signature.ts'
import { thumbprint } from '../keys/signing.ts'

export interface ProofParts {
  readonly store: AssertionVerbs
  readonly clock: Clock
  readonly nonces: ProofNonces
}

export interface ProvenAt {
  /** The endpoint as it is published. */
  readonly url: string
  /** At a resource: the access token that came with the request. */
  readonly accessToken?: string
}

/**
 * The thumbprint (RFC 7638) of the key; null: no proof was sent. Throws `OAuthError` for a proof that is not good in
 * everything, and for one that was used before. The cheapest checks come first, and a proof is used up only when it is
 * good.
 */
export async function provenKey(
  { store, clock, nonces }: ProofParts,
  { method, headers }: Pick<HttpRequest, 'method' | 'headers'>,
  { url, accessToken }: ProvenAt,
): Promise<string | null> {
  const text = headers['dpop']
  if (text === undefined) return null
  const at = accessToken === undefined ? 'token' : 'resource'
  const tokenHash = accessToken === undefined ? null : Buffer.from(sha256(accessToken)).toString('base64url')
  const now = clock.now()
  const proof = readProof(text, { method, url, tokenHash, now, instantOfNonce: nonces.instantOf })
  const invalidProof = (rule: string, problem: string) => proofRefusal('invalid_dpop_proof', rule, problem, { at })
  if ('problem' in proof) {
    if (proof.needsNonce === undefined) throw invalidProof('dpop_proof_invalid', proof.problem)
    throw proofRefusal('use_dpop_nonce', 'dpop_nonce_needed', proof.problem, { at, nonce: nonces.givenAt(now) })
  }
  if (!isSignedByKey(text, proof.algorithm, proof.jwk)) {
    throw invalidProof('dpop_proof_invalid', 'is not signed with the key in it')
  }
  const key = thumbprint(proof.jwk)
  // RFC 9449 §11.1: a jti is good once for each key and address, whichever node it reaches.
  const hash = sha256(JSON.stringify(['dpop', key, url, proof.jti]))
  if (await store.consumeAssertion(hash, proof.expiresAt)) return key
  throw invalidProof('dpop_proof_replayed', 'was used before; make a new one for each request')
}
