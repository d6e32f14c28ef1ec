// Everything of an installation on SQLite into an empty PostgreSQL database: people, clients, keys, sessions, tokens, as they
// are. Tables and columns have the same names in both.

import { newId } from '../platform/random.ts'
import {
  type Driver,
  type Statement,
  type Step,
  StoreUnavailable,
  statement,
  step,
  type Value,
} from './database/driver.ts'
import type { Snapshot, SnapshotTable } from './database/sqlite/snapshot.ts'
import { TABLE_NOTES } from './schema/notes.ts'
import { changeMark, findFact, putFact, putFactOnce } from './statements/installation.ts'

/** Somebody's installation is there already: nothing was changed. */
export class NotEmpty extends Error {
  /** Of the master key of the one that was to move. */
  readonly hasSameKey: boolean
  constructor(hasSameKey: boolean) {
    super('another installation is in the database')
    this.hasSameKey = hasSameKey
  }
}

/** Another move has taken the database over: it begins anew, and this one has ended. */
export class Overtaken extends Error {}

/** The move has begun, and cannot come to its end: nothing starts on what is there. The message says why. */
export class CannotMove extends Error {
  readonly code: 'source_changed' | 'source_unreadable' | 'row_refused' | 'rows_missing' | 'newer_database'
  constructor(code: CannotMove['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * While a database is being filled its `key_check` says so, in place of that of a master key: whatever opens it stops there, since
 * no key fits. What was cut off is found by it, and begun anew.
 */
const MARK = 'being filled '

export function isBeingFilled(keyCheck: string): boolean {
  return keyCheck.startsWith(MARK)
}

/** What whoever stops there tells. */
export const NOT_ALL_THERE = {
  problem: 'The database does not hold everything yet: a move into it is under way, or was cut off.',
  remedy: 'Wait for it to end, or run it again: npx lingpai move.',
}

/** The database's own, and what is written last. */
const NOT_COPIED = new Set(['schema_version', 'schema_lease', 'installation'])
/** Seconds that the database has for one statement: to count millions of rows takes longer than any request may. */
export const LONGEST_STATEMENT = 1_800
/** Rows of one transaction, and transactions at once. */
const BATCH = 500
const AT_ONCE = 4

/**
 * Guard: this move has the database still, and no other takes it over before this transaction has ended; without the lock what is
 * under way would arrive in what the other has emptied. SQLite, which knows no locks of rows, is never asked.
 */
const isStillOurs = statement<{ mark: string }, { ours: number }>(
  'is_still_ours',
  `SELECT 1 AS ours FROM installation WHERE name = 'key_check' AND value = :mark FOR SHARE`,
)

/** For this transaction: behind a pooler nothing is set on connections, and the role has the limit of requests. */
const bePatient = statement<object, { limit: string }>(
  'be_patient',
  `SELECT set_config('statement_timeout', '${LONGEST_STATEMENT}s', true) AS limit`,
)

/** Waits for a migration that is under way, and lets none begin before this transaction has ended. */
const holdSchema = statement<object, { held: number }>(
  'hold_schema',
  `SELECT 1 AS held FROM schema_lease WHERE lease = 'migration' FOR SHARE`,
)
const isOfSchema = statement<{ number: number }, { same: number }>(
  'is_of_schema',
  'SELECT 1 AS same FROM schema_version HAVING max(number) = :number',
)

export interface Moved {
  /** How many of each table. */
  readonly rows: Readonly<Record<string, number>>
  /** Tables of somebody else's that lie in the file too, and stay there. */
  readonly others: readonly string[]
}

/**
 * Throws `NotEmpty` where an installation is; the mark of a move that has begun there, null: none has. The schema has its first
 * migration. `keyCheck`: of what is to move.
 */
export async function assertNothingThere(driver: Driver, keyCheck: string): Promise<string | null> {
  const [found] = await driver.rows(findFact, { name: 'key_check' })
  if (found === undefined) return null
  if (!isBeingFilled(found.value)) throw new NotEmpty(found.value === keyCheck)
  return found.value
}

/** `target` has the schema of this release. Cut off anywhere it leaves a database that nothing starts on. */
export async function moveEverything(
  source: Snapshot,
  target: Driver,
  progress: (done: number, total: number) => void,
): Promise<Moved> {
  const ours = source.tables.filter(({ name }) => Object.hasOwn(TABLE_NOTES, name))
  const tables = ours.filter(({ name }) => !NOT_COPIED.has(name))
  const total = tables.reduce((sum, { rows }) => sum + rows, 0)
  const facts = factsOf(source)
  const mark = await takeOver(target, tables, facts.check)
  let done = 0
  progress(done, total)
  for (const table of tables) {
    await copy(source, table, target, mark, (rows) => {
      done += rows
      progress(done, total)
    })
    await assertAllThere(target, mark, table)
  }
  if (!source.isAsItWas()) {
    throw new CannotMove(
      'source_changed',
      'Something has written to the data folder meanwhile (a command, a backup, a program): that would be lost.',
    )
  }
  await finish(source, target, mark, facts)
  return {
    rows: Object.fromEntries(tables.map(({ name, rows }) => [name, rows])),
    others: source.tables.filter((table) => !ours.includes(table)).map(({ name }) => name),
  }
}

async function copy(
  source: Snapshot,
  table: SnapshotTable,
  target: Driver,
  mark: string,
  copied: (rows: number) => void,
): Promise<void> {
  const insert = insertInto(table)
  let lists: Promise<unknown>[] = []
  try {
    for (const rows of batches(readable(source, table))) {
      const steps = rows.map((row) => step(insert, asOnPostgres(table, row)))
      lists.push(ask(target, mark, steps).catch((error: unknown) => Promise.reject(refusedRow(table, error))))
      if (lists.length === AT_ONCE) {
        await Promise.all(lists)
        lists = []
      }
      copied(rows.length)
    }
    await Promise.all(lists)
  } finally {
    // None is left alone where another failed.
    await Promise.allSettled(lists)
  }
}

/** Marked and emptied in one: what another move has under way is waited for, and arrives nowhere afterwards. */
async function takeOver(driver: Driver, tables: readonly SnapshotTable[], keyCheck: string): Promise<string> {
  const mark = `${MARK}${newId('mv')}`
  const former = await assertNothingThere(driver, keyCheck)
  const taken =
    former === null
      ? step(putFactOnce, { name: 'key_check', value: mark }, 'alone')
      : step(changeMark, { former, mark }, 'alone')
  const empty = statement('empty_all', `TRUNCATE ${tables.map(({ name }) => `"${name}"`).join(', ')}`)
  if ((await driver.atomic([step(bePatient, {}), taken, step(empty, {})])).held) return mark
  // It may have been a server that was started on it.
  await assertNothingThere(driver, keyCheck)
  throw new Overtaken('another move has begun')
}

/** The answer to the last step. */
async function ask(target: Driver, mark: string, steps: readonly Step[]): Promise<readonly unknown[]> {
  const asked = await target.atomic([step(bePatient, {}), step(isStillOurs, { mark }, 'ours'), ...steps])
  if (!asked.held) throw new Overtaken('another move has begun')
  return asked.rows.at(-1) ?? []
}

interface Facts {
  readonly check: string
  readonly others: readonly { readonly name: string; readonly value: string }[]
}

function factsOf(source: Snapshot): Facts {
  const table = source.tables.find(({ name }) => name === 'installation')
  if (table === undefined) throw new Error('the source has no installation')
  const facts = [...readable(source, table)].map((row) => ({ name: String(row['name']), value: String(row['value']) }))
  const check = facts.find(({ name }) => name === 'key_check')
  if (check === undefined) throw new Error('the source has never been opened with a master key')
  return { check: check.value, others: facts.filter((fact) => fact !== check) }
}

/** By what the master key is checked comes last, so that nothing opens a database that does not hold all. */
async function finish(source: Snapshot, target: Driver, mark: string, { check, others }: Facts): Promise<void> {
  const number = source.tables.find(({ name }) => name === 'schema_version')?.rows ?? 0
  const finished = await target.atomic([
    step(changeMark, { former: mark, mark: check }, 'ours'),
    step(holdSchema, {}),
    step(isOfSchema, { number }, 'schema'),
    ...others.map((fact) => step(putFact, fact)),
  ])
  if (finished.held) return
  if (finished.guard === 'ours') throw new Overtaken('another move has begun')
  // Its migrations have changed what was there, and not what has come since.
  throw new CannotMove(
    'newer_database',
    'A newer release was started on the new database meanwhile, and has changed it.',
  )
}

async function assertAllThere(driver: Driver, mark: string, { name, rows }: SnapshotTable): Promise<void> {
  const count: Statement = { name: `count_${name}`, sql: `SELECT count(*) AS many FROM "${name}"` }
  const [found] = (await ask(driver, mark, [step(count, {})])) as readonly { readonly many: number }[]
  if (Number(found?.many) === rows) return
  throw new CannotMove('rows_missing', `${found?.many} rows of ${rows} have arrived in the table ${name}.`)
}

/** Columns of ours. Names that somebody else has put into the file must not become SQL on the new database. */
const COLUMN = /^[a-z_]+$/

function insertInto({ name, columns }: SnapshotTable): Statement {
  if (!columns.every((column) => COLUMN.test(column))) {
    throw new CannotMove('source_unreadable', `The table ${name} of the data folder has a column that is not ours.`)
  }
  const names = columns.map((column) => `"${column}"`).join(', ')
  const values = columns.map((column) => `:${column}`).join(', ')
  return { name: `move_${name}`, sql: `INSERT INTO "${name}" (${names}) VALUES (${values})` }
}

/** What PostgreSQL takes nowhere, such as a text with U+0000 that was not written by a server. */
function refusedRow({ name }: SnapshotTable, error: unknown): unknown {
  if (error instanceof StoreUnavailable || error instanceof Overtaken || !(error instanceof Error)) return error
  return new CannotMove('row_refused', `PostgreSQL refuses a row of the table ${name}: ${error.message}.`, {
    cause: error,
  })
}

/** There all people have one number (docs/decisions/0053). */
function asOnPostgres({ name }: SnapshotTable, row: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  const column = name === 'user' ? 'number' : 'user_number'
  return row[column] === undefined || row[column] === null ? row : { ...row, [column]: 0 }
}

function* readable(source: Snapshot, table: SnapshotTable): Generator<Readonly<Record<string, Value>>> {
  try {
    yield* source.rowsOf(table)
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    throw new CannotMove(
      'source_unreadable',
      `The table ${table.name} of the data folder cannot be read: ${error.message}.`,
      {
        cause: error,
      },
    )
  }
}

function* batches<Row>(rows: Iterable<Row>): Generator<readonly Row[]> {
  let batch: Row[] = []
  for (const row of rows) {
    batch.push(row)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
