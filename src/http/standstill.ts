// A process that stood still (stopped by a signal, a paused machine) finds requests from before when it goes on: their clients may
// have given up, and asked another node. What it knows may be old too. So it reads that anew first, and marks what it takes on for a
// moment. On hosts that give a process time only while it answers this happens all day long, and must cost no request.

import { stopwatch } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { HttpReply, HttpRequest } from './message.ts'

type Handle = (request: HttpRequest) => Promise<HttpReply>

export interface StandstillOptions {
  /** Reads anew what others may have changed meanwhile. */
  readonly renew: () => Promise<unknown>
  readonly log: Log
}

/** Milliseconds: shorter than the time in which a repeat is taken for one. */
const LONGEST = 8_000
const BEAT = 1_000
/** For so long at least what had arrived before is read from the sockets, in several turns. */
const DRAIN = 250
/** And for so long at most a request waits: what cannot be read anew has to do as it is known. */
const PATIENCE = 1_000

/** `stop` ends the watch, not the server. */
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
      // What arrived is read before timers are looked at.
      if (elapsed() - beaten > LONGEST) look()
      if (renewed === null) return handle(request)
      await renewed
      return handle({ ...request, mayBeLate: true })
    },
    stop: () => clearInterval(timer),
  }
}
