// Which client_ids are ours, as far as the trace has to know: so that strangers share one budget, and no client of ours
// shares it with them.

import type { Seconds } from '../../model/time.ts'
import type { ClientVerbs } from '../../store/verbs/clients.ts'

export interface KnownClients {
  has(clientId: string): boolean
  learn(clientId: string): void
  /** Looks for claimed ids that are not known yet, a bounded number at a time. */
  lookUp(claims: readonly string[], now: Seconds): Promise<void>
}

const CLIENT_ID = /^[A-Za-z0-9._~-]{1,128}$/
const MOST_KNOWN = 100_000
/** Look-ups a flush; a flood of made-up ids must not become a flood of reads. */
const MOST_LOOK_UPS = 20
const LIST_EVERY: Seconds = 60

export function createKnownClients(store: Pick<ClientVerbs, 'findClient' | 'listClientIds'>): KnownClients {
  const known = new Set<string>()
  let listed = Number.NEGATIVE_INFINITY
  const learn = (clientId: string) => {
    if (known.size < MOST_KNOWN) known.add(clientId)
  }
  return {
    has: (clientId) => known.has(clientId),
    learn,
    async lookUp(claims, now) {
      const unknown = () => [...new Set(claims)].filter((claim) => !known.has(claim) && CLIENT_ID.test(claim))
      if (unknown().length > 0 && now - listed >= LIST_EVERY) {
        listed = now
        for (const clientId of await store.listClientIds(MOST_KNOWN)) learn(clientId)
      }
      // The newest first: a client that was made a moment ago, and is being tried out.
      for (const claim of unknown().slice(-MOST_LOOK_UPS)) {
        if ((await store.findClient(claim)) !== null) learn(claim)
      }
    },
  }
}
