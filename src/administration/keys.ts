// Operations on signing keys: what there is, handing over to a new one, and taking back. What follows what is the
// issuer's business and comes in as functions.

import type { SigningAlgorithm } from '../model/client/client.ts'
import type { SecurityEvent } from '../model/event.ts'
import type { KeyEnding, SigningKey } from '../model/signing-key.ts'
import type { Seconds } from '../model/time.ts'
import type { Clock } from '../platform/clock.ts'
import type { SigningKeyVerbs } from '../store/verbs/signing-keys.ts'
import { AdministrationError } from './errors.ts'

export type KeyState = 'waiting' | 'signing' | 'retired' | 'revoked'

export interface ListedKey {
  readonly keyId: string
  readonly algorithm: SigningAlgorithm
  readonly state: KeyState
  readonly createdAt: Seconds
  readonly activeAt: Seconds
  readonly retiredAt: Seconds | null
  readonly revokedAt: Seconds | null
}

export interface KeyParts {
  readonly store: SigningKeyVerbs
  readonly clock: Clock
}

/** What the issuer decides about its keys, handed over because administration does not import the issuer. */
export interface KeyPolicy {
  /** What the server signs with. */
  readonly algorithms: readonly SigningAlgorithm[]
  /** Time after which all nodes know of a change. */
  readonly seenByAllNodes: Seconds
  readonly signing: (keys: readonly SigningKey[], algorithm: SigningAlgorithm, now: Seconds) => SigningKey | null
  readonly waiting: (keys: readonly SigningKey[], algorithm: SigningAlgorithm, now: Seconds) => SigningKey | null
  /** Plans and makes the key that follows; an urgent one is published no longer than all nodes need to know it. */
  readonly make: (
    keys: readonly SigningKey[],
    algorithm: SigningAlgorithm,
    now: Seconds,
    options: { readonly urgent: boolean },
  ) => Promise<{ readonly key: SigningKey; readonly endings: readonly KeyEnding[] }>
}

/** Oldest first. */
export async function listKeys({ store, clock }: KeyParts): Promise<readonly ListedKey[]> {
  const now = clock.now()
  return (await store.listSigningKeys()).map((key) => listed(key, now))
}

export interface RotationRequest {
  /** Default: all that the server signs with. */
  readonly algorithms?: readonly SigningAlgorithm[]
  /** The present key is not to be used any more, even though verifiers have not seen the new one yet. */
  readonly atOnce?: boolean
}

export interface Rotation {
  /** New ones, and those that were waiting and are brought forward. */
  readonly keys: readonly ListedKey[]
  /** Algorithms for which a key waits already; nothing was changed. */
  readonly waiting: readonly ListedKey[]
}

/** A running server takes the new keys up by itself. */
export async function rotateKeys(
  parts: KeyParts,
  { algorithms, atOnce = false }: RotationRequest,
  policy: KeyPolicy,
): Promise<Rotation> {
  const { store, clock } = parts
  const keys: ListedKey[] = []
  const waiting: ListedKey[] = []
  for (const algorithm of algorithms ?? policy.algorithms) {
    const now = clock.now()
    const present = await store.listSigningKeys()
    const next = policy.waiting(present, algorithm, now)
    if (next !== null && !atOnce) waiting.push(listed(next, now))
    else keys.push(listed(await succeed(parts, policy, { present, algorithm, now, atOnce, ending: null }), now))
  }
  const [first] = waiting
  if (keys.length === 0 && first !== undefined) {
    throw new AdministrationError(
      'key_waits',
      `The next ${waiting.map(({ algorithm }) => algorithm).join(' and ')} key waits already.`,
      `Bring it forward with "npx lingpai key rotate --at-once", put it off with "npx lingpai key postpone ${first.keyId} --by 1d", or take it back with "npx lingpai key undo ${first.keyId}".`,
    )
  }
  return { keys, waiting }
}

interface Succession {
  readonly present: readonly SigningKey[]
  readonly algorithm: SigningAlgorithm
  readonly now: Seconds
  readonly atOnce: boolean
  /** What is to end, beyond the usual handover, together with it. */
  readonly ending: ((at: Seconds) => KeyEnding) | null
}

/** The key that waits, brought forward: verifiers may know it. Else a new one. */
async function succeed(
  { store }: KeyParts,
  policy: KeyPolicy,
  { present, algorithm, now, atOnce, ending }: Succession,
): Promise<SigningKey> {
  const next = policy.waiting(present, algorithm, now)
  if (next !== null) {
    const to = Math.min(next.activeAt, now + policy.seenByAllNodes)
    const event = keyEvent('key_moved', next, now, { activeAt: to, atOnce })
    const moved = await store.moveSigningKey(next, { to, now }, ending === null ? [] : [ending(to)], event)
    if (!moved) throw changedMeanwhile()
    return { ...next, activeAt: to }
  }
  const { key, endings } = await policy.make(present, algorithm, now, { urgent: atOnce })
  const event = keyEvent('key_added', key, now, { activeAt: key.activeAt, atOnce })
  const all = ending === null ? endings : [...endings, ending(key.activeAt)]
  if (!(await store.addSigningKey(key, all, event))) throw changedMeanwhile()
  return key
}

