// The thread that moves committed pages from the log into the file, so that the event loop does not wait for the disk.

import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { stopwatch } from '../../../platform/clock.ts'

export interface CheckpointThreadData {
  /** A `file:` URL that makes no file where there is none. */
  readonly database: string
  /** What the connection that writes has open. */
  readonly opened: readonly { readonly path: string; readonly dev: number; readonly ino: number }[]
}

export type CheckpointOrder = 'move' | 'close'

export type CheckpointReport =
  /** Pages that the log held, and how long moving them took. */
  | { readonly pages: number; readonly milliseconds: number }
  | { readonly error: string; readonly errcode: number | undefined }

const { database: url, opened } = workerData as CheckpointThreadData
const database = new DatabaseSync(new URL(url))
// Before anything is read: the log would be moved into whatever has the name of the database now.
for (const { path, dev, ino } of opened) {
  const now = statSync(path)
  if (now.dev !== dev || now.ino !== ino) throw new Error(`${path} was replaced`)
}
// As the connection that writes has it, which says why. The log is never begun anew from here.
database.exec('PRAGMA synchronous = FULL; PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_autocheckpoint = 0')
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

function move(): CheckpointReport {
  const elapsed = stopwatch()
  try {
    const pages = Number(checkpoint.get()?.['log'] ?? 0)
    return { pages, milliseconds: elapsed() }
  } catch (error) {
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined
    return { error: error instanceof Error ? error.message : String(error), errcode }
  }
}

parentPort?.on('message', (order: CheckpointOrder) => {
  if (order === 'move') {
    parentPort?.postMessage(move(), [])
    return
  }
  database.close()
  parentPort?.close()
})
