// The embedded database: concurrent lists share one durable commit. Reads go over the same connection, which has nothing
// open that writes whenever one is asked; another's pages would have to be read anew after each commit. The event loop
// never waits for a lock that somebody else holds.

import type { StatementSync } from 'node:sqlite'
import { stopwatch } from '../../../platform/clock.ts'
import { type Log, silentLog } from '../../../platform/log.ts'
import type { Reading } from '../../../platform/metrics/reading.ts'
import { type AtomicResult, type Driver, type Statement, type Step, StoreUnavailable } from '../driver.ts'
import { backupSqlite, type Progress } from './backup.ts'
import { Checkpoints, DiskBehind } from './checkpoints.ts'
import { makeDurable, SqliteConnection } from './connection.ts'
import { isBusy, isFatal, isSqlite, textOf, translateSqlite } from './errors.ts'
import { FileTrouble } from './file-trouble.ts'
import { Gathering } from './gathering.ts'
import { Numbers } from './numbers.ts'
import { FilesMoved, OpenFiles } from './open-files.ts'
import { LONGEST_PAUSE, PATIENCE, patiently } from './patience.ts'
import { Reads } from './reads.ts'

export interface SqliteOptions {
  /** A path, or `:memory:`. */
  readonly file: string
  readonly log?: Log
  /** Memory for pages of the file. Default 4 MiB; used only as far as the file is large. */
  readonly cacheBytes?: number
  /** Reads only: creates no file, accepts no list. */
  readonly readonly?: boolean
  /** It cannot be known any more what the disk holds: the process must end. Without it, no more lists are accepted. */
  readonly onFatal?: (error: Error) => void
}

interface Waiting {
  readonly steps: readonly Step[]
  readonly resolve: (result: AtomicResult) => void
  readonly reject: (error: unknown) => void
  /** When a lock held by another process was first met. */
  since: number
  /** Runs in a savepoint of its own: without one, it or a list beside it had to be undone. */
  apart: boolean
}

type Outcome = AtomicResult | { readonly error: unknown }

const NO_ROWS: readonly unknown[] = []
/** At most this many lists share a commit, so that a burst cannot hold up the event loop for long. */
const LARGEST_BATCH = 256
const CACHE_BYTES = 4 * 1024 * 1024
const DISK_FAILED = 'the disk of the database failed; nothing more is written'

export async function openSqlite(options: SqliteOptions): Promise<Driver> {
  const readonly = options.readonly ?? false
  const open = patiently(() => {
    const connection = new SqliteConnection(options.file, readonly, options.cacheBytes ?? CACHE_BYTES)
    try {
      if (!readonly) makeDurable(connection.database)
      return new SqliteDriver(options, connection)
    } catch (error) {
      connection.database.close()
      throw error
    }
  })
  return await open.catch((error: unknown) => {
    if (!(error instanceof StoreUnavailable)) throw error
    throw new StoreUnavailable(`${options.file} cannot be used: ${error.message}`, { cause: error })
  })
}

class SqliteDriver implements Driver {
  readonly dialect = 'sqlite'
  readonly #options: SqliteOptions
  readonly #log: Log
  readonly #connection: SqliteConnection
  readonly #reads: Reads
  readonly #fileTrouble: FileTrouble
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #rollback: StatementSync
  readonly #save: StatementSync
  readonly #undo: StatementSync
  readonly #keep: StatementSync
  /** Null for a database in memory, and where nothing is written. */
  readonly #files: OpenFiles | null
  readonly #checkpoints: Checkpoints | null
  readonly #elapsed = stopwatch()
  readonly #gathering = new Gathering()
  readonly #flushNow = () => this.#flush()
  readonly #gatherMore = () => this.#gather()
  readonly #numbers: Numbers
  #queue: Waiting[] = []
  #scheduled = false
  #pause = 0
  #refused: string | undefined
  #hasFailed = false
  /** A transaction that could not be undone is still open: what is read now may never be committed. */
  #torn = false
  #trouble: string | null = null
  #closing: Promise<void> | undefined
  #drained: (() => void) | undefined

