// What SQLite reports when something fails, in our terms: what is a constraint, what means "try again", what means 503,
// and after what the process must not go on.

import { ConstraintViolated, StoreLocked, StoreUnavailable } from '../driver.ts'

// Primary result codes. https://sqlite.org/rescode.html
const BUSY = 5
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CONSTRAINT = 19
const NOTADB = 26
const UNAVAILABLE: ReadonlyMap<number, string> = new Map([
  [BUSY, 'the database is locked by another process'],
  [6, 'a table of the database is locked'],
  [7, 'the database is out of memory'],
  [8, 'the database cannot be written: it is read-only'],
  [IOERR, 'the disk of the database fails'],
  [CORRUPT, 'the database file is damaged'],
  [FULL, 'the disk of the database is full'],
  [14, 'the database file cannot be opened'],
  [15, 'the database file cannot be locked'],
  [NOTADB, 'the file is not a database'],
])

// After a failed fsync nobody knows what the disk holds, and asking again may report success although it is not so.
const IOERR_FSYNC = 1034
const IOERR_DIR_FSYNC = 1290
const IOERR_DATA = 8202

function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode : undefined
}

/** What a caller reads about it. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Reported by SQLite itself, not by what reads its answers. */
export function isSqlite(error: unknown): boolean {
  return sqliteCode(error) !== undefined
}

/** The primary code: the low byte of the extended one. */
function primaryCode(error: unknown): number | undefined {
  const code = sqliteCode(error)
  return code === undefined ? undefined : code & 0xff
}

export function isBusy(error: unknown): boolean {
  return primaryCode(error) === BUSY
}

/** What the file holds is no database, or none that is whole. */
export function isDamage(error: unknown): boolean {
  const code = primaryCode(error)
  return code === CORRUPT || code === NOTADB
}

/** The disk has refused: another statement that needs less of it, or another part, may succeed. */
export function isDiskFailure(error: unknown): boolean {
  const code = primaryCode(error)
  return code === IOERR || code === FULL
}

/** A read that the file or its disk has refused. */
export function isReadFailure(error: unknown): boolean {
  return isDamage(error) || isDiskFailure(error)
}

export function isFatal(error: unknown): boolean {
  const code = sqliteCode(error)
  return code === IOERR_FSYNC || code === IOERR_DIR_FSYNC || code === IOERR_DATA
}

/** The error that a caller of the driver sees. A mistake in our own SQL is passed on as it is. */
export function translateSqlite(error: unknown): unknown {
  const primary = primaryCode(error)
  if (primary === undefined || !(error instanceof Error)) return error
  if (primary === CONSTRAINT) {
    const constraint = constraintOf(error.message)
    return constraint === undefined ? error : new ConstraintViolated(constraint, { cause: error })
  }
  const words = UNAVAILABLE.get(primary)
  if (words === undefined) return error
  const Refusal = primary === BUSY ? StoreLocked : StoreUnavailable
  return new Refusal(`${words} (${error.message})`, { cause: error })
}

/** `UNIQUE constraint failed: user.phone` names `user_phone`. SQLite never says which foreign key was violated. */
function constraintOf(message: string): string | undefined {
  if (message === 'FOREIGN KEY constraint failed') return 'foreign_key'
  const [, kind, what] = /^(UNIQUE|CHECK) constraint failed: (.+)$/s.exec(message) ?? []
  if (what === undefined) return undefined
  if (kind === 'CHECK') return what
  const index = /^index '(.+)'$/.exec(what)?.[1]
  if (index !== undefined) return index
  const columns = what.split(', ').map((column) => column.split('.'))
  return [columns[0]?.[0], ...columns.map((column) => column[1])].join('_')
}
