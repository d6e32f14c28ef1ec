// Whether a newer release has changed the schema under a running server, or an operator its master key. What this
// server writes may then lack what the newer release reads, or be sealed under a key that nobody has any more, so it must
// not go on. It looks now and then, by reading tables of a few rows; no request waits for it.

import type { Log } from '../../platform/log.ts'
import { type Driver, statement } from '../database/driver.ts'
import { migrations } from './migrations/index.ts'

const findWhatRuns = statement<object, { number: number | null; key_check: string | null }>(
  'find_what_runs',
  `SELECT max(v.number) AS number,
     (SELECT i.value FROM installation i WHERE i.name = 'key_check') AS key_check
   FROM schema_version v`,
)

export interface SchemaWatch {
  /** Closes the database if it belongs to a newer release, or to another master key, by now. */
  look(): Promise<void>
  /** Why this server must not serve; null: schema and master key are those that it knows. */
  unready(): string | null
  /** Resolves to the reason once there is one. */
  readonly outdated: Promise<string>
}

/** `keyCheck`: of the master key that this server has. */
export function createSchemaWatch(driver: Driver, keyCheck: string, log: Log): SchemaWatch {
  const known = migrations.length
  const outdated = Promise.withResolvers<string>()
  let problem: string | null = null
  return {
    async look() {
      if (problem !== null) return
      const [row] = await driver.rows(findWhatRuns, {})
      const number = row?.number ?? 0
      if (number > known) {
        problem = `a newer release has changed the database to schema version ${number}, this program knows ${known}`
        log.error(`${problem}: this server answers nothing any more; start the newer release in its place`)
      } else if (row !== undefined && row.key_check !== null && row.key_check !== keyCheck) {
        problem = 'the master key of the database was replaced, or is being replaced'
        log.error(`${problem}: this server answers nothing any more; start it again with the next key`)
      } else return
      outdated.resolve(problem)
      // From here on every request is refused and nothing is written; lists under way are finished.
      await driver.close()
    },
    unready: () => problem,
    outdated: outdated.promise,
  }
}
