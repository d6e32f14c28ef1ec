// A process that stood still (stopped by a signal, or on a paused machine) finds old requests when it goes on. Their
// clients may have given up and asked another node, and what this process knows may be old too. So it first reads that
// anew, and for a moment marks the requests that it takes on. Some hosts give a process time only while it answers:
// there this happens all day long, so it must cost a request nothing.

import { stopwatch } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { HttpReply, HttpRequest } from './message.ts'

type Handle = (request: HttpRequest) => Promise<HttpReply>

export interface StandstillOptions {
  /** Reads anew what other nodes may have changed meanwhile. */
  readonly renew: () => Promise<unknown>
  readonly log: Log
}

/**
 * Milliseconds without a sign of life that count as standing still: less than the window in which a repeated request is
 * taken for a repeat.
 */
const LONGEST = 8_000
const BEAT = 1_000
/**
 * Milliseconds: for at least this long, requests that had arrived before are still being read from the sockets, over
 * several turns of the event loop.
 */
const DRAIN = 250
/** Milliseconds that a request waits at most: if something cannot be read anew by then, what is known has to do. */
const PATIENCE = 1_000

/** `stop` ends the watching, not the server. */
export function watchStandstill(
  handle: Handle,
  { renew, log }: StandstillOptions,
): { readonly handle: Handle; stop(): void } {
  const elapsed = stopwatch()
  let beaten = 0
  let renewed: Promise<unknown> | null = null
  const look = () => {
    const stood = elapsed() - beaten
    beaten = elapsed()
    if (stood <= LONGEST || renewed !== null) return
    log.debug('this process stood still', { for_s: Math.round(stood / 1000) })
    const impatient = new Promise((resolve) => setTimeout(resolve, PATIENCE).unref())
    renewed = Promise.race([renew().catch(() => undefined), impatient])
    const drained = new Promise((resolve) => setTimeout(resolve, DRAIN).unref())
    void Promise.all([drained, renewed]).then(() => {
      renewed = null
    })
  }
  const timer = setInterval(look, BEAT)
  timer.unref()
  return {
    async handle(request) {
      // What has arrived is read before timers run.
      if (elapsed() - beaten > LONGEST) look()
      if (renewed === null) return handle(request)
      await renewed
      return handle({ ...request, mayBeLate: true })
    },
    stop: () => clearInterval(timer),
  }
}
