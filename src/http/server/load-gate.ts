// How much a server takes on at once. Beyond that it refuses, and goes on answering what it has. Requests that arrive
// in one turn of the event loop begin together: so they run through the same code one after another while it is in the
// processor's caches, which takes up to a third less CPU (docs/decisions/0036). One turn begins only a few requests, so
// that new connections, timers and health endpoints get their turn in between. The others stand in line
// (docs/decisions/0054), as does whoever comes while as many requests as allowed are in flight. In a crowd, an answered
// connection is read again only shortly before its next turn (docs/decisions/0057).

import { METRICS } from '../../model/metrics.ts'
import { stopwatch } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { Durations, type Reading, single } from '../../platform/metrics/reading.ts'
import type { Handle } from '../handle.ts'
import type { HttpReply, HttpRequest } from '../message.ts'
import { type NoticePages, noticeReply, OVERLOADED } from '../notice.ts'

export interface LoadGateOptions {
  /** Requests that may be in flight: begun, and not ended. Default 1,000. */
  readonly inFlight?: number
  /** Requests that may stand in line. Default 4,000. */
  readonly inLine?: number
  /** Bytes that may be held for those in line. Default 32 MiB. */
  readonly bytesInLine?: number
  /**
   * Milliseconds. While the first in line has waited longer than this, the line may hold no more than begin in such a
   * time. A request that has waited twice as long and still cannot begin is refused. Default 500.
   */
  readonly longestWait?: number
  /** Milliseconds for which a refusal is held back at least. Default 250. */
  readonly refuseAfter?: number
  /** Paths that are always answered: whoever watches the server must not take it for dead. */
  readonly always?: readonly string[]
  /** What a browser is told when it is refused; without it, JSON like everybody else. */
  readonly noticePages?: NoticePages | undefined
  readonly log: Log
}

export interface LoadGate {
  /** Takes a request that has been read: it is handled in its turn, unless its visitor has gone by then, or refused. */
  handle(request: HttpRequest, isGone?: () => boolean): Promise<HttpReply>
  /** Whether a request that comes now would not begin in the next turn. */
  isCrowded(): boolean
  /** Whether requests for this path never stand in line. */
  isExempt(path: string): boolean
  /** False: there is no place in line, and `refuse` has the answer. */
  stand(standing: Standing): boolean
  /** For the request of somebody whose turn has come. */
  readonly handleInTurn: Handle
  /**
   * The answer to a request that is refused, given a moment later; the request itself is not kept. Null where it cannot
   * be read. `standing`: it has stood in line before.
   */
  refuse(request: HttpRequest | null, standing?: Standing): Promise<HttpReply>
  /**
   * For a connection that was answered: true when there is a crowd, and it is not to be read until `readOn` is called.
   */
  rest(resting: Resting): boolean
  /** From here on refusals leave at once, also those that are being held back. */
  hurry(): void
  metrics(): readonly Reading[]
  close(): void
}

/** A request that stands in line. */
export interface Standing {
  /** Its turn has come. Nothing is thrown. */
  begin(): void
  /** It has waited too long, and is to be answered with `refuse`. */
  refuse(): void
  /** Set by the gate: when it came. */
  since: number
  /** Bytes of memory that are held for it. */
  readonly size: number
}

/** A connection that is not being read, whether a request has come or not. */
export interface Resting {
  /** Nothing is thrown. */
  readOn(): void
  /** Set by the gate: since when. */
  restsSince: number
}

/** Requests in flight may wait for a database or a password, and each takes kilobytes of objects. */
const IN_FLIGHT = 1_000
/** Requests in line take only the bytes in which they came: 4,000 token checks are a fifth of a second. */
const IN_LINE = 4_000
const BYTES_IN_LINE = 32 * 1024 * 1024
/** Memory for one request in line besides its body, at most: the longest head, and what is made of it. */
const MADE = 24 * 1024
const LONGEST_WAIT_MS = 500
/**
 * After this many times the longest wait a request is refused: a line that grows while it gets slower waits somewhat
 * longer than once.
 */
