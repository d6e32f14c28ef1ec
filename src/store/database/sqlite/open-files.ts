// Whether the files that SQLite has open are still those under their names. When somebody removes or replaces one,
// SQLite goes on with the open one and says nothing: everything that is written from then on would be gone with the
// process.

import { closeSync, existsSync, linkSync, openSync, rmSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { stopwatch } from '../../../platform/clock.ts'
import { keepDurable } from '../../../platform/durable-folder.ts'
import type { Log } from '../../../platform/log.ts'
import { StoreUnavailable } from '../driver.ts'

/** One of the files is not the open one any more: the database was closed, and the process must end. */
export class FilesMoved extends StoreUnavailable {}

/** Milliseconds between two looks. */
const PAUSE = 1_000
/** Milliseconds for which a thread that moves pages of the log is waited for. */
const LONGEST_MOVE = 10_000

/**
 * Device and number of a file; null: nothing has that name. `unknown`: it cannot be seen, so nothing is concluded from
 * it.
 */
type Identity = readonly [device: number, number: number] | 'unknown' | null

export class OpenFiles {
  readonly #database: DatabaseSync
  readonly #file: string
  readonly #log: string
  readonly #opened: ReadonlyMap<string, Identity>
  readonly #elapsed = stopwatch()
  #looked = 0

  /** `database` has been read at least once, so that its log is open too. */
  constructor(database: DatabaseSync, file: string) {
    this.#database = database
    this.#file = file
    this.#log = `${file}-wal`
    this.#opened = new Map([file, this.#log, `${file}-shm`].map((path) => [path, identityOf(path)]))
  }

  /**
   * Looks at most once a second. Throws `FilesMoved` when a file was removed or replaced, after everything that is open
   * has been saved.
   */
  assertInPlace(): void {
    if (this.#elapsed() - this.#looked >= PAUSE) this.#assertInPlaceNow()
  }

  /**
   * Closes the database, after running `last` if everything is in its place. If the file had been replaced just before,
   * its log would be read as the other file's at the next start.
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
   * Saves everything that is open where the next start finds it, and closes the database. If nothing has its name, it
   * gets the name back; beside another file it gets a name of its own.
   */
  #rescue(): string {
    const isInPlace = !this.#isMoved(this.#file)
    // Another log belongs to somebody who has not seen ours: the two do not fit into one file.
    const isAlone = !this.#isMoved(this.#log) || !existsSync(this.#log)
    try {
      const kept = isInPlace && isAlone && this.#isWhole() ? null : this.#copy()
      this.#database.close()
      // SQLite leaves behind the log of a file that has lost its name, and would read it as the log of the next file of
      // that name.
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

  /** Whether all of the log is in the file. A thread that still moves a part of it is waited for. */
  #isWhole(): boolean {
    this.#database.exec(`PRAGMA busy_timeout = ${LONGEST_MOVE}`)
    return this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 0
  }

  /** The log and its index, if they are still ours. */
  #beside(): readonly string[] {
    return [...this.#opened.keys()].filter((path) => path !== this.#file && existsSync(path) && !this.#isMoved(path))
  }

  /** A complete, durable copy that only its owner can read. */
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
 * A second name of the same file (a hard link) would have a log of its own: two servers, or a server and a command,
 * would overwrite each other without noticing.
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
