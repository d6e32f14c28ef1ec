// Brings the schema to the version this program knows. Of several nodes that start together one migrates at a time; the
// others wait. Each migration and its row in `schema_version` commit together, and what keeps others away is that
// transaction itself: it ends with the node, so that nobody waits for one that has died.

import type { Clock } from '../../platform/clock.ts'
import { stopwatch } from '../../platform/clock.ts'
import { type Log, silentLog } from '../../platform/log.ts'
import { ConstraintViolated, type Driver, StoreLocked, StoreUnavailable, statement } from '../database/driver.ts'
import type { Migration } from './migrations/index.ts'

/** The database was written by a newer program, or by another program altogether. */
export class SchemaMismatch extends Error {
  /** Whether this program must be replaced: starting it again would not help. */
  readonly isNewer: boolean
  constructor(message: string, { isNewer = false } = {}) {
    super(message)
    this.name = 'SchemaMismatch'
    this.isNewer = isNewer
  }
}

/** The database belongs to another program, whose tables have names that ours need. None of them was changed. */
export class TablesOfAnother extends Error {
  readonly dialect: Driver['dialect']
  constructor({ dialect }: Driver, cause: unknown) {
    super('the database holds tables of another program; none of them was changed', { cause })
    this.name = 'TablesOfAnother'
    this.dialect = dialect
  }
}

export interface MigrateOptions {
  readonly clock: Clock
  readonly log?: Log
  /** Milliseconds to wait for another node that is migrating. */
  readonly patience?: number
}

const PATIENCE = 60_000
const PAUSE = 100
/** Milliseconds between two messages about what is being waited for, and how often to see whether one is due. */
const TELL_AGAIN = 10_000
const LOOK_EVERY = 1_000

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

/** What has to be there before the first migration. */
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

/** Refuses at once where another node has the lock; on SQLite it is the lock that every transaction takes. */
const LOCK = {
  sqlite: '',
  postgres: `SELECT lease FROM schema_lease WHERE lease = 'migration' FOR UPDATE NOWAIT;`,
}

/** Applies the missing migrations; returns the numbers of those that this call has applied. */
export async function migrate(
  driver: Driver,
  migrations: readonly Migration[],
  { clock, log = silentLog, patience = PATIENCE }: MigrateOptions,
): Promise<readonly number[]> {
  assertTimeline(migrations)
  const done: number[] = []
  const teller = createTeller(log, patience)
  for (let isFirst = true; ; isFirst = false) {
    const [next] = await missing(driver, migrations)
    if (next === undefined) return done
    if (isFirst && next.number > 1) {
      // SQLite says nothing more until the migration is through.
      log.warn(
        'the database is brought up to this release, which takes a while where it is large; older releases cannot use it any more',
        { from: next.number - 1, to: migrations.length },
      )
    }
    if (!(await inTurn(driver, next, { clock, patience }, teller))) continue
    log.info('migration_applied', { number: next.number, name: next.name })
    done.push(next.number)
  }
}

/**
 * What is logged while a migration waits: at once when it is refused, otherwise after a second, and then now and then.
 */
interface Teller {
  refused(migration: string, waited: number): void
  undecided(migration: string, waited: number): void
}

/** One for all missing migrations: another node may apply a dozen, each of which is waited for. */
function createTeller(log: Log, patience: number): Teller {
  const elapsed = stopwatch()
  let told = -TELL_AGAIN
  let wasRefused = false
  const isTime = () => {
    if (elapsed() - told < TELL_AGAIN) return false
    told = elapsed()
    return true
  }
  const seconds = (milliseconds: number) => Math.round(milliseconds / 1000)
  return {
    refused(migration, waited) {
      if (!wasRefused) told = -TELL_AGAIN
      wasRefused = true
      if (!isTime()) return
      log.warn('waiting for another server that migrates this database, or for whatever else holds a lock in it', {
        migration,
        waited_s: seconds(waited),
        at_most_s: seconds(patience),
      })
    },
    undecided(migration, waited) {
      if (!isTime()) return
      log.info('a migration is under way, or waits for a lock that something else holds in the database', {
        migration,
        waited_s: seconds(waited),
      })
    },
  }
}

