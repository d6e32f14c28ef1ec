// Every statement is one text that both databases accept, with types they can tell.

import { readdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { compile, type Statement } from '../../src/store/driver.ts'
import { migrate, sectionsFor } from '../../src/store/migrate.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { freshDatabase, runOn } from '../support/postgres.ts'

const folder = 'src/store/statements'
const modules = await Promise.all(
  readdirSync(folder).map(async (file) => (await import(`../../${folder}/${file}`)) as Record<string, unknown>),
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
