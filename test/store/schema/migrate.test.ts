// Migrations on both databases: once each, by one node only, and never on a schema that is not ours.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { createLog } from '../../../src/platform/log.ts'
import type { Driver } from '../../../src/store/database/driver.ts'
import { StoreUnavailable, statement } from '../../../src/store/database/driver.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate, SchemaMismatch, sectionsFor, TablesOfAnother } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { freshDatabase } from '../../support/postgres.ts'

const clock = { now: () => 1_800_000_000 }
const one = { number: 1, name: 'one', sql: 'CREATE TABLE one (a BIGINT); INSERT INTO one VALUES (1)' }
const two = {
  number: 2,
  name: 'two',
  sql: 'ALTER TABLE one ADD COLUMN\n-- sqlite\n b BLOB;\n-- postgres\n b BYTEA;\n-- both\nINSERT INTO one (a) VALUES (2);',
}
const countOne = statement<object, { many: number }>('count_one', 'SELECT count(*) AS many FROM one')
const listVersions = statement<object, { number: number; name: string; applied_at: number }>(
  'list_versions',
  'SELECT number, name, applied_at FROM schema_version ORDER BY number',
)

interface Place {
  open(): Promise<Driver>
  /** Somebody is in the middle of a migration, until the function that is returned is called. */
  hold(): Promise<() => Promise<void>>
  remove(): Promise<void>
}

const databases: Readonly<Record<string, () => Promise<Place>>> = {
  async SQLite() {
    const folder = mkdtempSync(join(tmpdir(), 'lingpai-migrate-'))
    return {
      open: () => openSqlite({ file: join(folder, 'lingpai.sqlite') }),
      async hold() {
        const holder = new DatabaseSync(join(folder, 'lingpai.sqlite'))
        holder.exec('BEGIN IMMEDIATE')
        return async () => holder.close()
      },
      remove: async () => rmSync(folder, { recursive: true, force: true }),
    }
  },
  async PostgreSQL() {
    const database = await freshDatabase()
    return {
      open: () => openPostgres({ url: database.url, max: 3 }),
      async hold() {
        const holder = new Client(database.url)
        await holder.connect()
        await holder.query(`BEGIN; SELECT 1 FROM schema_lease WHERE lease = 'migration' FOR UPDATE`)
        return () => holder.end()
      },
      remove: () => database.drop(),
    }
  },
}

describe.each(Object.entries(databases))('migrate on %s', (_, prepare) => {
  const undo: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const work of undo.splice(0).toReversed()) await work()
  })
  async function openAll(many: number): Promise<Driver[]> {
    const place = await prepare()
    undo.push(() => place.remove())
    const drivers = await Promise.all(Array.from({ length: many }, () => place.open()))
    undo.push(async () => void (await Promise.all(drivers.map((driver) => driver.close()))))
    return drivers
  }
  async function openOne(): Promise<Driver> {
    const [driver] = await openAll(1)
    if (driver === undefined) throw new Error('no driver')
    return driver
  }

  test('applies what is missing, in order, and nothing twice', async () => {
    const driver = await openOne()
    expect(await migrate(driver, [one], { clock })).toEqual([1])
    expect(await migrate(driver, [one], { clock })).toEqual([])
    expect(await migrate(driver, [one, two], { clock })).toEqual([2])
    expect(await driver.rows(countOne, {})).toEqual([{ many: 2 }])
    expect(await driver.rows(listVersions, {})).toEqual([
      { number: 1, name: 'one', applied_at: clock.now() },
      { number: 2, name: 'two', applied_at: clock.now() },
    ])
  })

  test('creates the whole schema of this release', async () => {
    const driver = await openOne()
    expect(await migrate(driver, migrations, { clock })).toEqual(migrations.map(({ number }) => number))
    expect(await migrate(driver, migrations, { clock })).toEqual([])
  })

  test('of several nodes that start together each migration is applied by one', async () => {
    const drivers = await openAll(4)
    const applied = await Promise.all(drivers.map((driver) => migrate(driver, [one, two], { clock })))
    expect(applied.flat().toSorted((a, b) => a - b)).toEqual([1, 2])
    expect(await drivers[0]?.rows(countOne, {})).toEqual([{ many: 2 }])
  })

  test('a migration that fails changes nothing, is named, and can be applied when it is mended', async () => {
    const driver = await openOne()
    const broken = { ...two, sql: 'INSERT INTO one (a) VALUES (2); INSERT INTO nowhere VALUES (1)' }
    await expect(migrate(driver, [one, broken], { clock })).rejects.toThrow(/migration 2 \(two\) failed: .*nowhere/)
    expect(await driver.rows(countOne, {})).toEqual([{ many: 1 }])
    expect(await migrate(driver, [one, two], { clock })).toEqual([2])
  })

  test('refuses the database of a newer program, and one with another history', async () => {
    const driver = await openOne()
    await migrate(driver, [one, two], { clock })
    await expect(migrate(driver, [one], { clock })).rejects.toThrow(/schema version 2, this program knows 1/)
    const other = { ...one, name: 'other' }
    await expect(migrate(driver, [other, two], { clock })).rejects.toBeInstanceOf(SchemaMismatch)
  })

  test('tells the tables of another program, changes none, and makes its own where there are none', async () => {
    const driver = await openOne()
    await driver.script('CREATE TABLE one (theirs BIGINT); INSERT INTO one VALUES (7)')
    await expect(migrate(driver, [one, two], { clock })).rejects.toBeInstanceOf(TablesOfAnother)
    expect(await driver.rows(statement<object, { theirs: number }>('theirs', 'SELECT theirs FROM one'), {})).toEqual([
      { theirs: 7 },
    ])
    await driver.script('DROP TABLE one')
    expect(await migrate(driver, [one, two], { clock })).toEqual([1, 2])
  })

  test('tells a table of versions that another program keeps', async () => {
    const driver = await openOne()
    await driver.script('CREATE TABLE schema_version (installed_rank BIGINT); INSERT INTO schema_version VALUES (3)')
    await expect(migrate(driver, [one, two], { clock })).rejects.toBeInstanceOf(TablesOfAnother)
    await driver.script('DROP TABLE schema_version')
    expect(await migrate(driver, [one, two], { clock })).toEqual([1, 2])
  })

  test('waits for another node that migrates, says so, and goes on when that one has ended', async () => {
    const place = await prepare()
    undo.push(() => place.remove())
    const driver = await place.open()
    undo.push(() => driver.close())
    await migrate(driver, [one], { clock })
    const end = await place.hold()
    const lines: string[] = []
    const log = createLog('info', 'text', (line) => lines.push(line))
    const given = migrate(driver, [one, two], { clock, log, patience: 1_500 }).catch((error: unknown) => error)
    const told = (words: string) => lines.filter((line) => line.includes(words))
    // PostgreSQL refuses at once; SQLite is asked again and again for a while.
    await expect
      .poll(() => told('waits for a lock').length + told('waiting for another server').length, { timeout: 1_900 })
      .toBe(1)
    const error = await given
    expect(error).toBeInstanceOf(StoreUnavailable)
    expect(String(error)).toMatch(
      /has waited 2 s to apply migration 2 \(two\): another server .* start this one again when/,
    )
    expect(told('waiting for another server that migrates')).toEqual([
      expect.stringMatching(/ warn .* migration="2 \(two\)" waited_s=\d at_most_s=2$/),
    ])
    expect(told('the database is brought up to this release')).toEqual([expect.stringMatching(/ from=1 to=2$/)])
    expect(await driver.rows(countOne, {})).toEqual([{ many: 1 }])
    const waiting = migrate(driver, [one, two], { clock })
    await end()
    expect(await waiting).toEqual([2])
    expect(await driver.rows(countOne, {})).toEqual([{ many: 2 }])
  })
})

