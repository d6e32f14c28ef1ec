// Whether a newer release has changed the schema under a running server. What this server writes may then lack what the
// newer release reads, so it must not go on. It looks now and then, by reading a table of a few rows; no request waits
// for it.

import type { Log } from '../../platform/log.ts'
import { type Driver, statement } from '../database/driver.ts'
import { migrations } from './migrations/index.ts'

const findNewest = statement<object, { number: number | null }>(
  'schema_version_newest',
  'SELECT max(number) AS number FROM schema_version',
)

export interface SchemaWatch {
  /** Closes the database if it belongs to a newer release by now. */
  look(): Promise<void>
  /** Why this server must not serve; null: the schema is the one that it knows. */
  unready(): string | null
  /** Resolves to the reason once there is one. */
  readonly outdated: Promise<string>
}

export function createSchemaWatch(driver: Driver, log: Log): SchemaWatch {
  const known = migrations.length
  const outdated = Promise.withResolvers<string>()
  let problem: string | null = null
  return {
    async look() {
      if (problem !== null) return
      const [row] = await driver.rows(findNewest, {})
      const number = row?.number ?? 0
      if (number <= known) return
      problem = `a newer release has changed the database to schema version ${number}, this program knows ${known}`
      log.error(`${problem}: this server answers nothing any more; start the newer release in its place`)
      outdated.resolve(problem)
      // From here on every request is refused and nothing is written; lists under way are finished.
      await driver.close()
    },
    unready: () => problem,
    outdated: outdated.promise,
  }
}
