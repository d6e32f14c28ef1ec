// When pages of the log are moved into the file, and by whom. SQLite does it within a commit as soon as the log has a
// thousand pages, which is best where they lie close together or the disk is fast. Where commits are seen to wait for it, a
// thread takes over, and nothing is moved here any more. docs/decisions/0052

import { realpathSync, type Stats, statSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { stopwatch } from '../../../platform/clock.ts'
import { createFailureSeries, type FailureSeries } from '../../../platform/failure-series.ts'
import type { Log } from '../../../platform/log.ts'
import { StoreUnavailable } from '../driver.ts'
import type { CheckpointOrder, CheckpointReport, CheckpointThreadData } from './checkpoint-thread.ts'
import { isFatal, textOf, translateSqlite } from './errors.ts'

export interface CheckpointParts {
  readonly file: string
  readonly database: DatabaseSync
  readonly log: Log
  readonly onFatal: (error: Error) => void
}

/** Nothing may be written now. */
export class DiskBehind extends StoreUnavailable {}
const DISK_BEHIND = 'the disk of the database does not keep up with what is written'

/** Milliseconds between two looks at the log while something is written, and after one that has failed. */
const LOOK_AT_LOG = 5_000
/** It is told at once, and then so often. */
const TELL_EVERY = 300_000
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
/** The thread has nearly caught up when the disk had all after so many milliseconds; it tries so many times. */
const SHORT_MOVE = 20
const MOST_MOVES = 2
/** Bytes of the log after which lists wait until the thread has come to the end. */
const LARGEST_LOG = 67_108_864
/** Where the log was that large before, since somebody reads an older state: by so many it may grow. */
const MOST_GROWTH = 33_554_432
/** SQLite's own. */
const LOG_WITHIN_COMMITS = 1_000

export class Checkpoints {
  readonly #parts: CheckpointParts
  readonly #file: string
  readonly #opened: CheckpointThreadData['opened']
  readonly #checkpoint: StatementSync
  readonly #elapsed = stopwatch()
  readonly #failures: FailureSeries
  #lookedAt = 0
  #trouble: string | null = null
  #retry: NodeJS.Timeout | undefined
  #waited = 0
  #waitedSince = 0
  #thread: Worker | null = null
  #mayStart = true
  /** What the thread is doing: lists are written beside it, or wait until it has moved all there is. */
  #move: 'none' | 'beside' | 'alone' = 'none'
  #moves = 0
  #lists = 0
  #mostBytes = LARGEST_LOG
  /** Not all of the log could be moved: somebody reads an older state, a backup for one. */
  #isKept = false
  #closing: Promise<void> | undefined

  constructor(parts: CheckpointParts) {
    this.#parts = parts
    // As SQLite has it: it keeps the log beside what a link leads to.
    this.#file = realpathSync(parts.file)
    this.#opened = [this.#file, `${this.#file}-wal`].flatMap((path) => {
      const found = seen(path)
      return found === undefined ? [] : [{ path, dev: found.dev, ino: found.ino }]
    })
    this.#checkpoint = parts.database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
    this.#failures = createFailureSeries(parts.log, {
      level: 'error',
      every: TELL_EVERY,
      again: 'checkpoints_work_again',
    })
  }

  /** Why the log cannot be moved. */
  get trouble(): string | null {
    return this.#trouble
  }

  /**
   * Throws `DiskBehind` while the thread is at the end of a long log, which begins anew only when all of it has been moved, and
   * while it does not keep up with what is written, which would fill the disk.
   */
  assertRoom(): void {
    if (this.#move === 'alone' || (this.#move === 'beside' && this.#isOverlong())) throw new DiskBehind(DISK_BEHIND)
  }

  /** After each commit of so many lists, with how long it took. */
  committed(lists: number, milliseconds: number): void {
    this.#lists += lists
    if (this.#thread === null && milliseconds >= LONG_COMMIT) this.#waitedFor(milliseconds)
    const isTime = this.#elapsed() - this.#lookedAt >= LOOK_AT_LOG
    if (isTime || (this.#thread !== null && (this.#lists >= LISTS || this.#isOverlong()))) this.#moveNow()
  }

  /**
   * What a commit moves from the log into the file it moves without a word: when that fails the commit has held, and the
   * log would grow without end on a disk that fails. Asked for by itself, it says so.
   */
  moveHere(): void {
    this.#lookedAt = this.#elapsed()
    try {
      if (this.#checkpoint.get()?.['busy'] === 0) this.#held()
      else this.#tryAgain()
    } catch (error) {
      this.#failed(error)
    }
  }

  /** The thread lets go of the database, so that whoever closes it next is the last. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearTimeout(this.#retry)
    this.#mayStart = false
    const thread = this.#thread
    if (thread === null) return
    await new Promise<void>((ended) => {
      thread.ref()
      thread.once('exit', () => ended())
      order(thread, 'close')
    })
  }

  #isOverlong(): boolean {
    return this.#bytes() > this.#mostBytes
  }

  /** Of the log's file, which keeps up to 64 MiB when the log begins anew. */
  #bytes(): number {
    return seen(`${this.#file}-wal`)?.size ?? 0
  }

  #moveNow(): void {
    if (this.#thread === null) return this.moveHere()
    if (this.#move !== 'none') return
    this.#moves = 0
    const bytes = this.#bytes()
    this.#mostBytes = this.#isKept && bytes > LARGEST_LOG ? bytes + MOST_GROWTH : LARGEST_LOG
    this.#moveThere(this.#thread, 'beside')
  }

  #moveThere(thread: Worker, how: 'beside' | 'alone'): void {
    this.#lookedAt = this.#elapsed()
    this.#lists = 0
    this.#move = how
    order(thread, how === 'beside' && this.#moves > 0 ? 'move and keep' : 'move')
  }

  #held(): void {
    this.#trouble = null
    this.#failures.held()
  }

  #failed(error: unknown): void {
    this.#trouble = textOf(translateSqlite(error))
    if (isFatal(error)) {
      this.#parts.onFatal(error as Error)
      return
    }
    this.#failures.failed('checkpoint_failed', { reason: String(error) })
    this.#tryAgain()
  }

  /** Also when nobody writes: where there is room again, nobody else would find out. */
  #tryAgain(): void {
    clearTimeout(this.#retry)
    if (this.#trouble === null || this.#closing !== undefined) return
    this.#retry = setTimeout(() => this.#moveNow(), LOOK_AT_LOG)
    this.#retry.unref()
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
    const version = String(database.prepare('SELECT sqlite_version() AS version').get()?.['version'])
    if (!keepsWhatIsMovedBeside(version)) {
      this.#mayStart = false
      log.warn('checkpoint_thread_ended', {
        reason: `SQLite ${version} may lose what is written while a thread moves it`,
      })
      return
    }
    const workerData: CheckpointThreadData = { file: this.#file, opened: this.#opened }
    let thread: Worker
    try {
      // It has opened the file, and to close that would drop SQLite's locks.
      thread = new Worker(threadFile(), { workerData, trackUnmanagedFds: false })
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
    database.exec('PRAGMA wal_autocheckpoint = 0')
    log.info('checkpoints_on_a_thread', { waited_ms: Math.round(this.#waited), of_ms: OF })
  }

  #reported(thread: Worker, report: CheckpointReport): void {
    const wasAlone = this.#move === 'alone'
    this.#move = 'none'
    if ('error' in report) {
      this.#failed(Object.assign(new Error(report.error), { errcode: report.errcode }))
      return
    }
    // That a thread has ended may be heard before the last that it said.
    if (thread !== this.#thread) return
    if (report.busy) {
      this.#tryAgain()
      return
    }
    this.#held()
    this.#isKept = report.left > 0
    // It may have become long since the move began.
    const isLong = report.pages >= LONG_LOG || this.#isOverlong()
    if (wasAlone || !isLong || this.#isKept || this.#closing !== undefined) return
    // A log begins anew when all of it has been moved and something is written: lists wait for the last and shortest move.
    const hasCaughtUp = this.#moves > 0 && report.milliseconds <= SHORT_MOVE
    const isLast = hasCaughtUp || this.#moves === MOST_MOVES || this.#isOverlong()
    this.#moves++
    this.#moveThere(thread, isLast ? 'alone' : 'beside')
  }

  /** Without its file, or on a machine that has no memory for it: slower, but nothing is lost. */
  #lost(thread: Worker, error: Error | null): void {
    if (thread !== this.#thread) return
    this.#thread = null
    this.#move = 'none'
    this.#mayStart = false
    if (error === null && this.#closing !== undefined) return
    const { database, log } = this.#parts
    log.warn('checkpoint_thread_ended', { reason: error === null ? 'it ended' : String(error) })
    if (database.isOpen) database.exec(`PRAGMA wal_autocheckpoint = ${LOG_WITHIN_COMMITS}`)
    this.#tryAgain()
  }
}

/**
 * Others may take a log that begins anew while somebody else is about to move it for one that has been moved: what was committed
 * into it is lost. Node brings one that does not, a Node that takes SQLite from the system may not.
 * https://sqlite.org/wal.html#walresetbug
 */
function keepsWhatIsMovedBeside(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (major !== 3) return major > 3
  return minor > 51 || (minor === 51 && patch >= 3) || (minor === 50 && patch >= 7) || (minor === 44 && patch >= 6)
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
