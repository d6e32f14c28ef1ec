// What travels on one connection to PostgreSQL, one behind the other: nothing that happens to one transaction touches
// the next, and nothing counts as committed before the server says so.

import { type AddressInfo, connect, createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  ConstraintViolated,
  type Driver,
  StoreUnavailable,
  statement,
  step,
} from '../../../src/store/database/driver.ts'
import { BrokenMessage, Decoder, Descriptions, errorOf, rowOf } from '../../../src/store/database/postgres/decoder.ts'
import { isStalePlan, mayRunAgain } from '../../../src/store/database/postgres/errors.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import type { Shape } from '../../../src/store/database/postgres/statements.ts'
import { type FreshDatabase, freshDatabase, runOn } from '../../support/postgres.ts'
import {
  consumeToken,
  findNote,
  findThing,
  findToken,
  insertNote,
  insertToken,
  putThing,
  tables,
} from './driver.tables.ts'

let database: FreshDatabase
let driver: Driver
let count = 0
const newName = () => `p${++count}`
const insert = (token_id: string) => step(insertToken, { token_id, owner: '张三' })
const exists = async (token_id: string) => (await driver.rows(findToken, { token_id })).length === 1
const sleep = statement<{ seconds: string }>('sleep', 'SELECT pg_sleep(CAST(:seconds AS DOUBLE PRECISION))')

beforeAll(async () => {
  database = await freshDatabase()
  const first = await openPostgres({ url: database.url })
  await first.script(tables('postgres'))
  await first.close()
})
afterAll(() => database.drop())

