// The policy of signing keys, pure: which key signs, which ones are published, which one to create next.

import type { SigningAlgorithm } from '../../model/client/client.ts'
import type { KeyEnding, SigningKey } from '../../model/signing-key.ts'
import type { Seconds } from '../../model/time.ts'

/** A verifier that keeps our JWKS for a day has the new key before it meets its first signature. */
export const PUBLISHED_BEFORE_USE: Seconds = 86_400
/** Nodes read the keys anew every few seconds: after this time every node publishes a key that one of them has made. */
export const SEEN_BY_ALL_NODES: Seconds = 15

/** A key to create, and the keys that hand over to it. */
export interface PlannedKey {
  readonly algorithm: SigningAlgorithm
  /** Its place among all keys of the algorithm: if two nodes plan the same key, one of them gets the place. */
  readonly turn: number
  readonly activeAt: Seconds
  /** What to set on the older keys when the new key is inserted. */
  readonly endings: readonly KeyEnding[]
}

export interface RotationPolicy {
  readonly algorithms: readonly SigningAlgorithm[]
  /** How long a key signs before it is replaced; null: until an operator asks. */
  readonly keyLifetime: Seconds | null
  /** How long a key is published before it signs, so that verifiers have it before its first signature. */
  readonly publishAhead?: Seconds
  /** The same for the first key of an algorithm, where a server that has other keys gets a new algorithm. */
  readonly firstAhead?: Seconds
}

/** The newest key that may sign now; null when there is none. */
export function signingKeyFor(
  keys: readonly SigningKey[],
  algorithm: SigningAlgorithm,
  now: Seconds,
): SigningKey | null {
  return keys.filter((key) => key.algorithm === algorithm && isActive(key, now)).reduce<SigningKey | null>(newer, null)
}

/** The next key to sign, published already; null when none waits. */
export function waitingKey(keys: readonly SigningKey[], algorithm: SigningAlgorithm, now: Seconds): SigningKey | null {
  return keys
    .filter((key) => key.algorithm === algorithm && !hasBegun(key, now))
    .filter((key) => key.retiredAt === null || key.retiredAt > key.activeAt)
    .reduce<SigningKey | null>((first, key) => (first !== null && first.activeAt <= key.activeAt ? first : key), null)
}

/** When the last token that this key signed has expired; null: it may still sign. */
export function endOf({ retiredAt, tokenLifetime }: SigningKey, longestTokenLifetime: Seconds): Seconds | null {
  return retiredAt === null ? null : retiredAt + Math.max(tokenLifetime, longestTokenLifetime)
}

/** Whether what it signed is still ours. */
export function isRevoked({ revokedAt }: SigningKey, now: Seconds): boolean {
  return revokedAt !== null && revokedAt <= now
}

/**
 * In the JWKS from creation on, and after retirement until the last token signed with it has expired.
 * OpenID Connect Core §10.1.1.
 */
export function publishedKeys(
  keys: readonly SigningKey[],
  now: Seconds,
  longestTokenLifetime: Seconds,
): readonly SigningKey[] {
  return keys
    .filter((key) => now < (endOf(key, longestTokenLifetime) ?? Number.POSITIVE_INFINITY) && !isRevoked(key, now))
    .sort((a, b) => a.createdAt - b.createdAt || (a.keyId < b.keyId ? -1 : 1))
}

/** The next instant at which the published set changes by itself. */
export function nextChange(keys: readonly SigningKey[], now: Seconds, longestTokenLifetime: Seconds): Seconds {
  const instants = keys.flatMap((key) => [endOf(key, longestTokenLifetime) ?? [], key.revokedAt ?? []].flat())
  return Math.min(...instants.filter((at) => at > now), Number.POSITIVE_INFINITY)
}

/** What is missing or due: at most one entry for each algorithm, none when nothing has to be done. */
export function planRotation(keys: readonly SigningKey[], now: Seconds, policy: RotationPolicy): readonly PlannedKey[] {
  return policy.algorithms.flatMap((algorithm) => {
    const current = signingKeyFor(keys, algorithm, now)
    if (current === null) return planFirst(keys, algorithm, now, policy)
    if (isSucceeded(keys, current, now)) return []
    const due = policy.keyLifetime === null ? null : current.activeAt + policy.keyLifetime
    const end = earlier(due, current.retiredAt)
    return end !== null && now >= end - (policy.publishAhead ?? PUBLISHED_BEFORE_USE)
      ? [planSuccessor(keys, algorithm, now, policy)]
      : []
  })
}

