// Records what happened to requests: in memory, written once a second, outside the time of any request. A flood is
// counted, not kept: per client, endpoint and rule the first requests of a minute whole, the others as a number; and all
// clients share a bound, so that neither memory nor time grows with how many there are.

import { describeFailure } from '../../http/failures.ts'
import type { Route } from '../../http/routing/route.ts'
import type { RequestRecord } from '../../http/routing/router.ts'
import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { newId } from '../../platform/random.ts'
import type { Outcome } from '../../protocol/errors.ts'
import type { ClientVerbs } from '../../store/verbs/clients.ts'
import type { StoredTrace, TraceVerbs } from '../../store/verbs/traces.ts'
import { claimedClientId, describeRequest } from './describe-request.ts'
import { isAnswered } from './hints.ts'
import { createKnownClients } from './known-clients.ts'
import { ENDPOINTS, JOURNEY_PAGES, type TraceRecord } from './trace-record.ts'

export interface TraceRecorder {
  /** Cheap, and never fails a request. */
  readonly record: (entry: RequestRecord) => void
  /** Resolves when all that has been recorded is written, or lost with a line in the log. */
  readonly flush: () => Promise<void>
  /** Writes what is pending and ends. */
  readonly stop: () => Promise<void>
}

export interface TraceLimits {
  /** For one client, endpoint and rule: requests a minute that are recorded with all details. Further ones are only counted. */
  readonly wholePerMinute: number
  /**
   * For all clients together: answered requests a minute that are recorded with all details, and the same number of
   * refused ones.
   */
  readonly ofAllClients: number
  /** Records waiting to be written. */
  readonly pending: number
  /** Records of requests that name no client of ours: so many may be waiting, and so many are kept in the store. */
  readonly strangers: number
  /** Records in the store. */
  readonly stored: number
  readonly keptFor: Seconds
  readonly flushEvery: Seconds
}

const TRACE_LIMITS: TraceLimits = {
  wholePerMinute: 20,
  ofAllClients: 600,
  pending: 500,
  strangers: 200,
  stored: 10_000,
  keptFor: 14 * 86_400,
  flushEvery: 1,
}

export interface TraceRecorderParts {
  readonly store: Pick<TraceVerbs, 'writeTraces' | 'pruneTraces'> & Pick<ClientVerbs, 'findClient' | 'listClientIds'>
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<TraceLimits>
}

/**
 * A record on its way to the store. `more`, `order` and `lastTime` change until its minute is over, as further requests
 * are counted into it.
 */
interface Entry {
  readonly traceId: string
  readonly record: Omit<TraceRecord, 'order' | 'more'>
  readonly claimed: string | null
  readonly budget: Budget
  clientId: string | null
  more: number
  order: number
  lastTime: Seconds
  queued: boolean
}

/** What one client, endpoint and rule have used up of this minute. */
interface Budget {
  whole: number
  newest: Entry | null
}

interface Place {
  readonly endpoint: string
  readonly isJourneyPage: boolean
  /** By client (null: not ours), then by rule. Emptied each minute. */
  readonly budgets: Map<string | null, Map<string, Budget>>
}

/** The table is pruned after so many records. */
const PRUNE_AFTER = 200
const PRUNE_EVERY: Seconds = 3600