/** Puts off the first signature of a key that waits. */
export async function postponeKey(parts: KeyParts, keyId: string, by: Seconds, policy: KeyPolicy): Promise<ListedKey> {
  const { store, clock } = parts
  const now = clock.now()
  const key = await waitingKeyNamed(parts, keyId, now, policy)
  const to = key.activeAt + by
  const latest = now + policy.seenByAllNodes
  if (!(await store.moveSigningKey(key, { to, now: latest }, [], keyEvent('key_moved', key, now, { activeAt: to })))) {
    throw changedMeanwhile()
  }
  return listed({ ...key, activeAt: to }, now)
}

/** Takes a key back that has not signed yet; the one before it goes on. */
export async function undoKey(parts: KeyParts, keyId: string, policy: KeyPolicy): Promise<void> {
  const { store, clock } = parts
  const now = clock.now()
  const key = await waitingKeyNamed(parts, keyId, now, policy)
  if (!(await store.undoSigningKey(key, now + policy.seenByAllNodes, keyEvent('key_undone', key, now)))) {
    throw changedMeanwhile()
  }
}

export interface EndedKey {
  readonly ended: ListedKey
  /** The key that signs afterwards; null when none is needed. */
  readonly successor: ListedKey | null
}

/**
 * Ends a key: retired, it signs no more, and what it signed stays good until it expires; revoked, nothing that it signed
 * is recognised any more. All nodes change at one instant, a few seconds ahead.
 */
export async function endKey(
  parts: KeyParts,
  keyId: string,
  { revoke }: { readonly revoke: boolean },
  policy: KeyPolicy,
): Promise<EndedKey> {
  const { store, clock } = parts
  const now = clock.now()
  const present = await store.listSigningKeys()
  const key = keyNamed(present, keyId)
  if (key.activeAt > now) {
    throw new AdministrationError(
      'key_unused',
      `The key ${keyId} has not signed anything yet.`,
      `Take it back: npx lingpai key undo ${keyId}`,
    )
  }
  const isOver = key.retiredAt !== null && key.retiredAt <= now
  if (isOver && !revoke) return { ended: listed(key, now), successor: null }
  const ending = (at: Seconds): KeyEnding => ({ keyId, retiredAt: at, ...(revoke && { revokedAt: at }) })
  const { algorithm } = key
  const isNeeded = policy.algorithms.includes(algorithm) && policy.signing(present, algorithm, now)?.keyId === keyId
  const successor = isNeeded
    ? await succeed(parts, policy, { present, algorithm, now, atOnce: true, ending })
    : await store.endSigningKeys([ending(isOver ? now : now + policy.seenByAllNodes)], now).then(() => null)
  const after = keyNamed(await store.listSigningKeys(), keyId)
  return { ended: listed(after, now), successor: successor && listed(successor, now) }
}

function keyNamed(keys: readonly SigningKey[], keyId: string): SigningKey {
  const key = keys.find((each) => each.keyId === keyId)
  if (key !== undefined) return key
  throw new AdministrationError(
    'key_not_found',
    `There is no signing key ${keyId}.`,
    'See what there is: npx lingpai key list',
  )
}

async function waitingKeyNamed(
  { store }: KeyParts,
  keyId: string,
  now: Seconds,
  { seenByAllNodes }: KeyPolicy,
): Promise<SigningKey> {
  const key = keyNamed(await store.listSigningKeys(), keyId)
  if (key.activeAt > now + seenByAllNodes) return key
  const state = key.activeAt > now ? 'signs in a few seconds' : 'has signed already'
  throw new AdministrationError(
    'key_in_use',
    `The key ${keyId} ${state}; nothing was changed.`,
    'Hand over to another: "npx lingpai key rotate --at-once". Give up one that others may know: "npx lingpai key revoke"',
  )
}

function changedMeanwhile(): AdministrationError {
  return new AdministrationError(
    'key_changed',
    'Somebody else has changed the signing keys at this moment; nothing was changed here.',
    'Look at "npx lingpai key list", then try again.',
  )
}

function keyEvent(
  type: SecurityEvent['type'],
  { keyId, algorithm }: SigningKey,
  at: Seconds,
  detail: SecurityEvent['detail'] = {},
): SecurityEvent {
  return { type, at, detail: { keyId, algorithm, ...detail } }
}

function listed(key: SigningKey, now: Seconds): ListedKey {
  const { keyId, algorithm, createdAt, activeAt, retiredAt, revokedAt } = key
  const over = retiredAt !== null && retiredAt <= now ? 'retired' : activeAt > now ? 'waiting' : 'signing'
  const state = revokedAt !== null && revokedAt <= now ? 'revoked' : over
  return { keyId, algorithm, state, createdAt, activeAt, retiredAt, revokedAt }
}
