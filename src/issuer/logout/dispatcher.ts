// Tells clients that sessions have ended: takes what is due from the ledger, signs a fresh logout token, sends it, and
// writes down the result. OpenID Connect Back-Channel Logout §2.5. If it is cut off at any point, the delivery is tried
// again later, here or on another node.

import { describeFailure } from '../../http/failures.ts'
import type { OutboundClient } from '../../http/outbound/client.ts'
import { onBehalfOf } from '../../http/outbound/on-behalf.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { LogoutDelivery } from '../../model/logout-delivery.ts'
import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import { createFailureSeries } from '../../platform/failure-series.ts'
import type { Log } from '../../platform/log.ts'
import { randomBytes } from '../../platform/random.ts'
import type { ClientVerbs } from '../../store/verbs/clients.ts'
import type { LogoutResult, LogoutVerbs } from '../../store/verbs/logout-deliveries.ts'
import { createLanes } from './lanes.ts'
import { type LogoutTokenParts, logoutToken } from './logout-token.ts'
import { retryAfter } from './schedule.ts'

export interface LogoutDispatcherParts extends LogoutTokenParts {
  readonly store: LogoutVerbs & Pick<ClientVerbs, 'findClient'>
  readonly outbound: OutboundClient
  readonly clock: Clock
  readonly log: Log
  /** To be told what each attempt came to: `delivered`, `waiting` for another one, or `abandoned`. */
  readonly attempted?: (state: LogoutResult['state']) => void
}

export interface LogoutDispatcher {
  /** To be called when a session has ended here: some client may have to be told. */
  wake(): void
  /** Resolves when nothing is due and nothing under way. */
  settled(): Promise<void>
  /** Gives up deliveries that could not be made in time. True: none of them is left. */
  tidy(most: number): Promise<boolean>
  /** Finishes what is under way. */
  close(): Promise<void>
}

/** How often to look for what other nodes and the command line have left to be delivered. Milliseconds. */
const LOOK_EVERY = 2_000
/** While the database is down every look fails; that is logged no more often than this. Milliseconds. */
const TELL_EVERY = 300_000
const MILLISECONDS = 5_000
/** A node that takes longer than this for one call is taken for dead, and another takes the delivery over. */
const LEASE: Seconds = 30

type Attempt = Omit<LogoutResult, 'dueAt' | 'events'> & { readonly dueAt?: Seconds }

const NOT_FOR_STRANGERS = 'outboundAllow does not hold for a client that nobody has approved'

const DELIVERED: Attempt = { state: 'delivered', reason: null, counts: true }

