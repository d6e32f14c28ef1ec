// The signing keys of a running server: opened once and read again now and then, so that a key made by the command line
// or another node is published here before it signs anywhere.

import type { MasterKey } from '../../credentials/master-key.ts'
import type { SigningAlgorithm } from '../../model/client/client.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { SigningKey } from '../../model/signing-key.ts'
import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { OAuthError } from '../../protocol/errors.ts'
import type { SigningKeyVerbs } from '../../store/verbs/signing-keys.ts'
import {
  endOf,
  isRevoked,
  jwksDocument,
  nextChange,
  planRotation,
  publishedKeys,
  type RotationPolicy,
  SEEN_BY_ALL_NODES,
  signingKeyFor,
  waitingKey,
} from './rotation.ts'
import { createSigningKey, type OwnJwt, openSigningKey, type Signer, verifyOwnJwt } from './signing.ts'

export interface KeyRing {
  /** The algorithms that the server signs with, in order of preference. */
  readonly algorithms: readonly SigningAlgorithm[]
  /**
   * The key that signs now. Throws `OAuthError` for an algorithm that is not on, or whose first key must be published
   * for a while before it signs.
   */
  signer(algorithm: SigningAlgorithm): Signer
  /** Throws as `signer` would, and signs nothing. */
  assertSigns(algorithm: SigningAlgorithm): void
  /** The JWKS document as JSON text. RFC 7517 §5. */
  jwks(): string
  /** Whether a JWT is an ID token of ours; expiry is not looked at. */
  recognise(token: string): OwnJwt
  /** Reads the keys anew and creates what is missing or due. */
  refresh(): Promise<void>
}

export interface KeyRingParts {
  readonly store: SigningKeyVerbs
  readonly master: MasterKey
  readonly clock: Clock
  readonly log: Log
  readonly algorithms: readonly SigningAlgorithm[]
  /** How long a key signs before it is replaced; 0: until an operator asks. */
  readonly rotateEvery: Seconds
  readonly lifetimes: {
    readonly accessToken: Seconds
    readonly idToken: Seconds
    readonly jwksMaxAge: Seconds
    readonly keyPublishAhead: Seconds
  }
}

export async function openKeyRing(parts: KeyRingParts): Promise<KeyRing> {
  const { store, master, clock, log, algorithms, lifetimes, rotateEvery } = parts
  const longestTokenLifetime = Math.max(lifetimes.accessToken, lifetimes.idToken)
  const policy: RotationPolicy = {
    algorithms,
    keyLifetime: rotateEvery === 0 ? null : rotateEvery,
    publishAhead: lifetimes.keyPublishAhead,
    firstAhead: Math.max(lifetimes.jwksMaxAge, SEEN_BY_ALL_NODES),
  }
  let keys: readonly SigningKey[] = []
  let document = ''
  let changesAt: Seconds = 0
  const signers = new Map<string, Signer>()

  const publish = (now: Seconds) => {
    document = jwksDocument(publishedKeys(keys, now, longestTokenLifetime))
    changesAt = nextChange(keys, now, longestTokenLifetime)
  }

  /** A key must stay published as long as anything it has signed is valid, whatever the options say by then. */
  const noteLifetimes = async () => {
    for (const { keyId, tokenLifetime } of keys) {
      const longest = signers.get(keyId)?.longestLifetime() ?? 0
      if (longest > tokenLifetime) await store.noteTokenLifetime(keyId, longest)
    }
  }

  const refresh = async () => {
    await noteLifetimes()
    keys = await store.listSigningKeys()
    const now = clock.now()
    const planned = planRotation(keys, now, policy)
    for (const plan of planned) {
      const key = await createSigningKey(plan, now, master)
      const { keyId, algorithm, activeAt } = key
      // Another node was faster: its key is read below.
      if (!(await store.addSigningKey(key, plan.endings, keyEvent(key, now)))) continue
      log.info('signing key created', { algorithm, keyId, signsFrom: new Date(activeAt * 1000).toISOString() })
    }
    if (planned.length > 0) keys = await store.listSigningKeys()
    // Nothing that these keys signed is valid any more.
    const over = keys.filter((key) => now >= (endOf(key, longestTokenLifetime) ?? Number.POSITIVE_INFINITY))
    for (const { keyId } of over) await store.deleteSigningKey(keyId)
    keys = keys.filter((key) => !over.includes(key))
    publish(now)
  }
  await refresh()

  const current = (algorithm: SigningAlgorithm): SigningKey => {
    const now = clock.now()
    const record = signingKeyFor(keys, algorithm, now)
    if (record === null || !algorithms.includes(algorithm)) throw cannotSign(algorithm, keys, algorithms, now)
    return record
  }

  return {
    algorithms,
    assertSigns: (algorithm) => void current(algorithm),
    signer(algorithm) {
      const record = current(algorithm)
      const known = signers.get(record.keyId)
      if (known !== undefined) return known
      const opened = openSigningKey(record, master)
      signers.set(record.keyId, opened)
      return opened
    },
    jwks() {
      const now = clock.now()
      if (now >= changesAt) publish(now)
      return document
    },
    recognise(token) {
      const now = clock.now()
      return verifyOwnJwt(
        token,
        keys.filter((key) => !isRevoked(key, now)),
      )
    },
    refresh,
  }
}

function cannotSign(
  algorithm: SigningAlgorithm,
  keys: readonly SigningKey[],
  algorithms: readonly SigningAlgorithm[],
  now: Seconds,
): OAuthError {
  const clause = 'OpenID Connect Registration §2'
  if (!algorithms.includes(algorithm)) {
    return new OAuthError({
      error: 'unauthorized_client',
      description: 'The client is registered for a signature that this server does not make',
      rule: 'signing_algorithm_off',
      clause,
      reason: `${algorithm} is what the client's id_token_signed_response_alg or the resource's signingAlgorithm says; keys.algorithms has ${algorithms.join(', ')}`,
    })
  }
  const waiting = waitingKey(keys, algorithm, now)
  const seconds = waiting === null ? 1 : waiting.activeAt - now
  return new OAuthError({
    error: 'temporarily_unavailable',
    status: 503,
    headers: { 'retry-after': String(seconds) },
    description: 'The key that signs for this client is published and not in use yet',
    rule: 'signing_key_waiting',
    clause,
    reason: `the first ${algorithm} key signs in ${seconds} s, when everybody can know it`,
  })
}

export function keyEvent(key: SigningKey, at: Seconds): SecurityEvent {
  return { type: 'key_added', at, detail: { keyId: key.keyId, algorithm: key.algorithm, activeAt: key.activeAt } }
}
