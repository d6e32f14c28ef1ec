// When pages of the log are moved into the file, and by whom. SQLite does it within a commit as soon as the log has a
// thousand pages, which is best where the pages lie close together or the disk is fast. Where commits are seen to wait
// for that, a thread takes over, and nothing is moved here any more. docs/decisions/0052

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

/** Nothing may be written at present. */
export class DiskBehind extends StoreUnavailable {}
const DISK_BEHIND = 'the disk of the database does not keep up with what is written'

/** Milliseconds between two looks at the log: while something is written, and after a look that failed. */
const LOOK_AT_LOG = 5_000
/** Milliseconds between two warnings; the first comes at once. */
const TELL_EVERY = 300_000
/** Milliseconds after which somebody notices a commit. */
const LONG_COMMIT = 25
/** Milliseconds: a longer commit counts only as this long, because the whole machine may have stood still. */
const LONGEST_COUNTED = 200
/** The thread takes 17 MiB: it is worth that when, of so many milliseconds, this many went into long commits. */
const MOST_WAITED = 500
const OF = 10_000
/** The number of written lists after which the thread moves their pages. */
const LISTS = 512
/** Pages after which the log is to begin anew: 32 MiB. */
const LONG_LOG = 8_000
/** Milliseconds: the thread has nearly caught up when a move took no longer. It tries so many times. */
const SHORT_MOVE = 20
const MOST_MOVES = 2
/** Bytes of the log beyond which lists wait until the thread has come to its end. */
const LARGEST_LOG = 67_108_864
/** Bytes by which the log may grow where it was that large before, because somebody still reads an older state. */
const MOST_GROWTH = 33_554_432
/** SQLite's own default, in pages. */
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
  /** What the thread is doing: moving while lists are written, or moving everything while lists wait. */
  #move: 'none' | 'beside' | 'alone' = 'none'
  #moves = 0
  #lists = 0
  #mostBytes = LARGEST_LOG
  /** Not all of the log could be moved: somebody reads an older state, such as a backup. */
  #isKept = false
  #closing: Promise<void> | undefined

  constructor(parts: CheckpointParts) {
    this.#parts = parts
    // As SQLite does: it keeps the log beside the file to which a link leads.
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

  /** Why the log cannot be moved; null: it can. */
  get trouble(): string | null {
    return this.#trouble
  }

  /**
   * Throws `DiskBehind` while the thread is at the end of a long log (which begins anew only when all of it has been
   * moved), and while the thread cannot keep up with what is written, which would fill the disk.
   */
  assertRoom(): void {
    if (this.#move === 'alone' || (this.#move === 'beside' && this.#isOverlong())) throw new DiskBehind(DISK_BEHIND)
  }

  /** To be called after each commit, with its number of lists and how long it took. */
  committed(lists: number, milliseconds: number): void {
    this.#lists += lists
    if (this.#thread === null && milliseconds >= LONG_COMMIT) this.#waitedFor(milliseconds)
    const isTime = this.#elapsed() - this.#lookedAt >= LOOK_AT_LOG
    if (isTime || (this.#thread !== null && (this.#lists >= LISTS || this.#isOverlong()))) this.#moveNow()
  }

  /**
   * When a commit moves pages and that fails, SQLite does not say so: the commit holds, and on a failing disk the log
   * would grow without end. Asked for separately, it does say so.
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

  /** The thread closes the database first, so that whoever closes it next is the last. */
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

  /** The size of the log's file, which keeps up to 64 MiB when the log begins anew. */
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

  /** Even when nobody writes: otherwise nobody would find out that there is room again. */
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
      // The thread has the file open, and closing it would drop SQLite's locks.
      thread = new Worker(threadFile(), { workerData, trackUnmanagedFds: false })
    } catch (error) {
      // For example Node's permission model refuses at once.
      this.#mayStart = false
      log.warn('checkpoint_thread_ended', { reason: String(error) })
      return
    }
    thread.on('message', (report: CheckpointReport) => this.#reported(thread, report))
    thread.on('error', (error) => this.#lost(thread, error))
    thread.on('exit', () => this.#lost(thread, null))
    // After the listeners have been added, because each of them would keep the process alive again.
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
    // The end of a thread may be reported before its last message.
    if (thread !== this.#thread) return
    if (report.busy) {
      this.#tryAgain()
      return
    }
    this.#held()
    this.#isKept = report.left > 0
    // The log may have become long since the move began.
    const isLong = report.pages >= LONG_LOG || this.#isOverlong()
    if (wasAlone || !isLong || this.#isKept || this.#closing !== undefined) return
    // A log begins anew when all of it has been moved and something is written, so lists wait for the last and shortest
    // move.
    const hasCaughtUp = this.#moves > 0 && report.milliseconds <= SHORT_MOVE
    const isLast = hasCaughtUp || this.#moves === MOST_MOVES || this.#isOverlong()
    this.#moves++
    this.#moveThere(thread, isLast ? 'alone' : 'beside')
  }

  /** When the thread's file is missing, or the machine has no memory for a thread: slower, but nothing is lost. */
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
 * A bug of older SQLite: a log that has just begun anew may be taken for one that has been moved, and what was
 * committed into it is lost. The SQLite that Node brings does not have it; a Node that uses the system's SQLite may.
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
