// Pages that the disk cannot hand over, under a crowd of reads that share one state of the file.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Driver, StoreUnavailable, statement, step } from '../../../src/store/database/driver.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { hurt } from '../support/strace.ts'

const insert = statement<{ id: number; text: string }>('insert_row', 'INSERT INTO row VALUES (:id, :text)')
const find = statement<{ id: number }, { text: string }>('find_row', 'SELECT text FROM row WHERE id = :id')
const ROWS = 400

let folder: string
let file: string
let driver: Driver

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lingpai-unreadable-'))
  file = join(folder, 'lingpai.sqlite')
  driver = await openSqlite({ file })
  await driver.script('CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT NOT NULL)')
  await Promise.all(
    Array.from({ length: ROWS }, (_, id) => driver.atomic([step(insert, { id, text: 'x'.repeat(3_000) })])),
  )
  // All is in the file then, and hardly a page in memory.
  await driver.close()
  driver = await openSqlite({ file, cacheBytes: 1 })
})

afterEach(async () => {
  await driver.close()
  rmSync(folder, { recursive: true, force: true })
})

const read = async (id: number) => (await driver.rows(find, { id }))[0]?.text.length
const crowd = () => Promise.allSettled(Array.from({ length: 20 }, (_, at) => read((at * ROWS) / 20)))

test.each([
  ['EIO', 'the database file is damaged'],
  ['ESTALE', 'the disk of the database fails'],
])(
  'each read of a page that is refused (%s) is unavailable, which is told, and all hold again with the disk',
  { timeout: 30_000 },
  async (code, reason) => {
    for (let turns = 0; turns < 2; turns++) {
      await nextTurn()
      await crowd()
    }
    const mend = await hurt({ pid: process.pid }, file, 'pread64', `error=${code}`)
    const refused = (await crowd()).filter(({ status }) => status === 'rejected')
    // Told as long as it is met, also when something else can be read, and a while longer.
    expect(driver.trouble?.()).toContain(reason)
    await mend()
    expect(refused.length).toBeGreaterThan(10)
    for (const one of refused) {
      expect(one.status === 'rejected' && one.reason).toBeInstanceOf(StoreUnavailable)
      expect(one.status === 'rejected' && String(one.reason)).toContain(reason)
    }
    await expect.poll(() => read(1).catch(String), { timeout: 10_000 }).toBe(3_000)
    expect((await crowd()).map((one) => one.status === 'fulfilled' && one.value)).toEqual(Array(20).fill(3_000))
    expect((await driver.atomic([step(insert, { id: ROWS, text: 'after' })])).held).toBe(true)
    expect(await read(ROWS)).toBe(5)
    expect(driver.trouble?.()).toContain(reason)
    await expect.poll(() => driver.trouble?.(), { timeout: 15_000 }).toBe(null)
  },
)
