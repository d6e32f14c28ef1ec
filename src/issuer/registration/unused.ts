// Which registered clients are used, and the removal of those that are not. Noting a use costs a request nothing; an
// hour's uses are written at a time.

import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Store } from '../../store/store.ts'

export interface RegistrationUse {
  note(clientId: string): void
  flush(): Promise<void>
}

const COARSE: Seconds = 3_600
/** Bounds the memory: when it is full, noting starts afresh. */
const MOST_NOTED = 50_000
const MOST_AT_ONCE = 200

export function createRegistrationUse(store: Pick<Store, 'noteRegistrationUse'>, clock: Clock): RegistrationUse {
  const noted = new Map<string, Seconds>()
  const pending = new Set<string>()
  return {
    note(clientId) {
      const now = clock.now()
      if ((noted.get(clientId) ?? Number.NEGATIVE_INFINITY) > now - COARSE) return
      if (noted.size >= MOST_NOTED) noted.clear()
      noted.set(clientId, now)
      pending.add(clientId)
    },
    async flush() {
      while (pending.size > 0) {
        const some = [...pending].slice(0, MOST_AT_ONCE)
        await store.noteRegistrationUse(some, clock.now())
        for (const clientId of some) pending.delete(clientId)
      }
    },
  }
}

const STEP = 100

/** Clients that an operator has approved stay. */
export async function removeUnusedClients(
  store: Pick<Store, 'listUnusedRegistrations' | 'removeClient'>,
  clock: Clock,
  lifetime: Seconds,
): Promise<void> {
  const at = clock.now()
  let after = ''
  for (;;) {
    const unused = await store.listUnusedRegistrations(at - lifetime, after, STEP)
    for (const { client } of unused) {
      if (client.verified) continue
      const event = { type: 'client_removed' as const, at, clientId: client.client_id, detail: { by: 'disuse' } }
      await store.removeClient(client.client_id, event)
    }
    const last = unused.at(-1)
    if (last === undefined || unused.length < STEP) return
    after = last.client.client_id
  }
}
