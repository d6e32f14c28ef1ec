// A consistent copy of a SQLite file, made while it is in use.

import { backup, DatabaseSync } from 'node:sqlite'
import { translateSqlite } from './errors.ts'

/** Pages copied so far, and all pages. */
export type Progress = (done: number, total: number) => void

const IN_MEMORY = ':memory:'
const PAGES_A_STEP = 512

/** `open` is the connection that the driver has to `source`. */
export async function backupSqlite(
  source: string,
  open: DatabaseSync,
  file: string,
  progress?: Progress,
): Promise<void> {
  const own = source === IN_MEMORY ? open : new DatabaseSync(source, { readOnly: true })
  try {
    if (own !== open) {
      // An open read keeps one state of the file for the whole copy, however much is written meanwhile. The copy uses a
      // connection of its own, so that it delays nobody's reads.
      own.exec('BEGIN')
      own.prepare('SELECT count(*) FROM sqlite_schema').all()
    }
    await backup(own, file, {
      rate: PAGES_A_STEP,
      ...(progress && { progress: (at) => progress(at.totalPages - at.remainingPages, at.totalPages) }),
    })
  } catch (error) {
    throw translateSqlite(error)
  } finally {
    if (own !== open) own.close()
  }
}
