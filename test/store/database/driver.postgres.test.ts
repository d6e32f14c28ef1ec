// The driver's contract on PostgreSQL, with and without named statements, and what only PostgreSQL can do wrong.

import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { createLog } from '../../../src/platform/log.ts'
import { type Driver, StoreUnavailable, statement, step } from '../../../src/store/database/driver.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { freshDatabase, runOn } from '../../support/postgres.ts'
import { describeDriver, type Place } from './driver.contract.ts'
import { findToken, insertToken, tables } from './driver.tables.ts'

async function place(namedStatements: boolean): Promise<Place> {
  const database = await freshDatabase()
  return {
    kind: 'postgres',
    address: database.url,
    open: () => openPostgres({ url: database.url, namedStatements }),
    remove: () => database.drop(),
  }
}

describeDriver('PostgreSQL driver', () => place(true))
describeDriver('PostgreSQL driver without named statements', () => place(false))

async function withDatabase(work: (url: string) => Promise<void>): Promise<void> {
  const database = await freshDatabase()
  try {
    await work(database.url)
  } finally {
    await database.drop()
  }
}

async function withDriver(
  options: Partial<Parameters<typeof openPostgres>[0]>,
  work: (driver: Driver, url: string) => Promise<void>,
) {
  await withDatabase(async (url) => {
    const driver = await openPostgres({ url, ...options })
    try {
      await work(driver, url)
    } finally {
      await driver.close()
    }
  })
}

