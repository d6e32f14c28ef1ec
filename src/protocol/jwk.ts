// Public keys of clients as they register or publish them: which are accepted, and which may verify a signature. RFC
// 7517. Nothing here imports a key; that is done where one is used.

import { isUsablePoint } from './curve-point.ts'

/** The members of a key that are kept: never a private one, a certificate or an address. */
export interface PublicJwk {
  readonly kty: 'RSA' | 'EC' | 'OKP'
  readonly kid?: string
  readonly alg?: string
  readonly use?: string
  readonly key_ops?: readonly string[]
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
}

export interface PublicJwks {
  readonly keys: readonly PublicJwk[]
}

export const ASYMMETRIC_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'] as const
export type AsymmetricAlgorithm = (typeof ASYMMETRIC_ALGORITHMS)[number]

/** RFC 7518 §3.1 and RFC 8037 §3.1: the key that an algorithm takes. */
const KEY_OF: Readonly<Record<AsymmetricAlgorithm, Pick<PublicJwk, 'kty' | 'crv'>>> = {
  RS256: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
}

/** RFC 7518 §3.3 and §3.5. */
const LEAST_RSA_BITS = 2048
/** Verifying takes time with the square of the length, and strangers choose when to have it done. */
const MOST_RSA_BITS = 8192
const LONGEST_NAME = 256

/** Bytes of the coordinates of each curve. */
const CURVES: Readonly<Record<string, { readonly kty: 'EC' | 'OKP'; readonly bytes: number }>> = {
  'P-256': { kty: 'EC', bytes: 32 },
  'P-384': { kty: 'EC', bytes: 48 },
  'P-521': { kty: 'EC', bytes: 66 },
  Ed25519: { kty: 'OKP', bytes: 32 },
  X25519: { kty: 'OKP', bytes: 32 },
}

/** RFC 7518 §6.2.2, §6.3.2, §6.4.1: members that nobody but the key's owner may have. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

type ReadKey = { readonly key: PublicJwk } | { readonly problem: string }

/** The key; or what is wrong with it, as the end of a sentence: `is …`, `has …`. */
export function readPublicJwk(value: unknown): ReadKey {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'is no JWK' }
  const members = new Map<string, unknown>(Object.entries(value))
  if (PRIVATE_MEMBERS.some((name) => members.has(name))) {
    return { problem: 'is a private or symmetric key; give the public one only' }
  }
  const text = (name: string) => {
    const member = members.get(name)
    return typeof member === 'string' ? member : undefined
  }
  for (const name of ['kid', 'alg', 'use']) {
    if (members.has(name) && (text(name) ?? '').length > LONGEST_NAME)
      return { problem: `has a ${name} that is too long` }
    if (members.has(name) && !text(name)) return { problem: `has a ${name} that is no text` }
  }
  const operations = members.get('key_ops')
  if (operations !== undefined && !(Array.isArray(operations) && operations.length <= 10)) {
    return { problem: 'has a key_ops that is no list' }
  }
  const named = {
    ...pick(text, ['kid', 'alg', 'use'] as const),
    ...(Array.isArray(operations) && { key_ops: operations.filter((each) => typeof each === 'string') }),
  }
  const kty = text('kty')
  if (kty === 'RSA') {
    const problem = rsaProblem(text('n'), text('e'))
    return problem === null ? { key: { kty, ...named, ...pick(text, ['n', 'e'] as const) } } : { problem }
  }
  if (kty === 'EC' || kty === 'OKP') {
    const curve = CURVES[text('crv') ?? '']
    if (curve === undefined || curve.kty !== kty) return { problem: 'has a crv that is not known here' }
    const coordinates = kty === 'EC' ? (['x', 'y'] as const) : (['x'] as const)
    const point = coordinates.flatMap((name) => bytesOf(text(name)) ?? [])
    if (point.length < coordinates.length || point.some(({ length }) => length !== curve.bytes)) {
      return { problem: 'has a coordinate of the wrong length' }
    }
    // RFC 7518 §6.2.1, RFC 8725 §3.4: its first use would fail, or its signature could be anybody's.
    if (!isUsablePoint(text('crv') ?? '', point)) return { problem: 'is no point of its curve that a key may be' }
    return { key: { kty, ...named, ...pick(text, ['crv', ...coordinates]) } }
  }
  return { problem: kty === undefined ? 'has no kty' : 'has a kty that is none of RSA, EC and OKP' }
}

function pick<Name extends keyof PublicJwk>(
  text: (name: string) => string | undefined,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {}
  for (const name of names) {
    const value = text(name)
    if (value !== undefined) found[name] = value
  }
  return found
}

function rsaProblem(n: string | undefined, e: string | undefined): string | null {
  const modulus = bytesOf(n)
  const exponent = bytesOf(e)
  if (modulus === null || exponent === null) return 'has no n and e'
  const bits = bitsOf(modulus)
  if (bits < LEAST_RSA_BITS) return `is an RSA key of ${bits} bits; ${LEAST_RSA_BITS} are needed`
  if (((modulus.at(-1) ?? 0) & 1) === 0) return 'has an n that no RSA key has'
  if (bits > MOST_RSA_BITS) return `is an RSA key of ${bits} bits; at most ${MOST_RSA_BITS} are taken`
  // With an exponent of 1 every text is its own signature; a long exponent makes verifying slow.
  const size = bitsOf(exponent)
  const isOdd = ((exponent.at(-1) ?? 0) & 1) === 1
  return size < 2 || size > 32 || !isOdd ? 'has an e that no RSA key has' : null
}

function bitsOf(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first === -1 ? 0 : (bytes.length - first) * 8 - (Math.clz32(bytes[first] ?? 0) - 24)
}

/** Null unless it is base64url without padding, in its only correct spelling. */
function bytesOf(text: string | undefined): Uint8Array | null {
  if (text === undefined || text === '' || text.length > 2_048) return null
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : null
}

/** The list of keys in a JWK set; null: the value is no JWK set. */
export function keysOf(value: unknown): readonly unknown[] | null {
  if (typeof value !== 'object' || value === null || !('keys' in value)) return null
  return Array.isArray(value.keys) ? value.keys : null
}

/** RFC 9864 §2.2: a newer name for EdDSA with the only curve that we accept. Clients write either name. */
export function isSameAlgorithm(one: string, other: string): boolean {
  const nameOf = (algorithm: string) => (algorithm === 'Ed25519' ? 'EdDSA' : algorithm)
  return nameOf(one) === nameOf(other)
}

/** Whether this key may verify this algorithm. RFC 7517 §4.2 to §4.4. */
function mayVerify(key: PublicJwk, algorithm: AsymmetricAlgorithm): boolean {
  const { kty, crv } = KEY_OF[algorithm]
  return (
    key.kty === kty &&
    (crv === undefined || key.crv === crv) &&
    (key.alg === undefined || isSameAlgorithm(key.alg, algorithm)) &&
    (key.use === undefined || key.use === 'sig') &&
    (key.key_ops === undefined || key.key_ops.includes('verify'))
  )
}

/**
 * The keys with which a signature with this header may have been made. RFC 7515 §4.1.4: `kid` names one; without it any
 * key of the right kind may be meant.
 */
export function keysFor(
  keys: readonly PublicJwk[],
  algorithm: AsymmetricAlgorithm,
  kid: string | null,
): readonly PublicJwk[] {
  return keys.filter((key) => mayVerify(key, algorithm) && (kid === null || key.kid === kid))
}
