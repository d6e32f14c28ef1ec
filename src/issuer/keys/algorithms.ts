// What each signing algorithm is made of: its kind of key, how node:crypto signs with it, and the hash that goes with
// it in `at_hash` and `c_hash`. RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2.

import { constants, generateKeyPair, hash, type KeyObject, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import type { SigningAlgorithm } from '../../model/client/client.ts'

interface AlgorithmFacts {
  readonly generate: () => Promise<{ readonly publicKey: KeyObject; readonly privateKey: KeyObject }>
  /** The hash that node:crypto applies before it signs; null: the algorithm hashes by itself. */
  readonly digest: 'sha256' | 'sha384' | null
  readonly signatureBytes: number
  /** For `at_hash` and `c_hash`. */
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
/**
 * OpenID Connect Core names no hash for EdDSA; the OpenID working group advises the one that its own signatures use.
 */
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

/**
 * The bytes of a JWS signature. When a key is passed inside an options object, Node 24 finds out what it is by throwing
 * and catching errors, which costs as much again as an ECDSA signature. So the key is passed alone wherever the
 * algorithm allows it.
 */
export function signBytes(algorithm: SigningAlgorithm, data: Uint8Array, key: KeyObject): Buffer {
  const { digest, signatureBytes, padding, saltLength, dsaEncoding } = ALGORITHM_FACTS[algorithm]
  if (padding !== undefined)
    return sign(digest, data, { key, padding, ...(saltLength !== undefined && { saltLength }) })
  const signature = sign(digest, data, key)
  return dsaEncoding === undefined ? signature : sideBySide(signature, signatureBytes)
}

/** Also false for DER, which OpenSSL would accept. */
export function verifyBytes(
  algorithm: SigningAlgorithm,
  data: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  const { digest, signatureBytes, padding, saltLength, dsaEncoding } = ALGORITHM_FACTS[algorithm]
  if (signature.length !== signatureBytes) return false
  const options = {
    key,
    ...(padding !== undefined && { padding }),
    ...(saltLength !== undefined && { saltLength }),
    ...(dsaEncoding !== undefined && { dsaEncoding }),
  }
  return verify(digest, data, options, signature)
}

/**
 * Converts DER (a sequence of two signed integers, each as short as possible) to RFC 7518 §3.4: both as long as the
 * order of the curve. The numbers of our curves are short enough for a length of one byte.
 */
function sideBySide(der: Buffer, size: number): Buffer {
  const signature = Buffer.allocUnsafe(size).fill(0)
  let at = 2
  for (const end of [size / 2, size]) {
    const length = der[at + 1] ?? 0
    const surplus = Math.max(0, length - size / 2)
    der.copy(signature, end - (length - surplus), at + 2 + surplus, at + 2 + length)
    at += 2 + length
  }
  return signature
}

/** For `at_hash` and `c_hash`: the left half of the hash that the signature uses. OpenID Connect Core §3.1.3.6. */
export function leftHalfHash(algorithm: SigningAlgorithm, token: string): string {
  const whole = hash(ALGORITHM_FACTS[algorithm].tokenHash, token, 'binary')
  return Buffer.from(whole.slice(0, whole.length / 2), 'binary').toString('base64url')
}
