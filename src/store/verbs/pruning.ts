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
  putOffEndedSessions,
} from '../statements/pruning.ts'

export interface Kept {
  readonly events: Seconds
  readonly endedSessions: Seconds
  /** Rows of one table that one step deletes; as many may be put off. */
  readonly most: number
}

export interface PruneVerbs {
  /** One bounded step over all tables; true: nothing is left to delete. */
  prune(now: Seconds, kept: Kept): Promise<boolean>
  /** One function for each table; each does a bounded step, and is true when nothing is left in its table. */
  readonly pruneTables: readonly ((now: Seconds, kept: Kept) => Promise<boolean>)[]
}

/** What is done to one table in one step: what it deletes, and what it puts off. */
const LISTS: readonly ((now: Seconds, kept: Kept) => readonly Step[])[] = [
  ...prunings.map((statement) => (before: Seconds, { most }: Kept) => [step(statement, { before, most })]),
  (now, { endedSessions, most }) => {
    const ran = { before: now, ended_before: now - endedSessions, most }
    return [step(pruneSessions, ran), step(putOffEndedSessions, { ...ran, kept: endedSessions })]
  },
  (now, kept) => [step(pruneRegisteredClients, { ended_before: now - kept.endedSessions, most: kept.most })],
  (now, kept) => [step(pruneRegistrations, { ended_before: now - kept.endedSessions, most: kept.most })],
  (now, kept) => [step(pruneEvents, { before: now - kept.events, most: kept.most })],
]

export function createPruneVerbs(driver: Driver): PruneVerbs {
  // A list for each table, so that each write is short.
  const pruneTables = LISTS.map((listFor) => async (now: Seconds, kept: Kept) => {
    const result = await driver.atomic(listFor(now, kept))
    return !(result.held && result.rows.flat().length >= kept.most)
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
