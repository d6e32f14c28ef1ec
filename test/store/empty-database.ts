// An empty database of either kind, opened.

import type { Driver } from '../../src/store/database/driver.ts'
import { openPostgres } from '../../src/store/database/postgres/postgres-driver.ts'
import { openSqlite } from '../../src/store/database/sqlite/sqlite-driver.ts'
import { freshDatabase } from '../support/postgres.ts'

export const KINDS = ['sqlite', 'postgres'] as const

export interface EmptyDatabase {
  readonly driver: Driver
  /** Of PostgreSQL. */
  readonly url: string | null
  remove(): Promise<void>
}

export async function emptyDatabase(kind: (typeof KINDS)[number]): Promise<EmptyDatabase> {
  if (kind === 'sqlite') {
    const driver = await openSqlite({ file: ':memory:' })
    return { driver, url: null, remove: () => driver.close() }
  }
  const fresh = await freshDatabase()
  const driver = await openPostgres({ url: fresh.url })
  return {
    driver,
    url: fresh.url,
    async remove() {
      await driver.close()
      await fresh.drop()
    },
  }
}
