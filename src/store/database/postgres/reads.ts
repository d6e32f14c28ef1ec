// Reads: those of one turn of the event loop share a Sync, so that the server answers them with one system call. If one
// fails, the others only have to be run again, because a read changes nothing.

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

/** At most this many share a Sync, so that none waits long for the others. */
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
    // After everything that can run now, so that further reads of this turn come along.
    if (this.#gathered.push(read) === 1) process.nextTick(this.#sendNow)
  }

  /** Sends now what was asked in this turn. */
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

  /** `isOwn`: this very read has failed; otherwise it was undone together with one that has. */
  #failed(read: Read, error: unknown, isOwn: boolean): void {
    const isConnection = isLost(error)
    if (!isOwn && !isConnection) return this.#gather(read)
    // After a restart of the database every lane is lost, one by one.
    const isLast = ++read.runs > this.#lanes.limit
    if (isLast || isTimeout(error) || !(isConnection || mayRunAgain(error)))
      return read.reject(translatePostgres(error))
    // A lost connection has been reported already.
    if (!isConnection) this.#log.warn('database_read_again', { reason: String(error) })
    this.#gather(read)
  }
}

/**
 * How many reads have their answer. What was read in a transaction that the server wants to run again does not count.
 */
function usable(failed: Reply['failed'], count: number): number {
  if (failed === null) return count
  return failed.at === count || mayRunAgain(failed.error) ? 0 : failed.at
}
