import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type OwnPostgres, startOwnPostgres } from '../support/postgres-server.ts'
import { Caller, eventually, issuedBy, type Reply } from './support/caller.ts'
import { type Child, startChild, tryChild } from './support/child.ts'
import { type Prepared, preparePostgres } from './support/installation.ts'
import { startWire, type Wire } from './support/proxy.ts'

const ISSUER = 'http://localhost:4999'
const MOST_CONNECTIONS = 24

let postgres: OwnPostgres
let prepared: Prepared
let wire: Wire
let server: Child
let caller: Caller

beforeAll(async () => {
  postgres = await startOwnPostgres({ maxConnections: MOST_CONNECTIONS })
  prepared = await preparePostgres(postgres.url)
  wire = await startWire(postgres.url)
  server = await startChild({ env: prepared.env, words: wordsFor(wire.url) })
  caller = new Caller(server)
})
afterEach(async () => {
  wire.delay = 0
  wire.speak()
  wire.cut = null
  wire.up()
  await ready()
})
afterAll(async () => {
  caller.close()
  await server.kill()
  await wire.close()
  await postgres.stop()
  prepared.remove()
})

const wordsFor = (url: string) => ['--data', prepared.folder, '--database', url, '--issuer', ISSUER]

/** By itself: nothing but the fault is taken away. */
const ready = () =>
  eventually(
    () => caller.ready(),
    ({ status }) => status === 200,
    20_000,
  )

function expectUnavailable(reply: Reply | string): void {
  if (typeof reply === 'string') throw new Error('a code was handed out')
  expect(reply.status, reply.text).toBe(503)
  expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
  expect(reply.text).not.toMatch(/access_token|"active"|postgres|ECONN|:\d{4}/)
}

/** Everything that needs the database, while it cannot be had. */
async function expectNothingWorks(before: { access: string; refresh: string; code: string }): Promise<void> {
  const replies = await Promise.all([
    caller.redeem(before.code),
    caller.refresh(before.refresh),
    caller.userinfo(before.access),
    caller.introspect(before.access),
    caller.revoke(before.refresh),
    caller.code(),
  ])
  for (const reply of replies) expectUnavailable(reply)
  const unready = await caller.ready()
  expect(unready.status).toBe(503)
  expect(unready.body['reason']).toMatch(/^the database (does not answer|refuses)$/)
  expect((await caller.ask('GET', '/healthz')).status).toBe(200)
}

/** And everything is as it was before. */
async function expectAllIsWell(before: { access: string; refresh: string; code: string }): Promise<void> {
  expect((await caller.userinfo(before.access)).status).toBe(200)
  expect((await caller.redeem(before.code)).status).toBe(200)
  expect((await caller.redeem(before.code)).status).toBe(400)
  const next = issuedBy(await caller.refresh(before.refresh))
  expect((await caller.revoke(next.refresh)).status).toBe(200)
  expect((await caller.refresh(next.refresh)).status).toBe(400)
}

const some = async () => ({ ...(await caller.tokens()), code: await caller.needCode() })

async function sql<Row>(text: string): Promise<readonly Row[]> {
  const client = new Client(postgres.url)
  await client.connect()
  try {
    return (await client.query(text)).rows as Row[]
  } finally {
    await client.end()
  }
}

describe('a database that goes away', () => {
  it('is answered 503, a revocation too (RFC 7009 §2.2.1), and all heals by itself when it is back', async () => {
    const before = await some()
    await postgres.halt()
    await expectNothingWorks(before)
    await postgres.resume()
    await ready()
    await expectAllIsWell(before)
  })

  it('is told in few lines: counts every so often, and one when it is back', { timeout: 60_000 }, async () => {
    const before = await some()
    const from = server.log().length
    const told = () => server.log().slice(from).trimEnd().split('\n')
    const about = (message: string) => told().filter((line) => line.includes(` ${message}`))
    await postgres.halt()
    try {
      for (let turn = 0; turn < 100; turn++) expectUnavailable(await caller.userinfo(before.access))
      await eventually(
        async () => about('database_connection_lost'),
        (lines) => lines.some((line) => line.includes('repeated=')),
        20_000,
      )
    } finally {
      await postgres.resume()
    }
    await ready()
    await expectAllIsWell(before)
    expect(about('database_connection_lost').join('\n')).toMatch(/reason=".*" repeated=\d{2,} for_s=\d/)
    expect(about('database_connection_lost').length).toBeLessThan(4)
    expect(about('database_answers_again')).toEqual([expect.stringMatching(/ info .* failures=\d{3,} after_s=\d/)])
    expect(about('An endpoint failed').length).toBeLessThan(4)
    expect(about('ready again')).toHaveLength(about('not ready').length)
    expect(about('database_read_again')).toEqual([])
    expect(told().length, told().join('\n')).toBeLessThan(20)
  })

  it('and comes back between two requests costs no request', async () => {
    const before = await some()
    await postgres.halt()
    await postgres.resume()
    expect((await caller.userinfo(before.access)).status).toBe(200)
    await expectAllIsWell(before)
  })

  it('behind a network that is down: 503 at once', async () => {
    const before = await some()
    const calm = performance.now()
    await Promise.all([1, 2, 3].map(() => caller.userinfo(before.access)))
    const usual = performance.now() - calm
    wire.down()
    const started = performance.now()
    await expectNothingWorks(before)
    // At once: nobody waits for the five seconds that a connection may take.
    expect(performance.now() - started).toBeLessThan(4_500 + usual)
    wire.up()
    await ready()
    await expectAllIsWell(before)
  })

  it('at the start: one line says what to do', async () => {
    const end = await tryChild({ env: prepared.env, words: wordsFor('postgres://postgres@127.0.0.1:1/postgres') })
    expect('port' in end).toBe(false)
    if ('port' in end) return
    expect(end.code, end.log).toBe(5)
    expect(end.log.trim().split('\n'), end.log).toHaveLength(1)
    expect(end.log).toMatch(/^Error: The database does not answer .*See that PostgreSQL runs/)
  })
})

