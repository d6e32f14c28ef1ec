// A signing key: published ahead of use, in use, then kept until the last token it signed has expired.

import type { SigningAlgorithm } from './client.ts'
import type { Seconds } from './time.ts'

export interface SigningKey {
  readonly keyId: string
  readonly algorithm: SigningAlgorithm
  /** Its place among all keys of the algorithm, each of which is taken once; null: made before places were counted. */
  readonly turn: number | null
  /** Public JWK as JSON text, with `kid`, `alg` and `use`. */
  readonly publicJwk: string
  /** Private key, PKCS #8 DER, sealed with the master key. */
  readonly sealedPrivateKey: Uint8Array
  readonly createdAt: Seconds
  /** Signs from here on. */
  readonly activeAt: Seconds
  /** Signs no longer from here on; null: open. */
  readonly retiredAt: Seconds | null
  /** From here on nothing that it signed is recognised, and it is not published; null: not revoked. */
  readonly revokedAt: Seconds | null
  /** Of the longest-lived token that it has signed, where the options have been lowered since. */
  readonly tokenLifetime: Seconds
}

/** When a key stops to sign; with `revokedAt` also when what it signed stops to be good. */
export interface KeyEnding {
  readonly keyId: string
  readonly retiredAt: Seconds
  readonly revokedAt?: Seconds
}
