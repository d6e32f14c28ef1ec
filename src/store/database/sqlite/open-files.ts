// Whether the files that SQLite has open still are those under their names. When somebody removes or replaces one, SQLite goes on
// with what it has open and says nothing: all that is answered from then on would be gone with the process.

import { closeSync, existsSync, linkSync, openSync, rmSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { stopwatch } from '../../../platform/clock.ts'
import { keepDurable } from '../../../platform/durable-folder.ts'
import type { Log } from '../../../platform/log.ts'
import { StoreUnavailable } from '../driver.ts'

/** One of the files is not what is open any more: the database was closed, and the process must end. */
export class FilesMoved extends StoreUnavailable {}

/** Milliseconds between two looks. */
const PAUSE = 1_000
/** Milliseconds that a thread may take to move the pages of a log. */
const LONGEST_MOVE = 10_000

/** Device and number of a file; null: nothing has that name. Of what cannot be seen nothing is said. */
type Identity = readonly [device: number, number: number] | 'unknown' | null

export class OpenFiles {
  readonly #database: DatabaseSync
  readonly #file: string
  readonly #log: string
  readonly #opened: ReadonlyMap<string, Identity>
  readonly #elapsed = stopwatch()
  #looked = 0

  /** `database` was read at least once, so that its log is open too. */
  constructor(database: DatabaseSync, file: string) {
    this.#database = database
    this.#file = file
    this.#log = `${file}-wal`
    this.#opened = new Map([file, this.#log, `${file}-shm`].map((path) => [path, identityOf(path)]))
  }

  /** Looks once a second at most. Throws `FilesMoved` when one was removed or replaced, after all that was open is kept. */
  assertInPlace(): void {
    if (this.#elapsed() - this.#looked >= PAUSE) this.#assertInPlaceNow()
  }

  /**
   * Closes the database, after `last` where all is in its place. Had it been replaced just before, its log would be read as that
   * of the other at the next start.
   */
  close(log: Log, last: () => void): void {
    if (!this.#database.isOpen) return
    try {
      this.#assertInPlaceNow()
      last()
      this.#database.close()
    } catch (error) {
      if (!(error instanceof FilesMoved)) throw error
      log.error(error.message)
    }
  }

  #assertInPlaceNow(): void {
    this.#looked = this.#elapsed()
    const moved = [...this.#opened.keys()].find((path) => this.#isMoved(path))
    if (moved === undefined) return
    const how = existsSync(moved) ? 'replaced by another file' : 'removed'
    throw new FilesMoved(`${basename(moved)} was ${how} while the server had it open; ${this.#rescue()}`)
  }

  #isMoved(path: string): boolean {
    const opened = this.#opened.get(path) ?? null
    const now = identityOf(path)
    if (opened === null || opened === 'unknown' || now === 'unknown') return false
    return now === null || now[0] !== opened[0] || now[1] !== opened[1]
  }

  /**
   * Brings all that is open to where the next start finds it, and closes it. A database that is gone gets its name again;
   * beside another one it gets a name of its own.
   */
  #rescue(): string {
    const isInPlace = !this.#isMoved(this.#file)
    // Another log belongs to somebody who has not seen ours: theirs and ours do not fit into one file.
    const isAlone = !this.#isMoved(this.#log) || !existsSync(this.#log)
    try {
      const kept = isInPlace && isAlone && this.#isWhole() ? null : this.#copy()
      this.#database.close()
      // SQLite leaves the log of a file that has lost its name, and would read it as that of the next one of this name.
      if (!isInPlace) for (const path of this.#beside()) rmSync(path)
      const isPut = kept !== null && !existsSync(this.#file)
      if (isPut) {
        linkSync(kept, this.#file)
        rmSync(kept)
      }
      keepDurable(dirname(this.#file))
      return kept === null || isPut
        ? 'nothing is lost, all that it held is in place again'
        : `what it held is kept in ${basename(kept)}`
    } catch (error) {
      return `what it held could not be kept: ${error instanceof Error ? error.message : String(error)}`
    } finally {
      if (this.#database.isOpen) this.#database.close()
    }
  }

  /** All of the log is in the file now. A thread that moves a part of it is waited for. */
  #isWhole(): boolean {
    this.#database.exec(`PRAGMA busy_timeout = ${LONGEST_MOVE}`)
    return this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 0
  }

  /** Log and index that are still ours. */
  #beside(): readonly string[] {
    return [...this.#opened.keys()].filter((path) => path !== this.#file && existsSync(path) && !this.#isMoved(path))
  }

  /** Whole, durable, and for its owner only. */
  #copy(): string {
    let path = `${this.#file}-rescued`
    for (let count = 2; existsSync(path); count++) path = `${this.#file}-rescued-${count}`
    closeSync(openSync(path, 'wx', 0o600))
    try {
      this.#database.prepare('VACUUM INTO ?').run(path)
      keepDurable(path)
    } catch (error) {
      rmSync(path, { force: true })
      throw error
    }
    return path
  }
}

/**
 * A second name of the same file (a hard link) would have a log of its own: two servers, or a server and a command, would write
 * over each other without a word.
 */
export function assertOneName(file: string): void {
  const names = statSync(file, { throwIfNoEntry: false })?.nlink ?? 1
  if (names <= 1) return
  const name = basename(file)
  throw new StoreUnavailable(
    `it has ${names} names (hard links), each of which would get a log of writes of its own; while nothing uses it, make it a file by itself: cp ${name} new, then mv new ${name}`,
  )
}

function identityOf(path: string): Identity {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    return found === undefined ? null : [found.dev, found.ino]
  } catch {
    return 'unknown'
  }
}