/**
 * There is no key that signs. If there are no keys at all, nobody has fetched any. Otherwise clients hold a set without
 * this one for as long as they may cache it; but no client is moved to it unasked, since a client uses a new algorithm
 * when its operator says so.
 */
function planFirst(
  keys: readonly SigningKey[],
  algorithm: SigningAlgorithm,
  now: Seconds,
  { firstAhead = 0 }: RotationPolicy,
): readonly PlannedKey[] {
  if (waitingKey(keys, algorithm, now) !== null) return []
  const isAdded = keys.length > 0 && keys.every((key) => key.algorithm !== algorithm)
  return [{ algorithm, turn: nextTurn(keys, algorithm), activeAt: isAdded ? now + firstAhead : now, endings: [] }]
}

/**
 * The key that follows the present one: after an operator's `key rotate`, or by age. It is published first and signs
 * later, unless nothing else can sign. In an emergency `publishAhead` may be short, but never so short that a node does
 * not know the key yet.
 */
export function planSuccessor(
  keys: readonly SigningKey[],
  algorithm: SigningAlgorithm,
  now: Seconds,
  options: { readonly publishAhead?: Seconds } = {},
): PlannedKey {
  const current = signingKeyFor(keys, algorithm, now)
  const later = now + Math.max(options.publishAhead ?? PUBLISHED_BEFORE_USE, SEEN_BY_ALL_NODES)
  // A gap without any key would be worse than a key that was published too late.
  const latest =
    current === null || isSucceeded(keys, current, now) ? later : Math.min(later, current.retiredAt ?? later)
  const activeAt = current === null ? now : latest
  const endings = keys
    .filter((key) => key.algorithm === algorithm && (key.retiredAt === null || key.retiredAt > activeAt))
    .map((key) => ({ keyId: key.keyId, retiredAt: Math.max(activeAt, key.createdAt) }))
  return { algorithm, turn: nextTurn(keys, algorithm), activeAt, endings }
}

const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'] as const

/** The JWKS document. Members are picked by name, so a private one cannot slip through. RFC 7517 §5. */
export function jwksDocument(keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map((key) => publicMembers(JSON.parse(key.publicJwk))) })
}

function publicMembers(jwk: unknown): Readonly<Record<string, unknown>> {
  if (typeof jwk !== 'object' || jwk === null) throw new TypeError('a signing key holds no JWK')
  const members = new Map<string, unknown>(Object.entries(jwk))
  return Object.fromEntries(PUBLIC_MEMBERS.filter((name) => members.has(name)).map((name) => [name, members.get(name)]))
}

function nextTurn(keys: readonly SigningKey[], algorithm: SigningAlgorithm): number {
  return keys.reduce((most, key) => (key.algorithm === algorithm ? Math.max(most, key.turn ?? 0) : most), 0) + 1
}

/**
 * A key that signs from its creation on has begun whatever the clock says: if the clock is set back, nothing else could
 * sign.
 */
function hasBegun({ activeAt, createdAt }: SigningKey, now: Seconds): boolean {
  return activeAt <= Math.max(now, createdAt)
}

function isActive(key: SigningKey, now: Seconds): boolean {
  return hasBegun(key, now) && (key.retiredAt === null || now < key.retiredAt)
}

/** Whether a younger key waits and takes over without a gap. */
function isSucceeded(keys: readonly SigningKey[], current: SigningKey, now: Seconds): boolean {
  return keys.some(
    (key) =>
      key.algorithm === current.algorithm &&
      key.activeAt > now &&
      (current.retiredAt === null || key.activeAt <= current.retiredAt) &&
      (key.retiredAt === null || key.retiredAt > key.activeAt),
  )
}

function newer(best: SigningKey | null, key: SigningKey): SigningKey {
  if (best === null || key.activeAt > best.activeAt) return key
  if (key.activeAt < best.activeAt) return best
  // Two nodes may have made a key each in the same second: every node must choose the same one.
  return key.createdAt > best.createdAt || (key.createdAt === best.createdAt && key.keyId < best.keyId) ? key : best
}

function earlier(a: Seconds | null, b: Seconds | null): Seconds | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}
