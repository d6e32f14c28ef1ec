// The write-ahead log of the embedded database under load: it is cut again and again, whoever reads meanwhile.

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Driver, statement, step } from '../../../src/store/database/driver.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'

const MIB = 1024 * 1024
const insert = statement<{ id: number; text: string }>('insert_row', 'INSERT INTO row VALUES (:id, :text)')
const find = statement<{ id: number }, { text: string }>('find_row', 'SELECT text FROM row WHERE id = :id')
const count = statement<object, { rows: number }>('count_rows', 'SELECT count(*) AS rows FROM row')

let folder: string
let driver: Driver
let last = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lingpai-log-'))
  driver = await openSqlite({ file: join(folder, 'lingpai.sqlite') })
  await driver.script('CREATE TABLE row (id BIGINT PRIMARY KEY, text TEXT NOT NULL)')
  last = 0
})

afterEach(async () => {
  await driver.close()
  rmSync(folder, { recursive: true, force: true })
})

const log = () => statSync(join(folder, 'lingpai.sqlite-wal')).size

/** Forty commits of twenty-five lists each, one page and more a list: some 4 MiB of log. */
async function write(): Promise<void> {
  for (let commits = 0; commits < 40; commits++) {
    const lists = Array.from({ length: 25 }, () => step(insert, { id: ++last, text: 'x'.repeat(3_000) }))
    await Promise.all(lists.map((each) => driver.atomic([each])))
  }
}

test('the log stays small while sixteen times its size is written', async () => {
  let largest = 0
  for (let round = 0; round < 16; round++) {
    await write()
    largest = Math.max(largest, log())
  }
  expect(largest).toBeGreaterThan(MIB)
  expect(largest).toBeLessThan(12 * MIB)
  expect(await driver.rows(count, {})).toEqual([{ rows: last }])
})

test('reads in between neither wait for writes nor keep the log from being cut', async () => {
  let largest = 0
  for (let round = 0; round < 6; round++) {
    const written = write()
    for (let reads = 0; reads < 200; reads++) {
      const id = Math.max(1, last - 200)
      const found = await driver.rows(find, { id })
      expect(found.length).toBeLessThanOrEqual(1)
    }
    await written
    largest = Math.max(largest, log())
  }
  expect(largest).toBeLessThan(12 * MIB)
})

test('a backup holds the log for its own time only', async () => {
  await write()
  const copied = driver.backup?.(join(folder, 'copy.sqlite'))
  await write()
  await copied
  for (let round = 0; round < 4; round++) await write()
  expect(log()).toBeLessThan(20 * MIB)
})
