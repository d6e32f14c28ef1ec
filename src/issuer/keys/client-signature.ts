// Whether a JWT is signed by a client: with a key of its own, whose public half it has registered or publishes, or with
// its secret. Which algorithm is right has been decided by whoever asks. RFC 7515 §5.2.

import { compactVerify, importJWK } from 'jose'
import { hmacSha256, sameBytes } from '../../credentials/digest.ts'
import type { AsymmetricAlgorithm, PublicJwk } from '../../protocol/jwk.ts'
import { decodeBytes } from '../../protocol/jwt.ts'

type Opened = Awaited<ReturnType<typeof importJWK>>
/** Opening a key costs as much as verifying with it; records and fetched sets keep theirs for as long as they are kept. */
const opened = new WeakMap<PublicJwk, Map<AsymmetricAlgorithm, Promise<Opened>>>()

export async function isSignedByKey(text: string, algorithm: AsymmetricAlgorithm, jwk: PublicJwk): Promise<boolean> {
  try {
    await compactVerify(text, await open(jwk, algorithm), { algorithms: [algorithm] })
    return true
  } catch {
    return false
  }
}

/** HS256. RFC 7518 §3.2. */
export function isSignedBySecret(text: string, secret: string): boolean {
  const dot = text.lastIndexOf('.')
  const signature = decodeBytes(text.slice(dot + 1))
  return signature !== null && sameBytes(hmacSha256(Buffer.from(secret, 'utf8'), text.slice(0, dot)), signature)
}

function open(jwk: PublicJwk, algorithm: AsymmetricAlgorithm): Promise<Opened> {
  const ofKey = opened.get(jwk) ?? new Map<AsymmetricAlgorithm, Promise<Opened>>()
  opened.set(jwk, ofKey)
  const known = ofKey.get(algorithm)
  if (known !== undefined) return known
  const { kty, crv, x, y, n, e } = jwk
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined)
  const made = importJWK(Object.fromEntries(members), algorithm)
  ofKey.set(algorithm, made)
  return made
}
