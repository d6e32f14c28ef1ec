// Everything of an installation on SQLite into an empty PostgreSQL database: people, clients, keys, sessions, tokens, as they
// are. Tables and columns have the same names in both.

import { newId } from '../platform/random.ts'
import { type Driver, type Statement, type Step, step, type Value } from './database/driver.ts'
import type { Snapshot, SnapshotTable } from './database/sqlite/snapshot.ts'
import { changeMark, findFact, isStillOurs, putFact, putFactOnce } from './statements/installation.ts'

/** Somebody's installation is there already: nothing was changed. */
export class NotEmpty extends Error {}

/** Another move has taken the database over: it begins anew, and this one has ended. */
export class Overtaken extends Error {}

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
/** Rows of one transaction, and transactions at once. */
const BATCH = 500
const AT_ONCE = 4

export interface Moved {
  /** How many of each table. */
  readonly rows: Readonly<Record<string, number>>
}

/** `target` has the schema of this release. Cut off anywhere it leaves a database that nothing starts on. */
export async function moveEverything(
  source: Snapshot,
  target: Driver,
  progress: (done: number, total: number) => void,
): Promise<Moved> {
  const tables = source.tables.filter(({ name }) => !NOT_COPIED.has(name))
  const total = tables.reduce((sum, { rows }) => sum + rows, 0)
  const mark = await takeOver(target)
  await target.script(`TRUNCATE ${tables.map(({ name }) => `"${name}"`).join(', ')}`)
  let done = 0
  for (const table of tables) {
    await copy(
      source,
      table,
      (rows) => write(target, mark, rows),
      (rows) => {
        done += rows
        progress(done, total)
      },
    )
    await assertAllThere(target, mark, table)
  }
  await finish(source, target, mark)
  return { rows: Object.fromEntries(tables.map(({ name, rows }) => [name, rows])) }
}

async function copy(
  source: Snapshot,
  table: SnapshotTable,
  list: (steps: readonly Step[]) => Promise<void>,
  copied: (rows: number) => void,
): Promise<void> {
  const insert = insertInto(table)
  let lists: Promise<void>[] = []
  try {
    for (const rows of batches(source.rowsOf(table))) {
      lists.push(list(rows.map((row) => step(insert, asOnPostgres(row)))))
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

async function takeOver(driver: Driver): Promise<string> {
  const mark = `${MARK}${newId('mv')}`
  const [found] = await driver.rows(findFact, { name: 'key_check' })
  if (found !== undefined && !isBeingFilled(found.value)) throw new NotEmpty('another installation is in the database')
  const taken =
    found === undefined
      ? step(putFactOnce, { name: 'key_check', value: mark }, 'alone')
      : step(changeMark, { former: found.value, mark }, 'alone')
  if (!(await driver.atomic([taken])).held) throw new Overtaken('another move has begun')
  return mark
}

async function write(target: Driver, mark: string, steps: readonly Step[]): Promise<void> {
  const { held } = await target.atomic([step(isStillOurs, { mark }, 'ours'), ...steps])
  if (!held) throw new Overtaken('another move has begun')
}

/** By what the master key is checked comes last, so that nothing opens a database that does not hold all. */
async function finish(source: Snapshot, target: Driver, mark: string): Promise<void> {
  const table = source.tables.find(({ name }) => name === 'installation')
  if (table === undefined) throw new Error('the source has no installation')
  const facts = [...source.rowsOf(table)].map((row) => ({ name: String(row['name']), value: String(row['value']) }))
  const check = facts.find(({ name }) => name === 'key_check')
  if (check === undefined) throw new Error('the source has never been opened with a master key')
  const others = facts.filter((fact) => fact !== check).map((fact) => step(putFact, fact))
  await write(target, mark, [...others, step(changeMark, { former: mark, mark: check.value }, 'ours')])
}

async function assertAllThere(driver: Driver, mark: string, { name, rows }: SnapshotTable): Promise<void> {
  const count: Statement = { name: `count_${name}`, sql: `SELECT count(*) AS many FROM "${name}"` }
  const counted = await driver.atomic([step(isStillOurs, { mark }, 'ours'), step(count, {})])
  if (!counted.held) throw new Overtaken('another move has begun')
  const [found] = counted.rows.at(-1) as readonly { readonly many: number }[]
  if (Number(found?.many) !== rows) throw new Error(`${found?.many} rows of ${rows} have arrived in ${name}`)
}

function insertInto({ name, columns }: SnapshotTable): Statement {
  const names = columns.map((column) => `"${column}"`).join(', ')
  const values = columns.map((column) => `:${column}`).join(', ')
  return { name: `move_${name}`, sql: `INSERT INTO "${name}" (${names}) VALUES (${values})` }
}

/** There all people have one number (docs/decisions/0053). */
function asOnPostgres(row: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  const one = (column: string) => (row[column] === undefined || row[column] === null ? {} : { [column]: 0 })
  return { ...row, ...one('number'), ...one('user_number') }
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
