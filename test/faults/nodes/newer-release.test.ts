// A newer release that changes the schema under servers of this one, from another process.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { createAuthorizationServer, createLog } from '../../../src/index.ts'
import { type Driver, statement } from '../../../src/store/database/driver.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { takeOwnership } from '../../../src/store/database/sqlite/owner.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { lingpai } from '../../support/cli.ts'
import { freshDatabase } from '../../support/postgres.ts'
import { Caller } from '../support/caller.ts'
import { startChild, tryChild } from '../support/child.ts'
import { type Prepared, preparePostgres, prepareSqlite } from '../support/installation.ts'

const clock = { now: () => Math.floor(Date.now() / 1000) }
const next = { number: migrations.length + 1, name: 'of-tomorrow', sql: 'CREATE TABLE tomorrow (a BIGINT)' }
const countTokens = statement<object, { many: number }>('count_tokens', 'SELECT count(*) AS many FROM access_token')
const countRevoked = statement<object, { many: number }>(
  'count_revoked',
  'SELECT count(*) AS many FROM access_token WHERE ended_at IS NOT NULL',
)
const newest = statement<object, { number: number }>('newest', 'SELECT max(number) AS number FROM schema_version')

interface Place {
  readonly prepared: Prepared
  open(): Promise<Driver>
}

/** What a test has begun, to be undone at its end, the last thing first. */
type Undo = TestContext['onTestFinished']

const places: Readonly<Record<'SQLite' | 'PostgreSQL', (undo: Undo) => Promise<Place>>> = {
  async SQLite() {
    const prepared = await prepareSqlite()
    return { prepared, open: () => openSqlite({ file: join(prepared.folder, 'lingpai.sqlite') }) }
  },
  async PostgreSQL(undo) {
    const database = await freshDatabase()
    undo(() => database.drop())
    return { prepared: await preparePostgres(database.url), open: () => openPostgres({ url: database.url, max: 2 }) }
  },
}

async function withDriver<T>({ open }: Place, work: (driver: Driver) => Promise<T>): Promise<T> {
  const driver = await open()
  try {
    return await work(driver)
  } finally {
    await driver.close()
  }
}

// Side by side: most of their time they wait until a server has looked for a newer release.
describe.concurrent.each([
  ['SQLite', 1],
  ['PostgreSQL', 1],
  ['PostgreSQL', 2],
] as const)('on %s, %i process(es),', (kind, workers) => {
  it('a server whose schema a newer release has changed stops serving, says why once, and is refused afterwards', async ({
    onTestFinished: undo,
  }) => {
    const place = await places[kind](undo)
    const { prepared } = place
    undo(() => prepared.remove())
    const words = [...prepared.words, '--issuer', 'http://localhost:4994', '--workers', String(workers)]
    const server = await startChild({ words, env: prepared.env })
    const caller = new Caller(server)
    const { access } = await caller.tokens()
    expect((await caller.ready()).status).toBe(200)
    await withDriver(place, (driver) => migrate(driver, [...migrations, next], { clock }))

    const end = await server.ended
    expect(end.code).toBe(6)
    const told = end.log.split('\n').filter((line) => line.includes('a newer release has changed the database'))
    // Whichever worker sees it first ends the others.
    expect(told.length).toBeGreaterThan(0)
    expect(told.length).toBeLessThanOrEqual(workers)
    expect(told[0]).toContain(`schema version ${next.number}, this program knows ${migrations.length}`)
    expect((await caller.userinfo(access)).status).toBe(0)
    caller.close()

    const again = await tryChild({ words, env: prepared.env })
    if ('port' in again) throw new Error('it started')
    expect(again.code).toBe(6)
    expect(again.log).toMatch(/schema version \d+, this program knows \d+: use a newer release/)
  })
})

describe.concurrent.each(['SQLite', 'PostgreSQL'] as const)('on %s,', (kind) => {
  it('a server writes nothing more from the very migration on that renames what it writes', async ({
    onTestFinished: undo,
  }) => {
    const place = await places[kind](undo)
    const { prepared } = place
    undo(() => prepared.remove())
    const server = await startChild({
      words: [...prepared.words, '--issuer', 'http://localhost:4994'],
      env: prepared.env,
    })
    const caller = new Caller(server)
    undo(() => caller.close())
    const [before, after] = [await caller.tokens(), await caller.tokens()]
    expect((await caller.revoke(before.access)).status).toBe(200)
    const renames = { ...next, sql: 'ALTER TABLE access_token RENAME COLUMN revoked_at TO ended_at' }
    await withDriver(place, (driver) => migrate(driver, [...migrations, renames], { clock }))

    // Before it has looked for a newer release, or when it has: in no case is it said to be revoked.
    expect((await caller.revoke(after.access)).status).not.toBe(200)
    expect((await server.ended).code).toBe(6)
    await withDriver(place, async (driver) => {
      expect(await driver.rows(countRevoked, {})).toEqual([{ many: 1 }])
    })
  })
})