describe('PostgreSQL driver, by itself', () => {
  const backends = statement<object, { pid: number }>(
    'backends',
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lingpai'`,
  )

  test('reads and writes again after the server has ended all its connections', async () => {
    await withDriver({}, async (driver, url) => {
      await driver.script(tables('postgres'))
      await driver.atomic([step(insertToken, { token_id: 'a', owner: '张三' })])
      expect(await driver.rows(findToken, { token_id: 'a' })).toHaveLength(1)
      await runOn(
        url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      )
      expect(await driver.rows(findToken, { token_id: 'a' })).toHaveLength(1)
      const retry = async () => driver.atomic([step(insertToken, { token_id: 'b', owner: '张三' })])
      await retry().catch(async (error: unknown) => {
        expect(error).toBeInstanceOf(StoreUnavailable)
        await retry()
      })
      expect(await driver.rows(findToken, { token_id: 'b' })).toHaveLength(1)
    })
  })

  test('a list whose connection is lost is refused as unavailable and never run twice', async () => {
    await withDriver({}, async (driver, url) => {
      await driver.script('CREATE TABLE tally (at BIGINT)')
      const sleep = statement<object>('sleep', 'SELECT pg_sleep(20)')
      const count = statement<object, { many: number }>('count_tally', 'SELECT count(*) AS many FROM tally')
      const add = statement<object>('add_tally', 'INSERT INTO tally (at) VALUES (1)')
      const running = driver.atomic([step(add, {}), step(sleep, {})])
      const refused = expect(running).rejects.toBeInstanceOf(StoreUnavailable)
      await new Promise((resolve) => setTimeout(resolve, 200))
      await runOn(
        url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()`,
      )
      await refused
      expect(await driver.rows(count, {})).toEqual([{ many: 0 }])
      expect((await driver.atomic([step(add, {})])).held).toBe(true)
      expect(await driver.rows(count, {})).toEqual([{ many: 1 }])
    })
  })

  test('runs a list again that the server has undone as a deadlock', async () => {
    await withDriver({ max: 6 }, async (driver) => {
      await driver.script(
        `CREATE TABLE pair (pair_id TEXT PRIMARY KEY, value BIGINT); INSERT INTO pair VALUES ('a', 0), ('b', 0)`,
      )
      const add = statement<{ pair_id: string }, { value: number }>(
        'pair_add',
        'UPDATE pair SET value = value + 1 WHERE pair_id = :pair_id RETURNING value',
      )
      const pause = statement<object>('pause', 'SELECT pg_sleep(0.2)')
      const list = (...ids: string[]) => ids.flatMap((pair_id) => [step(add, { pair_id }, 'exists'), step(pause, {})])
      const results = await Promise.all([driver.atomic(list('a', 'b')), driver.atomic(list('b', 'a'))])
      expect(results.map((result) => result.held)).toEqual([true, true])
      const sum = statement<object, { total: number }>('pair_sum', 'SELECT sum(value) AS total FROM pair')
      expect(await driver.rows(sum, {})).toEqual([{ total: 4 }])
    })
  })

  test('runs a list again after a serialization failure', async () => {
    await withDriver({ max: 12 }, async (driver, url) => {
      await driver.script(`CREATE TABLE tally (value BIGINT); INSERT INTO tally VALUES (0)`)
      await runOn(
        url,
        `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_isolation = 'serializable'`,
      )
      const strict = await openPostgres({ url, max: 8 })
      const add = statement<object, { value: number }>(
        'tally_add',
        'UPDATE tally SET value = value + 1 RETURNING value',
      )
      const look = statement<object, { value: number }>('tally_look', 'SELECT value FROM tally')
      const results = await Promise.all(
        Array.from({ length: 4 }, () => strict.atomic([step(look, {}, 'exists'), step(add, {}, 'exists')])),
      )
      expect(results.every((result) => result.held)).toBe(true)
      expect(await strict.rows(look, {})).toEqual([{ value: 4 }])
      await strict.close()
    })
  })

  test('a statement over its time is unavailable, and the next one is answered', async () => {
    await withDriver({ timeouts: { statement: 200 } }, async (driver) => {
      const slow = statement<object>('slow', 'SELECT pg_sleep(5)')
      await expect(driver.rows(slow, {})).rejects.toBeInstanceOf(StoreUnavailable)
      await expect(driver.atomic([step(slow, {}), step(slow, {})])).rejects.toBeInstanceOf(StoreUnavailable)
      expect((await driver.rows(backends, {})).length).toBeGreaterThan(0)
    })
  })

  test.each([
    ['off', 'on'],
    ['remote_apply', 'remote_apply'],
  ])(
    'a commit is durable before it is answered: where the database says synchronous_commit = %s it is %s',
    async (set, is) => {
      await withDatabase(async (url) => {
        await runOn(url, `ALTER DATABASE "${new URL(url).pathname.slice(1)}" SET synchronous_commit = ${set}`)
        const driver = await openPostgres({ url })
        const setting = statement<object, { now: string }>(
          'setting',
          `SELECT current_setting('synchronous_commit') AS now`,
        )
        try {
          // Reads and lists have connections of their own.
          expect(await driver.rows(setting, {})).toEqual([{ now: is }])
          expect(await driver.atomic([step(setting, {})])).toEqual({ held: true, rows: [[{ now: is }]] })
        } finally {
          await driver.close()
        }
      })
    },
  )

  test('a page that cannot be read is told in the log once, and the server goes on for those who need others', async () => {
    const lines: string[] = []
    const log = createLog('info', 'text', (line) => lines.push(line))
    await withDriver({ log }, async (driver) => {
      await driver.script(`CREATE FUNCTION damaged() RETURNS INTEGER LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'invalid page in block 7' USING ERRCODE = 'XX001'; END $$`)
      const read = () => driver.rows(statement<object>('damaged', 'SELECT damaged()'), {})
      for (let count = 0; count < 3; count++) await expect(read()).rejects.toBeInstanceOf(StoreUnavailable)
      expect(lines.filter((line) => /error database_refuses .*XX001: invalid page in block 7/.test(line))).toHaveLength(
        1,
      )
      expect(driver.trouble?.()).toBe(null)
    })
  })

  test('never opens more connections than it may', async () => {
    await withDriver({ max: 4 }, async (driver) => {
      const pause = statement<object>('pause', 'SELECT pg_sleep(0.02)')
      await Promise.all(
        Array.from({ length: 30 }, (_, at) => (at % 2 ? driver.rows(pause, {}) : driver.atomic([step(pause, {})]))),
      )
      expect((await driver.rows(backends, {})).length).toBeLessThanOrEqual(4)
    })
  })

  test('keeps its tables in the schema it was given', async () => {
    await withDatabase(async (url) => {
      const [one, two] = [await openPostgres({ url, schema: 'one' }), await openPostgres({ url, schema: 'two' })]
      await one.script(tables('postgres'))
      await two.script(tables('postgres'))
      await one.atomic([step(insertToken, { token_id: 'a', owner: '张三' })])
      expect(await one.rows(findToken, { token_id: 'a' })).toHaveLength(1)
      expect(await two.rows(findToken, { token_id: 'a' })).toHaveLength(0)
      await Promise.all([one.close(), two.close()])
      await expect(openPostgres({ url, schema: 'x"; DROP' })).rejects.toBeInstanceOf(TypeError)
    })
  })

  test('rows are looked up by index however small a table was when its statements were planned', async () => {
    const plan = `EXPLAIN SELECT id FROM young WHERE id = 'one'`
    const planOf = (rows: readonly Record<string, unknown>[]) => rows.map((row) => row['QUERY PLAN']).join('\n')
    await withDriver({}, async (driver, url) => {
      await runOn(url, `CREATE TABLE young (id TEXT PRIMARY KEY); INSERT INTO young VALUES ('one'); ANALYZE young`)
      const client = new Client(url)
      await client.connect()
      // What PostgreSQL does by itself, and keeps doing in a prepared statement while the table grows.
      expect(planOf((await client.query<Record<string, unknown>>(plan)).rows)).toContain('Seq Scan')
      await client.end()
      const explain = statement<object, Record<string, unknown>>('explain_young', plan)
      expect(planOf(await driver.rows(explain, {}))).toContain('Index Only Scan')
    })
  })

  test('two statements of one name are refused before either is sent', async () => {
    await withDriver({}, async (driver) => {
      await driver.rows(statement<object>('same', 'SELECT 1 AS one'), {})
      await expect(driver.rows(statement<object>('same', 'SELECT 2 AS two'), {})).rejects.toThrow(
        /two statements are called same/,
      )
    })
  })

  test('a server that is not there is unavailable, and the message does not hold the password', async () => {
    const refused = openPostgres({ url: 'postgres://someone:fake-password@127.0.0.1:1/none' })
    await expect(refused).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(refused).rejects.not.toThrow(/fake-password/)
  })
})
