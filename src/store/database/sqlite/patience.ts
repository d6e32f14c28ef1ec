// How long and how often to try again what a lock of another process refuses. The event loop never waits.

import { stopwatch } from '../../../platform/clock.ts'
import { isBusy, translateSqlite } from './errors.ts'

/** Milliseconds after which it is given up. */
export const PATIENCE = 5_000
/** Milliseconds between two tries at most. */
export const LONGEST_PAUSE = 50

/** Tries again what another process's lock refuses, with small growing pauses, never blocking. */
export async function patiently<T>(work: () => T): Promise<T> {
  const elapsed = stopwatch()
  for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || elapsed() >= PATIENCE) throw translateSqlite(error)
    }
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}
