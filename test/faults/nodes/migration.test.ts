// A node that stands still (SIGSTOP) or dies (SIGKILL) in the middle of a migration, while another starts.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { freshDatabase } from '../../support/postgres.ts'
import { Caller, eventually } from '../support/caller.ts'
import { type Child, type End, type Spawned, startChild, tryChild } from '../support/child.ts'
import { startWire } from '../support/proxy.ts'
import { requireStrace } from '../support/strace.ts'

const clock = { now: () => Math.floor(Date.now() / 1000) }
const ALL = migrations.map(({ number }) => number)
const env = { LINGPAI_MASTER_KEY: Buffer.alloc(32, 7).toString('base64url') }
const ISSUER = ['--issuer', 'http://localhost:4993']
/** Milliseconds: a node once waited up to 15 s for one that was dead. */
const SOON = 12_000

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const work of undo.splice(0).toReversed()) await work()
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'lingpai-migration-'))
  undo.push(() => rmSync(made, { recursive: true, force: true }))
  return made
}

function served(started: Child | End): Child {
  if (!('port' in started)) throw new Error(`start ended with ${started.code ?? started.signal}: ${started.log}`)
  undo.push(() => started.kill())
  return started
}

async function isReady(server: Child): Promise<void> {
  const caller = new Caller(server)
  expect((await caller.ready()).status).toBe(200)
  expect((await caller.ask('GET', '/sso/jwks')).body['keys']).not.toEqual([])
  caller.close()
}

/** Also when it stands still, and a test has failed before it went on. */
function killedInTheEnd({ pid }: Spawned): void {
  undo.push(() => {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  })
}

/** The numbers that a server says it has applied. */
const appliedBy = (log: string) =>
  [...log.matchAll(/migration_applied number=(\d+)/g)].map(([, number]) => Number(number))

describe('on PostgreSQL,', () => {
  async function asked(url: string, sql: string): Promise<readonly unknown[]> {
    const client = new Client(url)
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows
    } finally {
      await client.end()
    }
  }
  const versions = (url: string) => asked(url, 'SELECT number FROM schema_version ORDER BY number')
  const shape = async (url: string) => [
    await asked(
      url,
      `SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
       WHERE table_schema = 'public' ORDER BY table_name, ordinal_position`,
    ),
    await asked(url, `SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2`),
  ]

  async function migrated(count: number): Promise<string> {
    const { url, drop } = await freshDatabase()
    undo.push(drop)
    const driver = await openPostgres({ url, max: 2 })
    await migrate(driver, migrations.slice(0, count), { clock })
    await driver.close()
    return url
  }

  /** A node that is hurt as it sends migration 7; `held`: what it sent comes to the database when the wire speaks again. */
  async function hurt(signal: 'SIGSTOP' | 'SIGKILL', held: boolean) {
    const url = await migrated(0)
    const wire = await startWire(url)
    undo.push(() => wire.close())
    const sent = Promise.withResolvers<void>()
    let pid = 0
    wire.onSent = (chunk) => {
      if (!chunk.includes(`'${migrations[6]?.name}'`)) return
      wire.onSent = null
      process.kill(pid, signal)
      if (held) wire.silence()
      sent.resolve()
    }
    const outcome = tryChild({
      words: ['--data', folder(), '--database', wire.url, ...ISSUER],
      env,
      onSpawn(spawned) {
        pid = spawned.pid
        killedInTheEnd(spawned)
      },
    })
    await sent.promise
    const began = performance.now()
    const other = served(await tryChild({ words: ['--data', folder(), '--database', url, ...ISSUER], env }))
    return { url, wire, outcome, other, took: performance.now() - began, pid }
  }

  it.each([
    ['before its migration has come to the database', true],
    ['after its migration has come to the database', false],
  ])('a node that stands still %s holds nobody up, and applies nothing twice when it goes on', async (_, held) => {
    const { url, wire, outcome, other, took, pid } = await hurt('SIGSTOP', held)
    expect(took).toBeLessThan(SOON)
    await isReady(other)
    expect(await versions(url)).toEqual(ALL.map((number) => ({ number: String(number) })))
    process.kill(pid, 'SIGCONT')
    wire.speak()
    const first = served(await outcome)
    await isReady(first)
    await isReady(other)
    // Each by one of the two.
    const [byFirst, byOther] = [appliedBy(first.log()), appliedBy(other.log())]
    expect(byFirst).toEqual(ALL.slice(0, held ? 6 : 7))
    expect(byOther).toEqual(ALL.slice(held ? 6 : 7))
    expect(await versions(url)).toEqual(ALL.map((number) => ({ number: String(number) })))
    expect(await shape(url)).toEqual(await shape(await migrated(ALL.length)))
  })

  it('a node that is killed in a migration is not waited for', async () => {
    const { url, outcome, other, took } = await hurt('SIGKILL', true)
    expect(await outcome).toMatchObject({ signal: 'SIGKILL' })
    expect(took).toBeLessThan(SOON)
    await isReady(other)
    expect(await shape(url)).toEqual(await shape(await migrated(ALL.length)))
  })

  it('a node that waits for another says so, and for how long at most', async () => {
    const url = await migrated(6)
    const holder = new Client(url)
    await holder.connect()
    undo.push(() => holder.end())
    await holder.query(`BEGIN; SELECT 1 FROM schema_lease WHERE lease = 'migration' FOR UPDATE`)
    let log = () => ''
    const outcome = tryChild({
      words: ['--data', folder(), '--database', url, ...ISSUER],
      env,
      onSpawn: (spawned) => {
        log = spawned.log
      },
    })
    const told = await eventually(
      async () => log(),
      (said) => said.includes('waiting'),
    )
    expect(told).toMatch(
      /waiting for another server that migrates this database.* migration="7 \(.*\)" waited_s=\d+ at_most_s=60/,
    )
    expect(await versions(url)).toHaveLength(6)
    await holder.query('ROLLBACK')
    const server = served(await outcome)
    await isReady(server)
    expect(appliedBy(server.log())).toEqual(ALL.slice(6))
  })
})