test('PostgreSQL undoes a migration that stands in a circle with requests, and it is tried again', async () => {
  const database = await freshDatabase()
  const driver = await openPostgres({ url: database.url })
  const other = new Client(database.url)
  await other.connect()
  try {
    const tables = { ...one, sql: 'CREATE TABLE one (a BIGINT); CREATE TABLE other (a BIGINT)' }
    const both = { ...two, sql: 'ALTER TABLE one ADD COLUMN b BIGINT; ALTER TABLE other ADD COLUMN b BIGINT' }
    await migrate(driver, [tables], { clock })
    // Of the two the migration finds out first.
    await other.query(`SET deadlock_timeout = '30s'; BEGIN; LOCK TABLE other`)
    const migrated = migrate(driver, [tables, both], { clock })
    const waits = async () => (await other.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rowCount === 1
    while (!(await waits())) await new Promise((resolve) => setTimeout(resolve, 20))
    await other.query('LOCK TABLE one; COMMIT')
    expect(await migrated).toEqual([2])
  } finally {
    await other.end()
    await driver.close()
    await database.drop()
  }
})

test('a migration that waits for a table that somebody else has locked says so before it is given up', async () => {
  const database = await freshDatabase()
  const driver = await openPostgres({ url: database.url })
  const other = new Client(database.url)
  await other.connect()
  try {
    await migrate(driver, [one], { clock })
    await other.query('BEGIN; LOCK TABLE one')
    const lines: string[] = []
    const log = createLog('info', 'text', (line) => lines.push(line))
    const migrated = migrate(driver, [one, two], { clock, log })
    const told = () => lines.filter((line) => line.includes('a migration is under way, or waits for a lock'))
    await expect.poll(told, { timeout: 20_000 }).toEqual([expect.stringMatching(/ migration="2 \(two\)" waited_s=1$/)])
    await other.query('COMMIT')
    expect(await migrated).toEqual([2])
  } finally {
    await other.end()
    await driver.close()
    await database.drop()
  }
})

describe('sections of a migration', () => {
  const sql = 'a\n-- sqlite\nb\n-- postgres\nc\n-- both\nd -- sqlite is named here\n'

  test('hold for one database until -- both', () => {
    expect(sectionsFor(sql, 'sqlite')).toBe('a\nb\nd -- sqlite is named here\n')
    expect(sectionsFor(sql, 'postgres')).toBe('a\nc\nd -- sqlite is named here\n')
  })

  test('must end', () => {
    expect(() => sectionsFor('a\n-- sqlite\nb', 'sqlite')).toThrow(/does not end with -- both/)
  })
})
