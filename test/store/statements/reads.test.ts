// `rows` of a driver reads: what writes through it would be kept without a guard, an event, or the wait for the disk.
// Every call of it in the sources is looked up, and the database itself says whether its statement only reads.

import { readdirSync, readFileSync } from 'node:fs'
import { constants, DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/platform/clock.ts'
import { compile, onlyReads, type Statement } from '../../../src/store/database/driver.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { scratchFolder } from '../../support/cli.ts'

const STATEMENTS = 'src/store/statements'
const ALLOWED = new Set<number>([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
])

/** By file name: what it exports. */
const modules: ReadonlyMap<string, Readonly<Record<string, unknown>>> = new Map(
  await Promise.all(
    readdirSync(STATEMENTS).map(
      async (file) =>
        [file, (await import(`../../../src/store/statements/${file}`)) as Record<string, unknown>] as const,
    ),
  ),
)

const scratch = scratchFolder()
const file = scratch.path('reads.sqlite')
beforeAll(async () => {
  const driver = await openSqlite({ file })
  await migrate(driver, migrations, { clock: systemClock() })
  await driver.close()
})
afterAll(() => scratch.remove())

function reader(): (sql: string) => string | null {
  const sqlite = new DatabaseSync(file)
  sqlite.setAuthorizer((action) => (ALLOWED.has(action) ? constants.SQLITE_OK : constants.SQLITE_DENY))
  return (sql) => {
    try {
      sqlite.prepare(compile(sql, '?').text)
      return null
    } catch (error) {
      return String(error)
    }
  }
}

const isStatement = (value: unknown): value is Statement =>
  typeof value === 'object' && value !== null && 'sql' in value && 'name' in value

interface Call {
  readonly place: string
  /** What is passed, as it is written. */
  readonly passed: string
  readonly source: string
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
const calls: readonly Call[] = sources.flatMap((path) => {
  const source = readFileSync(`src/${path}`, 'utf8')
  return [...source.matchAll(/\bdriver\??\s*\.rows(?:<[^(]*>)?\(\s*([^,]+),/g)].map(([, passed = '']) => ({
    place: `${path}: ${passed}`,
    passed,
    source,
  }))
})

/** The statements that a call may run: imported by name, through the name of a module, or of its own file. */
function statementsOf({ passed, source }: Call): readonly Statement[] {
  const [, module, name = ''] = /^(?:(\w+)\.)?(\w+)/.exec(passed) ?? []
  const from =
    module === undefined
      ? new RegExp(`import (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\} from '\\.{1,2}/statements/([\\w.-]+)'`).exec(source)
      : new RegExp(`import \\* as ${module} from '\\.{1,2}/statements/([\\w.-]+)'`).exec(source)
  const exported = modules.get(from?.[1] ?? '')?.[name]
  if (exported !== undefined) return [exported].filter(isStatement)
  const own = new RegExp(`^const ${name} = [\\s\\S]*?\\n\\n`, 'm').exec(source)?.[0] ?? ''
  return [...own.matchAll(/statement<[^(]*\(\s*'(\w+)',\s*(['`])([\s\S]*?)\2,?\s*\)/g)].map(
    ([, id = '', , sql = '']) => ({
      name: id,
      sql,
    }),
  )
}

/** Asked on PostgreSQL only: SQLite does not know what they read. */
const POSTGRES_ONLY = new Set(['schema_table_postgres', 'read_clock'])

test('every call is found, with the statements that it runs', () => {
  const all = sources.reduce((count, path) => {
    const source = readFileSync(`src/${path}`, 'utf8')
    // Of SQLite, the connection runs the steps of lists by a method of that name too, and what reads is told by the driver.
    return count + [...source.matchAll(/(?<!#connection|#reads)\.rows\(/g)].length
  }, 0)
  expect(calls.length).toBe(all)
  expect(calls.length).toBeGreaterThan(50)
  expect(calls.filter((call) => statementsOf(call).length === 0).map(({ place }) => place)).toEqual([])
})

test('what is passed to rows only reads', () => {
  const problemOf = reader()
  const known = calls.flatMap(statementsOf)
  const others = known.filter(({ name }) => !POSTGRES_ONLY.has(name))
  const problems = others.map(({ name, sql }) => [name, problemOf(sql)]).filter(([, problem]) => problem !== null)
  expect(problems).toEqual([])
  const ofPostgres = known.filter(({ name }) => POSTGRES_ONLY.has(name))
  expect(ofPostgres.map(({ name }) => name).sort()).toContain('schema_table_postgres')
  for (const { sql } of ofPostgres) expect(sql).toMatch(/^\s*SELECT\b(?![\s\S]*\b(INTO|nextval|setval)\b)/)
})

test('the measure itself finds what writes', () => {
  const problemOf = reader()
  const all = [...modules.values()].flatMap((module) => Object.values(module).flat().filter(isStatement))
  const writing = all.filter(({ sql }) => /^\s*(INSERT|UPDATE|DELETE)\b/.test(sql))
  expect(writing.length).toBeGreaterThan(50)
  for (const { name, sql } of writing) expect(problemOf(sql), name).toMatch(/not authorized/)
})

test('the text of a statement says of each what the database says', () => {
  const problemOf = reader()
  const all = [...modules.values()].flatMap((module) => Object.values(module).flat().filter(isStatement))
  const asked = all.filter(({ name }) => !POSTGRES_ONLY.has(name))
  expect(asked.length).toBeGreaterThan(150)
  const differ = asked.filter((each) => onlyReads(each) !== (problemOf(each.sql) === null)).map(({ name }) => name)
  expect(differ).toEqual([])
})
