// Writes of what is sealed: only while the database belongs to the master key that it is sealed under. A process that
// stood still while that key was replaced would leave what nobody can open any more.

import { type AtomicResult, type Driver, type Step, StoreUnavailable, step } from '../database/driver.ts'
import { changeMark } from '../statements/installation.ts'

export interface SealedWrites {
  /** `keyCheck`: of the master key that this process seals under. Until it is told nothing is compared. */
  sealsUnder(keyCheck: string): void
  /** Rejects with `StoreUnavailable`, and nothing was changed, once the database belongs to another key. */
  atomic(steps: readonly Step[]): Promise<AtomicResult>
}

const GUARD = 'master_key'

export function createSealedWrites(driver: Driver): SealedWrites {
  let own: string | null = null
  return {
    sealsUnder(keyCheck) {
      own = keyCheck
    },
    async atomic(steps) {
      if (own === null) return driver.atomic(steps)
      // Written over by the same, which holds the row: a replacement waits for this, or this is refused after it.
      const result = await driver.atomic([step(changeMark, { former: own, mark: own }, GUARD), ...steps])
      if (result.held) return { held: true, rows: result.rows.slice(1) }
      if (result.guard !== GUARD) return result
      throw new StoreUnavailable('the master key of the database was replaced, or is being replaced')
    },
  }
}
