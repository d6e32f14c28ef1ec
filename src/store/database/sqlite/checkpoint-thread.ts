// The thread that moves committed pages from the write-ahead log into the database file (a checkpoint), so that the
// event loop does not wait for the disk.

import { fsyncSync, openSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { stopwatch } from '../../../platform/clock.ts'

export interface CheckpointThreadData {
  readonly file: string
  /** The files that the writing connection has open. */
  readonly opened: readonly { readonly path: string; readonly dev: number; readonly ino: number }[]
}

/** `move and keep`: when it is done everything is on the disk, also what SQLite would make durable only later. */
export type CheckpointOrder = 'move' | 'move and keep' | 'close'

export type CheckpointReport =
  /** How many pages the log held, how many of them could not be moved yet, and how long it took. */
  | { readonly busy: false; readonly pages: number; readonly left: number; readonly milliseconds: number }
  /** Another process is moving. */
  | { readonly busy: true }
  | { readonly error: string; readonly errcode: number | undefined }

/** SQLite's code for a failed fsync. */
const IOERR_FSYNC = 1034

const { file, opened } = workerData as CheckpointThreadData
const url = pathToFileURL(file)
// Creates no file where there is none.
url.search = 'mode=rw'
const database = new DatabaseSync(url)
// Before anything is read: otherwise the log would be moved into whatever file now has the database's name.
for (const { path, dev, ino } of opened) {
  const now = statSync(path)
  if (now.dev !== dev || now.ino !== ino) throw new Error(`${path} was replaced`)
}
// The same settings as the writing connection has, where they are explained. The log is never begun anew from here.
database.exec('PRAGMA synchronous = FULL; PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_autocheckpoint = 0')
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

// Not closed while the process lives: closing it would drop the locks of everybody in this process who has the database
// open.
const disk = openSync(file, 'r+')

function keep(): void {
  try {
    fsyncSync(disk)
  } catch (error) {
    throw Object.assign(new Error(String(error)), { errcode: IOERR_FSYNC })
  }
}

function move(mustKeep: boolean): CheckpointReport {
  const elapsed = stopwatch()
  try {
    const { busy, log, checkpointed } = checkpoint.get() ?? {}
    if (busy !== 0) return { busy: true }
    // While others write, SQLite makes the file durable only when all of the log has been moved, and then for all of
    // it.
    if (mustKeep) keep()
    return { busy: false, pages: Number(log), left: Number(log) - Number(checkpointed), milliseconds: elapsed() }
  } catch (error) {
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined
    return { error: error instanceof Error ? error.message : String(error), errcode }
  }
}

parentPort?.on('message', (order: CheckpointOrder) => {
  if (order !== 'close') {
    parentPort?.postMessage(move(order === 'move and keep'), [])
    return
  }
  database.close()
  parentPort?.close()
})
