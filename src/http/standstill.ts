// A process that stood still (stopped by a signal, a paused machine) finds requests from before when it goes on: their clients have
// given up, and may have asked another node. What it knows may be old too. So it answers none of them, reads what it knows anew,
// and then goes on.

import { stopwatch } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { HttpReply, HttpRequest } from './message.ts'
import { json } from './reply/replies.ts'

type Handle = (request: HttpRequest) => Promise<HttpReply>

export interface StandstillOptions {
  /** Reads anew what others may have changed meanwhile. */
  readonly renew: () => Promise<unknown>
  readonly log: Log
}

/** Milliseconds: shorter than any client's patience with a request that is worth repeating. */
const LONGEST = 8_000
const BEAT = 1_000
/** For so long at least what had arrived before is read from the sockets, in several turns. */
const DRAIN = 250

/** `stop` ends the watch, not the server. */
export function refuseAfterStandstill(
  handle: Handle,
  { renew, log }: StandstillOptions,
): { readonly handle: Handle; stop(): void } {
  const elapsed = stopwatch()
  let beaten = 0
  let isWaking = false
  const look = () => {
    const stood = elapsed() - beaten
    beaten = elapsed()
    if (stood <= LONGEST || isWaking) return
    isWaking = true
    log.warn('this process stood still: what had arrived meanwhile is answered 503', {
      for_s: Math.round(stood / 1000),
    })
    const drained = new Promise((resolve) => setTimeout(resolve, DRAIN))
    // A database that does not answer says so to each request by itself.
    const renewed = renew().catch(() => undefined)
    void Promise.all([drained, renewed]).then(() => {
      isWaking = false
    })
  }
  const timer = setInterval(look, BEAT)
  timer.unref()
  return {
    async handle(request) {
      // What arrived is read before timers are looked at.
      if (elapsed() - beaten > LONGEST) look()
      return isWaking && request.path !== '/healthz' ? stoodStill() : handle(request)
    },
    stop: () => clearInterval(timer),
  }
}

function stoodStill(): HttpReply {
  const body = { error: 'temporarily_unavailable', error_description: 'The server stood still, try again' }
  const outcome = {
    rule: 'stood_still',
    clause: 'RFC 9110 §15.6.4',
    reason: 'It may have arrived long before, and its client may have asked another node since',
  }
  return { ...json(503, body, { 'retry-after': '1' }), outcome }
}
