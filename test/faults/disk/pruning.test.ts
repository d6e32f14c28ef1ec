// A disk that fails, or is full, exactly while a server on SQLite prunes, or exactly while it brings its log into the file.

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, it } from 'vitest'
import { Caller, eventually } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { busy, type Given, given, holds } from '../support/given.ts'
import { type Prepared, prepareSqlite } from '../support/installation.ts'
import { hurt } from '../support/strace.ts'

const EXPIRED = 30_000

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const work of undo.splice(0).toReversed()) await work()
})

async function served(prepared: Prepared, pruneEvery?: number): Promise<{ server: Child; caller: Caller }> {
  const server = await startChild({ ...prepared, ...(pruneEvery !== undefined && { pruneEvery }) })
  const caller = new Caller(server)
  undo.push(
    () => server.kill(),
    () => caller.close(),
  )
  return { server, caller }
}

async function installation(): Promise<Prepared> {
  const prepared = await prepareSqlite()
  undo.push(() => prepared.remove())
  return prepared
}

/** Read only: what a server has left in the log stays there for the next one. */
function asked<T>(prepared: Prepared, work: (database: DatabaseSync) => T, readOnly = true): T {
  const database = new DatabaseSync(join(prepared.folder, 'lingpai.sqlite'), { timeout: 5_000, readOnly })
  try {
    return work(database)
  } finally {
    database.close()
  }
}

/** Copies of a token that is there, long expired: what pruning has to do for some seconds. */
function fillWithExpired(prepared: Prepared): void {
  asked(
    prepared,
    (database) => {
      const columns = database
        .prepare(`SELECT name FROM pragma_table_info('access_token')`)
        .all()
        .map(({ name }) => String(name))
      const key = database.prepare(`SELECT name FROM pragma_table_info('access_token') WHERE pk = 1`).get()?.['name']
      const values = columns.map((name) => (name === key ? '-n' : name === 'expires_at' ? '1000' : `t.${name}`))
      database.exec(`WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < ${EXPIRED})
      INSERT INTO access_token (${columns.join(', ')}) SELECT ${values.join(', ')} FROM many, (SELECT * FROM access_token LIMIT 1) AS t`)
    },
    false,
  )
}

const expiredIn = (prepared: Prepared) =>
  asked(prepared, (database) =>
    Number(database.prepare('SELECT count(*) AS many FROM access_token WHERE expires_at = 1000').get()?.['many']),
  )

const check = (prepared: Prepared) => asked(prepared, (database) => database.prepare('PRAGMA integrity_check').get())

async function hurting(...what: Parameters<typeof hurt>): Promise<() => Promise<void>> {
  const mend = await hurt(...what)
  undo.push(mend)
  return mend
}

/** A server that prunes, and is asked for nothing else. */
async function pruning(): Promise<{ prepared: Prepared; server: Child; caller: Caller; before: Given }> {
  const prepared = await installation()
  const { server: first, caller: asking } = await served(prepared)
  const before = await given(asking)
  await first.stop()
  fillWithExpired(prepared)
  const { server, caller } = await served(prepared, 700)
  await eventually(
    async () => expiredIn(prepared),
    (left) => left < EXPIRED,
  )
  return { prepared, server, caller, before }
}

async function isPruned(prepared: Prepared): Promise<void> {
  await eventually(
    async () => expiredIn(prepared),
    (left) => left === 0,
  )
}

it('a disk that fails in the middle of pruning ends the server with one line; the next one prunes on, and what was answered holds', {
  timeout: 60_000,
}, async () => {
  const { prepared, server, before } = await pruning()
  const said = server.log().length
  await hurting(server, join(prepared.folder, 'lingpai.sqlite-wal'), 'fsync,fdatasync', 'error=EIO:when=5')
  const { code, log } = await server.ended
  expect(code).toBe(5)
  const lines = log.slice(said).trim().split('\n')
  expect(lines, log).toHaveLength(1)
  expect(lines[0]).toContain('the database failed while writing; the server stops')
  const left = expiredIn(prepared)
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThan(EXPIRED)

  const { caller } = await served(prepared, 700)
  await holds(caller, before)
  await isPruned(prepared)
  expect(check(prepared)).toEqual({ integrity_check: 'ok' })
})

it('a disk that is full in the middle of pruning ends nothing: with room again it is ready, prunes on, and what was answered holds', {
  timeout: 60_000,
}, async () => {
  const { prepared, server, caller, before } = await pruning()
  const mend = await hurting(server, join(prepared.folder, 'lingpai.sqlite-wal'), 'pwrite64', 'error=ENOSPC:when=5+')
  const unready = await eventually(
    () => caller.ready(),
    ({ status }) => status === 503,
  )
  expect(unready.body['reason']).toMatch(/the disk of the database is full/)
  const left = expiredIn(prepared)
  expect(left).toBeGreaterThan(0)
  // Nothing is answered that is not kept, and what needs no write is.
  expect((await caller.redeem(before.usedCode)).status).not.toBe(200)
  expect((await caller.userinfo(before.live[0]?.access ?? '')).status).toBe(200)
  expect(typeof (await caller.code())).toBe('object')
  await mend()
  await eventually(
    () => caller.ready(),
    ({ status }) => status === 200,
  )
  await isPruned(prepared)
  const after = await given(caller)
  await holds(caller, after)
  expect(check(prepared)).toEqual({ integrity_check: 'ok' })
})

it('a disk that is full exactly at a checkpoint loses nothing that was answered, says so, and heals by itself', {
  timeout: 60_000,
}, async () => {
  const prepared = await installation()
  const { server, caller } = await served(prepared)
  const before = await given(caller)
  const mend = await hurting(server, join(prepared.folder, 'lingpai.sqlite'), 'pwrite64', 'error=ENOSPC:when=3+')
  let trouble = ''
  const looking = setInterval(() => {
    void caller.ready().then(({ status, body }) => {
      if (status === 503) trouble = String(body['reason'])
    })
  }, 100)
  const end = performance.now() + 15_000
  const access = await busy(caller, () => trouble !== '' || performance.now() > end)
  clearInterval(looking)
  expect(trouble).toMatch(/the disk of the database is full/)
  for (const token of access.slice(-30)) expect((await caller.userinfo(token)).status).toBe(200)
  await mend()
  const isOver = performance.now() + 15_000
  let ready = false
  while (!ready && performance.now() < isOver) {
    await caller.tokens()
    ready = (await caller.ready()).status === 200
  }
  expect(ready).toBe(true)
  await server.kill()

  const { caller: again } = await served(prepared)
  for (const token of access) expect((await again.userinfo(token)).status).toBe(200)
  await holds(again, before)
  expect(check(prepared)).toEqual({ integrity_check: 'ok' })
})

it.each([1, 4, 12])(
  'a server that is killed at page %i of a checkpoint has kept all that it answered',
  {
    timeout: 60_000,
  },
  async (page) => {
    const prepared = await installation()
    const { server, caller } = await served(prepared)
    const before = await given(caller)
    await hurting(server, join(prepared.folder, 'lingpai.sqlite'), 'pwrite64', `signal=KILL:when=${page}`)
    const access = await busy(caller, () => false)
    expect(await server.ended).toMatchObject({ signal: 'SIGKILL' })
    expect(access.length).toBeGreaterThan(1)

    const { caller: again } = await served(prepared)
    for (const token of access) expect((await again.userinfo(token)).status).toBe(200)
    await holds(again, before)
    expect(check(prepared)).toEqual({ integrity_check: 'ok' })
  },
)
