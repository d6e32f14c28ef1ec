import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type OwnPostgres, startOwnPostgres } from '../../support/postgres-server.ts'
import { Caller, eventually, issuedBy, type Reply } from '../support/caller.ts'
import { type Child, startChild, tryChild } from '../support/child.ts'
import { type Prepared, preparePostgres } from '../support/installation.ts'
import { startWire, type Wire } from '../support/proxy.ts'

const ISSUER = 'http://localhost:4999'
const MOST_CONNECTIONS = 24

function expectUnavailable(reply: Reply | string): void {
  if (typeof reply === 'string') throw new Error('a code was handed out')
  expect(reply.status, reply.text).toBe(503)
  expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
  expect(reply.text).not.toMatch(/access_token|"active"|postgres|ECONN|:\d{4}/)
}

/** A server, its database, and the wire between them: one for each group, which breaks its own. */
function house() {
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

  return {
    expectAllIsWell,
    expectNothingWorks,
    ready,
    some,
    sql,
    wordsFor,
    get caller() {
      return caller
    },
    get postgres() {
      return postgres
    },
    get prepared() {
      return prepared
    },
    get server() {
      return server
    },
    get wire() {
      return wire
    },
  }
}

// Side by side: most of their time they wait for a database that does not answer.
describe.concurrent('on a database of its own', () => {
  const at = house()
  const inTurn = { concurrent: false }

  describe('a database that goes away', inTurn, () => {
    it('is answered 503, a revocation too (RFC 7009 §2.2.1), and all heals by itself when it is back', async () => {
      const before = await at.some()
      await at.postgres.halt()
      await at.expectNothingWorks(before)
      await at.postgres.resume()
      await at.ready()
      await at.expectAllIsWell(before)
    })

    it('is told in few lines: counts every so often, and one when it is back', { timeout: 60_000 }, async () => {
      const before = await at.some()
      const from = at.server.log().length
      const told = () => at.server.log().slice(from).trimEnd().split('\n')
      const about = (message: string) => told().filter((line) => line.includes(` ${message}`))
      await at.postgres.halt()
      try {
        for (let turn = 0; turn < 100; turn++) expectUnavailable(await at.caller.userinfo(before.access))
        await eventually(
          async () => about('database_connection_lost'),
          (lines) => lines.some((line) => line.includes('repeated=')),
          20_000,
        )
      } finally {
        await at.postgres.resume()
      }
      await at.ready()
      await at.expectAllIsWell(before)
      expect(about('database_connection_lost').join('\n')).toMatch(/reason=".*" repeated=\d{2,} for_s=\d/)
      expect(about('database_connection_lost').length).toBeLessThan(4)
      expect(about('database_answers_again')).toEqual([expect.stringMatching(/ info .* failures=\d{3,} after_s=\d/)])
      expect(about('An endpoint failed').length).toBeLessThan(4)
      expect(about('ready again')).toHaveLength(about('not ready').length)
      expect(about('database_read_again')).toEqual([])
      expect(told().length, told().join('\n')).toBeLessThan(20)
    })

    it('and comes back between two requests costs no request', async () => {
      const before = await at.some()
      await at.postgres.halt()
      await at.postgres.resume()
      expect((await at.caller.userinfo(before.access)).status).toBe(200)
      await at.expectAllIsWell(before)
    })

    it('behind a network that is down: 503 at once', async () => {
      const before = await at.some()
      const calm = performance.now()
      await Promise.all([1, 2, 3].map(() => at.caller.userinfo(before.access)))
      const usual = performance.now() - calm
      at.wire.down()
      const started = performance.now()
      await at.expectNothingWorks(before)
      // At once: nobody waits for the five seconds that a connection may take.
      expect(performance.now() - started).toBeLessThan(4_500 + usual)
      at.wire.up()
      await at.ready()
      await at.expectAllIsWell(before)
    })

    it('at the start: one line says what to do', async () => {
      const end = await tryChild({
        env: at.prepared.env,
        words: at.wordsFor('postgres://postgres@127.0.0.1:1/postgres'),
      })
      expect('port' in end).toBe(false)
      if ('port' in end) return
      expect(end.code, end.log).toBe(5)
      expect(end.log.trim().split('\n'), end.log).toHaveLength(1)
      expect(end.log).toMatch(/^Error: The database does not answer .*See that PostgreSQL runs/)
    })
  })

  describe('a connection that is cut in the middle of COMMIT', inTurn, () => {
    it.each(['before', 'after'] as const)('(%s it): 503, and the code gives tokens at most once', async (moment) => {
      const code = await at.caller.needCode()
      const grants = await at.sql<{ n: string }>('SELECT count(*) AS n FROM access_token')
      at.wire.cut = { moment, of: 'consume_code' }
      const cuts = at.wire.cuts
      expectUnavailable(await at.caller.redeem(code))
      expect(at.wire.cuts).toBe(cuts + 1)
      const replies = await Promise.all([1, 2, 3].map(() => at.caller.redeem(code)))
      const wins = replies.filter(({ status }) => status === 200).length
      expect(replies.map(({ status }) => status).filter((status) => status !== 200 && status !== 400)).toEqual([])
      // Not committed: one of the repeats wins. Committed: nobody has the tokens, and nobody gets others.
      expect(wins).toBe(moment === 'before' ? 1 : 0)
      const after = await at.sql<{ n: string }>('SELECT count(*) AS n FROM access_token')
      expect(Number(after[0]?.n) - Number(grants[0]?.n)).toBe(1)
      await at.caller.tokens()
    })

    it.each(['before', 'after'] as const)('(%s it): 503, and the refresh can be asked again', async (moment) => {
      const first = await at.caller.tokens()
      at.wire.cut = { moment, of: 'rotate_refresh_token' }
      const cuts = at.wire.cuts
      expectUnavailable(await at.caller.refresh(first.refresh))
      expect(at.wire.cuts).toBe(cuts + 1)
      const answers = (await Promise.all([1, 2, 3].map(() => at.caller.refresh(first.refresh)))).map(issuedBy)
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
      const next = issuedBy(await at.caller.refresh(answers[0]?.refresh ?? ''))
      expect((await at.caller.userinfo(next.access)).status).toBe(200)
      // Old and new are never both alive for good.
      expect((await at.caller.refresh(first.refresh)).status).toBe(400)
    })

    it.each(['before', 'after'] as const)(
      '(%s it): a revocation is 503, and holds when asked again',
      async (moment) => {
        const tokens = await at.caller.tokens()
        at.wire.cut = { moment, of: 'revoke_grant' }
        expectUnavailable(await at.caller.revoke(tokens.refresh))
        expect((await at.caller.revoke(tokens.refresh)).status).toBe(200)
        expect((await at.caller.userinfo(tokens.access)).status).toBe(401)
      },
    )
  })

  describe('a database without a free connection', inTurn, () => {
    it('is answered 503, says so, and heals when there is room', { timeout: 60_000 }, async () => {
      const before = await at.some()
      // The server gives back its connections, and comes too late to get them again.
      at.wire.down()
      const greedy: Client[] = []
      for (;;) {
        const client = new Client(at.postgres.url)
        client.on('error', () => undefined)
        try {
          await client.connect()
          greedy.push(client)
        } catch {
          break
        }
      }
      expect(greedy.length).toBeGreaterThan(10)
      at.wire.up()
      await at.expectNothingWorks(before)
      await Promise.all(greedy.map((client) => client.end()))
      await at.ready()
      await at.expectAllIsWell(before)
    })
  })
})

