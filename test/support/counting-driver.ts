// Counts what an operation asks of the database.

import type { Driver, Step } from '../../src/store/database/driver.ts'

/** Work that a server does by the clock, outside any request: keys read anew, traces written, pruning, tidying. */
const BY_THE_CLOCK =
  /^(schema_version_newest|read_clock|list_signing_keys|note_token_lifetime|note_key_fetch|note_client_address|insert_trace|prune_|find_waiting_clients|find_overdue_deliveries|list_imports|find_use|unmark_imported|delete_import)/

export function isByTheClock(steps: readonly Step[]): boolean {
  return steps.every(({ statement }) => BY_THE_CLOCK.test(statement.name))
}

export interface StoreCalls {
  reads: number
  writes: number
}

export interface CountingDriver {
  readonly wrap: (driver: Driver) => Driver
  /** What `operation` spent, besides its result. */
  during<Result>(operation: () => Promise<Result>): Promise<StoreCalls & { readonly result: Result }>
}

export function countingDriver(): CountingDriver {
  const calls: StoreCalls = { reads: 0, writes: 0 }
  return {
    wrap: (driver) => ({
      ...driver,
      dialect: driver.dialect,
      rows(statement, bind) {
        if (!BY_THE_CLOCK.test(statement.name)) calls.reads++
        return driver.rows(statement, bind)
      },
      atomic(steps) {
        if (!isByTheClock(steps)) calls.writes++
        return driver.atomic(steps)
      },
      script: (sql) => driver.script(sql),
      close: () => driver.close(),
    }),
    async during(operation) {
      const before = { ...calls }
      const result = await operation()
      return { result, reads: calls.reads - before.reads, writes: calls.writes - before.writes }
    },
  }
}