export function createTraceRecorder({ store, clock, log, limits }: TraceRecorderParts): TraceRecorder {
  const all = { ...TRACE_LIMITS, ...limits }
  const { wholePerMinute, ofAllClients, pending: mostPending, strangers: mostStrangers, ...kept } = all
  const places = new Map<Route, Place | null>()
  const knownClients = createKnownClients(store)
  let minute = -1
  let left = { answered: ofAllClients, refused: ofAllClients }
  let order = 0
  let pending: Entry[] = []
  let strangers: Entry[] = []
  let lost = 0
  let lastComplaint = Number.NEGATIVE_INFINITY
  let writtenSincePruning = 0
  let lastPruning = clock.now()
  let last: Promise<void> = Promise.resolve()
  let flushes = 0

  const placeOf = (route: Route): Place | null => {
    const known = places.get(route)
    if (known !== undefined) return known
    const place = newPlace(route.path)
    places.set(route, place)
    return place
  }

  const record = (entry: RequestRecord): void => {
    if (entry.route === undefined) return
    const place = placeOf(entry.route)
    if (place === null) return
    const outcome = entry.outcome === undefined ? unnamedOutcome(entry.reply.status) : entry.outcome
    if (outcome === null) return
    const { rule } = outcome
    if (place.isJourneyPage && rule !== 'code_issued' && isAnswered(rule)) return
    const now = clock.now()
    startMinute(Math.floor(now / 60))

    const claimed = outcome.clientId ?? claimedClientId(entry.request)
    if (outcome.clientId !== undefined) knownClients.learn(outcome.clientId)
    const clientId = claimed !== null && knownClients.has(claimed) ? claimed : null
    const share = isAnswered(rule) ? 'answered' : 'refused'
    const isSpent = clientId !== null && left[share] === 0
    // When the limit is used up no record is begun. For a success that loses little; refusals that are lost are counted and
    // reported.
    if (isSpent && place.budgets.get(clientId)?.has(rule) !== true) {
      if (share === 'refused') lost++
      return
    }
    const budget = budgetOf(place, clientId, rule)
    order++
    const { newest } = budget
    const isFull = isSpent || budget.whole >= wholePerMinute || (clientId !== null && pending.length >= mostPending)
    if (isFull && newest !== null) {
      newest.more++
      newest.order = order
      newest.lastTime = now
      if (!newest.queued) queue(newest)
    } else if (isFull && clientId !== null) {
      lost++
    } else {
      if (clientId !== null) left[share]--
      keep(entry, place.endpoint, outcome, { claimed, clientId, budget, now })
    }
  }

  const keep = (
    entry: RequestRecord,
    endpoint: string,
    outcome: Outcome,
    { claimed, clientId, budget, now }: Pick<Entry, 'claimed' | 'clientId' | 'budget'> & { readonly now: Seconds },
  ): void => {
    const kept: Entry = {
      traceId: entry.traceId ?? newId('tr'),
      // V8 keeps a whole text in memory as long as a piece of it is referenced. What is kept for minutes is therefore
      // copied.
      record: structuredClone({ time: now, ...describeRequest(entry, endpoint, outcome, claimed) }),
      claimed: claimed === null ? null : structuredClone(claimed),
      clientId,
      budget,
      more: 0,
      order,
      lastTime: now,
      queued: false,
    }
    budget.whole++
    budget.newest = kept
    queue(kept)
  }

  const queue = (entry: Entry): void => {
    entry.queued = true
    if (entry.clientId !== null) {
      pending.push(entry)
      return
    }
    if (strangers.length >= mostStrangers) {
      const oldest = strangers.shift()
      if (oldest !== undefined) oldest.queued = false
    }
    strangers.push(entry)
  }

  const startMinute = (now: number): void => {
    if (now === minute) return
    minute = now
    left = { answered: ofAllClients, refused: ofAllClients }
    for (const place of places.values()) place?.budgets.clear()
  }

  const writeAll = async (): Promise<void> => {
    const now = clock.now()
    const foreign = strangers
    const entries = [...pending, ...foreign]
    pending = []
    strangers = []
    for (const entry of entries) entry.queued = false
    try {
      if (foreign.length > 0) await adopt(foreign, now)
      if (entries.length > 0) await store.writeTraces(entries.map(toStored))
      await prune(entries.length, now)
    } catch (error) {
      lost += entries.length
      complain(now, error)
      return
    }
    if (lost > 0) complain(now, null)
  }

  /**
   * A request that was refused before its client was looked up may still name a client of ours: such records are
   * assigned to it afterwards.
   */
  const adopt = async (foreign: readonly Entry[], now: Seconds): Promise<void> => {
    const claims = foreign.flatMap(({ claimed }) => (claimed === null ? [] : [claimed]))
    await knownClients.lookUp(claims, now)
    for (const entry of foreign) {
      // A record that counts further requests stays as it is, because those may have named other clients.
      if (entry.claimed === null || entry.more > 0 || !knownClients.has(entry.claimed)) continue
      entry.clientId = entry.claimed
      entry.budget.whole--
      if (entry.budget.newest === entry) entry.budget.newest = null
    }
  }

  const prune = async (written: number, now: Seconds): Promise<void> => {
    writtenSincePruning += written
    if (writtenSincePruning < PRUNE_AFTER && now - lastPruning < PRUNE_EVERY) return
    writtenSincePruning = 0
    lastPruning = now
    await store.pruneTraces(now - kept.keptFor, kept.stored, mostStrangers)
  }

  const complain = (now: Seconds, error: unknown): void => {
    if (now - lastComplaint < 60) return
    lastComplaint = now
    log.warn('Traces are lost', { lost, ...(error !== null && describeFailure(error)) })
    lost = 0
  }

  const flush = (): Promise<void> => {
    flushes++
    last = last.then(writeAll).finally(() => {
      flushes--
    })
    return last
  }

  // While the store is still writing, the next flush is skipped.
  const timer = setInterval(() => {
    if (flushes === 0) void flush()
  }, kept.flushEvery * 1000)
  timer.unref()

  return {
    record,
    flush,
    async stop() {
      clearInterval(timer)
      await flush()
    },
  }
}

/** `/sso/sign-in/{id}` is the page `sign-in`; null for paths that leave no trace. */
function newPlace(path: string): Place | null {
  const endpoint = path.split('/').findLast((word) => word !== '' && !word.startsWith('{')) ?? ''
  const isJourneyPage = JOURNEY_PAGES.some((each) => each === endpoint)
  if (!isJourneyPage && !ENDPOINTS.some((each) => each === endpoint)) return null
  return { endpoint, isJourneyPage, budgets: new Map() }
}

function budgetOf({ budgets }: Place, clientId: string | null, rule: string): Budget {
  let byRule = budgets.get(clientId)
  if (byRule === undefined) {
    byRule = new Map()
    budgets.set(clientId, byRule)
  }
  let budget = byRule.get(rule)
  if (budget === undefined) {
    budget = { whole: 0, newest: null }
    byRule.set(rule, budget)
  }
  return budget
}

/** A reply without an outcome is worth a trace when it refuses. */
function unnamedOutcome(status: number): Outcome | null {
  return status < 400 ? null : { rule: 'unnamed', clause: 'RFC 9110 §15', reason: `answered with status ${status}` }
}

function toStored(entry: Entry): StoredTrace {
  const { traceId, clientId, record, more, order, lastTime } = entry
  const { endpoint, rule } = record
  return {
    traceId,
    at: lastTime,
    clientId,
    endpoint,
    outcome: rule,
    record: JSON.stringify({ ...record, order, more }),
  }
}
