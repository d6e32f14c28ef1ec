// Moving from SQLite to PostgreSQL, below the command: that nothing is left out, and what is in the way of a move meanwhile.

import { closeSync, openSync, writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import type { Driver, Value } from '../../src/store/database/driver.ts'
import { openPostgres } from '../../src/store/database/postgres/postgres-driver.ts'
import { openSnapshot, type Snapshot } from '../../src/store/database/sqlite/snapshot.ts'
import { CannotMove, isBeingFilled, moveEverything, NotEmpty, Overtaken } from '../../src/store/moving.ts'
import { migrate, SCHEMA_TABLES, sectionsFor } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { scratchFolder } from '../support/cli.ts'
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts'

/** What is the database's own, or comes last; all other tables are taken along. */
const NOT_COPIED = ['installation', 'schema_lease', 'schema_version']
const ROWS = 3

interface Column {
  readonly name: string
  readonly type: string
  readonly isNeeded: boolean
}

const silently = () => undefined

/** A file of this release whose every table holds rows, no two values alike; the columns of each. */
function fill(file: string): Record<string, readonly string[]> {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec(SCHEMA_TABLES)
  for (const { number, name, sql } of migrations) {
    database.exec(sectionsFor(sql, 'sqlite'))
    database.prepare('INSERT INTO schema_version VALUES (?, ?, 1)').run(number, name)
  }
  database.exec(`INSERT INTO installation VALUES ('key_check', 'check'), ('issuer', 'https://sso.example')`)
  const tables = database
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'`)
    .all()
  const columnsOf: Record<string, readonly string[]> = {}
  let value = 2n ** 53n
  for (const { name: table } of tables as { name: string }[]) {
    const columns = database
      .prepare('SELECT name, type, "notnull" AS needed, pk FROM pragma_table_info(?)')
      .all(table)
      .map(
        (row): Column => ({
          name: String(row['name']),
          type: String(row['type']),
          isNeeded: row['needed'] === 1 || row['pk'] !== 0,
        }),
      )
    columnsOf[table] = columns.map(({ name }) => name)
    if (NOT_COPIED.includes(table)) continue
    const insert = database.prepare(`INSERT INTO "${table}" VALUES (${columns.map(() => '?').join(', ')})`)
    for (let row = 0; row < ROWS; row++) {
      const values = columns.map(({ type, isNeeded }) => {
        value += 1n
        // The last row has nothing where nothing may be.
        if (row === ROWS - 1 && !isNeeded) return null
        if (type === 'BLOB') return Buffer.from([0, 255, Number(value % 251n), ...Buffer.from(String(value))])
        return type === 'TEXT' ? `令牌 “${value}” \\ ' \n` : value
      })
      insert.run(...values)
    }
  }
  database.close()
  return columnsOf
}

const plain = (value: Value | undefined) =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value === null ? null : String(value)

let scratch: ReturnType<typeof scratchFolder>
let file: string
let columnsOf: Record<string, readonly string[]> = {}
let database: FreshDatabase
let opened: Driver[] = []
let source: Snapshot
let outside: Client

async function open(): Promise<Driver> {
  // One connection for lists: what comes second on it is prepared already.
  const driver = await openPostgres({ url: database.url, max: 2 })
  opened.push(driver)
  return driver
}

/** A list that says `word`, the first or a later one, and what happens before it goes. */
type Before = readonly [word: string, meanwhile: () => Promise<unknown>, nth?: number]

/** A move of its own connections. */
async function move(before?: Before) {
  const driver = await open()
  return moveEverything(source, before === undefined ? driver : interrupted(driver, ...before), silently)
}

beforeEach(async () => {
  scratch = scratchFolder()
  file = scratch.path('lingpai.sqlite')
  columnsOf = fill(file)
  database = await freshDatabase()
  await migrate(await open(), migrations, { clock: systemClock() })
  source = openSnapshot(file)
  outside = new Client(database.url)
  await outside.connect()
})
afterEach(async () => {
  source.close()
  await Promise.all(opened.splice(0).map((driver) => driver.close()))
  await outside.end()
  await database.drop()
  scratch.remove()
})

function interrupted(target: Driver, ...[word, meanwhile, nth = 1]: Before): Driver {
  let heard = 0
  const hear = async (sql: string) => {
    if (!sql.includes(word) || ++heard !== nth) return
    await meanwhile()
  }
  return {
    dialect: target.dialect,
    rows: (statement, bind) => target.rows(statement, bind),
    async atomic(steps) {
      await hear(steps.map(({ statement }) => statement.sql).join())
      return target.atomic(steps)
    },
    async script(sql) {
      await hear(sql)
      return target.script(sql)
    },
    close: () => target.close(),
  }
}

function write(sql: string): void {
  const other = new DatabaseSync(file)
  other.exec(sql)
  other.close()
}

/** As many wait for a lock. */
async function waiting(many: number): Promise<void> {
  const sql =
    'SELECT count(*) AS many FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())'
  await expect.poll(async () => Number((await outside.query(sql)).rows[0].many)).toBe(many)
}

const keyCheck = async () =>
  (await outside.query(`SELECT value FROM installation WHERE name = 'key_check'`)).rows[0]?.value
const count = async (table: string) =>
  Number((await outside.query(`SELECT count(*) AS many FROM "${table}"`)).rows[0].many)

describe('moving', () => {
  test('takes every row of every table along as it is, but that all people have one number there', async () => {
    const { rows, others } = await move()
    expect(others).toEqual([])
    expect(Object.keys(rows).toSorted()).toEqual(
      Object.keys(columnsOf)
        .filter((table) => !NOT_COPIED.includes(table))
        .toSorted(),
    )
    // Each table that is there has come, or is named above.
    const there = await outside.query(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`)
    expect(there.rows.map((row) => row.table_name).toSorted()).toEqual([...Object.keys(rows), ...NOT_COPIED].toSorted())
    for (const { name, columns } of source.tables) {
      if (NOT_COPIED.includes(name)) continue
      expect(rows[name], name).toBe(ROWS)
      const isNumber = (column: string) => column === 'user_number' || (name === 'user' && column === 'number')
      const sent = [...source.rowsOf({ name, columns, rows: ROWS })].map((row) =>
        columns.map((column) => (isNumber(column) && row[column] !== null ? '0' : plain(row[column]))),
      )
      const listed = columns.map((column) => `"${column}"`).join(', ')
      const come = (await outside.query(`SELECT ${listed} FROM "${name}"`)).rows.map((row) =>
        columns.map((column) => plain(row[column])),
      )
      expect(come.map(String).toSorted(), name).toEqual(sent.map(String).toSorted())
    }
    const facts = await outside.query('SELECT name, value FROM installation ORDER BY name')
    expect(facts.rows).toEqual([
      { name: 'issuer', value: 'https://sso.example' },
      { name: 'key_check', value: 'check' },
    ])
  })

  test('one that is late to empty the database leaves alone what another has filled meanwhile', async () => {
    const late = move(['TRUNCATE', () => move()])
    await expect(late).rejects.toThrow(NotEmpty)
    expect([await keyCheck(), await count('user'), await count('trace')]).toEqual(['check', ROWS, ROWS])
  })

  test('one that began at the same moment as a server leaves that one its database', async () => {
    const start = () => outside.query(`INSERT INTO installation VALUES ('key_check', 'another')`)
    await expect(move(['TRUNCATE', start])).rejects.toThrow(NotEmpty)
    expect(await keyCheck()).toBe('another')
  })

  test('what is under way when another takes over arrives nowhere', async () => {
    write(`INSERT INTO client (client_id, settings, version, generation, enabled, created_at, updated_at)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT 'c' || i, '{}', 1, 0, 1, 1, 1 FROM n`)
    source.close()
    source = openSnapshot(file)
    const reader = new Client(database.url)
    await reader.connect()
    let second: Promise<unknown> = Promise.resolve()
    // Held up while it empties the tables, when nearly all of them are locked for that.
    const takenOver = async () => {
      await reader.query('BEGIN; LOCK TABLE "user" IN ACCESS SHARE MODE')
      second = move()
      await waiting(1)
    }
    const first = move(['INSERT INTO "client"', takenOver, 2]).catch((error: unknown) => error)
    await waiting(2)
    await reader.query('COMMIT')
    expect(await first).toBeInstanceOf(Overtaken)
    await expect(second).resolves.toBeDefined()
    expect([await keyCheck(), await count('client')]).toEqual(['check', ROWS + 900])
    await reader.end()
  })

  test('stops when something is written to the folder meanwhile; what only reads is in nobody’s way', async () => {
    const add = async () => write(`INSERT INTO installation VALUES ('operator_name', 'A')`)
    const changed = move(['INSERT INTO "user"', add])
    await expect(changed).rejects.toThrow(expect.objectContaining({ code: 'source_changed' }))
    expect(isBeingFilled(await keyCheck())).toBe(true)
    source.close()
    source = openSnapshot(file)
    const read = async () =>
      write(`INSERT INTO installation VALUES ('key_check', '') ON CONFLICT DO NOTHING; SELECT * FROM "user"`)
    await move(['INSERT INTO "user"', read])
    expect(await keyCheck()).toBe('check')
  })

  test('stops when a newer release has changed the schema meanwhile, which has seen only a part', async () => {
    const newer = new Client(database.url)
    await newer.connect()
    // As a migration does that is under way when all has arrived.
    const begin = () =>
      newer.query(`BEGIN; SELECT lease FROM schema_lease WHERE lease = 'migration' FOR UPDATE NOWAIT;
        INSERT INTO schema_version VALUES (${migrations.length + 1}, 'next', 1)`)
    const changed = move(['INSERT INTO "user"', begin]).catch((error: unknown) => error)
    await waiting(1)
    await newer.query('COMMIT')
    await newer.end()
    expect(await changed).toMatchObject({ code: 'newer_database' })
    expect(isBeingFilled(await keyCheck())).toBe(true)
    await outside.query(`DELETE FROM schema_version WHERE number > ${migrations.length}`)
    await move()
    expect(await keyCheck()).toBe('check')
  })

  test('says which table holds what PostgreSQL refuses, and begins anew when that is mended', async () => {
    write(`UPDATE client SET settings = 'a' || char(0) WHERE client_id = (SELECT min(client_id) FROM client)`)
    source.close()
    source = openSnapshot(file)
    const refused = move()
    await expect(refused).rejects.toThrow(/^PostgreSQL refuses a row of the table client: .*UTF8.*0x00\.$/)
    await expect(refused).rejects.toThrow(CannotMove)
    expect(isBeingFilled(await keyCheck())).toBe(true)
    write(`UPDATE client SET settings = 'a' WHERE instr(settings, char(0)) > 0`)
    source.close()
    source = openSnapshot(file)
    await move()
    expect(await count('client')).toBe(ROWS)
  })

  test('says which table of a damaged file cannot be read', async () => {
    source.close()
    const other = new DatabaseSync(file)
    const { rootpage } = other.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'event'`).get() as {
      rootpage: number
    }
    const { page_size } = other.prepare('PRAGMA page_size').get() as { page_size: number }
    other.close()
    const open = openSync(file, 'r+')
    writeSync(open, Buffer.alloc(page_size, 255), 0, page_size, (rootpage - 1) * page_size)
    closeSync(open)
    // What counts the rows is an index.
    source = openSnapshot(file)
    const refused = move()
    await expect(refused).rejects.toThrow(
      /^The table event of the data folder cannot be read: the database file is damaged/,
    )
    await expect(refused).rejects.toThrow(expect.objectContaining({ code: 'source_unreadable' }))
  })

  test('takes no name of a column for SQL', async () => {
    write(`ALTER TABLE event ADD COLUMN "x"") VALUES (1); DROP TABLE client; --" TEXT`)
    source.close()
    source = openSnapshot(file)
    const refused = move()
    await expect(refused).rejects.toThrow('The table event of the data folder has a column that is not ours.')
    await expect(refused).rejects.toThrow(expect.objectContaining({ code: 'source_unreadable' }))
    expect([await count('client'), await count('event')]).toEqual([ROWS, 0])
  })

  test('leaves tables of other programs where they are, on either side', async () => {
    write(`CREATE TABLE _replica_seq (id INTEGER PRIMARY KEY, seq INTEGER); INSERT INTO _replica_seq VALUES (1, 2);
      CREATE TABLE "constructor" (id); CREATE TABLE "it's ""quoted""" (id)`)
    await outside.query('CREATE TABLE _replica_seq AS SELECT 7 AS seq')
    source.close()
    source = openSnapshot(file)
    const { rows, others } = await move()
    expect([others, rows['_replica_seq'], await count('_replica_seq')]).toEqual([
      ['_replica_seq', 'constructor', `it's "quoted"`],
      undefined,
      1,
    ])
  })
})
