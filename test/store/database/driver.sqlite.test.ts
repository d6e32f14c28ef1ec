// The driver's contract on SQLite, in a file and in memory, and what only a file can do wrong.

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { StoreUnavailable, statement, step } from '../../../src/store/database/driver.ts'
import { isFatal } from '../../../src/store/database/sqlite/errors.ts'
import { AlreadyOwned, takeOwnership } from '../../../src/store/database/sqlite/owner.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { startChild } from './driver.child-process.ts'
import { describeDriver, type Place } from './driver.contract.ts'
import { findToken, insertToken, listTokens, tables } from './driver.tables.ts'

const folder = mkdtempSync(join(tmpdir(), 'lingpai-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
const newFile = () => join(folder, `${++count}.sqlite`)

describeDriver('SQLite driver', async () => {
  const file = newFile()
  return { kind: 'sqlite', address: file, open: () => openSqlite({ file }), remove: async () => undefined }
})

const inMemory = async (): Promise<Place> => {
  return { kind: 'sqlite', open: () => openSqlite({ file: ':memory:' }), remove: async () => undefined }
}

describeDriver('SQLite driver in memory', inMemory, false)

async function openWithTables(file = newFile()) {
  const driver = await openSqlite({ file })
  await driver.script(tables('sqlite'))
  return { driver, file }
}

const insert = (token_id: string) => step(insertToken, { token_id, owner: '张三' })

describe('SQLite driver, by itself', () => {
  test('makes the file readable by its owner only, and durable at each commit', async () => {
    const { driver, file } = await openWithTables()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const other = new DatabaseSync(file)
    expect(other.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    other.close()
    await driver.close()
  })

  test('lists asked for in one turn share a commit, and no row is seen before it', async () => {
    const { driver } = await openWithTables()
    const writing = Promise.all(Array.from({ length: 600 }, (_, at) => driver.atomic([insert(`t${at}`)])))
    expect(await driver.rows(listTokens, {})).toHaveLength(0)
    expect((await writing).every((result) => result.held)).toBe(true)
    expect(await driver.rows(listTokens, {})).toHaveLength(600)
    await driver.close()
  })

  /** One list in each turn of the event loop, which is busy for so long; for each the turns it waited. */
  async function oneEachTurn(turns: number, milliseconds = 0): Promise<readonly number[]> {
    const { driver } = await openWithTables()
    const waited: number[] = []
    let turn = 0
    const lists: Promise<void>[] = []
    for (; turn < turns; turn++) {
      const begun = turn
      lists.push(driver.atomic([insert(`turn${turn}`)]).then(() => void waited.push(turn - begun)))
      for (const end = performance.now() + milliseconds; performance.now() < end; );
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (; waited.length < lists.length; turn++) await new Promise((resolve) => setImmediate(resolve))
    await Promise.all(lists)
    await driver.close()
    return waited
  }

  test('lists that keep coming share commits, and none waits for longer than five turns', async () => {
    const waited = await oneEachTurn(40)
    expect(Math.max(...waited)).toBeLessThanOrEqual(5)
    // Of those that share a commit, the first has waited longest.
    expect(waited.filter((turns) => turns >= 3).length).toBeGreaterThan(10)
  })

  test('where turns are long, lists that keep coming wait for two at most', async () => {
    expect(Math.max(...(await oneEachTurn(20, 10)))).toBeLessThanOrEqual(2)
  })

  test('a list that comes alone is committed within two turns', async () => {
    expect(Math.max(...(await oneEachTurn(1)))).toBeLessThanOrEqual(2)
  })

  test('thirty-two lists wait for nobody', async () => {
    const { driver } = await openWithTables()
    let turn = 0
    const many = Promise.all(Array.from({ length: 32 }, (_, at) => driver.atomic([insert(`t${at}`)]))).then(() => turn)
    for (; turn < 3; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      void driver.atomic([insert(`late${turn}`)])
    }
    expect(await many).toBeLessThanOrEqual(1)
    await driver.close()
  })

  test('a list whose rows cannot be read has written nothing, and its neighbours hold', async () => {
    const { driver } = await openWithTables()
    await driver.script('CREATE TABLE large (id BIGINT)')
    // SQLite has written the row when Node refuses to read so large a number.
    const unreadable = statement<object, { id: number }>(
      'insert_large',
      'INSERT INTO large VALUES (9007199254740993) RETURNING id',
    )
    const alone = await driver.atomic([step(unreadable, {})]).catch((error: unknown) => error)
    expect(alone).toBeInstanceOf(RangeError)
    const results = await Promise.allSettled([
      driver.atomic([insert('before')]),
      driver.atomic([step(unreadable, {})]),
      driver.atomic([insert('after')]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    const rows = statement<object, { rows: number }>('count_large', 'SELECT count(*) AS rows FROM large')
    expect(await driver.rows(rows, {})).toEqual([{ rows: 0 }])
    expect((await driver.rows(listTokens, {})).map(({ token_id }) => token_id).toSorted()).toEqual(['after', 'before'])
    await driver.close()
  })

  test('a write lock that is never given up makes a list unavailable after some seconds', async () => {
    const { driver, file } = await openWithTables()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    const started = performance.now()
    await expect(driver.atomic([insert('a')])).rejects.toBeInstanceOf(StoreUnavailable)
    expect(performance.now() - started).toBeGreaterThan(4_000)
    other.exec('ROLLBACK')
    other.close()
    expect((await driver.atomic([insert('a')])).held).toBe(true)
    await driver.close()
  }, 15_000)

  test('opened for reading only it reads, and refuses every list', async () => {
    const { driver, file } = await openWithTables()
    await driver.atomic([insert('a')])
    const reading = await openSqlite({ file, readonly: true })
    expect(await reading.rows(findToken, { token_id: 'a' })).toHaveLength(1)
    await expect(reading.atomic([insert('b')])).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(reading.script('CREATE TABLE a (b TEXT)')).rejects.toBeInstanceOf(StoreUnavailable)
    await reading.close()
    await driver.close()
  })

  test('opening a missing file for reading, or something that is no database, says so', async () => {
    await expect(openSqlite({ file: join(folder, 'absent'), readonly: true })).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(
      openSqlite({ file: import.meta.filename, readonly: true }).then((driver) => driver.rows(listTokens, {})),
    ).rejects.toThrow(/not a database/)
  })

  test('a disk that is full refuses the list as unavailable, and takes lists again when there is room', async () => {
    const { driver } = await openWithTables()
    await driver.script('PRAGMA max_page_count = 20')
    const large = (token_id: string) => [
      insert(`${token_id}-first`),
      step(insertToken, { token_id, owner: '字'.repeat(90_000) }),
    ]
    await expect(driver.atomic(large('alone'))).rejects.toThrow(/the disk of the database is full/)
    const results = await Promise.allSettled([
      driver.atomic([insert('a')]),
      driver.atomic(large('b')),
      driver.atomic([insert('c')]),
    ])
    expect(results[1]).toMatchObject({ status: 'rejected', reason: { name: 'StoreUnavailable' } })
    const held = ['a', undefined, 'c'].filter((_, at) => results[at]?.status === 'fulfilled')
    expect((await driver.rows(listTokens, {})).map((row) => row.token_id)).toEqual(held)
    await driver.script('PRAGMA max_page_count = 100000')
    expect((await driver.atomic(large('alone'))).held).toBe(true)
    await driver.close()
  })

  /** Lets every COMMIT fail as SQLite reports it with this code; the way back is returned. */
  function failCommits(errcode: number) {
    const spy = vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (this: StatementSync) {
      if (this.sourceSQL === 'COMMIT') throw Object.assign(new Error('disk I/O error'), { errcode })
      this.all()
      return { changes: 0, lastInsertRowid: 0 }
    })
    return () => spy.mockRestore()
  }

  test('a commit that fails refuses every list that shared it, keeps none, and the next commit holds', async () => {
    const { driver } = await openWithTables()
    const mend = failCommits(778)
    const results = await Promise.allSettled(['a', 'b', 'a'].map((token_id) => driver.atomic([insert(token_id)])))
    mend()
    for (const result of results) expect(result).toMatchObject({ reason: { name: 'StoreUnavailable' } })
    expect(await driver.rows(listTokens, {})).toEqual([])
    expect((await driver.atomic([insert('a')])).held).toBe(true)
    await driver.close()
  })

  test('after a failed fsync nothing more is written, and the process is told to end', async () => {
    const fatal: Error[] = []
    const driver = await openSqlite({ file: newFile(), onFatal: (error) => fatal.push(error) })
    await driver.script(tables('sqlite'))
    const mend = failCommits(1034)
    await expect(driver.atomic([insert('a')])).rejects.toBeInstanceOf(StoreUnavailable)
    mend()
    expect(fatal).toHaveLength(1)
    await expect(driver.atomic([insert('b')])).rejects.toBeInstanceOf(StoreUnavailable)
    expect(await driver.rows(listTokens, {})).toEqual([])
    await driver.close()
  })

  test('only a failed fsync is fatal', () => {
    const failure = (errcode: number) => Object.assign(new Error('disk I/O error'), { errcode })
    expect([1034, 1290].map((code) => isFatal(failure(code)))).toEqual([true, true])
    expect([5, 13, 778, 2067].map((code) => isFatal(failure(code)))).toEqual([false, false, false, false])
  })

  test('a backup is one state of the database, taken while lists are written', async () => {
    const { driver } = await openWithTables()
    const words = '字'.repeat(2_000)
    for (let at = 0; at < 40; at++) {
      await driver.atomic(
        Array.from({ length: 25 }, (_, nth) => step(insertToken, { token_id: `before-${at}-${nth}`, owner: words })),
      )
    }
    const copy = newFile()
    let seen = 0
    const finished = new AbortController()
    let written = 0
    const writer = (async () => {
      while (!finished.signal.aborted)
        await driver.atomic([insert(`during-${written}-a`), insert(`during-${written++}-b`)])
    })()
    await driver.backup?.(copy, (copied, total) => {
      seen++
      expect(copied).toBeLessThanOrEqual(total)
    })
    finished.abort()
    await writer
    expect(seen).toBeGreaterThan(0)
    expect(written).toBeGreaterThan(0)
    const restored = await openSqlite({ file: copy })
    const ids = (await restored.rows(listTokens, {})).map((row) => row.token_id)
    expect(ids.filter((id) => id.startsWith('before-'))).toHaveLength(1_000)
    const during = ids.filter((id) => id.startsWith('during-'))
    expect(during.filter((id) => id.endsWith('-a'))).toHaveLength(during.length / 2)
    await restored.close()
    await driver.close()
  })

  test('a database in memory can be backed up too', async () => {
    const { driver } = await openWithTables(':memory:')
    await driver.atomic([insert('a')])
    const copy = newFile()
    await driver.backup?.(copy)
    const restored = await openSqlite({ file: copy })
    expect(await restored.rows(findToken, { token_id: 'a' })).toHaveLength(1)
    await restored.close()
    await driver.close()
  })
})

describe('ownership of a data folder', () => {
  const newFolder = () => mkdtempSync(join(folder, 'data-'))

  test('a second server is refused, and let in after the first has released it', () => {
    const data = newFolder()
    const first = takeOwnership(data)
    expect(() => takeOwnership(data)).toThrow(AlreadyOwned)
    expect(() => takeOwnership(data)).toThrow(data)
    first.release()
    takeOwnership(data).release()
  })

  test('a server of another process is in the way until it is killed', async () => {
    const data = newFolder()
    const child = startChild('own', 'folder', data)
    expect(await child.say()).toBe('owned')
    expect(() => takeOwnership(data)).toThrow(AlreadyOwned)
    await child.kill()
    takeOwnership(data).release()
  })

  test('does not keep the data file from being written by another process', async () => {
    const data = newFolder()
    const owner = takeOwnership(data)
    const file = join(data, 'lingpai.sqlite')
    const { driver } = await openWithTables(file)
    const child = startChild('write', 'sqlite', file, 'from-outside')
    expect(await child.say()).toBe('written')
    expect(await driver.rows(findToken, { token_id: 'from-outside' })).toHaveLength(1)
    await child.kill()
    await driver.close()
    owner.release()
  })

  test.skipIf(process.platform === 'win32')('its file is for its owner only: a reader could lock it', () => {
    const data = newFolder()
    takeOwnership(data).release()
    expect(statSync(join(data, 'owner.sqlite')).mode & 0o777).toBe(0o600)
  })

  test('a folder that is not there is named', () => {
    const data = join(folder, 'absent')
    expect(() => takeOwnership(data)).toThrow(StoreUnavailable)
    expect(() => takeOwnership(data)).toThrow(data)
  })
})
