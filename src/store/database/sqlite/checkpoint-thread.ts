// The thread that moves committed pages from the log into the file, so that the event loop does not wait for the disk.

import { fsyncSync, openSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { stopwatch } from '../../../platform/clock.ts'

export interface CheckpointThreadData {
  readonly file: string
  /** What the connection that writes has open. */
  readonly opened: readonly { readonly path: string; readonly dev: number; readonly ino: number }[]
}

/** `move and keep`: the disk has it when it is done, also what SQLite would ask the disk for later. */
export type CheckpointOrder = 'move' | 'move and keep' | 'close'

export type CheckpointReport =
  /** Pages that the log held, how many of them could not be moved yet, and how long moving took. */
  | { readonly busy: false; readonly pages: number; readonly left: number; readonly milliseconds: number }
  /** Another process is moving. */
  | { readonly busy: true }
  | { readonly error: string; readonly errcode: number | undefined }

/** As SQLite calls it. */
const IOERR_FSYNC = 1034

const { file, opened } = workerData as CheckpointThreadData
const url = pathToFileURL(file)
// Makes no file where there is none.
url.search = 'mode=rw'
const database = new DatabaseSync(url)
// Before anything is read: the log would be moved into whatever has the name of the database now.
for (const { path, dev, ino } of opened) {
  const now = statSync(path)
  if (now.dev !== dev || now.ino !== ino) throw new Error(`${path} was replaced`)
}
// As the connection that writes has it, which says why. The log is never begun anew from here.
database.exec('PRAGMA synchronous = FULL; PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_autocheckpoint = 0')
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

// Never closed while the process lives: that would drop the locks of all who have the database open in it.
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
    // While others write SQLite puts off asking the disk until all of the log has been moved, and then for all of it.
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
