// Waiting for clients: where the operator wants it, a key that is about to sign is put off while a client that is known to
// fetch the keys has not fetched this one.

import type { Seconds } from '../model/time.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { ClientVerbs } from '../store/verbs/clients.ts'
import type { KeySightingVerbs } from '../store/verbs/key-sightings.ts'
import type { SigningKeyVerbs } from '../store/verbs/signing-keys.ts'
import { listClientSights } from './key-sightings.ts'

export interface PatienceParts {
  readonly store: SigningKeyVerbs & KeySightingVerbs & Pick<ClientVerbs, 'listClients'>
  readonly clock: Clock
  readonly log: Log
}

export interface Patience {
  /** How long a key waits at most beyond its time; 0: not at all. */
  readonly longest: Seconds
  readonly publishAhead: Seconds
  readonly seenByAllNodes: Seconds
}

/** How long before a key begins to sign it is decided whether to put that off. */
const SHORTLY: Seconds = 300
const PUT_OFF_BY: Seconds = 3_600

export async function waitForClients(
  { store, clock, log }: PatienceParts,
  { longest, publishAhead, seenByAllNodes }: Patience,
): Promise<void> {
  if (longest === 0) return
  const now = clock.now()
  const soon = (await store.listSigningKeys()).filter(
    ({ activeAt }) => activeAt > now + seenByAllNodes && activeAt <= now + SHORTLY,
  )
  if (soon.length === 0) return
  const clients = await listClientSights(store, soon, seenByAllNodes)
  for (const key of soon) {
    const { keyId, algorithm, createdAt, activeAt } = key
    const late = clients.filter(({ missing }) => missing.includes(keyId))
    const to = Math.min(activeAt + PUT_OFF_BY, createdAt + publishAhead + longest)
    const names = late
      .map(({ clientId, clientName }) => `${clientName} (${clientId})`)
      .join(', ')
      .slice(0, 500)
    if (late.length > 0 && to <= activeAt)
      log.warn('clients have not fetched a key that signs now; see: npx lingpai key list', {
        algorithm,
        keyId,
        clients: names,
      })
    if (late.length === 0 || to <= activeAt) continue
    const detail = { keyId, algorithm, activeAt: to, clients: names }
    const moved = await store.moveSigningKey(key, { to, now: now + seenByAllNodes }, [], {
      type: 'key_moved',
      at: now,
      detail,
    })
    if (moved)
      log.warn('a signing key waits for clients that have not fetched it; see: npx lingpai key list', {
        algorithm,
        keyId,
        clients: names,
      })
  }
}
