// Brings the schema to the version this program knows. Of several nodes that start together one migrates, under
// a lease in the database; the others wait. Each migration and its row in `schema_version` commit together.

import type { Clock } from '../../platform/clock.ts'
import { stopwatch } from '../../platform/clock.ts'
import { type Log, silentLog } from '../../platform/log.ts'
import { newId } from '../../platform/random.ts'
import { type Driver, StoreUnavailable, statement, step } from '../database/driver.ts'
import type { Migration } from './migrations/index.ts'

/** The database was written by a newer program, or by another one. */
export class SchemaMismatch extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SchemaMismatch'
  }
}

export interface MigrateOptions {
  readonly clock: Clock
  readonly log?: Log
  /** Milliseconds to wait for another node that migrates. */
  readonly patience?: number
}

/** A node that dies while it migrates holds the others up for this long, in seconds; a living one renews. */
const LEASE = 15
const PAUSE = 100

const findTable = {
  sqlite: statement<object, { name: string | null }>(
    'schema_table_sqlite',
    `SELECT max(name) AS name FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'`,
  ),
  postgres: statement<object, { name: string | null }>(
    'schema_table_postgres',
    `SELECT CAST(to_regclass('schema_version') AS TEXT) AS name`,
  ),
}

const findApplied = statement<object, { number: number; name: string }>(
  'schema_version_list',
  'SELECT number, name FROM schema_version ORDER BY number',
)

const takeLease = statement<{ holder: string; now: number; expires_at: number }, { holder: string }>(
  'schema_lease_take',
  `UPDATE schema_lease SET holder = :holder, expires_at = :expires_at
   WHERE lease = 'migration' AND (holder = :holder OR expires_at <= :now) RETURNING holder`,
)

const endLease = statement<{ holder: string }>(
  'schema_lease_end',
  `UPDATE schema_lease SET holder = '', expires_at = 0 WHERE lease = 'migration' AND holder = :holder`,
)

/** What a migration needs before the first one. */
export const SCHEMA_TABLES = `
CREATE TABLE IF NOT EXISTS schema_version (
  number BIGINT NOT NULL,
  name TEXT NOT NULL,
  applied_at BIGINT NOT NULL,
  CONSTRAINT schema_version_number PRIMARY KEY (number)
);
CREATE TABLE IF NOT EXISTS schema_lease (
  lease TEXT NOT NULL,
  holder TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  CONSTRAINT schema_lease_lease PRIMARY KEY (lease)
);
INSERT INTO schema_lease (lease, holder, expires_at) VALUES ('migration', '', 0) ON CONFLICT DO NOTHING;
`

/** Applies what is missing; returns the numbers this call has applied. */
export async function migrate(
  driver: Driver,
  migrations: readonly Migration[],
  options: MigrateOptions,
): Promise<readonly number[]> {
  assertTimeline(migrations)
  const elapsed = stopwatch()
  const holder = newId('mg')
  while ((await missing(driver, migrations)).length > 0) {
    if (await leaseTaken(driver, holder, options.clock)) {
      try {
        return await applyAll(driver, migrations, holder, options)
      } finally {
        await driver.atomic([step(endLease, { holder })])
      }
    }
    if (elapsed() > (options.patience ?? 60_000)) {
      throw new StoreUnavailable(
        'another server has been migrating this database for too long; look at its log, and start this one again when it is done',
      )
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE))
  }
  return []
}

/** Whether an older release has made the schema; false for a database in which nothing is yet. */
export async function isOfOlderRelease(driver: Driver, migrations: readonly Migration[]): Promise<boolean> {
  const left = (await missing(driver, migrations)).length
  return left > 0 && left < migrations.length
}

function assertTimeline(migrations: readonly Migration[]): void {
  migrations.forEach((migration, at) => {
    if (migration.number !== at + 1 || !/^[a-z0-9-]+$/.test(migration.name)) {
      throw new TypeError(`migration ${migration.number} (${migration.name}) does not fit into the timeline`)
    }
  })
}

/** What this program knows and the database has not. Refuses a database that knows more, or other things. */
async function missing(driver: Driver, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  if ((await driver.rows(findTable[driver.dialect], {}))[0]?.name === null) await createTables(driver)
  const applied = await driver.rows(findApplied, {})
  applied.forEach(({ number, name }, at) => {
    const known = migrations[at]
    if (known === undefined) {
      throw new SchemaMismatch(
        `the database has schema version ${applied.at(-1)?.number}, this program knows ${migrations.length}: use a newer release`,
      )
    }
    if (known.number !== number || known.name !== name) {
      throw new SchemaMismatch(
        `the database has migration ${number} (${name}) where this program has ${known.name}: another program wrote it, so use that one or restore a backup`,
      )
    }
  })
  return migrations.slice(applied.length)
}

async function createTables(driver: Driver): Promise<void> {
  try {
    await driver.script(SCHEMA_TABLES)
  } catch (error) {
    // Two nodes creating the same table at once: PostgreSQL refuses the second one's, under one of several names.
    const [table] = await driver.rows(findTable[driver.dialect], {})
    if ((table?.name ?? null) === null) throw error
  }
}

async function leaseTaken(driver: Driver, holder: string, clock: Clock): Promise<boolean> {
  const now = clock.now()
  const result = await driver.atomic([step(takeLease, { holder, now, expires_at: now + LEASE }, 'lease')])
  return result.held
}

async function applyAll(
  driver: Driver,
  migrations: readonly Migration[],
  holder: string,
  { clock, log = silentLog }: MigrateOptions,
): Promise<readonly number[]> {
  const renewal = setInterval(
    () => {
      // A renewal that fails ends nothing: the row in schema_version decides who has applied a migration.
      leaseTaken(driver, holder, clock).catch((error) =>
        log.warn('migration_lease_not_renewed', { reason: String(error) }),
      )
    },
    (LEASE * 1000) / 3,
  )
  const done: number[] = []
  try {
    for (const { number, name, sql } of await missing(driver, migrations)) {
      const row = `INSERT INTO schema_version (number, name, applied_at) VALUES (${number}, '${name}', ${clock.now()});`
      try {
        await driver.script(`${sectionsFor(sql, driver.dialect)}\n;${row}`)
      } catch (error) {
        // A node whose lease ran out unnoticed may have been faster: what counts is that the migration is there.
        if ((await missing(driver, migrations))[0]?.number !== number) continue
        throw new Error(`migration ${number} (${name}) failed: ${String(error)}`, { cause: error })
      }
      log.info('migration_applied', { number, name })
      done.push(number)
    }
  } finally {
    clearInterval(renewal)
  }
  return done
}

/** The text for one database: a section that begins with `-- sqlite` or `-- postgres` ends at `-- both`. */
export function sectionsFor(sql: string, dialect: Driver['dialect']): string {
  let section = 'both'
  const lines = sql.split('\n').filter((line) => {
    const [, mark] = /^\s*--\s*(sqlite|postgres|both)\s*$/.exec(line) ?? []
    if (mark !== undefined) section = mark
    return mark === undefined && (section === 'both' || section === dialect)
  })
  if (section !== 'both') throw new TypeError(`a migration's -- ${section} section does not end with -- both`)
  return lines.join('\n')
}
