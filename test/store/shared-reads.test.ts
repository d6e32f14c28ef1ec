// Reads of one turn of the event loop share one state of the embedded database: nobody waits for it, it is never older than
// the turn, and it is gone before anything is written. docs/decisions/0058

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Driver, statement, step } from '../../src/store/database/driver.ts'
import { openSqlite } from '../../src/store/database/sqlite/sqlite-driver.ts'

const raise = statement<object>('raise', 'UPDATE counter SET value = value + 1')
const read = statement<object, { value: number }>('read_counter', 'SELECT value FROM counter')
const wrong = statement<object, { value: number }>('read_nothing', 'SELECT value FROM no_such_table')
const overflow = statement<object, { value: number }>('read_too_much', 'SELECT abs(-9223372036854775807 - 1) AS value')

let folder: string
let driver: Driver
let other: DatabaseSync

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lingpai-shared-reads-'))
  const file = join(folder, 'lingpai.sqlite')
  driver = await openSqlite({ file })
  await driver.script('CREATE TABLE counter (value BIGINT NOT NULL); INSERT INTO counter VALUES (0)')
  other = new DatabaseSync(file, { timeout: 0 })
})

afterEach(async () => {
  other.close()
  await driver.close()
  rmSync(folder, { recursive: true, force: true })
})

const value = async () => (await driver.rows(read, {}))[0]?.value
const raiseElsewhere = () => other.exec('UPDATE counter SET value = value + 1')

/** What comes after it reads as a crowd does. */
async function crowd(): Promise<void> {
  for (let turns = 0; turns < 2; turns++) {
    await nextTurn()
    await Promise.all(Array.from({ length: 16 }, value))
  }
  await nextTurn()
}

test('reads of one turn see one state, and those of the next what another process has written', async () => {
  await crowd()
  const before = value()
  raiseElsewhere()
  expect(await Promise.all([before, value(), value()])).toEqual([0, 0, 0])
  await nextTurn()
  expect(await Promise.all([value(), value(), value()])).toEqual([1, 1, 1])
})

test('who has waited for another state sees it, however short the wait', async () => {
  await crowd()
  const seen: (number | undefined)[] = []
  for (let round = 1; round <= 20; round++) {
    const [first] = await Promise.all([value(), value(), value(), value()])
    await new Promise<void>((resolve) => process.nextTick(resolve))
    raiseElsewhere()
    seen.push(first, await value())
  }
  expect(seen).toEqual(Array.from({ length: 20 }, (_, round) => [round, round + 1]).flat())
})

test('where few read, each sees the newest state', async () => {
  await nextTurn()
  const before = value()
  raiseElsewhere()
  expect(await Promise.all([before, value()])).toEqual([0, 1])
})

test('what is written beside a crowd is written to the newest state, whoever else writes', async () => {
  for (let round = 0; round < 10; round++) {
    await crowd()
    const reads = [value(), value(), value()]
    const written = driver.atomic([step(raise, {})])
    raiseElsewhere()
    expect(await Promise.all(reads)).toEqual([2 * round, 2 * round, 2 * round])
    expect((await written).held).toBe(true)
    expect(await value()).toBe(2 * round + 2)
  }
})

test('after the turn nobody is kept from moving the log into the file', async () => {
  await crowd()
  await Promise.all([value(), value(), value()])
  await nextTurn()
  raiseElsewhere()
  expect(other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).toMatchObject({ busy: 0 })
})

test.each([
  ['that SQLite cannot prepare', wrong, 'no such table'],
  ['that fails while it runs', overflow, 'integer overflow'],
])('a read %s takes nothing from those beside it', async (_, failing, message) => {
  await crowd()
  const before = value()
  const failed = driver.rows(failing, {}).catch(String)
  const beside = [value(), driver.atomic([step(raise, {})]), value()]
  expect(await before).toBe(0)
  expect(await failed).toContain(message)
  expect(await Promise.all(beside)).toEqual([0, { held: true, rows: [[]] }, 0])
  await nextTurn()
  expect(await value()).toBe(1)
})

test('a migration in the middle of a crowd is done, and seen', async () => {
  await crowd()
  const reads = [value(), value(), value()]
  const migrated = driver.script('ALTER TABLE counter ADD COLUMN note TEXT; UPDATE counter SET value = 7')
  expect(await Promise.all(reads)).toEqual([0, 0, 0])
  await migrated
  expect(await value()).toBe(7)
})

test('a server that ends in the middle of a crowd has answered it, and leaves the file whole without its log', async () => {
  other.close()
  const file = join(folder, 'served.sqlite')
  const served = await openSqlite({ file, onFatal: () => undefined })
  await served.script('CREATE TABLE counter (value BIGINT NOT NULL); INSERT INTO counter VALUES (5)')
  const ask = async () => (await served.rows(read, {}))[0]?.value
  for (let turns = 0; turns < 2; turns++) await Promise.all([nextTurn(), ask(), ask(), ask(), ask()])
  const asked = [ask(), ask(), ask()]
  const closed = served.close()
  expect(await Promise.all(asked)).toEqual([5, 5, 5])
  await closed
  await expect(ask()).rejects.toThrow('the database is closed')
  expect(existsSync(`${file}-wal`)).toBe(false)
  other = new DatabaseSync(file)
  expect(other.prepare('SELECT value FROM counter').get()).toEqual({ value: 5 })
})
