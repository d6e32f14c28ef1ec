// `lingpai start --workers`: several processes behind one port, which look like one server.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Caller, eventually, issuedBy } from '../faults/support/caller.ts'
import { type Child, startChild, tryChild } from '../faults/support/child.ts'
import { CALLBACK, CLIENT_ID, type Prepared, preparePostgres, USERNAME } from '../faults/support/installation.ts'
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts'
import { Visitor } from '../support/visitor.ts'

let database: FreshDatabase
let prepared: Prepared
let server: Child
let caller: Caller

const start = (...more: string[]) =>
  startChild({ words: [...prepared.words, '--workers', '2', ...more], env: prepared.env })

beforeAll(async () => {
  database = await freshDatabase()
  prepared = await preparePostgres(database.url)
  server = await start()
  caller = new Caller(server)
})
afterAll(async () => {
  caller.close()
  await server.stop()
  prepared.remove()
  await database.drop()
})

function workersOf({ pid }: Child): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

/** A worker that listens has a socket for each connection that a turn may accept. */
function listens(pid: number): boolean {
  try {
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
    return open.filter((name) => name.startsWith('socket:')).length > 60
  } catch {
    // It, or what it had open, has gone meanwhile.
    return false
  }
}

/** Clock ticks that a process has worked. */
function worked(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}

/** Each asks over connections of its own. */
async function many<T>(count: number, ask: (caller: Caller) => Promise<T>): Promise<T[]> {
  const callers = Array.from({ length: count }, () => new Caller(server, 1))
  try {
    return await Promise.all(callers.map(ask))
  } finally {
    for (const each of callers) each.close()
  }
}

/** Connections that all workers of `to` hold when sixty ask at once. */
async function connectionsUnderLoad(url: string, to: Child): Promise<number> {
  const callers = Array.from({ length: 60 }, () => new Caller(to, 1))
  await Promise.all(callers.map((each) => each.tokens()))
  for (const each of callers) each.close()
  const client = new Client(url)
  await client.connect()
  const { rows } = await client.query<{ many: number }>(
    `SELECT CAST(count(*) AS INTEGER) AS many FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'lingpai'`,
  )
  await client.end()
  return rows[0]?.many ?? 0
}

describe('connections to the database', () => {
  test.each([
    ['two workers share ten of them', [], 5, 10],
    ['each worker holds as many as databaseConnections says', ['--database-connections', '9'], 11, 18],
  ] as const)('%s', async (_, more, least, most) => {
    const own = await freshDatabase()
    const place = await preparePostgres(own.url)
    const words = [...place.words, '--workers', '2', ...more]
    const two = await startChild({ words, env: place.env })
    try {
      const seen = await connectionsUnderLoad(own.url, two)
      expect(seen).toBeGreaterThanOrEqual(least)
      expect(seen).toBeLessThanOrEqual(most)
    } finally {
      await two.stop()
      place.remove()
      await own.drop()
    }
  })
})