describe.each([true, false])('lists behind one another on one connection (named statements: %s)', (namedStatements) => {
  beforeEach(async () => {
    // One connection for reads and one for lists.
    driver = await openPostgres({ url: database.url, namedStatements, max: 2 })
    return () => driver.close()
  })

  test('hold or fail each by itself, also when the first of them is the first to need a statement', async () => {
    const [one, two, three] = [newName(), newName(), newName()]
    const missing = step(consumeToken, { token_id: 'absent', now: 1 }, 'unused')
    const note = (note_id: string) => step(insertNote, { note_id, kind: null, label: null, token_id: null })
    // The guard fails before the server comes to the statement behind it.
    const results = await Promise.all([
      driver.atomic([missing, note(one)]),
      driver.atomic([note(two), insert(two)]),
      driver.atomic([missing, insert(one)]),
      driver.atomic([insert(three)]),
    ])
    expect(results.map(({ held }) => held)).toEqual([false, true, false, true])
    expect(await driver.rows(findNote, { note_id: one })).toEqual([])
    expect(await driver.rows(findNote, { note_id: two })).toHaveLength(1)
    expect(await Promise.all([one, two, three].map(exists))).toEqual([false, true, true])
  })

  test('with a statement that cannot be prepared: it says why, and those beside it hold', async () => {
    const [one, two] = [newName(), newName()]
    const wrong = statement<object>(`nowhere_${namedStatements}`, 'INSERT INTO nowhere (a) VALUES (1)')
    const results = await Promise.allSettled([
      driver.atomic([insert(one), step(wrong, {})]),
      driver.atomic([insert(two)]),
      driver.atomic([step(wrong, {})]),
    ])
    for (const at of [0, 2]) {
      expect(results[at]).toMatchObject({ status: 'rejected', reason: { message: expect.stringMatching(/nowhere/) } })
    }
    expect(results[1]).toMatchObject({ status: 'fulfilled', value: { held: true } })
    expect(await Promise.all([one, two].map(exists))).toEqual([false, true])
  })

  test('are refused when their commit is refused: nothing is stored, and the next holds', async () => {
    const table = `late_${namedStatements}`
    await driver.script(
      `CREATE TABLE ${table} (value BIGINT CONSTRAINT ${table}_value UNIQUE DEFERRABLE INITIALLY DEFERRED)`,
    )
    const add = statement<{ value: number }>(`${table}_add`, `INSERT INTO ${table} (value) VALUES (:value)`)
    const all = statement<object, { value: number }>(`${table}_all`, `SELECT value FROM ${table} ORDER BY value`)
    const results = await Promise.allSettled([
      driver.atomic([step(add, { value: 1 }), step(add, { value: 1 })]),
      driver.atomic([step(add, { value: 2 })]),
    ])
    expect(results[0]).toMatchObject({ status: 'rejected', reason: { constraint: `${table}_value` } })
    expect(results[0]).toMatchObject({ reason: expect.any(ConstraintViolated) })
    expect(results[1]).toMatchObject({ status: 'fulfilled', value: { held: true } })
    expect(await driver.rows(all, {})).toEqual([{ value: 2 }])
  })

  test('are all of unknown outcome when the connection is lost: each is refused, and none is run again', async () => {
    const table = `lost_${namedStatements}`
    await driver.script(`CREATE TABLE ${table} (value BIGINT)`)
    const add = statement<{ value: number }>(`${table}_add`, `INSERT INTO ${table} (value) VALUES (:value)`)
    const all = statement<object, { value: number }>(`${table}_all`, `SELECT value FROM ${table}`)
    const asked = [
      driver.atomic([step(add, { value: 1 }), step(sleep, { seconds: '20' })]),
      driver.atomic([step(add, { value: 2 })]),
      driver.atomic([step(add, { value: 3 }), step(add, { value: 4 })]),
    ]
    const settled = Promise.allSettled(asked)
    await new Promise((resolve) => setTimeout(resolve, 200))
    await runOn(
      database.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()`,
    )
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) })
    }
    expect(await driver.rows(all, {})).toEqual([])
    expect((await driver.atomic([step(add, { value: 5 })])).held).toBe(true)
    expect(await driver.rows(all, {})).toEqual([{ value: 5 }])
  })

  test('and what the server says between is no reply', async () => {
    const name = `noisy_${namedStatements}`
    await driver.script(
      `CREATE FUNCTION ${name}() RETURNS BIGINT LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'listen'; RETURN 7; END $$`,
    )
    const noisy = statement<object, { value: number }>(name, `SELECT ${name}() AS value`)
    const token_id = newName()
    const result = await driver.atomic([step(noisy, {}, 'any'), insert(token_id), step(noisy, {})])
    expect(result).toEqual({ held: true, rows: [[], [], [{ value: 7 }]] })
    expect(await exists(token_id)).toBe(true)
  })
})

describe('on one connection', () => {
  beforeEach(async () => {
    driver = await openPostgres({ url: database.url, max: 2, timeouts: { statement: 300 } })
    return () => driver.close()
  })

  test('statements that the server has forgotten are prepared anew', async () => {
    const forget = statement<object>('forget', 'DEALLOCATE ALL')
    const [one, two] = [newName(), newName()]
    await driver.atomic([insert(one)])
    await driver.atomic([step(forget, {})])
    expect((await driver.atomic([step(consumeToken, { token_id: one, now: 2 }, 'unused'), insert(two)])).held).toBe(
      true,
    )
    expect(await exists(two)).toBe(true)
  })

  test('nor is anything lost when they are missed again while they are prepared anew', async () => {
    const forget = statement<object>('forget', 'DEALLOCATE ALL')
    const seven = statement<object, { value: number }>('seven', 'SELECT 7 AS value')
    await driver.atomic([step(sleep, { seconds: '0' }), step(seven, {})])
    await driver.atomic([step(forget, {})])
    await driver.atomic([step(sleep, { seconds: '0' })])
    const slow = (seconds: string) => driver.atomic([step(sleep, { seconds }), step(seven, {})])
    const beside = driver.atomic([step(seven, {})])
    const late = slow('0.2')
    await beside
    // While that is on its way, the statement is missed, prepared and used again.
    const results = await Promise.all([late, slow('0.1'), driver.atomic([step(seven, {})])])
    for (const result of results) expect(result.held && result.rows.at(-1)).toEqual([{ value: 7 }])
  })

  test('reads beside one that takes too long are answered, and it is unavailable', async () => {
    const token_id = newName()
    await driver.atomic([insert(token_id)])
    const find = () => driver.rows(findToken, { token_id })
    const results = await Promise.allSettled([find(), driver.rows(sleep, { seconds: '5' }), find(), find()])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: expect.any(StoreUnavailable) })
    expect(results[3]).toMatchObject({ value: [{ token_id }] })
  })

  test('values of any size and language arrive whole, many at once', async () => {
    const things = Array.from({ length: 6 }, (_, at) => ({
      thing_id: newName(),
      words: '令牌🀄é'.repeat(10 ** at),
      size: 1 - 10 ** at,
      bytes: new Uint8Array(3 * 10 ** at).fill(at + 250),
    }))
    await Promise.all(things.map((thing) => driver.atomic([step(putThing, thing)])))
    const found = await Promise.all(things.map(({ thing_id }) => driver.rows(findThing, { thing_id })))
    expect(found).toEqual(things.map((thing) => [thing]))
  })
})

test('a list that waits for a lock holds up no list that is asked later, while there is another connection', async () => {
  driver = await openPostgres({ url: database.url, max: 4 })
  const held = newName()
  await driver.atomic([insert(held)])
  const slow = driver.atomic([step(consumeToken, { token_id: held, now: 1 }, 'unused'), step(sleep, { seconds: '3' })])
  let isSlow = true
  const ended = () => {
    isSlow = false
  }
  slow.then(ended, ended)
  await new Promise((resolve) => setTimeout(resolve, 300))
  await Promise.all(Array.from({ length: 40 }, () => driver.atomic([insert(newName())])))
  expect(isSlow).toBe(true)
  expect((await slow).held).toBe(true)
  await driver.close()
})

test('bytes in a notation that somebody else has set are refused, never misread', async () => {
  // As behind a pooler: nothing is set by us.
  driver = await openPostgres({ url: database.url, max: 2, pooler: 'transaction' })
  const set = statement<{ to: string }>('notation', `SELECT set_config('bytea_output', :to, false)`)
  const bytes = statement<object, { value: Uint8Array }>('bytes', `SELECT CAST('abc' AS BYTEA) AS value`)
  await driver.rows(set, { to: 'escape' })
  await expect(driver.rows(bytes, {})).rejects.toBeInstanceOf(StoreUnavailable)
  await driver.rows(set, { to: 'hex' })
  expect(await driver.rows(bytes, {})).toEqual([{ value: new Uint8Array([97, 98, 99]) }])
  await driver.close()
})

describe('a refusal', () => {
  const refusal = (fields: Readonly<Record<string, string>>) => {
    const bytes = Buffer.from(
      `${Object.entries(fields)
        .map(([field, text]) => `${field}${text}\0`)
        .join('')}\0`,
    )
    return errorOf(bytes, 0, bytes.length)
  }

  test.each(['40001', '40P01'])('%s lets a list run again, but not when it ended the connection', (code) => {
    expect(mayRunAgain(refusal({ S: '错误', V: 'ERROR', C: code, M: '…' }))).toBe(true)
    expect(mayRunAgain(refusal({ S: '致命错误', V: 'FATAL', C: code, M: '…' }))).toBe(false)
  })

  test('of a stale plan is known in every language', () => {
    const stale = { V: 'ERROR', C: '0A000', M: '已缓冲的计划不能改变结果类型', R: 'RevalidateCachedQuery' }
    expect(isStalePlan(refusal(stale))).toBe(true)
    expect(isStalePlan(refusal({ V: 'ERROR', C: '0A000', M: 'cached plan must not change result type' }))).toBe(true)
    expect(isStalePlan(refusal({ ...stale, R: 'transformStmt' }))).toBe(false)
  })
})

describe('messages', () => {
  const seen: string[] = []
  const decoder = () =>
    new Decoder((type, bytes, start, end) => {
      seen.push(`${String.fromCharCode(type)}:${bytes.toString('latin1', start, end)}`)
    })
  const stream = Buffer.from('Z\0\0\0\x05IC\0\0\0\x0bSELECT D\0\0\0\x04', 'latin1')

  test.each([1, 2, 3, 5, 7, 100])('are found again however they were cut: into pieces of %i bytes', (size) => {
    seen.length = 0
    const whole = decoder()
    for (let at = 0; at < stream.length; at += size) whole.feed(stream.subarray(at, at + size))
    expect(seen).toEqual(['Z:I', 'C:SELECT ', 'D:'])
  })

  test('of an impossible length are refused', () => {
    expect(() => decoder().feed(Buffer.from('Z\0\0\0\x03I', 'latin1'))).toThrow(/3 bytes/)
    expect(() => decoder().feed(Buffer.from('Z\xff\0\0\x03I', 'latin1'))).toThrow(/bytes/)
  })
})

describe('what breaks off', () => {
  const shape: Shape = { name: Buffer.from('a\0'), text: '', values: () => [], isChange: false, isGuard: false }
  const description = Buffer.from(
    '\0\x02id\0\0\0\0\0\0\0\0\0\0\x19\0\0\0\0\0\0\0\0hash\0\0\0\0\0\0\0\0\0\0\x11\0\0\0\0\0\0\0\0',
    'latin1',
  )
  const row = Buffer.from('\0\x02\0\0\0\x02ab\0\0\0\x04\\x07', 'latin1')
  // What another message would say stands behind each, and must not be read.
  const behind = Buffer.from('\0\0\0\x06secret\0\0', 'latin1')
  const read = (bytes: Buffer, length = bytes.length) => {
    const columns = new Descriptions().columns(shape, description, 0, description.length)
    return rowOf(columns, Buffer.concat([bytes.subarray(0, length), behind]), 0, length)
  }

  test('of a row is never read, nor made up from what follows', () => {
    expect(read(row)).toEqual({ id: 'ab', hash: new Uint8Array([7]) })
    for (let length = 2; length < row.length; length++) expect(() => read(row, length)).toThrow(BrokenMessage)
    const [more, large] = [Buffer.concat([row, Buffer.alloc(4)]), Buffer.from(row)]
    expect(() => read(more)).toThrow(BrokenMessage)
    // A value of a gigabyte in a message of twenty bytes.
    large.writeInt32BE(0x3fffffff, 8)
    expect(() => read(large)).toThrow(BrokenMessage)
  })

  test('of a description or of a refusal is not read on either', () => {
    const bytes = Buffer.concat([description, behind])
    for (let length = 2; length < description.length; length++) {
      expect(() => new Descriptions().columns(shape, bytes, 0, length)).toThrow(BrokenMessage)
    }
    const refusal = Buffer.from('SERROR\0C40001\0Mno end', 'latin1')
    expect(() => errorOf(refusal, 0, refusal.length)).toThrow(BrokenMessage)
    expect(() => errorOf(Buffer.concat([refusal, behind]), 0, refusal.length)).toThrow(BrokenMessage)
  })

  test('fails what was asked, and the next asks on another connection', async () => {
    let isLying = false
    const relay = await startRelay(database.url, (bytes) => {
      if (!isLying) return bytes
      // DataRow, whose value becomes longer than its message.
      const at = bytes.indexOf('D')
      if (at !== -1) bytes.writeInt32BE(bytes.readInt32BE(at + 7) + 1, at + 7)
      return bytes
    })
    driver = await openPostgres({ url: relay.url, max: 2 })
    const name = newName()
    await driver.atomic([insert(name)])
    expect(await exists(name)).toBe(true)
    isLying = true
    await expect(driver.rows(findToken, { token_id: name })).rejects.toThrow(/breaks off/)
    isLying = false
    expect(await exists(name)).toBe(true)
    await driver.close()
    await relay.close()
  })
})

/** Between a driver and its server: `change` sees what the server says. */
async function startRelay(
  to: string,
  change: (bytes: Buffer) => Buffer,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { hostname, port } = new URL(to)
  const server = createServer((client) => {
    const behind = connect(Number(port), hostname)
    for (const [from, into] of [
      [client, behind],
      [behind, client],
    ] as const) {
      from.on('error', () => into.destroy())
      from.on('close', () => into.destroy())
    }
    client.pipe(behind)
    behind.on('data', (bytes: Buffer) => client.write(change(bytes)))
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = new URL(to)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url: url.href, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

/**
 * Ends each statement by a Sync of its own, and keeps to itself what the server says to that: as some proxies do.
 */
async function startSplitter(to: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { hostname, port } = new URL(to)
  const SYNC = Buffer.from([0x53, 0, 0, 0, 4])
  const server = createServer((client) => {
    const behind = connect(Number(port), hostname)
    // Of each ReadyForQuery to come, whether the client has asked for it: first that of the start.
    const isAsked = [true]
    let hasStarted = false
    let sent = Buffer.alloc(0)
    let said = Buffer.alloc(0)
    client.on('data', (chunk: Buffer) => {
      sent = Buffer.concat([sent, chunk])
      for (;;) {
        const head = hasStarted ? 1 : 0
        const whole = sent.length < head + 4 ? Number.POSITIVE_INFINITY : head + sent.readInt32BE(head)
        if (sent.length < whole) return
        const message = sent.subarray(0, whole)
        sent = sent.subarray(whole)
        behind.write(message)
        const type = hasStarted ? String.fromCharCode(message[0] ?? 0) : ''
        hasStarted = true
        if (type === 'S' || type === 'Q') isAsked.push(true)
        if (type === 'E') {
          isAsked.push(false)
          behind.write(SYNC)
        }
      }
    })
    behind.on('data', (chunk: Buffer) => {
      said = Buffer.concat([said, chunk])
      while (said.length >= 5 && said.length > said.readInt32BE(1)) {
        const message = said.subarray(0, said.readInt32BE(1) + 1)
        said = said.subarray(message.length)
        if (message[0] !== 0x5a || isAsked.shift() === true) client.write(message)
      }
    })
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = new URL(to)
  address.hostname = '127.0.0.1'
  address.port = String((server.address() as AddressInfo).port)
  return {
    url: address.href,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

test('through a proxy that makes a transaction of each statement nothing starts, and it is said why', async () => {
  const splitter = await startSplitter(database.url)
  try {
    for (const namedStatements of [true, false]) {
      const refused = openPostgres({ url: splitter.url, namedStatements })
      await expect(refused).rejects.toThrow(StoreUnavailable)
      await expect(refused).rejects.toThrow(/each statement a transaction of its own/)
    }
  } finally {
    await splitter.close()
  }
  const straight = await openPostgres({ url: database.url })
  await straight.close()
})
