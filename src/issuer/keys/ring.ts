// The signing keys of a running server: opened once, asked again now and then, so that a key made by the command line
// or another node is published here before it signs anywhere.

import type { MasterKey } from '../../credentials/master-key.ts'
import type { SigningAlgorithm } from '../../model/client.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { SigningKey } from '../../model/signing-key.ts'
import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { ResourceVerbs } from '../../store/resources.ts'
import type { SigningKeyVerbs } from '../../store/signing-keys.ts'
import { jwksDocument, planRotation, publishedKeys, signingKeyFor } from './key-ring.ts'
import { createSigningKey, type OwnJwt, openSigningKey, type Signer, verifyOwnJwt } from './signing.ts'

export const SIGNING_ALGORITHMS: readonly SigningAlgorithm[] = ['ES256', 'RS256']

export interface KeyRing {
  /** The key that signs now. */
  signer(algorithm: SigningAlgorithm): Signer
  /** The JWKS document as JSON text. RFC 7517 §5. */
  jwks(): string
  /** Whether a JWT is an ID token of ours; expiry is not looked at. */
  recognise(token: string): OwnJwt
  /** Reads the keys anew and creates what is missing or due. */
  refresh(): Promise<void>
}

export interface KeyRingParts {
  readonly store: SigningKeyVerbs & Pick<ResourceVerbs, 'longestLifetimeOfResources'>
  readonly master: MasterKey
  readonly clock: Clock
  readonly log: Log
  readonly lifetimes: {
    readonly accessToken: Seconds
    readonly idToken: Seconds
    readonly keyPublishAhead: Seconds
  }
}

export async function openKeyRing({ store, master, clock, log, lifetimes }: KeyRingParts): Promise<KeyRing> {
  const publishAhead = lifetimes.keyPublishAhead
  let keys: readonly SigningKey[] = []
  let document = ''
  const signers = new Map<string, Signer>()

  const refresh = async () => {
    keys = await store.listSigningKeys()
    const now = clock.now()
    const ofResources = (await store.longestLifetimeOfResources()) ?? 0
    const longestTokenLifetime = Math.max(lifetimes.accessToken, lifetimes.idToken, ofResources)
    const planned = planRotation(keys, now, { algorithms: SIGNING_ALGORITHMS, keyLifetime: null, publishAhead })
    for (const { algorithm, activeAt, retire } of planned) {
      const key = await createSigningKey(algorithm, now, activeAt, master)
      await store.addSigningKey(key, retire, keyEvent(key, now))
      log.info('signing key created', { algorithm, keyId: key.keyId })
    }
    if (planned.length > 0) keys = await store.listSigningKeys()
    for (const key of keys) {
      // Nothing it signed is valid any more.
      if (key.retiredAt !== null && now >= key.retiredAt + longestTokenLifetime) await store.deleteSigningKey(key.keyId)
    }
    document = jwksDocument(publishedKeys(keys, now, longestTokenLifetime))
  }
  await refresh()

  return {
    signer(algorithm) {
      const record = signingKeyFor(keys, algorithm, clock.now())
      if (record === null) throw new Error(`no ${algorithm} key may sign now`)
      const known = signers.get(record.keyId)
      if (known !== undefined) return known
      const opened = openSigningKey(record, master)
      signers.set(record.keyId, opened)
      return opened
    },
    jwks: () => document,
    recognise: (token) => verifyOwnJwt(token, keys),
    refresh,
  }
}

export function keyEvent(key: SigningKey, at: Seconds): SecurityEvent {
  return { type: 'key_added', at, detail: { keyId: key.keyId, algorithm: key.algorithm, activeAt: key.activeAt } }
}