/** Applies one as soon as nobody else holds a lock. False: another node has applied it. */
async function inTurn(
  driver: Driver,
  next: Migration,
  { clock, patience }: Required<Pick<MigrateOptions, 'clock' | 'patience'>>,
  teller: Teller,
): Promise<boolean> {
  const elapsed = stopwatch()
  const migration = `${next.number} (${next.name})`
  const looking = setInterval(() => teller.undecided(migration, elapsed()), LOOK_EVERY)
  try {
    for (;;) {
      try {
        return await applied(driver, next, clock)
      } catch (error) {
        if (!(error instanceof StoreLocked)) throw error
      }
      teller.refused(migration, elapsed())
      if (elapsed() > patience) throw tooLong(migration, driver.dialect, patience)
      await new Promise((resolve) => setTimeout(resolve, PAUSE))
    }
  } finally {
    clearInterval(looking)
  }
}

/** Where an operator finds whatever holds the lock. */
const HOLDERS = {
  sqlite: 'another program that has its file open, such as a command that is at work',
  postgres:
    'on PostgreSQL "SELECT pid, client_addr, state, query FROM pg_stat_activity WHERE datname = current_database()" shows who is there',
}

function tooLong(migration: string, dialect: Driver['dialect'], patience: number): StoreUnavailable {
  return new StoreUnavailable(
    `this server has waited ${Math.round(patience / 1000)} s to apply migration ${migration}: another server is migrating this database, or something else holds a lock in it. Look at the logs of the other servers, and start this one again when they are done; if none is migrating, end what holds the lock (${HOLDERS[dialect]})`,
  )
}

/** Whether an older release has made the schema; false for an empty database. */
export async function isOfOlderRelease(driver: Driver, migrations: readonly Migration[]): Promise<boolean> {
  const left = (await missing(driver, migrations)).length
  return left > 0 && left < migrations.length
}

/** Whether a first migration was applied; maybe not by this release, and maybe not all of them. */
export async function hasSchema(driver: Driver, migrations: readonly Migration[]): Promise<boolean> {
  return (await missing(driver, migrations)).length < migrations.length
}

function assertTimeline(migrations: readonly Migration[]): void {
  migrations.forEach((migration, at) => {
    if (migration.number !== at + 1 || !/^[a-z0-9-]+$/.test(migration.name)) {
      throw new TypeError(`migration ${migration.number} (${migration.name}) does not fit into the timeline`)
    }
  })
}

/** The migrations that this program knows and the database lacks. Throws when the database has more, or other ones. */
async function missing(driver: Driver, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  if ((await driver.rows(findTable[driver.dialect], {}))[0]?.name === null) await createTables(driver)
  const found = await driver.rows(findApplied, {}).catch((error: unknown) => {
    throw lacksColumn(error) ? new TablesOfAnother(driver, error) : error
  })
  found.forEach(({ number, name }, at) => {
    const known = migrations[at]
    if (known === undefined) {
      throw new SchemaMismatch(
        `the database has schema version ${found.at(-1)?.number}, this program knows ${migrations.length}: use a newer release`,
        { isNewer: true },
      )
    }
    if (known.number !== number || known.name !== name) {
      throw new SchemaMismatch(
        `the database has migration ${number} (${name}) where this program has ${known.name}: another program wrote it, so use that one or restore a backup`,
      )
    }
  })
  return migrations.slice(found.length)
}

async function createTables(driver: Driver): Promise<void> {
  try {
    await driver.script(SCHEMA_TABLES)
  } catch (error) {
    // When two nodes create the same table at once, PostgreSQL refuses the second, with one of several errors.
    const [table] = await driver.rows(findTable[driver.dialect], {})
    if ((table?.name ?? null) === null) throw error
  }
}

/** False: another node has applied it meanwhile. */
async function applied(driver: Driver, { number, name, sql }: Migration, clock: Clock): Promise<boolean> {
  // The row comes first, so that a node that is too late changes nothing.
  const row = `INSERT INTO schema_version (number, name, applied_at) VALUES (${number}, '${name}', ${clock.now()});`
  try {
    await driver.script(`${LOCK[driver.dialect]}${row}\n${sectionsFor(sql, driver.dialect)}`)
    return true
  } catch (error) {
    if (error instanceof StoreLocked) throw error
    if (error instanceof ConstraintViolated && error.constraint === 'schema_version_number') return false
    if (isTaken(error)) throw new TablesOfAnother(driver, error)
    throw new Error(`migration ${number} (${name}) failed: ${String(error)}`, { cause: error })
  }
}

/** `duplicate_table` of PostgreSQL, which says so of an index as well; SQLite has words for it alone. */
function isTaken(error: unknown): boolean {
  return stateOf(error) === '42P07' || /^(table|index) .* already exists$/.test(wordsOf(error))
}

/** `undefined_column`: our table of versions has the name of another's. */
function lacksColumn(error: unknown): boolean {
  return stateOf(error) === '42703' || wordsOf(error).startsWith('no such column: ')
}

function stateOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : ''
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
