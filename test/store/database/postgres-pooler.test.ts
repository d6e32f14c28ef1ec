// PgBouncer in transaction mode, a real one that has fewer connections than there are askers.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLog } from '../../../src/platform/log.ts'
import { StoreUnavailable, statement, step } from '../../../src/store/database/driver.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { Caller } from '../../faults/support/caller.ts'
import { startChild } from '../../faults/support/child.ts'
import { preparePostgres } from '../../faults/support/installation.ts'
import { startWire } from '../../faults/support/proxy.ts'
import { type PgBouncer, startPgBouncer } from '../../support/pgbouncer.ts'
import { type FreshDatabase, freshDatabase, runOn } from '../../support/postgres.ts'
import { startRenamingPooler } from '../../support/renaming-pooler.ts'
import { describeDriver, type Place } from './driver.contract.ts'
import { expectManyAtOnce } from './many-at-once.ts'

async function place(): Promise<Place> {
  const database = await freshDatabase()
  const pooler = await startPgBouncer(database.url, 3)
  return {
    kind: 'postgres',
    // Its child processes go past the pooler.
    address: database.url,
    open: () => openPostgres({ url: pooler.url, pooler: 'transaction', namedStatements: false, max: 8 }),
    async remove() {
      await pooler.stop()
      await database.drop()
    },
  }
}

describeDriver('PostgreSQL driver behind PgBouncer in transaction mode', place)