  constructor(options: SqliteOptions, connection: SqliteConnection) {
    this.#options = options
    this.#log = options.log ?? silentLog
    this.#connection = connection
    this.#numbers = new Numbers(options.file)
    this.#fileTrouble = new FileTrouble(this.#log)
    this.#reads = new Reads(connection, () => this.#assertReadable(), this.#fileTrouble)
    const prepare = (sql: string) => connection.database.prepare(sql)
    this.#begin = prepare('BEGIN IMMEDIATE')
    this.#commit = prepare('COMMIT')
    this.#rollback = prepare('ROLLBACK')
    this.#save = prepare('SAVEPOINT list')
    this.#undo = prepare('ROLLBACK TO list')
    this.#keep = prepare('RELEASE list')
    // Opens the log as well.
    prepare('SELECT count(*) FROM sqlite_schema').all()
    const isWritten = !options.readonly && options.file !== ':memory:'
    this.#files = isWritten ? new OpenFiles(connection.database, options.file) : null
    this.#checkpoints = isWritten
      ? new Checkpoints({
          file: options.file,
          database: connection.database,
          log: this.#log,
          onFatal: (error) => this.#fatal(error),
        })
      : null
    if (options.readonly) this.#refused = 'the database was opened for reading only'
    // Pages at the end of the log may be visible and yet not on the disk: nothing may be answered on top of them.
    this.#moveLog()
  }

  rows<Bind extends object, Row>(statement: Statement<Bind, Row>, bind: Bind): Promise<readonly Row[]> {
    return this.#reads.rows(statement, bind) as Promise<readonly Row[]>
  }

