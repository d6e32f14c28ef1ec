// Rows in the order in which they expire: those of a database from before are pruned at the same second as new ones.

import { expect, test } from 'vitest'
import { statement, step } from '../../src/store/database/driver.ts'
import { openSqlite } from '../../src/store/database/sqlite.ts'
import { expiryOrder } from '../../src/store/expiry-order.ts'
import { migrate } from '../../src/store/migrate.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { createStore } from '../../src/store/store.ts'
import { accessTokenSteps } from '../../src/store/tokens.ts'
import { testClock } from '../support/clock.ts'

const NOW = 1_800_000_000
const clock = testClock(NOW)
const KEPT = { events: 0, endedSessions: 0, most: 100 }

const insertOld = statement<{ hash: Uint8Array; expires_at: number }>(
  'insert_old',
  `INSERT INTO access_token (hash, client_id, client_generation, scope, issued_at, expires_at)
   VALUES (:hash, 'c1', 1, 'openid', 1, :expires_at)`,
)
const left = statement<object, { expires_at: number }>(
  'left',
  'SELECT expires_at FROM access_token ORDER BY expires_at, hash',
)

test('an upgrade keeps what lives and prunes what has expired, to the second', async () => {
  const driver = await openSqlite({ file: ':memory:' })
  await migrate(driver, migrations.slice(0, 11), { clock })
  const instants = [NOW - 1, NOW, NOW + 1]
  const insert = (expires_at: number) => step(insertOld, { hash: Buffer.from(String(expires_at)), expires_at })
  await driver.atomic(instants.map(insert))
  await migrate(driver, migrations, { clock })
  const store = createStore(driver)
  const token = { grantId: null, clientId: 'c1', clientGeneration: 1, scope: 'openid', resource: null, issuedAt: 1 }
  for (const expiresAt of instants) {
    await driver.atomic(accessTokenSteps({ ...token, hash: Buffer.from(`new ${expiresAt}`), expiresAt }))
  }
  expect(await driver.rows(left, {})).toHaveLength(6)
  expect(await store.prune(NOW, KEPT)).toBe(true)
  const after = (await driver.rows(left, {})).map(({ expires_at }) => expires_at)
  expect(after).toEqual([NOW, NOW, NOW + 1, NOW + 1])
  expect(await store.prune(NOW + 1, KEPT)).toBe(true)
  expect((await driver.rows(left, {})).map(({ expires_at }) => expires_at)).toEqual([NOW + 1, NOW + 1])
  await driver.close()
})

test('rows of one second rise, and stay within their second', () => {
  const orders = Array.from({ length: 1_000 }, () => expiryOrder(NOW))
  expect(orders).toEqual(orders.toSorted((a, b) => a - b))
  expect(new Set(orders.map((order) => Math.floor(order / 1_000_000)))).toEqual(new Set([NOW]))
  expect(Number.isSafeInteger(expiryOrder(9_000_000_000))).toBe(true)
})