describe('behind PgBouncer in transaction mode', () => {
  let database: FreshDatabase
  let pooler: PgBouncer
  beforeAll(async () => {
    database = await freshDatabase()
    pooler = await startPgBouncer(database.url, 2)
  })
  afterAll(async () => {
    await pooler.stop()
    await database.drop()
  })
  const open = (schema?: string) =>
    openPostgres({
      url: pooler.url,
      pooler: 'transaction',
      namedStatements: false,
      ...(schema !== undefined && { schema }),
    })

  test('nothing is set on connections that others will use', async () => {
    const setting = statement<object, { now: string }>('setting', `SELECT current_setting('statement_timeout') AS now`)
    const driver = await open()
    expect(await driver.rows(setting, {})).toEqual([{ now: '0' }])
    await driver.close()
    // Positive twin: without a pooler our own limit holds.
    const direct = await openPostgres({ url: database.url })
    expect(await direct.rows(setting, {})).toEqual([{ now: '10s' }])
    await direct.close()
  })

  test('a schema must be the role’s own: else the start is refused with the statement to run', async () => {
    const refused = open('behind')
    await expect(refused).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(refused).rejects.toThrow(/ALTER ROLE "\w+" SET search_path = "behind";/)
    await runOn(database.url, `CREATE ROLE behind LOGIN SUPERUSER; ALTER ROLE behind SET search_path = "behind"`)
    try {
      const url = new URL(database.url)
      url.username = 'behind'
      const other = await startPgBouncer(url.href, 2)
      const driver = await openPostgres({
        url: other.url,
        pooler: 'transaction',
        namedStatements: false,
        schema: 'behind',
      })
      const where = statement<object, { now: string }>('where', 'SELECT current_schema() AS now')
      expect(await driver.rows(where, {})).toEqual([{ now: 'behind' }])
      await driver.close()
      await other.stop()
    } finally {
      await runOn(database.url, 'DROP SCHEMA behind; DROP ROLE behind')
    }
  })

  test('commits must be durable by a setting of the role: else the start is refused with the statement to run', async () => {
    const quick = new URL(database.url)
    quick.username = 'quick'
    await runOn(database.url, 'CREATE ROLE quick LOGIN SUPERUSER; ALTER ROLE quick SET synchronous_commit = off')
    const one = await startPgBouncer(quick.href, 2)
    const openQuick = (url: string) => openPostgres({ url, pooler: 'transaction', namedStatements: false })
    try {
      const refused = openQuick(one.url)
      await expect(refused).rejects.toBeInstanceOf(StoreUnavailable)
      await expect(refused).rejects.toThrow(/run: ALTER ROLE "quick" SET synchronous_commit = on;$/)
    } finally {
      await one.stop()
    }
    await runOn(database.url, 'ALTER ROLE "quick" SET synchronous_commit = on')
    const other = await startPgBouncer(quick.href, 2)
    try {
      await (await openQuick(other.url)).close()
    } finally {
      await other.stop()
      await runOn(database.url, 'DROP ROLE quick')
    }
  })

  test('the start says which settings the role lacks, by the statements to run, and nothing when it has them', async () => {
    const openAs = async (role: string, through: 'pooler' | 'nothing') => {
      const url = new URL(database.url)
      url.username = role
      const other = await startPgBouncer(url.href, 1)
      const lines: string[] = []
      const pooled = { url: other.url, pooler: 'transaction', namedStatements: false } as const
      const log = createLog('warn', 'text', (line) => lines.push(line))
      const driver = await openPostgres({ ...(through === 'pooler' ? pooled : { url: url.href }), log })
      await driver.close()
      await other.stop()
      return lines
    }
    await runOn(database.url, 'CREATE ROLE "Plain" LOGIN SUPERUSER')
    try {
      expect(await openAs('Plain', 'nothing')).toEqual([])
      const [line = '', ...others] = await openAs('Plain', 'pooler')
      expect(others).toEqual([])
      const [, told = ''] = /run: (.*;) Then RECONNECT/.exec(line) ?? []
      expect(told).toContain('ALTER ROLE "Plain" SET enable_seqscan = off; ALTER ROLE "Plain" SET jit = off;')
      // What it says is what helps.
      await runOn(database.url, told)
      expect(await openAs('Plain', 'pooler')).toEqual([])
      await runOn(database.url, 'ALTER ROLE "Plain" RESET jit')
      const [again = ''] = await openAs('Plain', 'pooler')
      expect(again).toContain('run: ALTER ROLE "Plain" SET jit = off; Then')
    } finally {
      await runOn(database.url, 'DROP ROLE "Plain"')
    }
  })

  // PgBouncer before 1.21, and later ones with max_prepared_statements = 0, hand on the names of prepared statements as they are.
  test('the start is refused where named statements would get lost, with the option to set', async () => {
    const refused = openPostgres({ url: pooler.url, pooler: 'transaction' })
    await expect(refused).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(refused).rejects.toThrow('set --database-unnamed-statements (databaseUnnamedStatements;')
    // Once more: what the look has prepared is gone again.
    await expect(openPostgres({ url: pooler.url, pooler: 'transaction' })).rejects.toThrow(
      '--database-unnamed-statements',
    )
    const left = await openPostgres({ url: pooler.url, pooler: 'transaction', namedStatements: false })
    const prepared = statement<object, { name: string }>('prepared', 'SELECT name FROM pg_prepared_statements')
    expect(await left.rows(prepared, {})).toEqual([])
    await left.close()
  })

  test('in session mode the start is refused with transaction, and succeeds without, as the refusal says', async () => {
    const session = await startPgBouncer(database.url, 3, { mode: 'session' })
    const refused = openPostgres({ url: session.url, pooler: 'transaction' })
    await expect(refused).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(refused).rejects.toThrow('leave out --database-pooler transaction (databasePooler;')
    const driver = await openPostgres({ url: session.url, max: 2 })
    const setting = statement<object, { now: string }>('limit', `SELECT current_setting('statement_timeout') AS now`)
    expect(await driver.rows(setting, {})).toEqual([{ now: '10s' }])
    await driver.close()
    await session.stop()
  })

  test('the start succeeds where each client has names of its own, and where nothing stands between', async () => {
    const one = await startPgBouncer(database.url, 1)
    const renaming = await startRenamingPooler(one.url)
    const word = statement<{ word: string }, { word: string }>('word', 'SELECT CAST(:word AS TEXT) AS word')
    for (const url of [renaming.url, database.url]) {
      const driver = await openPostgres({ url, pooler: 'transaction' })
      expect(await driver.rows(word, { word: '令牌' })).toEqual([{ word: '令牌' }])
      await driver.close()
    }
    await renaming.close()
    await one.stop()
  })

  test.each([
    [true, 1],
    [false, 1],
    [false, 3],
  ])(
    'the start is refused when nobody said that connections are shared (named statements: %s, connections: %s)',
    async (namedStatements, connections) => {
      const single = await startPgBouncer(database.url, connections)
      const refused = openPostgres({ url: single.url, namedStatements })
      await expect(refused).rejects.toBeInstanceOf(StoreUnavailable)
      await expect(refused).rejects.toThrow('set --database-pooler transaction (databasePooler;')
      // Nothing was set on connections that others use.
      const other = await openPostgres({ url: single.url, pooler: 'transaction', namedStatements: false })
      const setting = statement<object, { now: string }>('limit', `SELECT current_setting('statement_timeout') AS now`)
      expect(await other.rows(setting, {})).toEqual([{ now: '0' }])
      await other.close()
      await single.stop()
    },
  )

  // In session mode a connection each for reads and lists, and one to open with.
  test.each([
    ['transaction', 1],
    ['session', 3],
  ] as const)('or in %s mode nobody reads the answers to one who is gone', async (mode, connections) => {
    const single = await startPgBouncer(database.url, connections, { mode })
    const wire = await startWire(single.url)
    const pooler = mode === 'transaction' ? mode : 'none'
    const open = (url: string) => openPostgres({ url, pooler, namedStatements: mode === 'session', max: 2 })
    const gone = await open(wire.url)
    const say = statement<{ word: string }, { word: string }>('say', 'SELECT CAST(:word AS TEXT) AS word')
    const sleep = statement<object>('sleep', 'SELECT pg_sleep(0.3)')
    const list = (word: string) => [step(sleep, {}), step(say, { word })]
    const asked = [gone.atomic([step(say, { word: 'first' })]), gone.atomic(list('second')), gone.atomic(list('third'))]
    const rest = Promise.allSettled(asked.slice(1))
    expect(await asked[0]).toEqual({ held: true, rows: [[{ word: 'first' }]] })
    wire.down()
    expect((await rest).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const other = await open(single.url)
    for (const word of ['fourth', 'fifth', 'sixth']) {
      expect(await other.atomic([step(say, { word })])).toEqual({ held: true, rows: [[{ word }]] })
      expect(await other.rows(say, { word })).toEqual([{ word }])
    }
    await Promise.all([gone.close(), other.close()])
    await wire.close()
    await single.stop()
  })

  test('a whole server signs in, refreshes and revokes, many at once', { timeout: 60_000 }, async () => {
    const prepared = await preparePostgres(database.url)
    const words = ['--data', prepared.folder, '--database', pooler.url, '--issuer', 'http://localhost:4997']
    const behind = ['--database-pooler', 'transaction', '--database-unnamed-statements']
    const server = await startChild({ words: [...words, ...behind], env: prepared.env })
    const caller = new Caller(server)
    await expectManyAtOnce(caller)
    caller.close()
    await server.stop()
    prepared.remove()
  })
})
