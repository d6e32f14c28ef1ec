// The verb that takes away what has expired.

import type { Seconds } from '../../model/time.ts'
import type { Driver, Step } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import {
  pruneEvents,
  pruneRegisteredClients,
  pruneRegistrations,
  pruneSessions,
  prunings,
} from '../statements/pruning.ts'

export interface Kept {
  readonly events: Seconds
  readonly endedSessions: Seconds
  /** Rows a step. */
  readonly most: number
}

export interface PruneVerbs {
  /** One bounded step over all tables; true: nothing is left to prune. */
  prune(now: Seconds, kept: Kept): Promise<boolean>
  /** One for each table; each makes a bounded step, and is true when nothing is left there. */
  readonly pruneTables: readonly ((now: Seconds, kept: Kept) => Promise<boolean>)[]
}

const STEPS: readonly ((now: Seconds, kept: Kept) => Step)[] = [
  ...prunings.map(
    (statement) =>
      (before: Seconds, { most }: Kept) =>
        step(statement, { before, most }),
  ),
  (now, kept) => step(pruneSessions, { before: now, ended_before: now - kept.endedSessions, most: kept.most }),
  (now, kept) => step(pruneRegisteredClients, { ended_before: now - kept.endedSessions, most: kept.most }),
  (now, kept) => step(pruneRegistrations, { ended_before: now - kept.endedSessions, most: kept.most }),
  (now, kept) => step(pruneEvents, { before: now - kept.events, most: kept.most }),
]

export function createPruneVerbs(driver: Driver): PruneVerbs {
  // One list a table: each is a short write of its own.
  const pruneTables = STEPS.map((stepFor) => async (now: Seconds, kept: Kept) => {
    const result = await driver.atomic([stepFor(now, kept)])
    return !(result.held && (result.rows[0]?.length ?? 0) >= kept.most)
  })
  return {
    pruneTables,
    async prune(now, kept) {
      let done = true
      for (const pruneTable of pruneTables) if (!(await pruneTable(now, kept))) done = false
      return done
    },
  }
}
