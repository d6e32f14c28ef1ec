// A signing key: published ahead of use, in use, then kept until the last token it signed has expired.

import type { SigningAlgorithm } from './client.ts'
import type { Seconds } from './time.ts'

export interface SigningKey {
  readonly keyId: string
  readonly algorithm: SigningAlgorithm
  /** Public JWK as JSON text, with `kid`, `alg` and `use`. */
  readonly publicJwk: string
  /** Private key, PKCS #8 DER, sealed with the master key. */
  readonly sealedPrivateKey: Uint8Array
  readonly createdAt: Seconds
  /** Signs from here on. */
  readonly activeAt: Seconds
  /** Signs no longer from here on; null: open. */
  readonly retiredAt: Seconds | null
}
