// Reads of the embedded database. Consecutive reads share one state of the file: a read by itself takes a lock and
// releases it, two system calls that are a tenth of a user info request. docs/decisions/0058

import type { StatementSync } from 'node:sqlite'
import type { Statement } from '../driver.ts'
import type { SqliteConnection } from './connection.ts'
import { isBusy, translateSqlite } from './errors.ts'
import type { FileTrouble } from './file-trouble.ts'
import { patiently } from './patience.ts'

/** For fewer reads in a run, beginning and ending the run takes as long as it saves. */
const ENOUGH = 3

export class Reads {
  readonly #connection: SqliteConnection
  readonly #assertReadable: () => void
  readonly #fileTrouble: FileTrouble
  readonly #begin: StatementSync
  readonly #end: StatementSync
  readonly #endRun = () => {
    this.#readsBefore = this.#reads
    this.#reads = 0
    this.leave()
  }
  #isShared = false
  #reads = 0
  #readsBefore = 0

  /** `assertReadable` throws where what is read now could be wrong. */
  constructor(connection: SqliteConnection, assertReadable: () => void, fileTrouble: FileTrouble) {
    this.#connection = connection
    this.#assertReadable = assertReadable
    this.#fileTrouble = fileTrouble
    // It takes no lock before the first read.
    this.#begin = connection.database.prepare('BEGIN DEFERRED')
    // Not a commit, which fails after a read has failed.
    this.#end = connection.database.prepare('ROLLBACK')
  }

  async rows(statement: Statement, bind: object): Promise<readonly unknown[]> {
    try {
      this.#assertReadable()
      this.#enter()
      return this.#connection.read(statement, bind)
    } catch (error) {
      this.#fileTrouble.readThrew(error)
      if (!isBusy(error)) throw translateSqlite(error)
      return await patiently(() => {
        this.#assertReadable()
        return this.#connection.read(statement, bind)
      })
    }
  }

  /**
   * To be called before anything but a read, since the same turn may close or migrate the database. Lists are written
   * in a turn of their own, when the run has ended, unless the turn before was cut short by an exception that the host
   * survives.
   */
  leave(): void {
    if (!this.#isShared) return
    this.#isShared = false
    // Some failures end the transaction by themselves, and so does closing.
    const { database } = this.#connection
    if (database.isOpen && database.isTransaction) this.#end.run()
  }

  /**
   * A run is what one turn of the event loop reads before anything comes from outside: the next tick comes after
   * everything that can run at once. Until then nobody outside this process can know of a newer state.
   */
  #enter(): void {
    this.#reads++
    if (this.#reads > 1) return
    process.nextTick(this.#endRun)
    if (this.#readsBefore < ENOUGH) return
    this.#begin.run()
    this.#isShared = true
  }
}
