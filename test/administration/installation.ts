// An installation for tests: a real SQLite file in a folder of its own, and a clock that the test sets.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyCheck, newMasterKey } from '../../src/credentials/master-key.ts'
import { createPasswordHasher } from '../../src/credentials/password-hash.ts'
import { createOutboundClient } from '../../src/http/outbound/client.ts'
import { openSqlite } from '../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { createStore } from '../../src/store/store.ts'

export interface TestClock {
  now(): number
  advance(seconds: number): void
}

export function testClock(start = 1_700_000_000): TestClock {
  let now = start
  return {
    now: () => now,
    advance(seconds) {
      now += seconds
    },
  }
}

export async function openInstallation(folder = mkdtempSync(join(tmpdir(), 'lingpai-administration-'))) {
  const clock = testClock()
  const file = join(folder, 'lingpai.sqlite')
  const driver = await openSqlite({ file })
  await migrate(driver, migrations, { clock })
  const store = createStore(driver)
  const master = newMasterKey()
  await store.putFactOnce('key_check', keyCheck(master))
  return {
    folder,
    file,
    clock,
    store,
    master,
    hasher: createPasswordHasher(),
    outbound: createOutboundClient(),
    path: (name: string) => join(folder, name),
    async close() {
      await driver.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type Installation = Awaited<ReturnType<typeof openInstallation>>

/** What an operation was refused with; fails the test when it was not refused. */
export async function refusal(work: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  const outcome = await work.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(outcome instanceof Error) || !('code' in outcome)) throw new Error(`not refused: ${String(outcome)}`)
  return { code: String(outcome.code), message: outcome.message }
}