describe.concurrent('a slow database', () => {
  const at = house()
  const inTurn = { concurrent: false, timeout: 60_000 }

  it('(2 s a query) is waited for, and health is answered meanwhile', inTurn, async () => {
    const before = await at.some()
    at.wire.delay = 1_000
    const began = performance.now()
    let isAnswered = false
    const asked = Promise.all([at.caller.userinfo(before.access), at.caller.redeem(before.code)]).finally(() => {
      isAnswered = true
    })
    const health = await at.caller.ask('GET', '/healthz')
    expect(health.status).toBe(200)
    expect(isAnswered).toBe(false)
    const [info, redeemed] = await asked
    expect(info.status).toBe(200)
    expect(redeemed.status).toBe(200)
    expect(performance.now() - began).toBeGreaterThan(1_900)
  })

  it('held up by a lock that lasts too long: 503, and nothing is issued twice', inTurn, async () => {
    const before = await at.some()
    const client = new Client(at.postgres.url)
    await client.connect()
    await client.query('BEGIN; LOCK TABLE authorization_code IN ACCESS EXCLUSIVE MODE')
    const reply = at.caller.redeem(before.code)
    const { access } = before
    expect((await at.caller.userinfo(access)).status).toBe(200)
    expectUnavailable(await reply)
    await client.query('COMMIT')
    await client.end()
    await at.ready()
    await at.expectAllIsWell(before)
  })
})

describe.concurrent('a network that swallows everything', () => {
  const at = house()

  it('is given up after the time limit, and all is well when it speaks again', { timeout: 60_000 }, async () => {
    const before = await at.some()
    const code = await at.caller.needCode()
    at.wire.silence()
    const began = performance.now()
    const replies = await Promise.all([
      at.caller.userinfo(before.access),
      at.caller.revoke(before.access),
      at.caller.redeem(code),
      at.caller.code(),
      at.caller.ready(),
    ])
    expect(performance.now() - began).toBeLessThan(20_000)
    expect(replies.map((reply) => (typeof reply === 'string' ? reply : reply.status))).toEqual(Array(5).fill(503))
    at.wire.speak()
    await at.ready()
    await at.expectAllIsWell(before)
    expect((await at.caller.redeem(code)).status).toBeOneOf([200, 400])
    expect((await at.caller.redeem(code)).status).toBe(400)
  })
})