export function createLogoutDispatcher(parts: LogoutDispatcherParts): LogoutDispatcher {
  const { store, outbound, clock, log } = parts
  const lanes = createLanes()
  const looks = createFailureSeries(log, { every: TELL_EVERY, again: 'looking for logout deliveries works again' })
  const underWay = new Set<Promise<void>>()
  let looking: Promise<void> | null = null
  let again = false
  let closed = false
  let timer: NodeJS.Timeout | null = null

  const attempt = async (delivery: LogoutDelivery): Promise<Attempt> => {
    const record = await store.findClient(delivery.clientId)
    const url = record?.client.backchannel_logout_uri ?? null
    if (record === null || url === null || !record.enabled) {
      return {
        state: 'abandoned',
        reason: 'the client is disabled, removed, or has no backchannel_logout_uri',
        counts: true,
      }
    }
    const form = `logout_token=${await logoutToken(parts, record, delivery, clock.now())}`
    const asked = { url, form, mediaTypes: null, mostBytes: 0, milliseconds: MILLISECONDS, work: 'sign-outs' as const }
    const answer = await onBehalfOf(record.client, 'sign-out', outbound).ask(asked)
    if (answer.kind === 'answered') return DELIVERED
    // Nothing was sent: too many requests to this host are under way already.
    if (answer.why === 'busy') return { state: 'waiting', reason: answer.reason, counts: false, dueAt: clock.now() + 1 }
    if (answer.why === 'limited')
      return { state: 'waiting', reason: answer.reason, counts: false, dueAt: clock.now() + 60 }
    const isPrivate = (answer.why === 'url' || answer.why === 'address') && !record.client.verified
    const reason = isPrivate ? `${answer.reason}; ${NOT_FOR_STRANGERS}` : answer.reason
    const dueAt = clock.now() + retryAfter(delivery.attempts, (randomBytes(1)[0] ?? 0) / 255)
    const state = dueAt < delivery.expiresAt ? 'waiting' : 'abandoned'
    return { state, reason, counts: true, dueAt }
  }

  const deliver = async (delivery: LogoutDelivery): Promise<void> => {
    const { clientId } = delivery
    let reached: boolean | null = null
    try {
      const { dueAt = clock.now(), ...result } = await attempt(delivery)
      if (result.counts) reached = result.state === 'delivered'
      if (reached === false && lanes.failures(clientId) === 0) {
        log.warn('a client cannot be told of a sign-out', { client: clientId, reason: result.reason })
      }
      const events = result.state === 'abandoned' ? [abandoned(delivery, result.reason, clock.now())] : []
      await store.settleDelivery(delivery, { ...result, dueAt, events }, clock.now())
      if (result.counts) parts.attempted?.(result.state)
    } catch (error) {
      // When the lease has run out, the delivery is tried again.
      log.warn('a logout delivery failed', { client: clientId, ...describeFailure(error) })
    } finally {
      lanes.end(clientId, reached, clock.now())
    }
  }

  const begin = (delivery: LogoutDelivery): void => {
    const running: Promise<void> = deliver(delivery).finally(() => {
      underWay.delete(running)
      if (!closed) wake()
    })
    underWay.add(running)
  }

  const look = async (): Promise<Seconds | null> => {
    let next: Seconds | null = null
    for (const { clientId, dueAt } of await store.findWaitingClients()) {
      const now = clock.now()
      const free = dueAt > now ? 0 : lanes.free(clientId, now)
      if (free > 0 && !closed) {
        for (const delivery of await store.takeDeliveries(clientId, now, now + LEASE, free)) {
          lanes.begin(clientId)
          begin(delivery)
        }
      }
      if (dueAt > now && (next === null || dueAt < next)) next = dueAt
    }
    return next
  }

  const mustLookAgain = () => again && !closed

  const lookAndWait = async (): Promise<void> => {
    if (timer !== null) clearTimeout(timer)
    let next: Seconds | null = null
    do {
      again = false
      try {
        next = await look()
        looks.held()
      } catch (error) {
        looks.failed('looking for logout deliveries failed', describeFailure(error))
      }
    } while (mustLookAgain())
    looking = null
    if (closed) return
    const soon = next === null ? LOOK_EVERY : (next - clock.now()) * 1_000
    timer = setTimeout(wake, Math.min(Math.max(soon, 250), LOOK_EVERY))
    timer.unref()
  }

  function wake(): void {
    if (closed) return
    again = true
    looking ??= lookAndWait()
  }
  wake()

  return {
    wake,
    async settled() {
      do {
        wake()
        await looking
        await Promise.all(underWay)
      } while (underWay.size > 0 || looking !== null)
    },
    async tidy(most) {
      const now = clock.now()
      const overdue = await store.findOverdueDeliveries(now, most)
      for (const delivery of overdue) {
        const reason = delivery.lastReason ?? 'the client could not be reached in time'
        const result = { state: 'abandoned' as const, reason, dueAt: now, counts: true }
        await store.settleDelivery(delivery, { ...result, events: [abandoned(delivery, reason, now)] }, now)
        parts.attempted?.('abandoned')
      }
      return overdue.length < most
    },
    async close() {
      closed = true
      if (timer !== null) clearTimeout(timer)
      await looking
      await Promise.all(underWay)
    },
  }
}

function abandoned({ clientId, userId, attempts }: LogoutDelivery, reason: string | null, at: Seconds): SecurityEvent {
  return { type: 'logout_abandoned', at, clientId, userId, detail: { attempts, reason } }
}
