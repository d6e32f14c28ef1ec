// What of the database file could not be read lately. Another read or write may succeed meanwhile, since it needs other
// pages: that says nothing of those that are damaged.

import { stopwatch } from '../../../platform/clock.ts'
import { createFailureSeries, type FailureSeries } from '../../../platform/failure-series.ts'
import type { Log } from '../../../platform/log.ts'
import { isDamage, isReadFailure, textOf, translateSqlite } from './errors.ts'

/** Milliseconds for which it is told after it was last met. Nobody can look for it but those who meet it. */
const TOLD_FOR = 10_000

export class Unreadable {
  readonly #failures: FailureSeries
  readonly #elapsed = stopwatch()
  #reason: string | null = null
  #met = 0

  constructor(log: Log) {
    this.#failures = createFailureSeries(log, { level: 'error' })
  }

  /** Null: nothing lately. */
  get trouble(): string | null {
    return this.#reason !== null && this.#elapsed() - this.#met < TOLD_FOR ? this.#reason : null
  }

  /** Whatever a read has thrown. */
  readThrew(error: unknown): void {
    if (isReadFailure(error)) this.#noted(error)
  }

  /** Whatever a list has thrown: what is wrong with the disk alone is told until the next commit. */
  listThrew(error: unknown): void {
    if (isDamage(error)) this.#noted(error)
  }

  #noted(error: unknown): void {
    this.#reason = textOf(translateSqlite(error))
    this.#met = this.#elapsed()
    this.#failures.failed('database_unreadable', { reason: this.#reason })
  }
}
