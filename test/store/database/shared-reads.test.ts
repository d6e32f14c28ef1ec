// Reads of one turn of the event loop share one state of the embedded database: nobody waits for it, it is never older than
// the turn, and it is gone before anything is written. docs/decisions/0058

import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog } from '../../../src/platform/log.ts'
import { type Driver, statement, step } from '../../../src/store/database/driver.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'

const raise = statement<object>('raise', 'UPDATE counter SET value = value + 1')
const read = statement<object, { value: number }>('read_counter', 'SELECT value FROM counter')
const wrong = statement<object, { value: number }>('read_nothing', 'SELECT value FROM no_such_table')
const overflow = statement<object, { value: number }>('read_too_much', 'SELECT abs(-9223372036854775807 - 1) AS value')

let folder: string
let file: string
let driver: Driver
let other: DatabaseSync
let told: string[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lingpai-shared-reads-'))
  file = join(folder, 'lingpai.sqlite')
  told = []
  const log = createLog('info', 'json', (line) => void told.push(line))
  driver = await openSqlite({ file, log, onFatal: () => undefined })
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

test.each([
  [1, 'each read sees the newest state', 1],
  [2, 'each read sees the newest state', 1],
  [3, 'reads share a state', 0],
])('after a turn of %i reads %s', async (reads, _, second) => {
  await nextTurn()
  await Promise.all(Array.from({ length: reads }, value))
  await nextTurn()
  const before = value()
  raiseElsewhere()
  expect(await Promise.all([before, value()])).toEqual([0, second])
})

test('a crowd of an hour ago is no reason to share', async () => {
  await crowd()
  await value()
  await nextTurn()
  const before = value()
  raiseElsewhere()
  expect(await Promise.all([before, value()])).toEqual([0, 1])
})

test('those that go on within a turn share as well', async () => {
  await crowd()
  const before = value()
  raiseElsewhere()
  const later = Promise.resolve()
    .then(() => undefined)
    .then(value)
  expect(await Promise.all([before, later, later.then(value)])).toEqual([0, 0, 0])
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

test.each([
  ['migrated', () => driver.script('DELETE FROM counter; INSERT INTO counter VALUES (9)').then(() => true)],
  ['written', () => driver.atomic([step(raise, {})]).then(({ held }) => held)],
])(
  'what is %s beside a crowd holds where a turn was cut short by an exception that the host survives',
  async (_, write) => {
    const survived: unknown[] = []
    const before = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => void survived.push(error))
    try {
      for (let round = 0; round < 8; round++) {
        await crowd()
        const written = write()
        setImmediate(() => {
          for (let reads = 0; reads < 3; reads++) void value()
          throw new Error('from a callback of the host')
        })
        expect(await written).toBe(true)
        await nextTurn()
      }
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of before) process.on('uncaughtException', listener)
    }
    expect(survived.length).toBe(8)
  },
)

/** Reads, and is closed in the same turn, as most commands do. */
async function closeAmongReads(change: () => void): Promise<void> {
  await crowd()
  other.close()
  change()
  const reads = [value(), value(), value()]
  const closed = driver.close()
  expect(await Promise.all(reads)).toEqual([0, 0, 0])
  await closed
  await expect(value()).rejects.toThrow('the database is closed')
}

const valueIn = (path: string) => {
  other = new DatabaseSync(path)
  return other.prepare('SELECT value FROM counter').get()?.['value']
}

test('closed in the middle of a crowd it has answered it, and has moved its log into the file', async () => {
  await closeAmongReads(() => undefined)
  expect(told.join('')).toBe('')
  expect(existsSync(`${file}-wal`)).toBe(false)
  expect(valueIn(file)).toBe(0)
})

test.each(['', '-wal'])('closed in the middle of a crowd it puts a removed file%s in place again', async (ending) => {
  await closeAmongReads(() => rmSync(file + ending))
  expect(told.join('')).toContain('nothing is lost')
  expect(valueIn(file)).toBe(0)
})

test('closed in the middle of a crowd it keeps what it held where another file lies in its place', async () => {
  await closeAmongReads(() => {
    writeFileSync(`${file}-new`, 'somebody else’s')
    renameSync(`${file}-new`, file)
  })
  expect(told.join('')).toContain('lingpai.sqlite-rescued')
  expect(valueIn(`${file}-rescued`)).toBe(0)
})

test('a crowd waits for who holds the whole file, and is answered then', async () => {
  // Only where there is no log does a writer keep readers away.
  const path = join(folder, 'plain.sqlite')
  other.close()
  other = new DatabaseSync(path, { timeout: 0 })
  other.exec('CREATE TABLE counter (value BIGINT NOT NULL); INSERT INTO counter VALUES (0)')
  const reader = await openSqlite({ file: path, readonly: true })
  const ask = async () => (await reader.rows(read, {}))[0]?.value
  try {
    await Promise.all(Array.from({ length: 4 }, ask))
    await nextTurn()
    other.exec('BEGIN EXCLUSIVE')
    raiseElsewhere()
    const reads = Promise.all(Array.from({ length: 4 }, ask))
    setTimeout(() => other.exec('COMMIT'), 40)
    expect(await reads).toEqual([1, 1, 1, 1])
  } finally {
    await reader.close()
  }
})
