// How much a server takes on at once: past that it says so at once and cheaply, and goes on answering what it has.

import { stopwatch } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Handle } from './node-adapter.ts'
import { json } from './replies.ts'

export interface LoadGateOptions {
  /** Requests that may be in flight. Default 1,000. */
  readonly inFlight?: number
  /** Milliseconds by which the event loop may run late before only few are let in. Default 500. */
  readonly latest?: number
  /** Paths that are always answered: whoever watches the server must not take it for dead. */
  readonly always?: readonly string[]
  readonly log: Log
}

export interface LoadGate {
  readonly handle: Handle
  close(): void
}

const IN_FLIGHT = 1_000
const LATEST_MS = 500
const LOOK_MS = 100
/** So many still get in while the event loop runs late, so that it is never idle. */
const WHILE_LATE = 64
const LOG_EVERY = 10_000 / LOOK_MS

/** Requests count from when they have been received whole, so that slow senders fill nothing. */
export function createLoadGate(handle: Handle, options: LoadGateOptions): LoadGate {
  const { inFlight = IN_FLIGHT, latest = LATEST_MS, always = [], log } = options
  const exempt = new Set(always)
  let limit = inFlight
  let running = 0
  let refused = 0
  let looks = 0
  let wasLate = false
  let elapsed = stopwatch()

  const look = () => {
    const isLate = elapsed() - LOOK_MS > latest
    elapsed = stopwatch()
    // One long turn is a pause and no overload; a second one in a row is.
    limit = isLate && wasLate ? Math.min(WHILE_LATE, inFlight) : inFlight
    wasLate = isLate
    if (looks++ % LOG_EVERY === 0 && refused > 0) {
      log.warn('overloaded: requests were refused with 503', { refused, running })
      refused = 0
    }
  }
  const timer = setInterval(look, LOOK_MS)
  timer.unref()

  const leave = () => {
    running--
  }
  return {
    handle(request) {
      if (running >= limit && !exempt.has(request.path)) {
        refused++
        return Promise.resolve(overloaded())
      }
      running++
      return handle(request).finally(leave)
    },
    close: () => clearInterval(timer),
  }
}

function overloaded() {
  const body = { error: 'temporarily_unavailable', error_description: 'The server has too much to do, try again soon' }
  const outcome = { rule: 'overloaded', clause: 'RFC 9110 §15.6.4', reason: 'Too many requests were in flight' }
  return { ...json(503, body, { 'retry-after': '1' }), outcome }
}
