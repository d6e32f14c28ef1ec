// Which clients have fetched the signing keys. They fetch them without saying who they are, so what is known is this: the
// address that fetched them has also had tokens as a client. Kept in memory, written now and then, outside any request.

import type { RequestRecord } from '../http/routing/router.ts'
import { type Client, isConfidential, type SigningAlgorithm } from '../model/client/client.ts'
import type { SigningKey } from '../model/signing-key.ts'
import type { Seconds } from '../model/time.ts'
import type { Clock } from '../platform/clock.ts'
import type { ClientVerbs } from '../store/verbs/clients.ts'
import type { KeySightingVerbs } from '../store/verbs/key-sightings.ts'

export interface KeySightingRecorder {
  /** Two comparisons and an entry in memory; never fails a request. */
  readonly record: (entry: RequestRecord) => void
  readonly flush: () => Promise<void>
}

export interface KeySightingParts {
  readonly store: KeySightingVerbs
  readonly clock: Clock
  /** Digest by which an address is stored, so that the address itself is not. */
  readonly digest: (address: string) => Uint8Array
  readonly path: { readonly jwks: string; readonly token: string }
}

/** Entries that may be pending. When there are more, as in a flood, the oldest are dropped. */
const MOST_PENDING = 1_000
/** An address is written again after this time. */
const WRITE_AGAIN: Seconds = 60
const MOST_REMEMBERED = 10_000
const KEPT: Seconds = 30 * 86_400
const STRANGERS_KEPT = 10_000
const PRUNE_EVERY: Seconds = 600
/** Rows written between two prunings, so that a flood is removed as fast as it is written. */
const PRUNE_AFTER = 1_000
const PRUNE_STEP = 2_000

interface Use {
  readonly clientId: string
  readonly address: string
  readonly at: Seconds
}

export function createKeySightings({ store, clock, digest, path }: KeySightingParts): KeySightingRecorder {
  const fetches = new Map<string, Seconds>()
  const uses = new Map<string, Use>()
  const written = new Map<string, Seconds>()
  let prunedAt = clock.now()
  let writtenSince = 0

  /** Those whose last writing is long enough ago; the others wait. */
  const due = <Value>(
    pending: Map<string, Value>,
    kind: string,
    now: Seconds,
  ): readonly (readonly [string, Value])[] => {
    const ready = [...pending].filter(([name]) => now - (written.get(`${kind} ${name}`) ?? 0) >= WRITE_AGAIN)
    for (const [name] of ready) {
      pending.delete(name)
      remember(written, `${kind} ${name}`, now, MOST_REMEMBERED)
    }
    return ready
  }

  return {
    record({ request, route, reply, outcome }) {
      if (route === undefined || reply.status !== 200) return
      const { address } = request.peer
      if (route.path === path.jwks) remember(fetches, address, clock.now(), MOST_PENDING)
      if (route.path !== path.token || outcome?.clientId === undefined) return
      // A public client runs on the devices of its users: their addresses say nothing, and are none of our business.
      if (reply.origins === undefined || reply.origins.length > 0) return
      const { clientId } = outcome
      remember(uses, `${clientId} ${address}`, { clientId, address, at: clock.now() }, MOST_PENDING)
    },
    async flush() {
      const now = clock.now()
      const fetched = due(fetches, 'fetch', now)
      const used = due(uses, 'use', now)
      await store.noteKeySightings({
        fetches: fetched.map(([address, at]) => ({ addressHash: digest(address), at })),
        addresses: used.map(([, { clientId, address, at }]) => ({ clientId, addressHash: digest(address), at })),
      })
      writtenSince += fetched.length
      if (now - prunedAt < PRUNE_EVERY && writtenSince < PRUNE_AFTER) return
      prunedAt = now
      writtenSince = 0
      await store.pruneKeySightings(now - KEPT, STRANGERS_KEPT, PRUNE_STEP)
    },
  }
}

/** Newest last; the oldest goes when there are too many. */
function remember<Value>(entries: Map<string, Value>, name: string, value: Value, most: number): void {
  entries.delete(name)
  const [oldest] = entries.keys()
  if (entries.size >= most && oldest !== undefined) entries.delete(oldest)
  entries.set(name, value)
}

/**
 * `fetched`: an address of the client has fetched the keys. `unseen`: it has had tokens, and nobody at its addresses has
 * fetched keys; it may not verify anything. `unused`: it has had no token for a month. `devices`: a public client, each of
 * whose users' devices fetches for itself.
 */
export type Sight = 'fetched' | 'unseen' | 'unused' | 'devices'

export interface ClientSight {
  readonly clientId: string
  readonly clientName: string
  readonly sight: Sight
  readonly fetchedAt: Seconds | null
  /** Keys that wait to sign for it and were published after its last fetch. */
  readonly missing: readonly string[]
}

/**
 * Whether the client has to verify this algorithm: for its ID tokens, user info or introspection. A resource server
 * counts for every algorithm, because it verifies tokens of other clients.
 */
function verifies(client: Client, algorithm: SigningAlgorithm): boolean {
  const { id_token_signed_response_alg: idToken, userinfo_signed_response_alg: userinfo } = client
  const introspects = client.introspection === 'all' && client.introspection_signed_response_alg === algorithm
  return idToken === algorithm || userinfo === algorithm || introspects || client.servesResources.length > 0
}

type SightStore = KeySightingVerbs & Pick<ClientVerbs, 'listClients'>

/** Of enabled clients. `publishedAfter`: how long after its creation all nodes publish a key. */
export async function listClientSights(
  store: SightStore,
  waiting: readonly Pick<SigningKey, 'keyId' | 'createdAt' | 'algorithm'>[],
  publishedAfter: Seconds,
): Promise<readonly ClientSight[]> {
  const sightings = new Map((await store.listKeySightings()).map((each) => [each.clientId, each]))
  return (await store.listClients())
    .filter(({ enabled }) => enabled)
    .map(({ client }) => {
      const seen = sightings.get(client.client_id)
      const fetchedAt = seen?.fetchedAt ?? null
      const ofServer = seen === undefined ? 'unused' : fetchedAt === null ? 'unseen' : 'fetched'
      const missed = waiting.filter(
        ({ algorithm, createdAt }) =>
          verifies(client, algorithm) && fetchedAt !== null && fetchedAt < createdAt + publishedAfter,
      )
      return {
        clientId: client.client_id,
        clientName: client.client_name,
        sight: isConfidential(client) ? ofServer : 'devices',
        fetchedAt,
        missing: missed.map(({ keyId }) => keyId),
      }
    })
}
