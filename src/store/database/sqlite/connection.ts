// One open SQLite file: its settings, and its statements, each prepared once. Everything here is synchronous.

import { closeSync, existsSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { binder, compile, notRead, onlyReads, type Statement, StoreUnavailable, type Value } from '../driver.ts'
import { type RowMaker, rowMaker } from '../row-maker.ts'
import { assertOneName } from './open-files.ts'

const NOTHING_CHANGED: readonly unknown[] = []
const CHANGED: readonly unknown[] = [{ changed: 1 }]

interface Prepared {
  readonly run: StatementSync
  readonly values: (bind: object) => Value[]
  readonly onlyReads: boolean
  /** Columns of a row; 0 before the first has been seen. */
  columns: number
  asRow: RowMaker
}

export class SqliteConnection {
  readonly database: DatabaseSync
  readonly #prepared = new Map<Statement, Prepared>()

  /** `cacheBytes`: how much memory it may fill with pages. */
  constructor(file: string, readOnly: boolean, cacheBytes: number) {
    // To SQLite an empty name means a temporary file that is deleted when it is closed.
    if (typeof file !== 'string' || file === '') {
      throw new TypeError('file must be the path of the database, or :memory:')
    }
    // Only for a new file: closing a descriptor of a file that SQLite has open in this process would drop its locks.
    if (!readOnly && file !== ':memory:' && !existsSync(file)) makeFile(file)
    if (!readOnly) assertOneName(file)
    // timeout 0: a lock that a command holds must never stop the event loop; the driver itself waits and tries again.
    this.database = new DatabaseSync(file, { readOnly, timeout: 0, enableForeignKeyConstraints: true })
    this.database.exec(`PRAGMA cache_size = -${Math.max(1, Math.floor(cacheBytes / 1024))}`)
    // For a single statement SQLite would rather index a whole table than read three rows by their numbers.
    this.database.exec(NO_INDEX_FOR_A_STATEMENT)
  }

  /**
   * Runs one statement. INSERT, UPDATE and DELETE return no rows; a `change` returns one when it has changed something.
   */
  rows(statement: Statement, bind: object): readonly unknown[] {
    const prepared = this.#prepared.get(statement) ?? this.#prepare(statement)
    if (!statement.isChange) return found(prepared, bind)
    return prepared.run.run(...prepared.values(bind)).changes === 0 ? NOTHING_CHANGED : CHANGED
  }

  /** Runs one statement that only reads. */
  read(statement: Statement, bind: object): readonly unknown[] {
    const prepared = this.#prepared.get(statement) ?? this.#prepare(statement)
    if (!prepared.onlyReads) throw notRead(statement)
    return found(prepared, bind)
  }

  #prepare(statement: Statement): Prepared {
    const { text, names } = compile(statement.sql, '?')
    const run = this.database.prepare(text)
    // Arrays of values, made into objects here, cost a third of the objects that it would make itself.
    run.setReturnArrays(true)
    const prepared = {
      run,
      values: binder(statement, names),
      onlyReads: onlyReads(statement),
      columns: 0,
      asRow: (values: readonly unknown[]): unknown => values,
    }
    this.#prepared.set(statement, prepared)
    return prepared
  }
}

export const NO_INDEX_FOR_A_STATEMENT = 'PRAGMA automatic_index = OFF'

/** Readable by its owner only. */
function makeFile(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600))
  } catch (cause) {
    const folder = dirname(resolve(file))
    if (!existsSync(folder)) throw new StoreUnavailable(`make the folder ${folder} first, it does not exist`, { cause })
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'refused'
    throw new StoreUnavailable(`it cannot be made in the folder ${folder} (${why})`, { cause })
  }
}

function found(prepared: Prepared, bind: object): readonly unknown[] {
  const rows: unknown[] = prepared.run.all(...prepared.values(bind))
  for (let at = 0; at < rows.length; at++) rows[at] = asRow(prepared, rows[at] as readonly unknown[])
  return rows
}

function asRow(prepared: Prepared, values: readonly unknown[]): unknown {
  // A statement sees a change of its tables when it runs, not when it is prepared.
  if (values.length !== prepared.columns) {
    prepared.columns = values.length
    prepared.asRow = rowMaker(prepared.run.columns().map(({ name }) => name))
  }
  return prepared.asRow(values)
}

/** Durable before answered: a commit returns only when the disk has it. */
export function makeDurable(database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  // Without these, macOS answers before the disk has written; elsewhere they change nothing.
  database.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON')
  // The log grows during a burst and is cut again at the next checkpoint.
  database.exec('PRAGMA journal_size_limit = 67108864')
}
