// How many password hashes are computed at once, and how many may wait, so that threads are left for the rest of the
// server.

import { METRICS } from '../model/metrics.ts'
import { stopwatch } from '../platform/clock.ts'
import { Durations, type Reading, single } from '../platform/metrics/reading.ts'

/** Too many are waiting. The caller replies 503 with Retry-After; nothing was hashed. */
export class PasswordHashingBusy extends Error {
  constructor() {
    super('too many passwords are waiting to be checked')
    this.name = 'PasswordHashingBusy'
  }
}

export interface HashingQueue {
  /** Runs the work when its turn has come, in the order of arrival. */
  run<Result>(work: () => Promise<Result>): Promise<Result>
  metrics(): readonly Reading[]
}

export function createHashingQueue(concurrent: number, mostWaiting: number): HashingQueue {
  if (!Number.isInteger(concurrent) || concurrent < 1)
    throw new RangeError('at least one password must be hashed at a time')
  const waiting: (() => void)[] = []
  const durations = new Durations()
  let running = 0
  let refused = 0

  return {
    async run(work) {
      const elapsed = stopwatch()
      if (running < concurrent) running++
      else if (waiting.length >= mostWaiting) {
        refused++
        throw new PasswordHashingBusy()
      }
      // Whoever ends passes its place on, so the count stays the same and no newcomer slips in between.
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await work()
      } finally {
        durations.add(elapsed())
        const next = waiting.shift()
        if (next === undefined) running--
        else next()
      }
    },
    metrics: () => [
      single(METRICS.passwords, durations.read()),
      single(METRICS.passwordsWaiting, waiting.length),
      single(METRICS.passwordsRefused, refused),
    ],
  }
}
