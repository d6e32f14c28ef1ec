// What of the database file could not be read lately.

import type { Log } from '../../../platform/log.ts'
import { LastingTrouble } from '../lasting.ts'
import { isDamage, isReadFailure, textOf, translateSqlite } from './errors.ts'

export class Unreadable {
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

  /** Whatever a list has thrown: what is wrong with the disk alone is told until the next commit. */
  listThrew(error: unknown): void {
    if (isDamage(error)) this.#trouble.met(textOf(translateSqlite(error)))
  }
}
