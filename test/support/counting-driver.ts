// Counts what an operation asks of the database.

import type { Driver } from '../../src/store/driver.ts'

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
        calls.reads++
        return driver.rows(statement, bind)
      },
      atomic(steps) {
        calls.writes++
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
