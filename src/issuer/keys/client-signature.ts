// Whether a JWT is signed by a client: with a key of its own, whose public half it has registered or publishes, or with
// its secret. The caller has decided which algorithm is right. RFC 7515 §5.2.

import { createPublicKey, type KeyObject } from 'node:crypto'
import { hmacSha256, sameBytes } from '../../credentials/digest.ts'
import type { AsymmetricAlgorithm, PublicJwk } from '../../protocol/jwk.ts'
import { decodeBytes } from '../../protocol/jwt.ts'
import { verifyBytes } from './algorithms.ts'

/**
 * Not on a thread of the pool: the way there and back costs as much as the verification. Of critical headers the caller
 * has made sure that there are none.
 */
export function isSignedByKey(text: string, algorithm: AsymmetricAlgorithm, jwk: PublicJwk): boolean {
  const { signed, signature } = partsOf(text)
  if (signature === null) return false
  try {
    return verifyBytes(algorithm, Buffer.from(signed, 'latin1'), publicKeyOf(jwk), signature)
  } catch {
    return false
  }
}

function partsOf(text: string): { readonly signed: string; readonly signature: Uint8Array | null } {
  const dot = text.lastIndexOf('.')
  return { signed: text.slice(0, dot), signature: decodeBytes(text.slice(dot + 1)) }
}

/** Importing a key costs half as much as using it, so it is done once for as long as the client's record is kept. */
const opened = new WeakMap<PublicJwk, KeyObject>()

/** Throws if it is no valid key. */
function publicKeyOf(jwk: PublicJwk): KeyObject {
  const known = opened.get(jwk)
  if (known !== undefined) return known
  const { kty, crv, x, y, n, e } = jwk
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined)
  const made = createPublicKey({ key: Object.fromEntries(members), format: 'jwk' })
  opened.set(jwk, made)
  return made
}

/** HS256. RFC 7518 §3.2. */
export function isSignedBySecret(text: string, secret: string): boolean {
  const { signed, signature } = partsOf(text)
  return signature !== null && sameBytes(hmacSha256(Buffer.from(secret, 'utf8'), signed), signature)
}
