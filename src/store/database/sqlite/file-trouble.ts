// What of the database file could lately not be read, or not be written.

import type { Log } from '../../../platform/log.ts'
import { LastingTrouble } from '../lasting.ts'
import { isDamage, isDiskFailure, isReadFailure, textOf, translateSqlite } from './errors.ts'

export class FileTrouble {
  readonly #trouble: LastingTrouble

  constructor(log: Log) {
    this.#trouble = new LastingTrouble(log, 'database_unreadable')
  }

  get trouble(): string | null {
    return this.#trouble.reason
  }

  /** Whatever a read has thrown. */
  readThrew(error: unknown): void {
    if (isReadFailure(error)) this.#trouble.met(textOf(translateSqlite(error)))
  }

  /** Whatever a list has thrown. Of a disk that is full or fails the log has a line for each commit. */
  listThrew(error: unknown): void {
    if (isDamage(error)) this.#trouble.met(textOf(translateSqlite(error)))
    else if (isDiskFailure(error)) this.#trouble.kept(textOf(translateSqlite(error)))
  }
}
