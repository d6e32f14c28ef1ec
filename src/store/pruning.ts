// The verb that takes away what has expired.

import type { Seconds } from '../model/time.ts'
import type { Driver } from './driver.ts'
import { step } from './driver.ts'
import {
  pruneEvents,
  pruneRegisteredClients,
  pruneRegistrations,
  pruneSessions,
  prunings,
} from './statements/pruning.ts'

export interface PruneVerbs {
  /** One bounded step over all tables; true: nothing is left to prune. */
  prune(
    now: Seconds,
    kept: { readonly events: Seconds; readonly endedSessions: Seconds; readonly most: number },
  ): Promise<boolean>
}

export function createPruneVerbs(driver: Driver): PruneVerbs {
  return {
    async prune(now, { events, endedSessions, most }) {
      // One list a table: each is a short write of its own.
      const steps = [
        ...prunings.map((statement) => step(statement, { before: now, most })),
        step(pruneSessions, { before: now, ended_before: now - endedSessions, most }),
        step(pruneRegisteredClients, { ended_before: now - endedSessions, most }),
        step(pruneRegistrations, { ended_before: now - endedSessions, most }),
        step(pruneEvents, { before: now - events, most }),
      ]
      let done = true
      for (const each of steps) {
        const result = await driver.atomic([each])
        if (result.held && (result.rows[0]?.length ?? 0) >= most) done = false
      }
      return done
    },
  }
}
