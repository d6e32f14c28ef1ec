// The one-time link that opens the set-up. Only a hash of its secret is kept; a new link ends every older one, also one
// that somebody is working with.

import { sha256 } from '../../credentials/digest.ts'
import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import { newSecret } from '../../platform/random.ts'
import type { Addresses } from '../../protocol/addresses.ts'
import type { TicketVerbs } from '../../store/verbs/tickets.ts'

export const SET_UP_PURPOSE = 'set_up'
/** An unused link. */
const LINK_LIFETIME: Seconds = 24 * 3600
/** What it opens, from the press of its button on. */
export const WORK_LIFETIME: Seconds = 2 * 3600

export interface SetUpLink {
  readonly url: string
  readonly expiresAt: Seconds
}

export async function newSetUpLink(
  store: Pick<TicketVerbs, 'addTicket' | 'deleteTicketsOfPurpose'>,
  clock: Clock,
  addresses: Pick<Addresses, 'url'>,
): Promise<SetUpLink> {
  const secret = newSecret()
  const createdAt = clock.now()
  const expiresAt = createdAt + LINK_LIFETIME
  await store.deleteTicketsOfPurpose(SET_UP_PURPOSE)
  await store.addTicket(sha256(secret), { purpose: SET_UP_PURPOSE, detail: '', createdAt, expiresAt })
  return { url: `${addresses.url['set-up']}/${secret}`, expiresAt }
}
