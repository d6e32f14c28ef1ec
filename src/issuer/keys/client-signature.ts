// Whether a JWT is signed by a client: with a key of its own, whose public half it has registered or publishes, or with
// its secret. The caller has decided which algorithm is right. RFC 7515 §5.2.

import { hmacSha256, sameBytes } from '../../credentials/digest.ts'
import type { AsymmetricAlgorithm, PublicJwk } from '../../protocol/jwk.ts'
import { decodeBytes } from '../../protocol/jwt.ts'
import { openClientKey } from './opened-key.ts'

export async function isSignedByKey(text: string, algorithm: AsymmetricAlgorithm, jwk: PublicJwk): Promise<boolean> {
  try {
    const { compactVerify } = await import('jose')
    await compactVerify(text, await openClientKey(jwk, algorithm), { algorithms: [algorithm] })
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
