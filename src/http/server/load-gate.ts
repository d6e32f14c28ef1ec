// How much a server takes on at once: past that it says so, and goes on answering what it has. What arrives in one turn
// of the event loop begins together, so that requests go through the same code one after another while it is in the
// processor's caches, which takes up to a third less CPU (docs/decisions/0036). A turn begins a few requests only, so that
// it is never long: new connections, timers and the health endpoints have their turn between. The others stand in line,
// where nobody is refused a place as long as it moves on (docs/decisions/0054).

import { stopwatch } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Handle } from '../handle.ts'
import type { HttpReply } from '../message.ts'
import { json } from '../reply/replies.ts'

export interface LoadGateOptions {
  /** Requests that may have begun and not ended. Default 1,000. */
  readonly inFlight?: number
  /** Requests that may stand in line before them. Default 4,000. */
  readonly inLine?: number
  /** Milliseconds: while the first in line has waited longer for its turn, no more are let in than begin in such a time. Default 500. */
  readonly longestWait?: number
  /** Milliseconds that a refusal is held back at least. Default 250. */
  readonly refuseAfter?: number
  /** Paths that are always answered: whoever watches the server must not take it for dead. */
  readonly always?: readonly string[]
  readonly log: Log
}

export interface LoadGate {
  /** A request that has been read: it is handled in its turn, or refused. */
  readonly handle: Handle
  /** Who comes now would not begin in the next turn. */
  isCrowded(): boolean
  /** Of the path of a request: it never stands in line. */
  isExempt(path: string): boolean
  /** False: there is no place; it is to be told `refuse`. */
  stand(standing: Standing): boolean
  /** The request of one whose turn has come. */
  readonly handleInTurn: Handle
  /** What who is refused is told, a moment later. */
  refuse(): Promise<HttpReply>
  close(): void
}

/** Who stands in line. */
export interface Standing {
  /** Its turn has come. Nothing is thrown. */
  begin(): void
  /** The gate's own: when it came. */
  since: number
  /** Bytes that are held for it. */
  readonly size: number
}

/** They may wait for a database or a password: each is kilobytes of objects. */
const IN_FLIGHT = 1_000
/** They wait for the event loop alone, most of them as few bytes: 4,000 token checks are a fifth of a second. */
const IN_LINE = 4_000
/** A line of the longest requests there are must not take more memory than all else. */
const MOST_BYTES = 32 * 1024 * 1024
const LONGEST_WAIT_MS = 500
/** Requests that one turn of the event loop begins: about 20 ms of work. */
const EACH_TURN = 32
/** Who asks again at once would take the time from those inside: a refusal costs half of what a refresh does. */
const REFUSE_AFTER_MS = 250
/** However many ask, one refusal leaves in a millisecond, which takes a tenth of a processor; unless it waited for so long. */
const LONGEST_HOLD_MS = 4_000
/** So many refusals are held back at once; further ones leave at once, since those who wait for them take memory. */
const MOST_HELD = 16_000
/** The same where the request is held with it. */
const MOST_HELD_WHOLE = 4_000
const LOOK_MS = 100
/** So many may stand in line however slow all is, so that the event loop is never idle. */
const LEAST = 64
const LOG_EVERY = 10_000 / LOOK_MS

/** Requests count from when they have been received whole, so that slow senders fill nothing. */
export function createLoadGate(handle: Handle, options: LoadGateOptions): LoadGate {
  const { inFlight = IN_FLIGHT, inLine = IN_LINE, longestWait = LONGEST_WAIT_MS, always = [], log } = options
  const { refuseAfter = REFUSE_AFTER_MS } = options
  const exempt = new Set(always)
  const line: Standing[] = []
  let standingBytes = 0
  let running = 0
  let isTurning = false
  let refused = 0
  let held = 0
  let looks = 0
  let begun = 0
  /** Requests a millisecond that began between the last two looks, and between the two before. */
  let pace = 0
  let paceBefore = 0

  const now = stopwatch()
  let lookedAt = now()
  const look = () => {
    const since = lookedAt
    lookedAt = now()
    paceBefore = pace
    pace = begun / (lookedAt - since)
    begun = 0
    if (looks++ % LOG_EVERY === 0 && refused > 0) {
      log.warn('overloaded: requests were refused with 503', { refused, running: running + line.length })
      refused = 0
    }
  }
  const timer = setInterval(look, LOOK_MS)
  timer.unref()

  // Who stands in line waits for the event loop. Requests that have begun and wait for something else (the database, a
  // password) cost those in line nothing. Nobody is refused a place in what can be begun within the longest wait: the line
  // would all but end before the next are let in.
  const isLong = () => {
    if (line.length < LEAST || now() - (line[0]?.since ?? 0) <= longestWait) return false
    return line.length >= Math.max(pace, paceBefore) * longestWait
  }
  const ended = () => {
    running--
  }
  const refuse = (most = MOST_HELD): Promise<HttpReply> => {
    refused++
    if (held >= most) return Promise.resolve(overloaded())
    held++
    return new Promise((resolve) => {
      const leave = () => {
        held--
        resolve(overloaded())
      }
      setTimeout(leave, Math.max(refuseAfter, Math.min(held, LONGEST_HOLD_MS)))
    })
  }
  const handleInTurn: Handle = (request) => {
    if (running >= inFlight) return refuse(MOST_HELD_WHOLE)
    running++
    try {
      const pending = handle(request)
      // Before whoever else waits for it hears of it.
      pending.then(ended, ended)
      return pending
    } catch (error) {
      running--
      throw error
    }
  }
  const turn = () => {
    for (const standing of line.splice(0, EACH_TURN)) {
      standingBytes -= standing.size
      begun++
      standing.begin()
    }
    isTurning = line.length > 0
    if (isTurning) setImmediate(turn)
  }
  const stand = (standing: Standing) => {
    if (running >= inFlight || line.length >= inLine || standingBytes + standing.size > MOST_BYTES || isLong())
      return false
    standing.since = now()
    standingBytes += standing.size
    line.push(standing)
    if (!isTurning) {
      isTurning = true
      setImmediate(turn)
    }
    return true
  }
  return {
    handle(request) {
      if (exempt.has(request.path)) return handle(request)
      return new Promise((resolve, reject) => {
        const begin = () => {
          try {
            handleInTurn(request).then(resolve, reject)
          } catch (error) {
            reject(error)
          }
        }
        if (!stand({ begin, since: 0, size: request.body.length })) resolve(refuse(MOST_HELD_WHOLE))
      })
    },
    isCrowded: () => line.length >= EACH_TURN,
    isExempt: (path) => exempt.has(path),
    stand,
    handleInTurn,
    refuse: () => refuse(),
    close: () => clearInterval(timer),
  }
}

function overloaded() {
  const body = { error: 'temporarily_unavailable', error_description: 'The server has too much to do, try again soon' }
  const outcome = { rule: 'overloaded', clause: 'RFC 9110 §15.6.4', reason: 'Too many requests were in flight' }
  return { ...json(503, body, { 'retry-after': '1' }), outcome }
}
