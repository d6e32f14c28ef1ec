// The verb that deletes what has expired.

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
  /** Rows deleted in one step. */
  readonly most: number
}

export interface PruneVerbs {
  /** One bounded step over all tables; true: nothing is left to delete. */
  prune(now: Seconds, kept: Kept): Promise<boolean>
  /** One function for each table; each does a bounded step, and is true when nothing is left in its table. */
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
  // A list for each table, so that each write is short.
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
