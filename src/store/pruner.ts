// Deletes what has expired, a little at a time with pauses in between, so that nobody waits for it. Where several nodes
// share a database, one of them does it, under a lease: two would only wait for each other's rows.

import { stopwatch } from '../platform/clock.ts'
import { newId } from '../platform/random.ts'
import { type Driver, statement, step } from './database/driver.ts'

const takeLease = statement<{ holder: string; now: number; expires_at: number }, { holder: string }>(
  'pruning_lease_take',
  `INSERT INTO schema_lease (lease, holder, expires_at) VALUES ('pruning', :holder, :expires_at)
   ON CONFLICT (lease) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
   WHERE schema_lease.holder = excluded.holder OR schema_lease.expires_at <= :now
   RETURNING holder`,
)

/** Seconds after which another node may take over from one that has died. */
const LEASE = 120
/** Pruning takes at most a fifth of the time, however much there is to delete. */
const PAUSES_PER_WORK = 4
const LEAST_PAUSE_MS = 5

export interface Pruner {
  /** Returns when nothing is left, another node does it, or `stop` was called. One run at a time. */
  run(): Promise<void>
  /** Resolves when the step under way has ended. */
  stop(): Promise<void>
}

/** `tasks`: each makes one bounded step, and is called again until it says that nothing is left. */
export function createPruner(driver: Driver, now: () => number, tasks: readonly (() => Promise<boolean>)[]): Pruner {
  const holder = newId('pr')
  let isStopped = false
  let running: Promise<void> | null = null

  const isOurs = async () => {
    // An embedded database has one server.
    if (driver.dialect === 'sqlite') return true
    const at = now()
    return (await driver.atomic([step(takeLease, { holder, now: at, expires_at: at + LEASE }, 'lease')])).held
  }
  const pruneAll = async () => {
    for (const task of tasks) {
      if (!(await isOurs())) return
      for (let renew = stopwatch(); ; ) {
        if (isStopped) return
        const took = stopwatch()
        if (await task()) break
        await new Promise((resolve) => setTimeout(resolve, Math.max(LEAST_PAUSE_MS, took() * PAUSES_PER_WORK)))
        if (renew() < (LEASE * 1_000) / 4) continue
        if (!(await isOurs())) return
        renew = stopwatch()
      }
    }
  }
  return {
    run() {
      running ??= pruneAll().finally(() => {
        running = null
      })
      return running
    },
    async stop() {
      isStopped = true
      await running?.catch(() => undefined)
    },
  }
}
