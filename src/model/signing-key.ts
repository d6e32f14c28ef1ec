// A signing key: published ahead of use, in use, then kept until the last token it signed has expired.

import type { SigningAlgorithm } from './client/client.ts'
import type { Seconds } from './time.ts'

export interface SigningKey {
  readonly keyId: string
  readonly algorithm: SigningAlgorithm
  /** Its place among all keys of the algorithm, each of which is taken only once; null: a key of an older release. */
  readonly turn: number | null
  /** Public JWK as JSON text, with `kid`, `alg` and `use`. */
  readonly publicJwk: string
  /** Private key, PKCS #8 DER, sealed with the master key. */
  readonly sealedPrivateKey: Uint8Array
  readonly createdAt: Seconds
  /** The instant from which it signs. */
  readonly activeAt: Seconds
  /** The instant from which it no longer signs; null: none is set. */
  readonly retiredAt: Seconds | null
  /** From this instant on nothing that it signed is accepted, and the key is not published; null: not revoked. */
  readonly revokedAt: Seconds | null
  /** The lifetime of the longest-lived token that it has signed: it may exceed today's options. */
  readonly tokenLifetime: Seconds
}

/** When a key stops signing; with `revokedAt` also when what it signed is no longer good. */
export interface KeyEnding {
  readonly keyId: string
  readonly retiredAt: Seconds
  readonly revokedAt?: Seconds
}
