// Reads: those of one turn of the event loop share a Sync, so that the server answers them by one call of the system. One
// that fails costs the others nothing but a second run: a read changes nothing.

import type { Log } from '../../../platform/log.ts'
import type { Reply } from './connection.ts'
import { isLost, isTimeout, mayRunAgain, translatePostgres } from './errors.ts'
import type { Lanes } from './lanes.ts'
import type { Query } from './statements.ts'

interface Read {
  readonly query: Query
  readonly resolve: (rows: readonly unknown[]) => void
  readonly reject: (error: unknown) => void
  /** How often it has failed. */
  runs: number
}

/** So many at most, so that none waits long for those beside it. */
const TOGETHER = 8

export class Reads {
  readonly #lanes: Lanes
  readonly #log: Log
  readonly #sendNow = () => this.send()
  #gathered: Read[] = []

  constructor(lanes: Lanes, log: Log) {
    this.#lanes = lanes
    this.#log = log
  }

  ask(query: Query): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => this.#gather({ query, resolve, reject, runs: 0 }))
  }

  #gather(read: Read): void {
    // After all that can go on now: reads that follow in this turn come along.
    if (this.#gathered.push(read) === 1) process.nextTick(this.#sendNow)
  }

  /** What was asked in this turn leaves now. */
  send(): void {
    const gathered = this.#gathered
    this.#gathered = []
    for (let from = 0; from < gathered.length; from += TOGETHER) {
      const reads = gathered.slice(from, from + TOGETHER)
      void this.#lanes.send(reads.map(({ query }) => query)).then(({ rows, failed }) => {
        const many = usable(failed, reads.length)
        for (const [at, read] of reads.entries()) {
          if (failed === null || at < many) read.resolve(rows[at] ?? [])
          else this.#failed(read, failed.error, at === failed.at || failed.at === reads.length)
        }
      })
    }
  }

  /** `isOwn`: of this read; else of one beside it, with which it was undone. */
  #failed(read: Read, error: unknown, isOwn: boolean): void {
    const isConnection = isLost(error)
    if (!isOwn && !isConnection) return this.#gather(read)
    // After a restart of the database every lane is lost, one by one.
    const isLast = ++read.runs > this.#lanes.limit
    if (isLast || isTimeout(error) || !(isConnection || mayRunAgain(error)))
      return read.reject(translatePostgres(error))
    // A lost connection has been told of already.
    if (!isConnection) this.#log.warn('database_read_again', { reason: String(error) })
    this.#gather(read)
  }
}

/** How many have what they asked for. What a transaction has seen that the server wants to run again counts for nothing. */
function usable(failed: Reply['failed'], count: number): number {
  if (failed === null) return count
  return failed.at === count || mayRunAgain(failed.error) ? 0 : failed.at
}
