// The same import on PostgreSQL: published at once, and conflicts found by the same rules.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { importUsers } from '../../../src/administration/user-import/index.ts'
import { addUser, removeUser } from '../../../src/administration/users.ts'
import { createPasswordHasher } from '../../../src/credentials/password-hash.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { migrate } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { createStore, type Store } from '../../../src/store/store.ts'
import { type FreshDatabase, freshDatabase } from '../../support/postgres.ts'
import { testClock } from '../installation.ts'
import { source } from './source.ts'

let database: FreshDatabase
let store: Store
const clock = testClock()
const hasher = createPasswordHasher()

beforeAll(async () => {
  database = await freshDatabase()
  const driver = await openPostgres({ url: database.url })
  await migrate(driver, migrations, { clock })
  store = createStore(driver)
})
afterAll(async () => {
  await store.driver.close()
  await database.drop()
})

test('rows are checked against what is there, then published together', async () => {
  const parts = { store, clock, hasher }
  await addUser(parts, { username: 'taken', userId: 'id-1', phone: '13800138000' })
  await addUser(parts, { username: 'gone', userId: 'id-2' })
  await removeUser(parts, 'gone')
  const rows = [
    'username,user_id,phone',
    ...Array.from({ length: 500 }, (_, at) => `u${at},,`),
    'TAKEN,,',
    'a,id-1,',
    'b,id-2,',
    'c,,13800138000',
    'gone,,',
  ].join('\n')
  const refused = await importUsers(parts, source(rows))
  expect(refused).toMatchObject({ status: 'refused', badRows: 4 })
  expect(refused.problems.map(({ line, column }) => [line, column])).toEqual([
    [502, 'username'],
    [503, 'user_id'],
    [504, 'user_id'],
    [505, 'phone'],
  ])
  expect(await store.countUsers()).toBe(1)
  expect(await importUsers(parts, source(rows), { skipBad: true })).toMatchObject({ imported: 501, badRows: 4 })
  expect(await store.countUsers()).toBe(502)
  expect(await store.listOpenImports()).toEqual([])
})
