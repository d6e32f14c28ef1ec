// One server at a time on a data folder: a lock on a separate file, which the system releases when the process dies in
// whatever way. Commands do not take it, and work beside a running server.

import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreUnavailable } from '../driver.ts'
import { isBusy, translateSqlite } from './errors.ts'

/** Another server runs on the same data folder. */
export class AlreadyOwned extends Error {
  readonly folder: string
  constructor(folder: string, options?: ErrorOptions) {
    super(`another server is running on the data folder ${folder}`, options)
    this.name = 'AlreadyOwned'
    this.folder = folder
  }
}

export interface Ownership {
  release(): void
}

/** Kept here because an open file that nobody refers to is closed by the garbage collector, and its lock with it. */
const owned = new Set<DatabaseSync>()

/** Holds `owner.sqlite` in the folder until `release` or the end of the process. */
export function takeOwnership(folder: string): Ownership {
  let database: DatabaseSync | undefined
  try {
    const file = join(folder, 'owner.sqlite')
    // Readable by its owner only: whoever can read it can lock it, and keep the server from starting. Done only for a
    // new file: closing a descriptor of one that SQLite has open in this process would drop its locks.
    if (existsSync(folder) && !existsSync(file)) closeSync(openSync(file, 'a', 0o600))
    database = new DatabaseSync(file, { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (isBusy(error)) throw new AlreadyOwned(folder, { cause: error })
    const translated = translateSqlite(error)
    if (!(translated instanceof StoreUnavailable) && !isOfFileSystem(translated)) throw translated
    throw new StoreUnavailable(`the data folder ${folder} cannot be used: ${translated.message}`, { cause: error })
  }
  const held = database
  owned.add(held)
  return {
    release() {
      owned.delete(held)
      if (held.isOpen) held.close()
    },
  }
}

function isOfFileSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
