// Everything that a SQLite file holds, table by table, as it was at one moment: what is written meanwhile is not seen.

import { DatabaseSync } from 'node:sqlite'
import type { Value } from '../driver.ts'
import { translateSqlite } from './errors.ts'

export interface SnapshotTable {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: number
}

export interface Snapshot {
  readonly tables: readonly SnapshotTable[]
  /** Integers as `bigint`. */
  rowsOf(table: SnapshotTable): Iterable<Readonly<Record<string, Value>>>
  /** Nobody has written to the file since. */
  isAsItWas(): boolean
  close(): void
}

const TABLES = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name`

export function openSnapshot(file: string): Snapshot {
  const database = new DatabaseSync(file, { readOnly: true })
  // What is open sees no later state of the file, and knows nothing of one.
  const watch = new DatabaseSync(file, { readOnly: true })
  const version = () => watch.prepare('PRAGMA data_version').get()?.['data_version']
  const close = () => {
    database.close()
    watch.close()
  }
  const all = (sql: string, ...values: string[]) => database.prepare(sql).all(...values)
  try {
    const begun = version()
    database.exec('BEGIN')
    const tables = all(TABLES).map((row): SnapshotTable => {
      const name = String(row['name'])
      return {
        name,
        columns: all('SELECT name FROM pragma_table_info(?)', name).map((column) => String(column['name'])),
        rows: Number(all(`SELECT count(*) AS many FROM ${quoted(name)}`)[0]?.['many']),
      }
    })
    return {
      tables,
      rowsOf({ name, columns }) {
        const read = database.prepare(`SELECT ${columns.map(quoted).join(', ')} FROM ${quoted(name)}`)
        read.setReadBigInts(true)
        return translated(read.iterate() as Iterable<Readonly<Record<string, Value>>>)
      },
      isAsItWas: () => version() === begun,
      close,
    }
  } catch (error) {
    close()
    throw translateSqlite(error)
  }
}

/** Other programs name their tables as they like. */
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

function* translated<Row>(rows: Iterable<Row>): Generator<Row> {
  try {
    yield* rows
  } catch (error) {
    throw translateSqlite(error)
  }
}
