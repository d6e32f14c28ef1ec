// Signing keys in use: making them, signing JWTs with them on the hot path, and recognising JWTs that we have signed.

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { sha256 } from '../../credentials/digest.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import type { Replacement } from '../../credentials/replaced-master-key.ts'
import { reseal, type SealedPlace, seal, unseal } from '../../credentials/sealing.ts'
import type { SigningAlgorithm } from '../../model/client/client.ts'
import type { SigningKey } from '../../model/signing-key.ts'
import type { Seconds } from '../../model/time.ts'
import { ALGORITHM_FACTS, signBytes, verifyBytes } from './algorithms.ts'
import type { PlannedKey } from './rotation.ts'

/** `JWT`: ID token. RFC 9068 §2.1: access token. OpenID Back-Channel Logout §2.4: logout token. RFC 9701 §5. */
export type JwtType = 'JWT' | 'at+jwt' | 'logout+jwt' | 'token-introspection+jwt'

export interface Signer {
  readonly keyId: string
  readonly algorithm: SigningAlgorithm
  /** The compact JWS. Synchronous: a thread's round trip costs as much as an ES256 signature. */
  signJwt(type: JwtType, payload: object): string
  /** The lifetime of the longest-lived token that the key has signed since it was opened. */
  longestLifetime(): Seconds
}

export type OwnJwt =
  | { readonly genuine: true; readonly keyId: string; readonly payload: Readonly<Record<string, unknown>> }
  | { readonly genuine: false; readonly reason: string }

/** Longer than any JWT of ours: a longer one is refused unread. */
const LONGEST_JWT = 16_384

/** Key generation runs on the thread pool. The private key never leaves this function unsealed. */
export async function createSigningKey(
  { algorithm, turn, activeAt }: Pick<PlannedKey, 'algorithm' | 'turn' | 'activeAt'>,
  now: Seconds,
  master: MasterKey,
): Promise<SigningKey> {
  const pair = await ALGORITHM_FACTS[algorithm].generate()
  const jwk = pair.publicKey.export({ format: 'jwk' })
  const keyId = thumbprint(jwk)
  const pkcs8 = pair.privateKey.export({ format: 'der', type: 'pkcs8' })
  return {
    keyId,
    algorithm,
    turn,
    publicJwk: JSON.stringify({ ...jwk, kid: keyId, alg: algorithm, use: 'sig' }),
    sealedPrivateKey: seal(master, pkcs8, placeOf(keyId)),
    createdAt: now,
    activeAt,
    retiredAt: null,
    revokedAt: null,
    tokenLifetime: 0,
  }
}

/** The sealed private key under the next master key; null: it is already. */
export function resealSigningKey(
  keys: Replacement,
  { keyId, sealedPrivateKey }: Pick<SigningKey, 'keyId' | 'sealedPrivateKey'>,
): Uint8Array | null {
  return reseal(sealedPrivateKey, placeOf(keyId), keys)
}

/** Opens the private key once; keep the signer as long as the key signs. */
export function openSigningKey(record: SigningKey, master: MasterKey): Signer {
  const pkcs8 = Buffer.from(unseal(master, record.sealedPrivateKey, placeOf(record.keyId)))
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  pkcs8.fill(0)
  const headers: Readonly<Record<JwtType, string>> = {
    JWT: encodeHeader(record, 'JWT'),
    'at+jwt': encodeHeader(record, 'at+jwt'),
    'logout+jwt': encodeHeader(record, 'logout+jwt'),
    'token-introspection+jwt': encodeHeader(record, 'token-introspection+jwt'),
  }
  let longest = 0
  return {
    keyId: record.keyId,
    algorithm: record.algorithm,
    longestLifetime: () => longest,
    signJwt(type, payload) {
      longest = Math.max(longest, lifetimeOf(payload))
      const signed = `${headers[type]}.${Buffer.from(JSON.stringify(payload), 'utf8').toString('base64url')}`
      return `${signed}.${signBytes(record.algorithm, Buffer.from(signed, 'latin1'), privateKey).toString('base64url')}`
    },
  }
}

/**
 * Whether we have signed this token, as `type`, with one of `keys`. Expiry is not checked: an `id_token_hint` may be
 * old (OpenID Connect Core §3.1.2.1). The key decides the algorithm, never the token (RFC 8725 §3.1).
 */
export function verifyOwnJwt(
  token: string,
  keys: readonly SigningKey[],
  options: { readonly type?: JwtType } = {},
): OwnJwt {
  if (token.length > LONGEST_JWT) return foreign('longer than any token of ours')
  const parts = token.split('.', 4)
  const [head, body, tail] = parts
  if (parts.length !== 3 || head === undefined || body === undefined || tail === undefined) return foreign('not a JWT')
  const header = decodeObject(head)
  const signature = decodeBytes(tail)
  if (header === null || signature === null) return foreign('not a JWT')
  const key = keys.find((each) => each.keyId === header['kid'])
  if (key === undefined) return foreign('not signed with a key of ours')
  if (header['alg'] !== key.algorithm) return foreign('another algorithm than its key')
  if (header['typ'] !== (options.type ?? 'JWT')) return foreign('another type of token')
  // RFC 7515 §4.1.11: we never write `crit`, so no token of ours has it.
  if ('crit' in header) return foreign('a critical header of unknown meaning')
  if (signature.length !== ALGORITHM_FACTS[key.algorithm].signatureBytes) {
    return foreign('a signature of the wrong length')
  }
  const signed = Buffer.from(token.slice(0, head.length + 1 + body.length), 'latin1')
  if (!verifyBytes(key.algorithm, signed, publicKeyOf(key), signature)) {
    return foreign('a signature that does not match')
  }
  const payload = decodeObject(body)
  return payload === null ? foreign('no JSON object inside') : { genuine: true, keyId: key.keyId, payload }
}

function lifetimeOf(payload: object): Seconds {
  if (!('exp' in payload && 'iat' in payload)) return 0
  const { exp, iat } = payload
  return typeof exp === 'number' && typeof iat === 'number' ? exp - iat : 0
}

type ThumbprintMembers = { readonly [Member in 'kty' | 'crv' | 'x' | 'y' | 'n' | 'e']?: string | undefined }

/** RFC 7638 §3.2 and RFC 8037 §2: the required members in lexicographic order, nothing else. */
export function thumbprint({ kty, crv, x, y, n, e }: ThumbprintMembers): string {
  const members = kty === 'EC' ? { crv, kty, x, y } : kty === 'OKP' ? { crv, kty, x } : { e, kty, n }
  return Buffer.from(sha256(JSON.stringify(members))).toString('base64url')
}

function placeOf(keyId: string): SealedPlace {
  return { table: 'signing_key', column: 'sealed_private_key', row: keyId }
}

function encodeHeader(record: SigningKey, type: JwtType): string {
  return Buffer.from(JSON.stringify({ alg: record.algorithm, typ: type, kid: record.keyId })).toString('base64url')
}

const publicKeys = new WeakMap<SigningKey, KeyObject>()

function publicKeyOf(record: SigningKey): KeyObject {
  const known = publicKeys.get(record)
  if (known !== undefined) return known
  const opened = createPublicKey({ key: JSON.parse(record.publicJwk), format: 'jwk' })
  publicKeys.set(record, opened)
  return opened
}

function foreign(reason: string): OwnJwt {
  return { genuine: false, reason }
}

/** Canonical base64url only: Node would skip foreign letters and ignore leftover bits. */
function decodeBytes(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : null
}

function decodeObject(text: string): Readonly<Record<string, unknown>> | null {
  const bytes = decodeBytes(text)
  if (bytes === null) return null
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}
