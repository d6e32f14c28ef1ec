// Trouble that the next statement need not meet, since it needs other pages of the same disk: that it succeeds says nothing of those
// that fail. So it is told for a while after it was last met.

import { stopwatch } from '../../platform/clock.ts'
import { createFailureSeries, type FailureSeries } from '../../platform/failure-series.ts'
import type { Log } from '../../platform/log.ts'

/** Milliseconds. Nobody can look whether it is over but those who meet it. */
const TOLD_FOR = 10_000

export class LastingTrouble {
  readonly #message: string
  readonly #failures: FailureSeries
  readonly #elapsed = stopwatch()
  #reason: string | null = null
  #met = 0

  /** `message`: how a line of the log begins. */
  constructor(log: Log, message: string) {
    this.#message = message
    this.#failures = createFailureSeries(log, { level: 'error' })
  }

  /** Null: nothing lately. */
  get reason(): string | null {
    return this.#reason !== null && this.#elapsed() - this.#met < TOLD_FOR ? this.#reason : null
  }

  met(reason: string): void {
    this.kept(reason)
    this.logged(reason)
  }

  /** Where the log says it already. */
  kept(reason: string): void {
    this.#reason = reason
    this.#met = this.#elapsed()
  }

  /** Only in the log. */
  logged(reason: string): void {
    this.#failures.failed(this.#message, { reason })
  }
}
