// The connections of this process, called lanes. Reads and lists have lanes of their own, so that no read waits for
// somebody's lock.

import type { FailureSeries } from '../../../platform/failure-series.ts'
import { StoreUnavailable } from '../driver.ts'
import { type ConnectionOptions, PostgresConnection, type Reply } from './connection.ts'
import type { Query } from './statements.ts'

export interface LanesOptions extends Omit<ConnectionOptions, 'onEnd'> {
  /** Connections at most. */
  readonly limit: number
  /** Failures of the database, whichever lane meets them. */
  readonly failures: FailureSeries
}

/** Milliseconds after which an unused connection is closed. */
const IDLE = 60_000
/** Milliseconds: what has waited longer waits for somebody's lock, or for a server that says nothing. */
const HELD_UP = 100

export class Lanes {
  readonly #options: LanesOptions
  readonly #sweeper: NodeJS.Timeout
  readonly limit: number
  #lanes: PostgresConnection[] = []
  #isClosed = false

  constructor(options: LanesOptions) {
    this.#options = options
    this.limit = options.limit
    this.#sweeper = setInterval(() => this.#sweep(), IDLE).unref()
  }

  send(queries: readonly Query[]): Promise<Reply> {
    if (this.#isClosed) {
      return Promise.resolve({ rows: [], failed: { at: 0, error: new StoreUnavailable('the database is closed') } })
    }
    const reply = this.#choose().send(queries)
    const { failures } = this.#options
    if (failures.isFailing) void reply.then(({ failed }) => failed === null && failures.held())
    return reply
  }

  /** Connections, and replies that are still to come over them. */
  get load(): { readonly open: number; readonly waiting: number } {
    return { open: this.#lanes.length, waiting: this.#lanes.reduce((sum, lane) => sum + lane.waiting, 0) }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweeper)
    await Promise.all(this.#lanes.map((lane) => lane.close()))
  }

  /**
   * A lane that waits for nothing; otherwise a new one; otherwise, of those not held up, the one with the fewest
   * outstanding replies.
   */
  #choose(): PostgresConnection {
    const least = leastBy(this.#lanes, ({ waiting }) => waiting)
    if (least === undefined || (least.waiting > 0 && this.#lanes.length < this.limit)) return this.#open()
    if (least.delay < HELD_UP) return least
    const free = this.#lanes.filter(({ delay }) => delay < HELD_UP)
    return leastBy(free, ({ waiting }) => waiting) ?? leastBy(this.#lanes, ({ delay }) => delay) ?? least
  }

  #open(): PostgresConnection {
    const { failures } = this.#options
    const onEnd = (ended: PostgresConnection, lost: { readonly error: unknown } | null) => {
      this.#lanes = this.#lanes.filter((lane) => lane !== ended)
      if (lost !== null) failures.failed('database_connection_lost', { reason: String(lost.error) })
    }
    const lane = new PostgresConnection({ ...this.#options, onEnd })
    this.#lanes.push(lane)
    return lane
  }

  #sweep(): void {
    for (const lane of this.#lanes) {
      if (!lane.wasUsed && lane.waiting === 0) void lane.close()
      lane.wasUsed = false
    }
  }
}

function leastBy<T>(all: readonly T[], measure: (one: T) => number): T | undefined {
  let least: T | undefined
  for (const one of all) if (least === undefined || measure(one) < measure(least)) least = one
  return least
}