describe('a connection that is cut in the middle of COMMIT', () => {
  it.each(['before', 'after'] as const)('(%s it): 503, and the code gives tokens at most once', async (moment) => {
    const code = await caller.needCode()
    const grants = await sql<{ n: string }>('SELECT count(*) AS n FROM access_token')
    wire.cut = { moment, of: 'consume_code' }
    const cuts = wire.cuts
    expectUnavailable(await caller.redeem(code))
    expect(wire.cuts).toBe(cuts + 1)
    const replies = await Promise.all([1, 2, 3].map(() => caller.redeem(code)))
    const wins = replies.filter(({ status }) => status === 200).length
    expect(replies.map(({ status }) => status).filter((status) => status !== 200 && status !== 400)).toEqual([])
    // Not committed: one of the repeats wins. Committed: nobody has the tokens, and nobody gets others.
    expect(wins).toBe(moment === 'before' ? 1 : 0)
    const after = await sql<{ n: string }>('SELECT count(*) AS n FROM access_token')
    expect(Number(after[0]?.n) - Number(grants[0]?.n)).toBe(1)
    await caller.tokens()
  })

  it.each(['before', 'after'] as const)('(%s it): 503, and the refresh can be asked again', async (moment) => {
    const first = await caller.tokens()
    wire.cut = { moment, of: 'rotate_refresh_token' }
    const cuts = wire.cuts
    expectUnavailable(await caller.refresh(first.refresh))
    expect(wire.cuts).toBe(cuts + 1)
    const answers = (await Promise.all([1, 2, 3].map(() => caller.refresh(first.refresh)))).map(issuedBy)
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    const next = issuedBy(await caller.refresh(answers[0]?.refresh ?? ''))
    expect((await caller.userinfo(next.access)).status).toBe(200)
    // Old and new are never both alive for good.
    expect((await caller.refresh(first.refresh)).status).toBe(400)
  })

  it.each(['before', 'after'] as const)('(%s it): a revocation is 503, and holds when asked again', async (moment) => {
    const tokens = await caller.tokens()
    wire.cut = { moment, of: 'revoke_grant' }
    expectUnavailable(await caller.revoke(tokens.refresh))
    expect((await caller.revoke(tokens.refresh)).status).toBe(200)
    expect((await caller.userinfo(tokens.access)).status).toBe(401)
  })
})

describe('a slow database', () => {
  it('(2 s a query) is waited for, and health is answered meanwhile', { timeout: 60_000 }, async () => {
    const before = await some()
    wire.delay = 1_000
    const began = performance.now()
    let isAnswered = false
    const asked = Promise.all([caller.userinfo(before.access), caller.redeem(before.code)]).finally(() => {
      isAnswered = true
    })
    const health = await caller.ask('GET', '/healthz')
    expect(health.status).toBe(200)
    expect(isAnswered).toBe(false)
    const [info, redeemed] = await asked
    expect(info.status).toBe(200)
    expect(redeemed.status).toBe(200)
    expect(performance.now() - began).toBeGreaterThan(1_900)
  })

  it('held up by a lock that lasts too long: 503, and nothing is issued twice', { timeout: 60_000 }, async () => {
    const before = await some()
    const client = new Client(postgres.url)
    await client.connect()
    await client.query('BEGIN; LOCK TABLE authorization_code IN ACCESS EXCLUSIVE MODE')
    const reply = caller.redeem(before.code)
    const { access } = before
    expect((await caller.userinfo(access)).status).toBe(200)
    expectUnavailable(await reply)
    await client.query('COMMIT')
    await client.end()
    await ready()
    await expectAllIsWell(before)
  })
})

describe('a network that swallows everything', () => {
  it('is given up after the time limit, and all is well when it speaks again', { timeout: 60_000 }, async () => {
    const before = await some()
    const code = await caller.needCode()
    wire.silence()
    const began = performance.now()
    const replies = await Promise.all([
      caller.userinfo(before.access),
      caller.revoke(before.access),
      caller.redeem(code),
      caller.code(),
      caller.ready(),
    ])
    expect(performance.now() - began).toBeLessThan(20_000)
    expect(replies.map((reply) => (typeof reply === 'string' ? reply : reply.status))).toEqual(Array(5).fill(503))
    wire.speak()
    await ready()
    await expectAllIsWell(before)
    expect((await caller.redeem(code)).status).toBeOneOf([200, 400])
    expect((await caller.redeem(code)).status).toBe(400)
  })
})

describe('a database without a free connection', () => {
  it('is answered 503, says so, and heals when there is room', { timeout: 60_000 }, async () => {
    const before = await some()
    // The server gives back its connections, and comes too late to get them again.
    wire.down()
    const greedy: Client[] = []
    for (;;) {
      const client = new Client(postgres.url)
      client.on('error', () => undefined)
      try {
        await client.connect()
        greedy.push(client)
      } catch {
        break
      }
    }
    expect(greedy.length).toBeGreaterThan(10)
    wire.up()
    await expectNothingWorks(before)
    await Promise.all(greedy.map((client) => client.end()))
    await ready()
    await expectAllIsWell(before)
  })
})
