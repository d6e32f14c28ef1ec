// Who signs what a client receives: a key of the server, the client's own secret, or nobody, where both the client and
// the operator want that. OpenID Connect Core §2, §10.1; OpenID Connect Registration §2.

import { unsealClientSecret } from '../../credentials/client-secret.ts'
import { hmacSha256 } from '../../credentials/digest.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import type { ClientRecord, ResponseAlgorithm } from '../../model/client/client.ts'
import { OAuthError } from '../../protocol/errors.ts'
import { leftHalfHash } from '../keys/algorithms.ts'
import type { KeyRing } from '../keys/ring.ts'
import type { JwtType } from '../keys/signing.ts'

export interface ResponseSigner {
  /** Returns a compact JWS; its type is that of an ID token unless another is named. */
  sign(payload: object, type?: JwtType): string
  /** For `at_hash` and `c_hash`; null: a token without a signature has neither. OpenID Connect Core §3.1.3.6. */
  readonly hashOf: ((token: string) => string) | null
}

export interface ResponseSigners {
  /** Throws `OAuthError` where this signature cannot be made. */
  signerFor(record: ClientRecord, algorithm: ResponseAlgorithm): ResponseSigner
  /** Throws as `signerFor` would, and signs nothing. */
  assertSigns(record: ClientRecord, algorithm: ResponseAlgorithm): void
}

export interface ResponseSignerParts {
  readonly keys: KeyRing
  readonly master: MasterKey
  /** Whether clients that are registered for it get tokens without a signature. */
  readonly unsigned: boolean
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value), 'utf8').toString('base64url')

export function createResponseSigners({ keys, master, unsigned }: ResponseSignerParts): ResponseSigners {
  return {
    assertSigns({ sealedSecret }, algorithm) {
      if (algorithm === 'HS256') return void assertKept(sealedSecret)
      if (algorithm !== 'none') return keys.assertSigns(algorithm)
      if (!unsigned) throw off('the option unsignedJwt is off')
    },
    signerFor({ client, sealedSecret }, algorithm) {
      if (algorithm === 'HS256') {
        const secret = Buffer.from(unsealClientSecret(master, client.client_id, assertKept(sealedSecret)), 'utf8')
        return {
          sign(payload, typ = 'JWT') {
            const signed = `${encoded({ alg: 'HS256', typ })}.${encoded(payload)}`
            return `${signed}.${Buffer.from(hmacSha256(secret, signed)).toString('base64url')}`
          },
          // RFC 7518 §3.2: HS256 uses SHA-256, as RS256 does.
          hashOf: (token) => leftHalfHash('RS256', token),
        }
      }
      if (algorithm === 'none') {
        if (!unsigned) throw off('the option unsignedJwt is off')
        return { sign: (payload, typ = 'JWT') => `${encoded({ alg: 'none', typ })}.${encoded(payload)}.`, hashOf: null }
      }
      const signer = keys.signer(algorithm)
      return {
        sign: (payload, type = 'JWT') => signer.signJwt(type, payload),
        hashOf: (token) => leftHalfHash(algorithm, token),
      }
    },
  }
}

function assertKept(sealedSecret: Uint8Array | null): Uint8Array {
  if (sealedSecret !== null) return sealedSecret
  throw off('its secret is not kept: make a new one')
}

function off(reason: string): OAuthError {
  return new OAuthError({
    error: 'unauthorized_client',
    description: 'The client is registered for a signature that this server does not make',
    rule: 'signing_algorithm_off',
    clause: 'OpenID Connect Registration §2',
    reason,
  })
}