  atomic(steps: readonly Step[]): Promise<AtomicResult> {
    return new Promise((resolve, reject) => {
      if (this.#refused !== undefined) return reject(new StoreUnavailable(this.#refused))
      this.#queue.push({ steps, resolve, reject, since: -1, apart: false })
      this.#schedule()
    })
  }

  trouble(): string | null {
    return this.#refused ?? this.#trouble ?? this.#checkpoints?.trouble ?? this.#fileTrouble.trouble
  }

  metrics(): readonly Reading[] {
    return this.#numbers.read({ waiting: this.#queue.length, trouble: this.trouble() })
  }

  async script(sql: string): Promise<void> {
    if (this.#refused !== undefined) throw new StoreUnavailable(this.#refused)
    await patiently(() => {
      this.#reads.leave()
      this.#begin.run()
      try {
        this.#connection.database.exec(sql)
        this.#commit.run()
      } catch (error) {
        this.#abandon()
        if (isFatal(error)) this.#fatal(error)
        throw error
      }
    })
  }

  async backup(file: string, progress?: Progress): Promise<void> {
    await backupSqlite(this.#options.file, this.#connection.database, file, progress)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#refused ??= 'the database is closed'
    if (this.#queue.length > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve
      })
    }
    await this.#checkpoints?.close()
    this.#reads.leave()
    if (this.#files === null) this.#connection.database.close()
    else this.#files.close(this.#log, () => this.#moveLog())
  }

  #assertReadable(): void {
    if (this.#closing !== undefined) throw new StoreUnavailable('the database is closed')
    if (this.#torn) throw new StoreUnavailable(this.#refused ?? DISK_FAILED)
  }

  /** Only in a server: a command leaves the log to the server beside it. Known trouble is not reported again. */
  #moveLog(): void {
    const isTold = this.#hasFailed || (this.#trouble ?? this.#checkpoints?.trouble ?? null) !== null
    if (this.#options.onFatal !== undefined && !isTold) this.#checkpoints?.moveHere()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    if (this.#pause === 0) {
      this.#gathering.begin()
      setImmediate(this.#gatherMore)
    } else setTimeout(this.#flushNow, this.#pause)
  }

  #gather(): void {
    if (this.#gathering.mayGoOn(this.#queue.length)) setImmediate(this.#gatherMore)
    else this.#flush()
  }

  #flush(): void {
    this.#scheduled = false
    if (this.#begun()) {
      const batch = this.#queue.splice(0, LARGEST_BATCH)
      this.#settle(batch)
    }
    if (this.#queue.length > 0) this.#schedule()
    else this.#drained?.()
  }

  /** Takes the write lock. Without it, or without room in the log, lists stay queued or, after too long, are refused. */
  #begun(): boolean {
    try {
      this.#checkpoints?.assertRoom()
      this.#reads.leave()
      this.#begin.run()
      this.#pause = 0
      return true
    } catch (error) {
      const busy = isBusy(error) || error instanceof DiskBehind
      const now = this.#elapsed()
      const refused = translateSqlite(error)
      const waiting = this.#queue
      this.#queue = []
      for (const list of waiting) {
        if (list.since === -1) list.since = now
        if (busy && now - list.since < PATIENCE) this.#queue.push(list)
        else list.reject(refused)
      }
      this.#pause = busy && this.#queue.length > 0 ? Math.min(this.#pause * 2 || 1, LONGEST_PAUSE) : 0
      if (this.#queue.length < waiting.length) {
        this.#trouble = textOf(refused)
        this.#log.error('database_unavailable', { reason: String(refused) })
      }
      return false
    }
  }

  /** Runs a batch inside the open transaction; nobody is answered before its commit. */
  #settle(batch: readonly Waiting[]): void {
    let outcomes: readonly Outcome[]
    let took = 0
    try {
      const together = batch.some(({ apart }) => apart)
        ? batch.map(({ steps }) => this.#runSaved(steps))
        : this.#runTogether(batch)
      if (together === null) return
      outcomes = together
      if (this.#connection.database.isTransaction) {
        const begun = this.#elapsed()
        this.#commit.run()
        took = this.#elapsed() - begun
        this.#numbers.committed(batch.length, took)
        this.#trouble = null
      }
      this.#files?.assertInPlace()
    } catch (error) {
      this.#abandon()
      this.#fileTrouble.listThrew(error)
      if (isFatal(error) || error instanceof FilesMoved) this.#fatal(error)
      else this.#log.error('commit_failed', { lists: batch.length, reason: String(error) })
      const translated = translateSqlite(error)
      const failure =
        translated instanceof StoreUnavailable
          ? translated
          : new StoreUnavailable(`commit failed: ${String(error)}`, { cause: error })
      this.#trouble = failure.message
      for (const list of batch) list.reject(failure)
      return
    }
    batch.forEach((list, at) => {
      const outcome = outcomes[at]
      if (outcome === undefined) return
      if ('held' in outcome) {
        list.resolve(outcome)
        return
      }
      this.#fileTrouble.listThrew(outcome.error)
      const refused = translateSqlite(outcome.error)
      if (refused instanceof StoreUnavailable) this.#trouble = refused.message
      list.reject(refused)
    })
    this.#checkpoints?.committed(batch.length, took)
  }

  /**
   * Without savepoints, whose copies of pages cost a fifth of a refresh. Null when a list that has written something has
   * to be undone: then everything is undone, and the lists are at the head of the queue again. That is rare, because
   * nearly all guards come first in their lists.
   */
  #runTogether(batch: readonly Waiting[]): readonly Outcome[] | null {
    const outcomes: Outcome[] = []
    for (const { steps } of batch) {
      const { outcome, wrote } = this.#run(steps)
      const failed = 'error' in outcome
      // Some failures (a full disk) make SQLite undo the whole transaction: then no list has held.
      if (failed && (isFatal(outcome.error) || !this.#connection.database.isTransaction)) throw outcome.error
      if (wrote && (failed || !outcome.held)) {
        this.#rollback.run()
        if (batch.length === 1) return [outcome]
        for (const list of batch) list.apart = true
        this.#queue.unshift(...batch)
        return null
      }
      outcomes.push(outcome)
    }
    return outcomes
  }

  #runSaved(steps: readonly Step[]): Outcome {
    this.#save.run()
    const { outcome } = this.#run(steps)
    if ('error' in outcome) {
      if (isFatal(outcome.error) || !this.#connection.database.isTransaction) throw outcome.error
      this.#undo.run()
    } else if (!outcome.held) this.#undo.run()
    this.#keep.run()
    return outcome
  }

  /** `wrote`: whether it has changed something, as far as it came. */
  #run(steps: readonly Step[]): { readonly outcome: Outcome; readonly wrote: boolean } {
    const rows: (readonly unknown[])[] = []
    try {
      for (const step of steps) {
        const found = this.#connection.rows(step.statement, step.bind)
        if (step.guard !== undefined && found.length === 0) {
          return { outcome: { held: false, guard: step.guard }, wrote: rows.length > 0 }
        }
        rows.push(step.guard === undefined ? found : NO_ROWS)
      }
    } catch (error) {
      // SQLite undoes a statement that it fails itself; one whose rows cannot be read has been carried out.
      return { outcome: { error }, wrote: rows.length > 0 || !isSqlite(error) }
    }
    return { outcome: { held: true, rows }, wrote: true }
  }

  #abandon(): void {
    const { database } = this.#connection
    if (!database.isOpen || !database.isTransaction) return
    try {
      this.#rollback.run()
    } catch (error) {
      this.#fatal(error)
    }
  }

  #fatal(error: unknown): void {
    const { database } = this.#connection
    this.#torn = !database.isOpen || database.isTransaction
    // Only once, whether a commit, an undoing or the thread has failed.
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#refused = error instanceof FilesMoved ? error.message : DISK_FAILED
    for (const list of this.#queue.splice(0)) list.reject(new StoreUnavailable(this.#refused))
    void this.#checkpoints?.close()
    const { onFatal } = this.#options
    // Whoever ends the process says why: one line is enough.
    if (onFatal === undefined) this.#log.error('database_failed', { reason: String(error) })
    else onFatal(error instanceof Error ? error : new Error(String(error)))
  }
}
