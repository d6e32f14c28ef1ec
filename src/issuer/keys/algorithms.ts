// What each signing algorithm is made of: its kind of key, how node:crypto signs with it, and the hash that goes with
// it in `at_hash` and `c_hash`. RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2.

import { constants, generateKeyPair, hash, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { SigningAlgorithm } from '../../model/client.ts'

interface AlgorithmFacts {
  readonly generate: () => Promise<{ readonly publicKey: KeyObject; readonly privateKey: KeyObject }>
  /** What node:crypto hashes with before it signs; null: the algorithm hashes by itself. */
  readonly digest: 'sha256' | 'sha384' | null
  readonly signatureBytes: number
  /** Of `at_hash` and `c_hash`. */
  readonly tokenHash: 'sha256' | 'sha384' | 'sha512'
  readonly padding?: number
  readonly saltLength?: number
  readonly dsaEncoding?: 'ieee-p1363'
}

const generate = promisify(generateKeyPair)
/** RFC 7518 §3.3 and §3.5: 2048 bits or more. */
const RSA_BITS = 2048
const rsa = () => generate('rsa', { modulusLength: RSA_BITS, publicExponent: 0x10001 })

const RS256: AlgorithmFacts = {
  generate: rsa,
  digest: 'sha256',
  signatureBytes: RSA_BITS / 8,
  tokenHash: 'sha256',
}
/** OpenID Connect Core names no hash for it; that of its own signatures is what the OpenID working group advises. */
const EDDSA: AlgorithmFacts = {
  generate: () => generate('ed25519'),
  digest: null,
  signatureBytes: 64,
  tokenHash: 'sha512',
}

export const ALGORITHM_FACTS: Readonly<Record<SigningAlgorithm, AlgorithmFacts>> = {
  RS256,
  // RFC 7518 §3.5: the salt is as long as the hash.
  PS256: { ...RS256, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
  // RFC 7518 §3.4: r and s side by side, not DER.
  ES256: {
    generate: () => generate('ec', { namedCurve: 'P-256' }),
    digest: 'sha256',
    signatureBytes: 64,
    tokenHash: 'sha256',
    dsaEncoding: 'ieee-p1363',
  },
  ES384: {
    generate: () => generate('ec', { namedCurve: 'P-384' }),
    digest: 'sha384',
    signatureBytes: 96,
    tokenHash: 'sha384',
    dsaEncoding: 'ieee-p1363',
  },
  EdDSA: EDDSA,
  Ed25519: EDDSA,
}

/** What node:crypto takes beside the digest, to sign and to verify. */
export function keyInput<Key extends KeyObject>(algorithm: SigningAlgorithm, key: Key) {
  const { padding, saltLength, dsaEncoding } = ALGORITHM_FACTS[algorithm]
  return {
    key,
    ...(padding !== undefined && { padding }),
    ...(saltLength !== undefined && { saltLength }),
    ...(dsaEncoding !== undefined && { dsaEncoding }),
  }
}

/** For `at_hash` and `c_hash`: the left half of the hash that the signature uses. OpenID Connect Core §3.1.3.6. */
export function leftHalfHash(algorithm: SigningAlgorithm, token: string): string {
  const whole = hash(ALGORITHM_FACTS[algorithm].tokenHash, token, 'buffer')
  return whole.subarray(0, whole.length / 2).toString('base64url')
}