const LATE_AFTER = 2
/** Requests that one turn of the event loop begins: about 20 ms of work. */
const EACH_TURN = 32
/**
 * A refused client that asks again at once would take time from those that were let in: a refusal costs half of what a
 * refresh does.
 */
const REFUSE_AFTER_MS = 250
/**
 * However many ask, at most one refusal leaves in a millisecond, which takes a tenth of a processor; but none is held
 * back for longer than this, its time in line included.
 */
const LONGEST_HOLD_MS = 3_000
/** Refusals that are held back at once; further ones leave immediately, because those who wait for them take memory. */
const MOST_HELD = { bare: 16_000, withRequest: 4_000 }
const LOOK_MS = 100
/**
 * From this many in line on there is a crowd: their connections fall out of the processor's caches before their turn
 * comes.
 */
const CROWD = 256
/** This many may stand in line however slow everything is, so that the event loop is never idle. */
const LEAST = 64
const LOG_EVERY = 10_000 / LOOK_MS

/** A request counts from the moment when it has been received whole, so that slow senders take no place. */
export function createLoadGate(handle: Handle, options: LoadGateOptions): LoadGate {
  const { inFlight = IN_FLIGHT, inLine = IN_LINE, bytesInLine = BYTES_IN_LINE, always = [], noticePages, log } = options
  const { longestWait = LONGEST_WAIT_MS, refuseAfter = REFUSE_AFTER_MS } = options
  const exempt = new Set(always)
  const line: Standing[] = []
  const resting: Resting[] = []
  let bytes = 0
  let running = 0
  let isTurning = false
  let refused = 0
  let refusedInAll = 0
  const inLineFor = new Durations()
  const delays = new Durations()
  /** The functions that let go of the refusals which are held back. */
  const held = { bare: new Set<() => void>(), withRequest: new Set<() => void>() }
  let isHurried = false
  let looks = 0
  let begun = 0
  /** Requests that began in a millisecond: between the last two looks, and between the two before. */
  let pace = 0
  let paceBefore = 0

  const now = stopwatch()
  let lookedAt = now()
  const look = () => {
    const since = lookedAt
    lookedAt = now()
    delays.add(Math.max(0, lookedAt - since - LOOK_MS))
    paceBefore = pace
    pace = begun / (lookedAt - since)
    begun = 0
    readOn(resting.length)
    // Even if no request ends, those that have waited too long must be refused.
    wake()
    if (looks++ % LOG_EVERY === 0 && refused > 0) {
      log.warn('overloaded: requests were refused with 503', { refused, running, in_line: line.length })
      refused = 0
    }
  }
  const timer = setInterval(look, LOOK_MS)
  timer.unref()

  // A request in line waits for the event loop, or for one in flight to end. As many as begin within the longest wait
  // are always let in: if nobody were let in until the first had waited less, the line would nearly run empty.
  const isLong = () => {
    if (line.length < LEAST || now() - (line[0]?.since ?? 0) <= longestWait) return false
    return line.length >= begunInLongestWait()
  }
  const begunInLongestWait = () => Math.max(pace, paceBefore) * longestWait
  const ended = () => {
    running--
    wake()
  }
  const refusalOf = (request: HttpRequest | null) =>
    request === null ? OVERLOADED.reply : noticeReply(OVERLOADED, request, noticePages)
  /** `waited`: milliseconds spent in line. */
  const holdBack = (kind: keyof typeof held, refusal: HttpReply, waited = 0): Promise<HttpReply> => {
    refused++
    refusedInAll++
    const waiting = held[kind]
    if (isHurried || waiting.size >= MOST_HELD[kind]) return Promise.resolve(refusal)
    return new Promise((resolve) => {
      const leave = () => {
        clearTimeout(timer)
        waiting.delete(leave)
        resolve(refusal)
      }
      waiting.add(leave)
      const before = held.bare.size + held.withRequest.size
      const timer = setTimeout(leave, Math.max(refuseAfter, Math.min(before, LONGEST_HOLD_MS - waited)))
    })
  }
  const handleInTurn: Handle = (request) => {
    running++
    begun++
    try {
      const pending = handle(request)
      // Before anybody else who waits for this reply hears of it.
      pending.then(ended, ended)
      return pending
    } catch (error) {
      running--
      throw error
    }
  }
  /** Whether a request with `before` others ahead of it is to begin, or to be refused, now. */
  const isDue = ({ since }: Standing, before: number) =>
    running + before < inFlight || now() - since > LATE_AFTER * longestWait
  const turn = () => {
    let due = 0
    for (const standing of line) {
      if (due === EACH_TURN || !isDue(standing, due)) break
      due++
    }
    for (const standing of line.splice(0, due)) {
      bytes -= standing.size
      inLineFor.add(now() - standing.since)
      if (running < inFlight) standing.begin()
      else standing.refuse()
    }
    readOn(EACH_TURN)
    isTurning = false
    wake()
  }
  /**
   * Reads on as many connections as begin in the next turn, if each has sent a request; half as many where the line is
   * long and they have rested since before its first came. Those that have rested for the longest wait are read in any
   * case: without reading nobody knows whether somebody waits, or has gone.
   */
  const readOn = (most: number) => {
    const room = running < inFlight ? Math.max(EACH_TURN - line.length, isOvertaken() ? EACH_TURN / 2 : 0) : 0
    let due = 0
    for (const { restsSince } of resting) {
      if (due === most || (due >= room && now() - restsSince <= longestWait)) break
      due++
    }
    for (const one of resting.splice(0, due)) one.readOn()
  }
  const isOvertaken = () => (resting[0]?.restsSince ?? Number.POSITIVE_INFINITY) < (line[0]?.since ?? 0)
  const wake = () => {
    const first = line[0]
    const isNobodyDue = first === undefined ? resting.length === 0 || running >= inFlight : !isDue(first, 0)
    if (isTurning || isNobodyDue) return
    isTurning = true
    setImmediate(turn)
  }
  const stand = (standing: Standing) => {
    const isFull = line.length >= inLine || bytes + standing.size > bytesInLine
    if (isFull || isLong()) return false
    standing.since = now()
    bytes += standing.size
    line.push(standing)
    wake()
    return true
  }
  return {
    handle(request, isGone) {
      if (exempt.has(request.path)) return handle(request)
      return new Promise((resolve, reject) => {
        const standing = {
          since: 0,
          size: MADE + request.body.length,
          begin() {
            try {
              if (isGone?.()) resolve(OVERLOADED.reply)
              else handleInTurn(request).then(resolve, reject)
            } catch (error) {
              reject(error)
            }
          },
          refuse: () => resolve(holdBack('withRequest', refusalOf(request), now() - standing.since)),
        }
        if (!stand(standing)) resolve(holdBack('withRequest', refusalOf(request)))
      })
    },
    isCrowded: () => line.length >= EACH_TURN || running >= inFlight,
    isExempt: (path) => exempt.has(path),
    stand,
    handleInTurn,
    refuse: (request, standing) =>
      holdBack('bare', refusalOf(request), standing === undefined ? 0 : now() - standing.since),
    rest(one) {
      // Behind other resting connections, even when the line has become short: they wait for the same turns.
      if (resting.length === 0 && line.length < CROWD) return false
      // Its turn would come later than it may rest: it would be read alone, and then stand in line.
      if (resting.length + line.length > begunInLongestWait()) return false
      one.restsSince = now()
      resting.push(one)
      wake()
      return true
    },
    hurry() {
      isHurried = true
      for (const waiting of Object.values(held)) for (const leave of waiting) leave()
    },
    metrics: () => [
      single(METRICS.inFlight, running),
      single(METRICS.inLine, line.length),
      single(METRICS.lineDuration, inLineFor.read()),
      single(METRICS.refused, refusedInAll),
      single(METRICS.loopDelay, delays.read()),
    ],
    close: () => clearInterval(timer),
  }
}
