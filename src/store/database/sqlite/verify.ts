// Whether a file is a complete database of ours: opened, read through by SQLite, and with a schema that this program
// knows. For backups, before they are kept and before they are restored.

import { DatabaseSync } from 'node:sqlite'
import { migrations } from '../../schema/migrations/index.ts'
import { translateSqlite } from './errors.ts'

export type VerifiedSqlite =
  | {
      readonly whole: true
      readonly schemaVersion: number
      /** The installation's fact `key_check`; null: no server has ever started on this database. */
      readonly keyCheck: string | null
    }
  | { readonly whole: false; readonly problem: string }

/**
 * `settle` turns it into a single file that needs no log beside it; then the database must not be open anywhere else.
 */
export function verifySqliteFile(file: string, options: { readonly settle?: boolean } = {}): VerifiedSqlite {
  try {
    const database = new DatabaseSync(file, { readOnly: options.settle !== true, timeout: 5_000 })
    try {
      if (options.settle === true) database.exec('PRAGMA journal_mode = DELETE')
      return verify(database)
    } finally {
      database.close()
    }
  } catch (error) {
    const translated = translateSqlite(error)
    return { whole: false, problem: translated instanceof Error ? translated.message : String(translated) }
  }
}

function verify(database: DatabaseSync): VerifiedSqlite {
  const faults = database.prepare('PRAGMA integrity_check(5)').all().map(firstText)
  if (faults.length !== 1 || faults[0] !== 'ok') {
    return { whole: false, problem: `the database is damaged: ${faults.join('; ')}` }
  }
  const ours = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'`).all()
  if (ours.length === 0) return { whole: false, problem: 'the database is not one of this program' }
  const applied = database.prepare('SELECT number, name FROM schema_version ORDER BY number').all()
  const stranger = applied.find(({ name }, at) => migrations[at]?.name !== name)
  if (stranger !== undefined) {
    const problem = `the database has schema version ${applied.length}, this program knows ${migrations.length}: use the release that wrote it or a newer one`
    return { whole: false, problem }
  }
  if (applied.length === 0) return { whole: false, problem: 'the database has no schema' }
  const keyCheck = database.prepare(`SELECT value FROM installation WHERE name = 'key_check'`).all().map(firstText)
  return { whole: true, schemaVersion: applied.length, keyCheck: keyCheck[0] ?? null }
}

function firstText(row: Readonly<Record<string, unknown>>): string {
  const [value] = Object.values(row)
  return typeof value === 'string' ? value : ''
}
