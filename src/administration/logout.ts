// Operations on the ledger of sign-outs: what clients were told, are still to be told, or could not be told.

import type { LogoutDelivery, LogoutState, LogoutSummary } from '../model/logout-delivery.ts'
import type { Clock } from '../platform/clock.ts'
import type { ClientVerbs } from '../store/verbs/clients.ts'
import type { LogoutVerbs } from '../store/verbs/logout-deliveries.ts'
import type { UserVerbs } from '../store/verbs/users.ts'
import { getClient } from './clients.ts'
import { getUser } from './users.ts'

export interface LogoutParts {
  readonly store: LogoutVerbs & ClientVerbs & UserVerbs
  readonly clock: Clock
}

/** Absent: all of them. */
export interface LogoutFilter {
  readonly clientId?: string
  /** A user id or a user name. */
  readonly user?: string
}

export interface LogoutLedger {
  readonly clients: readonly LogoutSummary[]
  /** Newest first. */
  readonly deliveries: readonly (LogoutDelivery & { readonly username: string | null })[]
}

/**
 * Throws `user_not_found`, and `client_not_found` for one that never had to be told anything: one that was removed
 * meanwhile stays in the list.
 */
export async function listLogouts(
  { store }: LogoutParts,
  { state, most, ...filter }: LogoutFilter & { readonly state?: LogoutState; readonly most: number },
): Promise<LogoutLedger> {
  const found = await resolved(store, filter)
  const [clients, deliveries] = await Promise.all([
    store.summarizeDeliveries(found),
    store.listDeliveries({ ...found, ...(state !== undefined && { state }) }, most),
  ])
  if (clients.length === 0 && filter.clientId !== undefined) await getClient(store, filter.clientId)
  return { clients, deliveries }
}

/** Tries anew what has not arrived; a running server begins within seconds. Throws `client_not_found`, `user_not_found`. */
export async function resendLogouts({ store, clock }: LogoutParts, filter: LogoutFilter): Promise<number> {
  if (filter.clientId !== undefined) await getClient(store, filter.clientId)
  const found = await resolved(store, filter)
  return store.resendDeliveries(found, { type: 'logout_resent', at: clock.now(), ...found })
}

async function resolved(store: UserVerbs, { clientId, user }: LogoutFilter) {
  const userId = user === undefined ? undefined : (await getUser(store, user)).userId
  return { ...(clientId !== undefined && { clientId }), ...(userId !== undefined && { userId }) }
}
