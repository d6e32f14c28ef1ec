// How much a server takes on at once: past that it says so, and goes on answering what it has. What arrives in one turn
// of the event loop begins together, so that requests go through the same code one after another while it is in the
// processor's caches, which takes up to a third less CPU (docs/decisions/0036). A turn begins a few requests only, so that
// it is never long: new connections, timers and the health endpoints have their turn between.

import { stopwatch } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Handle } from '../handle.ts'
import type { HttpReply } from '../message.ts'
import { json } from '../reply/replies.ts'

export interface LoadGateOptions {
  /** Requests that may be in flight. Default 1,000. */
  readonly inFlight?: number
  /** Milliseconds: while the first in line has waited longer for its turn, no more are let in. Default 500. */
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
}

const IN_FLIGHT = 1_000
const LONGEST_WAIT_MS = 500
/** Requests that one turn of the event loop begins: about 20 ms of work. */
const EACH_TURN = 32
/** Who asks again at once would take the time from those inside: a refusal costs half of what a refresh does. */
const REFUSE_AFTER_MS = 250
/** However many ask, one refusal leaves in a millisecond, which takes a tenth of a processor; unless it waited for so long. */
const LONGEST_HOLD_MS = 2_000
/** So many refusals are held back at once; further ones leave at once, since those who wait for them take memory. */
const MOST_HELD = 4_000
const LOOK_MS = 100
/** So many may stand in line however slow all is, so that the event loop is never idle. */
const LEAST = 64
const LOG_EVERY = 10_000 / LOOK_MS

/** Requests count from when they have been received whole, so that slow senders fill nothing. */
export function createLoadGate(handle: Handle, options: LoadGateOptions): LoadGate {
  const { inFlight = IN_FLIGHT, longestWait = LONGEST_WAIT_MS, always = [], log } = options
  const { refuseAfter = REFUSE_AFTER_MS } = options
  const exempt = new Set(always)
  const line: Standing[] = []
  let running = 0
  let isTurning = false
  let refused = 0
  let held = 0
  let looks = 0

  const now = stopwatch()
  const look = () => {
    if (looks++ % LOG_EVERY === 0 && refused > 0) {
      log.warn('overloaded: requests were refused with 503', { refused, running: running + line.length })
      refused = 0
    }
  }
  const timer = setInterval(look, LOOK_MS)
  timer.unref()

  // Who stands in line waits for the event loop. Requests that have begun and wait for something else (the database, a
  // password) cost those in line nothing.
  const isLong = () => line.length >= LEAST && now() - (line[0]?.since ?? 0) > longestWait
  const ended = () => {
    running--
  }
  const handleInTurn: Handle = (request) => {
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
  const refuse = (): Promise<HttpReply> => {
    refused++
    if (held >= MOST_HELD) return Promise.resolve(overloaded())
    held++
    return new Promise((resolve) => {
      const leave = () => {
        held--
        resolve(overloaded())
      }
      setTimeout(leave, Math.max(refuseAfter, Math.min(held, LONGEST_HOLD_MS)))
    })
  }
  const turn = () => {
    for (const standing of line.splice(0, EACH_TURN)) standing.begin()
    isTurning = line.length > 0
    if (isTurning) setImmediate(turn)
  }
  const stand = (standing: Standing) => {
    if (running + line.length >= inFlight || isLong()) return false
    standing.since = now()
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
        if (!stand({ begin, since: 0 })) resolve(refuse())
      })
    },
    isCrowded: () => line.length >= EACH_TURN,
    isExempt: (path) => exempt.has(path),
    stand,
    handleInTurn,
    refuse,
    close: () => clearInterval(timer),
  }
}

function overloaded() {
  const body = { error: 'temporarily_unavailable', error_description: 'The server has too much to do, try again soon' }
  const outcome = { rule: 'overloaded', clause: 'RFC 9110 §15.6.4', reason: 'Too many requests were in flight' }
  return { ...json(503, body, { 'retry-after': '1' }), outcome }
}
