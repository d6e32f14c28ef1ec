// When pages of the log are moved into the file, and by whom. SQLite does it within a commit as soon as the log has a
// thousand pages, which is best where they lie close together or the disk is fast. Where commits are seen to wait for it, a
// thread takes over. docs/decisions/0052

import { realpathSync, type Stats, statSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { stopwatch } from '../../../platform/clock.ts'
import type { Log } from '../../../platform/log.ts'
import type { CheckpointOrder, CheckpointReport, CheckpointThreadData } from './checkpoint-thread.ts'
import { isFatal, textOf, translateSqlite } from './errors.ts'

export interface CheckpointParts {
  readonly file: string
  readonly database: DatabaseSync
  readonly log: Log
  readonly onFatal: (error: Error) => void
}

/** Milliseconds between two looks at the log while something is written. */
const LOOK_AT_LOG = 5_000
/** Milliseconds of a commit that somebody notices. */
const LONG_COMMIT = 25
/** One that took longer counts as this long: it may have been the machine that stood still. */
const LONGEST_COUNTED = 200
/** Milliseconds in long commits, of so many, from which the thread is worth the 17 MiB that it takes. */
const MOST_WAITED = 500
const OF = 10_000
/** The thread moves what so many lists have written. */
const LISTS = 512
/** Pages after which the log is to begin anew: 32 MiB. */
const LONG_LOG = 8_000
/** The thread has caught up when it took no longer than this, in milliseconds, or after so many times. */
const SHORT_MOVE = 20
const MOST_MOVES = 3
/** Pages after which a commit waits for a thread that does not keep up with what is written: 64 MiB. */
const LONGEST_LOG = 16_000
/** The same in bytes: what is written next waits until the thread has come to the end. */
const LARGEST_LOG = 67_108_864
/** SQLite's own. */
const LOG_WITHIN_COMMITS = 1_000

export class Checkpoints {
  readonly #parts: CheckpointParts
  readonly #file: string
  readonly #opened: CheckpointThreadData['opened']
  readonly #checkpoint: StatementSync
  readonly #elapsed = stopwatch()
  #lookedAt = 0
  #trouble: string | null = null
  #waited = 0
  #waitedSince = 0
  #thread: Worker | null = null
  #mayStart = true
  #isMoving = false
  #moves = 0
  #lists = 0

  constructor(parts: CheckpointParts) {
    this.#parts = parts
    // As SQLite has it: it keeps the log beside what a link leads to.
    this.#file = realpathSync(parts.file)
    this.#opened = [this.#file, `${this.#file}-wal`].flatMap((path) => {
      const found = seen(path)
      return found === undefined ? [] : [{ path, dev: found.dev, ino: found.ino }]
    })
    this.#checkpoint = parts.database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  }

  /** Why the log cannot be moved. */
  get trouble(): string | null {
    return this.#trouble
  }

  /**
   * The log is as long as it may become, and the thread still at work: nothing else can be moved meanwhile, and what is
   * written faster than it moves would fill the disk.
   */
  get isBehind(): boolean {
    if (this.#thread === null || !this.#isMoving) return false
    return (seen(`${this.#file}-wal`)?.size ?? 0) > LARGEST_LOG
  }

  /** After each commit of so many lists, with how long it took. */
  committed(lists: number, milliseconds: number): void {
    this.#lists += lists
    if (this.#thread === null && milliseconds >= LONG_COMMIT) this.#waitedFor(milliseconds)
    const isTime = this.#elapsed() - this.#lookedAt >= LOOK_AT_LOG
    if (this.#thread === null) {
      if (isTime) this.#moveHere()
    } else if (!this.#isMoving && (isTime || this.#lists >= LISTS)) this.#moveThere(this.#thread)
  }

  /** The thread lets go of the database, so that whoever closes it next is the last. */
  async close(): Promise<void> {
    const thread = this.#thread
    this.#mayStart = false
    if (thread === null) return
    this.#thread = null
    await new Promise<void>((ended) => {
      thread.ref()
      thread.once('exit', () => ended())
      order(thread, 'close')
    })
  }

  /**
   * What a commit moves from the log into the file it moves without a word: when that fails the commit has held, and the
   * log would grow without end on a disk that fails. Asked for by itself, it says so.
   */
  #moveHere(): void {
    this.#lookedAt = this.#elapsed()
    try {
      this.#checkpoint.all()
      this.#trouble = null
    } catch (error) {
      this.#failed(error)
    }
  }

  #moveThere(thread: Worker): void {
    this.#lookedAt = this.#elapsed()
    this.#lists = 0
    this.#isMoving = true
    order(thread, 'move')
  }

  #failed(error: unknown): void {
    this.#trouble = textOf(translateSqlite(error))
    if (isFatal(error)) this.#parts.onFatal(error as Error)
    else this.#parts.log.error('checkpoint_failed', { reason: String(error) })
  }

  #waitedFor(milliseconds: number): void {
    const now = this.#elapsed()
    if (now - this.#waitedSince > OF) {
      this.#waitedSince = now
      this.#waited = 0
    }
    this.#waited += Math.min(milliseconds, LONGEST_COUNTED)
    if (this.#waited >= MOST_WAITED && this.#mayStart) this.#start()
  }

  #start(): void {
    const { database, log } = this.#parts
    const url = pathToFileURL(this.#file)
    url.search = 'mode=rw'
    const workerData: CheckpointThreadData = { database: url.href, opened: this.#opened }
    let thread: Worker
    try {
      thread = new Worker(threadFile(), { workerData })
    } catch (error) {
      // Node's permission model, for one, refuses at once.
      this.#mayStart = false
      log.warn('checkpoint_thread_ended', { reason: String(error) })
      return
    }
    thread.on('message', (report: CheckpointReport) => this.#reported(thread, report))
    thread.on('error', (error) => this.#lost(thread, error))
    thread.on('exit', () => this.#lost(thread, null))
    // After the listeners: each of them would keep the process again.
    thread.unref()
    this.#thread = thread
    this.#isMoving = false
    database.exec(`PRAGMA wal_autocheckpoint = ${LONGEST_LOG}`)
    log.info('checkpoints_on_a_thread', { waited_ms: Math.round(this.#waited), of_ms: OF })
  }

  #reported(thread: Worker, report: CheckpointReport): void {
    if (thread !== this.#thread) return
    this.#isMoving = false
    if ('error' in report) {
      this.#failed(Object.assign(new Error(report.error), { errcode: report.errcode }))
      return
    }
    this.#trouble = null
    if (report.pages < LONG_LOG) return
    // A log begins anew when all of it has been moved and something is written: the thread takes most of it, and what was
    // written meanwhile is moved between two commits.
    if (report.milliseconds > SHORT_MOVE && ++this.#moves < MOST_MOVES) {
      this.#moveThere(thread)
      return
    }
    this.#moves = 0
    this.#moveHere()
  }

  /** Without its file, or on a machine that has no memory for it: slower, but nothing is lost. */
  #lost(thread: Worker, error: Error | null): void {
    if (thread !== this.#thread) return
    this.#thread = null
    this.#mayStart = false
    const { database, log } = this.#parts
    log.warn('checkpoint_thread_ended', { reason: error === null ? 'it ended' : String(error) })
    if (database.isOpen) database.exec(`PRAGMA wal_autocheckpoint = ${LOG_WITHIN_COMMITS}`)
  }
}

function seen(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function order(thread: Worker, what: CheckpointOrder): void {
  thread.postMessage(what, [])
}

/** `.ts` in a checkout, `.js` where the package has been built. */
function threadFile(): URL {
  const name = import.meta.url.endsWith('.ts') ? './checkpoint-thread.ts' : './checkpoint-thread.js'
  return new URL(name, import.meta.url)
}