describe('on SQLite,', () => {
  /** A first start that gets a signal at the n-th time that it makes its log durable: twice for the first tables, then once a migration. */
  function hurt(data: string, signal: 'STOP' | 'KILL', at: number) {
    const trace = join(folder(), 'trace')
    let pid = 0
    // Which of the two SQLite was built with.
    const inject = ['-e', 'trace=fdatasync,fsync', '-e', `inject=fdatasync,fsync:signal=${signal}:when=${at}`]
    const outcome = tryChild({
      words: ['--data', data, ...ISSUER],
      under: [requireStrace(), '-D', '-f', '-P', join(data, 'lingpai.sqlite-wal'), ...inject, '-o', trace],
      onSpawn(spawned) {
        pid = spawned.pid
        killedInTheEnd(spawned)
      },
    })
    const isHurt = () => existsSync(trace) && readFileSync(trace, 'utf8').includes(`SIG${signal}`)
    return { outcome, pid, isHurt }
  }

  function inspected(data: string) {
    const database = new DatabaseSync(join(data, 'lingpai.sqlite'), { readOnly: true })
    try {
      return {
        versions: database
          .prepare('SELECT number FROM schema_version ORDER BY number')
          .all()
          .map((row) => row['number']),
        shape: database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all(),
        whole: database.prepare('PRAGMA integrity_check').get(),
      }
    } finally {
      database.close()
    }
  }

  async function untouched() {
    const data = folder()
    const driver = await openSqlite({ file: join(data, 'lingpai.sqlite') })
    await migrate(driver, migrations, { clock })
    await driver.close()
    return inspected(data)
  }

  it.each([4, 8, 12])('a server that is killed at write %i of its migrations is not waited for', async (at) => {
    const data = folder()
    expect(await hurt(data, 'KILL', at).outcome).toMatchObject({ signal: 'SIGKILL' })
    const { versions } = inspected(data)
    expect(versions.length).toBeGreaterThan(0)
    expect(versions.length).toBeLessThan(ALL.length)
    const began = performance.now()
    const server = served(await startChild({ words: ['--data', data, ...ISSUER] }))
    expect(performance.now() - began).toBeLessThan(SOON)
    await isReady(server)
    expect(appliedBy(server.log())).toEqual(ALL.slice(versions.length))
    expect(inspected(data)).toEqual(await untouched())
  })

  it('a server that stands still in a migration keeps its folder: another is refused, and it comes to its end', async () => {
    const data = folder()
    const { outcome, isHurt, pid } = hurt(data, 'STOP', 7)
    await eventually(async () => isHurt(), Boolean)
    const other = await tryChild({ words: ['--data', data, ...ISSUER] })
    expect(other).toMatchObject({ code: 5 })
    expect((other as End).log).toMatch(/another server is running/i)
    expect(inspected(data).versions.length).toBeLessThan(ALL.length)
    process.kill(pid, 'SIGCONT')
    const server = served(await outcome)
    await isReady(server)
    expect(appliedBy(server.log())).toEqual(ALL)
    expect(inspected(data)).toEqual(await untouched())
  })
})
