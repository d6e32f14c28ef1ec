// The migration that makes tables their own primary key on SQLite, over a file that the schema before it has filled.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backup } from '../../../src/administration/backup/backup.ts'
import { restore } from '../../../src/administration/backup/restore.ts'
import { keyCheck, newMasterKey } from '../../../src/credentials/master-key.ts'
import { ConstraintViolated, type Statement, statement, step } from '../../../src/store/database/driver.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { createStore } from '../../../src/store/store.ts'
import { testClock } from '../../support/clock.ts'

const REBUILT = ['grant', 'session', 'consent', 'attempt'] as const
const MANY = 500
const BEFORE = migrations.slice(0, 10)
const AFTER = migrations.slice(0, 11)
const clock = testClock(1_800_000_000)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lingpai-look-ups-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const file = () => join(folder, 'lingpai.sqlite')

/** Rows in no order, each value of its own, null and not null, zero bytes and characters of other scripts. */
async function fillBefore(): Promise<void> {
  const driver = await openSqlite({ file: file() })
  await migrate(driver, BEFORE, { clock })
  await driver.close()
  const database = new DatabaseSync(file())
  for (const table of ['client', 'user', ...REBUILT]) {
    const columns = database.prepare(`PRAGMA table_info("${table}")`).all()
    const insert = database.prepare(
      `INSERT INTO "${table}" (${columns.map(({ name }) => name).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    )
    for (let at = 0; at < MANY; at++) {
      const place = (at * 7_919) % MANY
      insert.run(
        ...columns.map(({ name, type, notnull }, column) => {
          if (notnull === 0 && (at + column) % 3 === 0) return null
          if (type === 'BLOB') return Buffer.from([0, place >> 8, place & 255, column, 0])
          return type === 'BIGINT' ? place * 100 + column : `${String(name)} 令牌 ${place}`
        }),
      )
    }
  }
  database.close()
}

function contentOf(name = file()) {
  const database = new DatabaseSync(name, { readOnly: true })
  const rows = Object.fromEntries(
    ['client', 'user', ...REBUILT].map((table) => {
      const key = table === 'session' ? 'session_id' : '1, 2'
      const names = database
        .prepare(`PRAGMA table_info("${table}")`)
        .all()
        .map((column) => String(column['name']))
      const columns = names.toSorted((a, b) => a.localeCompare(b)).join(', ')
      return [table, database.prepare(`SELECT ${columns} FROM "${table}" ORDER BY ${key}`).all()]
    }),
  )
  const indexes = database
    .prepare(`SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name`)
    .all()
  const integrity = database.prepare('PRAGMA integrity_check').all()
  const tables = database.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'table'`).all()
  database.close()
  return { rows, indexes, integrity, tables: new Map(tables.map(({ name, sql }) => [name, String(sql)])) }
}

async function upgrade(): Promise<void> {
  const driver = await openSqlite({ file: file() })
  expect((await migrate(driver, AFTER, { clock })).at(0)).toBe(11)
  await driver.close()
}

test('every row, index and constraint of a filled file is there afterwards', async () => {
  await fillBefore()
  const before = contentOf()
  await upgrade()
  const after = contentOf()
  expect(after.integrity).toEqual([{ integrity_check: 'ok' }])
  expect(after.rows).toEqual(before.rows)
  expect(Object.values(after.rows).map(({ length }) => length)).toEqual(Array.from({ length: 6 }, () => MANY))
  for (const table of REBUILT) expect(after.tables.get(table)).toContain('WITHOUT ROWID')
  expect([...after.tables.keys()].filter((name) => String(name).endsWith('_by_key'))).toEqual([])
  // The two keys of a session have changed places; all others are as they were.
  const named = ({ indexes }: typeof before) =>
    indexes.filter(({ name }) => !/^session_(session_id|secret_hash)$|^client_state$/.test(String(name)))
  expect(named(after)).toEqual(named(before))
  expect(after.indexes.map(({ name }) => name)).toContain('session_secret_hash')
})

test('constraints keep their names', async () => {
  await fillBefore()
  await upgrade()
  const driver = await openSqlite({ file: file() })
  const again = (table: string, set: string): Statement => statement('again', `UPDATE "${table}" SET ${set}`)
  const taken = async (of: Statement) => {
    const refused = await driver.atomic([step(of, {})]).catch((error: unknown) => error)
    return refused instanceof ConstraintViolated ? refused.constraint : refused
  }
  expect(await taken(again('session', `session_id = 'one'`))).toBe('session_session_id')
  expect(await taken(again('session', `secret_hash = x'00'`))).toBe('session_secret_hash')
  expect(await taken(again('grant', `grant_id = 'one'`))).toBe('grant_grant_id')
  expect(await taken(again('attempt', `key_hash = x'00'`))).toBe('attempt_key_hash')
  expect(await taken(again('consent', `user_id = 'one', client_id = 'one'`))).toBe('consent_user_id_client_id')
  expect(await taken(again('client', `client_id = 'one'`))).toBe('client_client_id')
  await driver.close()
})

test('a new file and one that was upgraded have the same schema', async () => {
  await fillBefore()
  await upgrade()
  const upgraded = contentOf()
  rmSync(file())
  const driver = await openSqlite({ file: file() })
  await migrate(driver, AFTER, { clock })
  await driver.close()
  const fresh = contentOf()
  expect(upgraded.tables).toEqual(fresh.tables)
  expect(upgraded.indexes).toEqual(fresh.indexes)
})

test('a backup of the schema before is restored, and the next start upgrades it', async () => {
  await fillBefore()
  const before = contentOf()
  const master = newMasterKey()
  const driver = await openSqlite({ file: file() })
  const store = createStore(driver)
  await store.putFactOnce('key_check', keyCheck(master))
  const passphrase = 'five fake words for tests'
  const made = await backup({ store, clock }, { file: join(folder, 'backup'), master, passphrase })
  expect(made.schemaVersion).toBe(10)
  await driver.close()
  const target = join(folder, 'restored')
  await restore({ file: join(folder, 'backup'), folder: target, databaseFile: 'lingpai.sqlite', passphrase })
  const restored = await openSqlite({ file: join(target, 'lingpai.sqlite') })
  expect((await migrate(restored, AFTER, { clock })).at(0)).toBe(11)
  expect(await createStore(restored).listClientIds(MANY * 2)).toHaveLength(
    before.rows['client']?.filter((row) => row['removed_at'] === null).length ?? 0,
  )
  await restored.close()
  expect(contentOf(join(target, 'lingpai.sqlite')).rows).toEqual(before.rows)
})
