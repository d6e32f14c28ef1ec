// The link that opens the rehearsal's page: single use, ten minutes, only its hash is kept. Looking at it, by a person,
// a HEAD or a link preview, spends nothing; the first press of its button does.

import { sha256 } from '../../credentials/digest.ts'
import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import { isSecret, newSecret } from '../../platform/random.ts'
import type { Addresses } from '../../protocol/addresses.ts'
import type { TicketVerbs } from '../../store/verbs/tickets.ts'

const REHEARSAL_LINK_LIFETIME: Seconds = 600
/** Once opened: long enough to correct something on the command line and rehearse again. */
export const OPENED_LIFETIME: Seconds = 3_600

const PURPOSE = 'rehearsal'

/** For the command line to print. */
export async function newRehearsalLink(
  store: Pick<TicketVerbs, 'addTicket'>,
  clock: Clock,
  addresses: Addresses,
  clientId: string,
): Promise<string> {
  const secret = newSecret()
  const now = clock.now()
  await store.addTicket(sha256(secret), {
    purpose: PURPOSE,
    detail: clientId,
    createdAt: now,
    expiresAt: now + REHEARSAL_LINK_LIFETIME,
  })
  return `${addresses.url.rehearsal}/${secret}`
}

export interface RehearsalTicket {
  readonly hash: Uint8Array
  readonly clientId: string
  readonly state: 'unspent' | 'ours'
}

/** Null: unknown, expired, of another purpose, or opened in another browser. All are told the same. */
export async function findRehearsalTicket(
  store: Pick<TicketVerbs, 'findTicket'>,
  clock: Clock,
  secret: string,
  browserHash: Uint8Array,
): Promise<RehearsalTicket | null> {
  if (!isSecret(secret)) return null
  const hash = sha256(secret)
  const ticket = await store.findTicket(hash, clock.now())
  if (ticket === null || ticket.purpose !== PURPOSE) return null
  const { boundBrowserHash, detail: clientId } = ticket
  if (boundBrowserHash === null) return { hash, clientId, state: 'unspent' }
  return Buffer.compare(boundBrowserHash, browserHash) === 0 ? { hash, clientId, state: 'ours' } : null
}

/** True for exactly one browser, and for that one again: a button may be pressed twice. */
export async function spendRehearsalTicket(
  store: Pick<TicketVerbs, 'bindTicket'>,
  clock: Clock,
  { hash }: RehearsalTicket,
  browserHash: Uint8Array,
): Promise<boolean> {
  const now = clock.now()
  return store.bindTicket(hash, browserHash, now, now + OPENED_LIFETIME)
}
