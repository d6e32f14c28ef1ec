// One server at a time on a data folder: a lock on a file of its own that the system frees when the process
// dies, however it dies. The CLI does not ask for it and works beside a running server.

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

/** An open file that nobody refers to is closed by the collector, and its lock is gone. */
const owned = new Set<DatabaseSync>()

/** Holds `owner.sqlite` in the folder until `release` or the end of the process. */
export function takeOwnership(folder: string): Ownership {
  let database: DatabaseSync | undefined
  try {
    const file = join(folder, 'owner.sqlite')
    // For its owner only: whoever may read it may lock it, and keep the server from starting. Only a new file: closing a
    // descriptor of one that SQLite has open in this process would drop its locks.
    if (existsSync(folder) && !existsSync(file)) closeSync(openSync(file, 'a', 0o600))
    database = new DatabaseSync(file, { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (isBusy(error)) throw new AlreadyOwned(folder, { cause: error })
    const translated = translateSqlite(error)
    throw translated instanceof StoreUnavailable
      ? new StoreUnavailable(`the data folder ${folder} cannot be used: ${translated.message}`, { cause: error })
      : translated
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
