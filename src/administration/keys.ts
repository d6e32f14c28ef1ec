// Operations on signing keys: what there is, and handing over to a new one. Making a key is the issuer's business and
// comes in as a function.

import type { SigningAlgorithm } from '../model/client.ts'
import type { SigningKey } from '../model/signing-key.ts'
import type { Seconds } from '../model/time.ts'
import type { Clock } from '../platform/clock.ts'
import type { SigningKeyVerbs } from '../store/signing-keys.ts'

export type KeyState = 'waiting' | 'signing' | 'retired'

export interface ListedKey {
  readonly keyId: string
  readonly algorithm: SigningAlgorithm
  readonly state: KeyState
  readonly createdAt: Seconds
  readonly activeAt: Seconds
  readonly retiredAt: Seconds | null
}

export interface KeyParts {
  readonly store: SigningKeyVerbs
  readonly clock: Clock
}

/** Oldest first. */
export async function listKeys({ store, clock }: KeyParts): Promise<readonly ListedKey[]> {
  const now = clock.now()
  return (await store.listSigningKeys()).map((key) => listed(key, now))
}

export interface Successor {
  readonly key: SigningKey
  /** The keys that hand over to it. */
  readonly retire: readonly { readonly keyId: string; readonly retiredAt: Seconds }[]
}

/** Plans and makes the key that follows: `planSuccessor` and `createSigningKey` of the issuer, joined by the caller. */
export type MakeSuccessor = (
  keys: readonly SigningKey[],
  algorithm: SigningAlgorithm,
  now: Seconds,
  options: { readonly atOnce: boolean },
) => Promise<Successor>

export interface RotationRequest {
  /** Default: all that there are keys for. */
  readonly algorithms?: readonly SigningAlgorithm[]
  /** The present key is not to be used any more, even though verifiers have not seen the new one yet. */
  readonly atOnce?: boolean
}

/** A running server takes the new keys up by itself. Resolves to the new keys. */
export async function rotateKeys(
  { store, clock }: KeyParts,
  { algorithms, atOnce = false }: RotationRequest,
  makeSuccessor: MakeSuccessor,
): Promise<readonly ListedKey[]> {
  const present = await store.listSigningKeys()
  const made: ListedKey[] = []
  for (const algorithm of algorithms ?? [...new Set(present.map((key) => key.algorithm))]) {
    const now = clock.now()
    const { key, retire } = await makeSuccessor(await store.listSigningKeys(), algorithm, now, { atOnce })
    const detail = { keyId: key.keyId, algorithm, activeAt: key.activeAt, atOnce }
    await store.addSigningKey(key, retire, { type: 'key_added', at: now, detail })
    made.push(listed(key, now))
  }
  return made
}

function listed({ keyId, algorithm, createdAt, activeAt, retiredAt }: SigningKey, now: Seconds): ListedKey {
  const over = retiredAt !== null && retiredAt <= now
  const state = over ? 'retired' : activeAt > now ? 'waiting' : 'signing'
  return { keyId, algorithm, state, createdAt, activeAt, retiredAt }
}
