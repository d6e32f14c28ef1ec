// Every statement is one text that both databases accept, with types they can tell.

import { readdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/platform/clock.ts'
import { compile, type Statement } from '../../../src/store/database/driver.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { migrate, sectionsFor } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { freshDatabase, runOn } from '../../support/postgres.ts'

const folder = 'src/store/statements'
const modules = await Promise.all(
  readdirSync(folder).map(async (file) => (await import(`../../../${folder}/${file}`)) as Record<string, unknown>),
)

function isStatement(value: unknown): value is Statement {
  return typeof value === 'object' && value !== null && 'sql' in value && 'name' in value
}

const statements = modules.flatMap((module) => Object.values(module).flat().filter(isStatement))

let database: Awaited<ReturnType<typeof freshDatabase>>
beforeAll(async () => {
  database = await freshDatabase()
  const driver = await openPostgres({ url: database.url })
  await migrate(driver, migrations, { clock: systemClock() })
  await driver.close()
})
afterAll(() => database.drop())

test('there are statements, each with a name of its own', () => {
  expect(statements.length).toBeGreaterThan(60)
  expect(new Set(statements.map(({ name }) => name)).size).toBe(statements.length)
})

test('SQLite prepares every statement', () => {
  const sqlite = new DatabaseSync(':memory:')
  for (const { sql } of migrations) sqlite.exec(sectionsFor(sql, 'sqlite'))
  const broken = statements.flatMap(({ name, sql }) => {
    try {
      sqlite.prepare(compile(sql, '?').text)
      return []
    } catch (error) {
      return [`${name}: ${String(error)}`]
    }
  })
  sqlite.close()
  expect(broken).toEqual([])
})

test('PostgreSQL prepares every statement', async () => {
  const broken: string[] = []
  for (const { name, sql } of statements) {
    await runOn(database.url, `PREPARE p AS ${compile(sql, '$').text}`).catch((error: unknown) => {
      broken.push(`${name}: ${String(error)}`)
    })
  }
  expect(broken).toEqual([])
})

// What CockroachDB, YugabyteDB or a pooler in transaction mode lack or do otherwise.
const NOT_PORTABLE: Readonly<Record<string, RegExp>> = {
  'notifications between sessions': /\b(LISTEN|NOTIFY|UNLISTEN)\b/i,
  'advisory locks': /advisory/i,
  'JSON operators or functions': /->|#>|@>|\bjsonb?\w*\s*\(/i,
  'casts with ::': /::/,
  'locks of whole tables': /\bLOCK\s+TABLE\b/i,
  'state of a session':
    /\b(SET|RESET|DISCARD|PREPARE|DEALLOCATE|DECLARE)\s+(?!\w+ = )(SESSION|LOCAL|ALL|\w+ TO)\b|\bCREATE\s+TEMP/i,
  'hidden columns': /\b(ctid|xmin|xmax|oid|rowid)\b/i,
  sequences: /\b(nextval|currval|lastval|SERIAL)\b/i,
  'procedures and triggers': /\b(TRIGGER|PROCEDURE|plpgsql)\b/i,
  // A recursive one only reads; all of these databases have it.
  'writes inside WITH': /\bWITH\b(?!\s+RECURSIVE\b)/i,
}

test.each(Object.entries(NOT_PORTABLE))('no statement needs %s', (_, pattern) => {
  expect(statements.filter(({ sql }) => pattern.test(sql)).map(({ name }) => name)).toEqual([])
})

test('the search for what is not portable finds it', () => {
  const bad = [
    'NOTIFY changed',
    'SELECT pg_advisory_lock(1)',
    `SELECT settings->>'a' FROM client`,
    'SELECT 1::bigint',
    'LOCK TABLE client',
    'SET LOCAL lock_timeout = 1',
    'SELECT ctid FROM client',
    `SELECT nextval('s')`,
    'CREATE TRIGGER t',
    'WITH gone AS (DELETE FROM client) SELECT 1',
  ]
  for (const [at, pattern] of Object.values(NOT_PORTABLE).entries()) expect(bad[at]).toMatch(pattern)
})
