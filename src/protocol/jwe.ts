// Encrypted JWTs: which algorithms are used, with which keys, and what the header of one that we receive may contain.
// RFC 7516, RFC 7518 §4 and §5. Nothing is encrypted or decrypted here.

import type { PublicJwk } from './jwk.ts'
import { decodeObject } from './jwt.ts'

/** RSA1_5 is not among them (RFC 8725 §3.2), nor is anything that derives keys from passwords. */
const ASYMMETRIC_KEY_ALGORITHMS = ['RSA-OAEP', 'RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'] as const
/** OpenID Connect Core §10.2: the key is derived from the client secret. */
export const SECRET_KEY_ALGORITHMS = ['A128KW', 'A256KW', 'dir'] as const
export const KEY_ALGORITHMS = [...ASYMMETRIC_KEY_ALGORITHMS, ...SECRET_KEY_ALGORITHMS] as const
export const CONTENT_ALGORITHMS = ['A128CBC-HS256', 'A256CBC-HS512', 'A128GCM', 'A256GCM'] as const

export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number]
export type ContentAlgorithm = (typeof CONTENT_ALGORITHMS)[number]

/** OpenID Connect Registration §2: the value of `enc` when only `alg` is registered. */
export const DEFAULT_CONTENT_ALGORITHM: ContentAlgorithm = 'A128CBC-HS256'

export function takesSecret(algorithm: string | null): algorithm is (typeof SECRET_KEY_ALGORITHMS)[number] {
  return SECRET_KEY_ALGORITHMS.some((each) => each === algorithm)
}

/** How many bytes of key an algorithm takes. RFC 7518 §4.4, §4.5, §5. */
export function keyBytes(algorithm: (typeof SECRET_KEY_ALGORITHMS)[number], enc: ContentAlgorithm): number {
  if (algorithm === 'A128KW') return 16
  if (algorithm === 'A256KW') return 32
  return { 'A128CBC-HS256': 32, 'A256CBC-HS512': 64, A128GCM: 16, A256GCM: 32 }[enc]
}

const ECDH_CURVES = ['P-256', 'P-384', 'P-521', 'X25519']

/** The keys of a client that may be used to encrypt for it; those that say so come first. RFC 7517 §4.2 to §4.4. */
export function encryptionKeysFor(keys: readonly PublicJwk[], algorithm: KeyAlgorithm): readonly PublicJwk[] {
  const isRsa = algorithm.startsWith('RSA-')
  const may = keys.filter(
    (key) =>
      (isRsa ? key.kty === 'RSA' : key.kty !== 'RSA' && ECDH_CURVES.includes(key.crv ?? '')) &&
      (key.use === undefined || key.use === 'enc') &&
      (key.alg === undefined || key.alg === algorithm) &&
      (key.key_ops === undefined ||
        key.key_ops.some((each) => ['encrypt', 'wrapKey', 'deriveKey', 'deriveBits'].includes(each))),
  )
  return [...may.filter(({ use }) => use === 'enc'), ...may.filter(({ use }) => use !== 'enc')]
}

export interface JweHeader {
  readonly alg: KeyAlgorithm
  readonly enc: ContentAlgorithm
  readonly kid: string | null
}

export function isJwe(text: string): boolean {
  return text.split('.', 6).length === 5
}

/**
 * Everything that is checked before a key is looked for. The problem is the end of a sentence that begins with what the
 * text is.
 */
export function readJweHeader(text: string): JweHeader | { readonly problem: string } {
  const [head = '', , iv, , tag] = text.split('.', 6)
  const header = decodeObject(head)
  if (header === null || !iv || !tag) return { problem: 'is no encrypted JWT' }
  const { alg, enc, kid } = header
  // RFC 7516 §4.1.3: nobody knows beforehand how large compressed content becomes. RFC 7516 §4.1.13: we understand no
  // critical header.
  if ('zip' in header || 'crit' in header) return { problem: 'is packed, or has something critical in its header' }
  const key = KEY_ALGORITHMS.find((each) => each === alg)
  const content = CONTENT_ALGORITHMS.find((each) => each === enc)
  if (key === undefined || content === undefined) return { problem: 'is encrypted in a way that is not known here' }
  return { alg: key, enc: content, kid: typeof kid === 'string' ? kid : null }
}
