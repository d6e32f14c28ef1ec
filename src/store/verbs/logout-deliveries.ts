// Verbs about sign-outs of which clients are still to be told, and the steps for it that verbs put into the lists with
// which they end sessions.

import type { SecurityEvent } from '../../model/event.ts'
import type { LogoutDelivery, LogoutState, LogoutSummary } from '../../model/logout-delivery.ts'
import type { Seconds } from '../../model/time.ts'
import { newId } from '../../platform/random.ts'
import { type Driver, type Step, step } from '../database/driver.ts'
import * as sql from '../statements/logout-delivery.ts'
import { sessionPlaced } from '../statements/place.ts'
import { eventSteps } from './events.ts'

/** How an attempt ended. */
export interface LogoutResult {
  readonly state: LogoutState
  /** Null: the delivery succeeded. */
  readonly reason: string | null
  /** When a waiting delivery is tried next. */
  readonly dueAt: Seconds
  /** False: nothing was sent, so it does not count as an attempt. */
  readonly counts: boolean
  readonly events: readonly SecurityEvent[]
}

interface DeliveryFilter {
  readonly clientId?: string
  readonly userId?: string
}

export interface LogoutVerbs {
  /** Clients with waiting deliveries, and when the earliest of each is due. */
  findWaitingClients(): Promise<readonly { readonly clientId: string; readonly dueAt: Seconds }[]>
  /** Takes at most this many due deliveries of a client; each goes to exactly one caller, on whichever node. */
  takeDeliveries(clientId: string, now: Seconds, leasedUntil: Seconds, most: number): Promise<readonly LogoutDelivery[]>
  settleDelivery(delivery: LogoutDelivery, result: LogoutResult, now: Seconds): Promise<void>
  /**
   * Deliveries that still wait although their time is over: the client was not even tried, because other deliveries to
   * it have failed.
   */
  findOverdueDeliveries(now: Seconds, most: number): Promise<readonly LogoutDelivery[]>
  /** Resolves to how many deliveries will be tried again. */
  resendDeliveries(filter: DeliveryFilter, event: SecurityEvent): Promise<number>
  /** Newest first. */
  listDeliveries(
    filter: DeliveryFilter & { readonly state?: LogoutState },
    most: number,
  ): Promise<readonly (LogoutDelivery & { readonly username: string | null })[]>
  summarizeDeliveries(filter: DeliveryFilter): Promise<readonly LogoutSummary[]>
}

/** A client that cannot be reached for this long is given up. */
const LOGOUT_PATIENCE: Seconds = 3 * 86_400
const DELIVERED_KEPT: Seconds = 86_400
const ABANDONED_KEPT: Seconds = 30 * 86_400
/**
 * When the client that began the sign-out is told, its browser should be back there: some clients answer with an error
 * otherwise. Two seconds, and one more because a second that has begun counts as whole.
 */
const INITIATOR_WAITS: Seconds = 3

export function createLogoutVerbs(driver: Driver): LogoutVerbs {
  return {
    async findWaitingClients() {
      const rows = await driver.rows(sql.findWaitingClients, {})
      return rows.map(({ client_id, due_at }) => ({ clientId: client_id, dueAt: due_at }))
    },

    async takeDeliveries(clientId, now, leasedUntil, most) {
      const due = await driver.rows(sql.findDueDeliveries, { client_id: clientId, now, most })
      if (due.length === 0) return []
      const result = await driver.atomic(
        due.map(({ delivery_id, attempts }) =>
          step(sql.takeDelivery, { delivery_id, attempts, now, leased_until: leasedUntil }),
        ),
      )
      if (!result.held) return []
      const taken = due.filter((_, at) => (result.rows[at]?.length ?? 0) > 0)
      return taken.map((row) => ({ ...sql.toDelivery(row), attempts: row.attempts + 1, lastAttemptAt: now }))
    },

    async settleDelivery({ deliveryId, attempts }, { state, reason, dueAt, counts, events }, now) {
      const bind = {
        delivery_id: deliveryId,
        attempts,
        counted: counts ? attempts : attempts - 1,
        state,
        due_at: dueAt,
        last_reason: reason,
        expires_at: state === 'waiting' ? null : now + keptAs(state),
      }
      await driver.atomic([step(sql.settleDelivery, bind), ...eventSteps(events)])
    },

    async findOverdueDeliveries(now, most) {
      return (await driver.rows(sql.findOverdueDeliveries, { before: now, most })).map(sql.toDelivery)
    },

    async resendDeliveries({ clientId = null, userId = null }, event) {
      const bind = { client_id: clientId, user_id: userId, now: event.at, expires_at: event.at + LOGOUT_PATIENCE }
      const result = await driver.atomic([step(sql.resendDeliveries, bind), ...eventSteps([event])])
      return result.held ? (result.rows[0]?.length ?? 0) : 0
    },

    async listDeliveries({ clientId, userId, state }, most) {
      const bind = { client_id: clientId ?? null, user_id: userId ?? null, state: state ?? null, most }
      const rows = await driver.rows(sql.listDeliveries, bind)
      return rows.map((row) => ({ ...sql.toDelivery(row), username: row.username }))
    },

    async summarizeDeliveries({ clientId, userId }) {
      const rows = await driver.rows(sql.summarizeDeliveries, {
        client_id: clientId ?? null,
        user_id: userId ?? null,
      })
      return rows.map(({ client_id, waiting, delivered, abandoned, next_attempt_at }) => ({
        clientId: client_id,
        waiting,
        delivered,
        abandoned,
        nextAttemptAt: next_attempt_at,
      }))
    },
  }
}

function keptAs(state: LogoutState): Seconds {
  return state === 'delivered' ? DELIVERED_KEPT : ABANDONED_KEPT
}

function tellBind(now: Seconds, initiator: string | null) {
  return {
    batch: newId('lo'),
    initiator,
    now,
    initiator_due_at: now + INITIATOR_WAITS,
    expires_at: now + LOGOUT_PATIENCE,
  }
}

/** To go before the step that ends the session. */
export function tellOfSessionStep(sessionId: string, now: Seconds, initiator: string | null): Step {
  return step(sql.tellOfSession, { ...tellBind(now, initiator), ...sessionPlaced(sessionId) })
}

/**
 * To go before the steps that end the user's sessions and raise the generation. Used as a guard it holds if somebody is
 * told.
 */
export function tellOfUserStep(userId: string, now: Seconds, initiator: string | null = null, guard?: string): Step {
  return step(sql.tellOfUser, { ...tellBind(now, initiator), user_id: userId }, guard)
}

/** To go before the steps that end the user's other sessions. */
export function tellOfOtherSessionsStep(userId: string, kept: string, now: Seconds): Step {
  return step(sql.tellOfOtherSessions, { ...tellBind(now, null), user_id: userId, kept })
}