describe('two workers', () => {
  test('are processes of their own, and both answer; the one that was started does nothing', async () => {
    const workers = workersOf(server)
    expect(workers).toHaveLength(2)
    const before = [...workers, server.pid].map(worked)
    await many(8, async (each) => {
      for (let count = 0; count < 60; count++) expect((await each.ask('GET', '/sso/jwks')).status).toBe(200)
    })
    const spent = [...workers, server.pid].map((pid, at) => worked(pid) - (before[at] ?? 0))
    expect(Math.min(spent[0] ?? 0, spent[1] ?? 0), String(spent)).toBeGreaterThan(0)
    expect(spent[2], String(spent)).toBeLessThanOrEqual(2)
    expect(server.log().match(/all workers serve/g)).toHaveLength(1)
  })

  test('redeem a code once, and give one successor to twenty refreshes', async () => {
    const code = await caller.needCode()
    const replies = await many(30, (each) => each.redeem(code))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(replies.filter(({ status }) => status === 400)).toHaveLength(29)
    const { refresh } = await caller.tokens()
    const successors = (await many(20, (each) => each.refresh(refresh))).map(issuedBy)
    expect(new Set(successors.map((each) => JSON.stringify(each))).size).toBe(1)
  })

  test('count failed sign-ins together: of sixteen guesses at once few are looked at', {
    timeout: 30_000,
  }, async () => {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: CALLBACK,
      scope: 'openid',
      state: 'state-of-a-guesser',
    })
    const guesses = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const visitor = new Visitor()
        return {
          visitor,
          page: await visitor.follow(await visitor.get(`${server.issuer}/sso/authorize?${query.toString()}`)),
        }
      }),
    )
    const answers = await Promise.all(
      guesses.map(({ visitor, page }) =>
        visitor.submit(page, 'login-submit', { username: USERNAME, password: 'wrong password of a guesser' }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    // Five, and one more a second; were each worker to count for itself, it would be ten at least.
    expect(statuses.filter((status) => status !== 429).length, String(statuses)).toBeLessThan(10)
    expect(statuses.filter((status) => status !== 429).length, String(statuses)).toBeGreaterThan(0)
  })

  test('one that is killed is started again, and the other answers meanwhile', { timeout: 30_000 }, async () => {
    const [victim = 0, other = 0] = workersOf(server)
    process.kill(victim, 'SIGKILL')
    await eventually(
      async () => isAlive(victim),
      (alive) => !alive,
    )
    // What was on its way to the victim breaks, and is asked again.
    const fresh = new Caller(server, 1)
    await eventually(
      () => fresh.ready(),
      ({ status }) => status === 200,
      2_000,
    )
    expect((await fresh.userinfo((await fresh.tokens()).access)).status).toBe(200)
    fresh.close()
    const workers = await eventually(
      async () => workersOf(server).filter(isAlive),
      (now) => now.length === 2,
    )
    expect(workers).toContain(other)
    expect(workers).not.toContain(victim)
    expect(server.log()).toMatch(/a worker has ended and is started again .*signal="SIGKILL"/)
    expect((await caller.ready()).status).toBe(200)
  })

  test('one that is started again accepts nothing before it can serve: nobody is told 503 by it, and then it answers', {
    timeout: 30_000,
  }, async () => {
    const [victim = 0, other = 0] = await eventually(
      async () => workersOf(server).filter(listens),
      ({ length }) => length === 2,
    )
    const statuses: number[] = []
    const over = new AbortController()
    const asking = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) {
        const each = new Caller(server, 1)
        statuses.push((await each.ready()).status)
        each.close()
      }
    })
    process.kill(victim, 'SIGKILL')
    const [next = 0] = await eventually(
      async () => workersOf(server).filter((pid) => pid !== victim && pid !== other && listens(pid)),
      ({ length }) => length === 1,
    )
    const before = statuses.length
    const workedBefore = worked(next)
    await eventually(
      async () => statuses.length - before,
      (count) => count > 400,
    )
    over.abort()
    await Promise.all(asking)
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(400)
    // What was on its way to the victim has broken.
    expect(statuses.filter((status) => status !== 200 && status !== 0)).toEqual([])
    expect(worked(next)).toBeGreaterThan(workedBefore)
  })

  test('end together: SIGTERM lets them finish, and the code is 0', async () => {
    const other = await start('--port', '0')
    const workers = workersOf(other)
    const { code } = await other.stop()
    expect(code).toBe(0)
    expect([...workers, other.pid].filter(isAlive)).toEqual([])
  })

  test('serve on for the stop delay, however long it is, and say on /readyz that they stop', {
    timeout: 90_000,
  }, async () => {
    // Longer than workers are given to end once they close.
    const other = await start('--port', '0', '--stop-delay', '17s')
    const began = performance.now()
    const ended = other.stop()
    const ask = (path: string) => fetch(`http://127.0.0.1:${other.port}${path}`, { headers: { connection: 'close' } })
    await eventually(
      async () => Promise.all(Array.from({ length: 8 }, async () => (await ask('/readyz')).status)),
      (all) => all.every((status) => status === 503),
    )
    expect((await ask('/healthz')).status).toBe(200)
    const { code, log } = await ended
    expect(code).toBe(0)
    expect(performance.now() - began).toBeGreaterThanOrEqual(16_900)
    // Each worker has come to its own end, and was not ended.
    expect(log.match(/stopping: finishing what is in flight/g), log).toHaveLength(2)
  })

  test('end also when the one that started them is killed', async () => {
    const other = await start('--port', '0')
    const workers = workersOf(other)
    expect(workers).toHaveLength(2)
    process.kill(other.pid, 'SIGKILL')
    await eventually(
      async () => workers.filter(isAlive),
      (left) => left.length === 0,
    )
  })
})

test('what keeps the first worker from serving is said once, and ends the start', async () => {
  const words = ['--data', prepared.folder, '--database', 'postgres://postgres@127.0.0.1:1/none', '--workers', '3']
  const end = await tryChild({ words, env: prepared.env })
  if ('port' in end) throw new Error('it started')
  expect(end.code, end.log).toBe(5)
  expect(end.log.trim().split('\n'), end.log).toHaveLength(1)
})

test('a port that another server has is refused, although workers could share it', async () => {
  const end = await tryChild({
    words: [...prepared.words, '--workers', '2', '--port', String(server.port)],
    env: prepared.env,
  })
  if ('port' in end) throw new Error('it started')
  expect(end.code).toBe(5)
  expect(end.log).toMatch(/^Error: Port \d+ on 127\.0\.0\.1 is already in use/)
})

test('on SQLite more than one worker is refused, with the reason', async () => {
  const end = await tryChild({ words: ['--data', prepared.folder, '--workers', '2'] })
  if ('port' in end) throw new Error('it started')
  expect(end.code).toBe(2)
  expect(end.log).toMatch(/--workers is above 1 without database; SQLite lets one process write at a time/)
})