describe.concurrent('a server in a program of others', () => {
  it('answers 503 and writes nothing once a newer release has changed the schema, and 200 until then', async ({
    onTestFinished: undo,
  }) => {
    const folder = mkdtempSync(join(tmpdir(), 'lingpai-newer-'))
    undo(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'lingpai.sqlite')
    const lines: string[] = []
    const server = await createAuthorizationServer({
      issuer: 'http://localhost:4994',
      database: await openSqlite({ file }),
      masterKey: Buffer.alloc(32, 7).toString('base64url'),
      log: createLog('info', 'text', (line) => lines.push(line)),
    })
    undo(() => server.close())
    const ask = async (method: string, path: string, body?: string) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const request = { method, headers, ...(body !== undefined && { body }) }
      const reply = await server.fetch(new Request(`http://localhost:4994${path}`, request))
      return { status: reply.status, text: await reply.text() }
    }
    const grant = 'grant_type=client_credentials&client_id=nobody&client_secret=nothing'
    expect((await ask('GET', '/readyz')).status).toBe(200)
    expect((await ask('POST', '/sso/token', grant)).status).toBe(401)
    const other = await openSqlite({ file })
    undo(() => other.close())
    const before = await other.rows(countTokens, {})
    await migrate(other, [...migrations, next], { clock })

    const reason = await server.outdated
    expect(reason).toContain('a newer release has changed the database')
    const ready = await ask('GET', '/readyz')
    expect(ready.status).toBe(503)
    expect(JSON.parse(ready.text)).toEqual({ status: 'unready', reason })
    expect((await ask('GET', '/healthz')).status).toBe(200)
    expect((await ask('POST', '/sso/token', grant)).status).toBe(503)
    expect(await other.rows(countTokens, {})).toEqual(before)
    expect(lines.filter((line) => line.includes('a newer release'))).toHaveLength(1)
  })
})

describe.concurrent('a command of a newer release', () => {
  // What this release is to the one before it.
  const older = migrations.slice(0, -1)

  it('does not change the schema of a PostgreSQL on which servers may be running; a start does', async ({
    onTestFinished: undo,
  }) => {
    const database = await freshDatabase()
    undo(() => database.drop())
    const folder = mkdtempSync(join(tmpdir(), 'lingpai-newer-'))
    undo(() => rmSync(folder, { recursive: true, force: true }))
    const look = async () => {
      const driver = await openPostgres({ url: database.url, max: 2 })
      const rows = await driver.rows(newest, {})
      await driver.close()
      return rows
    }
    const driver = await openPostgres({ url: database.url, max: 2 })
    await migrate(driver, older, { clock })
    await driver.close()
    const env = { LINGPAI_MASTER_KEY: Buffer.alloc(32, 7).toString('base64url') }
    const words = ['--data', folder, '--database', database.url]
    const refused = await lingpai(['client', 'list', ...words], { env })
    expect(refused.code).toBe(5)
    expect(refused.stderr).toMatch(/^Error: The database is of an older release, and servers of that release may be/)
    expect(await look()).toEqual([{ number: older.length }])

    await (await startChild({ words, env })).stop()
    expect(await look()).toEqual([{ number: migrations.length }])
    expect((await lingpai(['client', 'list', ...words], { env })).code).toBe(0)
  })

  it('changes the schema of a SQLite file while no server runs on it, and not while one does', async ({
    onTestFinished: undo,
  }) => {
    const folder = mkdtempSync(join(tmpdir(), 'lingpai-newer-'))
    undo(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'lingpai.sqlite')
    const driver = await openSqlite({ file })
    undo(() => driver.close())
    await migrate(driver, older, { clock })
    const env = { LINGPAI_MASTER_KEY: Buffer.alloc(32, 7).toString('base64url') }
    const list = () => lingpai(['client', 'list', '--data', folder, '--issuer', 'http://localhost:4994'], { env })
    const ownership = takeOwnership(folder)
    const refused = await list()
    expect(refused.code).toBe(5)
    expect(refused.stderr).toMatch(/^Error: The database is of an older release, and a server is running on it\. Stop/)
    expect(await driver.rows(newest, {})).toEqual([{ number: older.length }])

    ownership.release()
    expect((await list()).code).toBe(0)
    expect(await driver.rows(newest, {})).toEqual([{ number: migrations.length }])
  })
})
