// How often a request waits for PostgreSQL: counted on the wire, where a list of statements is one round trip.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Driver } from '../../../src/store/database/driver.ts'
import { statement, step } from '../../../src/store/database/driver.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { startWire, type Wire } from '../../faults/support/proxy.ts'
import { type FreshDatabase, freshDatabase } from '../../support/postgres.ts'
import { RelyingParty, tokensOf } from '../../support/relying-party.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { consumeToken, findToken, insertToken, tables } from './driver.tables.ts'

let database: FreshDatabase
let wire: Wire
beforeAll(async () => {
  database = await freshDatabase()
  wire = await startWire(database.url)
})
afterAll(async () => {
  await wire.close()
  await database.drop()
})

async function turns(work: () => Promise<unknown>): Promise<number> {
  const before = wire.turns
  await work()
  return wire.turns - before
}

describe.each([true, false])('the driver (named statements: %s)', (namedStatements) => {
  let driver: Driver
  beforeAll(async () => {
    driver = await openPostgres({ url: wire.url, namedStatements, max: 2, schema: namedStatements ? 'named' : 'plain' })
    await driver.script(tables('postgres'))
    // The connections are there before anything is counted.
    await driver.rows(findToken, { token_id: 'none' })
    await driver.atomic([step(insertToken, { token_id: 'first', owner: '张三' })])
  })
  afterAll(() => driver.close())

  test('a read is one round trip, also the first of its kind, which is prepared on the way', async () => {
    const fresh = statement<object, { one: number }>(`fresh_${namedStatements}`, 'SELECT 1 AS one')
    expect(await turns(() => driver.rows(fresh, {}))).toBe(1)
    expect(await turns(() => driver.rows(fresh, {}))).toBe(1)
  })

  test('a list is one round trip up to its commit, however long, and also when a guard undoes it', async () => {
    const insert = (token_id: string) => step(insertToken, { token_id, owner: '张三' })
    const consume = (token_id: string) => step(consumeToken, { token_id, now: 5 }, 'unused')
    expect(await turns(() => driver.atomic([insert('a')]))).toBe(1)
    expect(await turns(() => driver.atomic([consume('a'), insert('b'), insert('c')]))).toBe(1)
    const many = Array.from({ length: 12 }, (_, count) => insert(`many-${count}`))
    expect(await turns(() => driver.atomic(many))).toBe(1)
    expect(
      await turns(async () => expect(await driver.atomic([consume('a'), insert('d')])).toMatchObject({ held: false })),
    ).toBe(1)
  })

  test('lists asked together do not wait for one another, since nothing stands between here and the database', async () => {
    const insert = (token_id: string) => step(insertToken, { token_id, owner: '张三' })
    const lists = () => Promise.all(['e', 'f', 'g'].map((token_id) => driver.atomic([insert(token_id)])))
    expect(await turns(lists)).toBe(1)
  })

  test('fifty reads at once follow each other on one connection without waiting', async () => {
    const reads = () => Promise.all(Array.from({ length: 50 }, () => driver.rows(findToken, { token_id: 'a' })))
    // With an answer that takes its time, whoever waits for it before asking on is seen on the wire.
    wire.delay = 50
    try {
      expect(await turns(reads)).toBe(1)
    } finally {
      wire.delay = 0
    }
  })
})

describe('a request waits for the database', () => {
  let host: TestServer
  let app: RelyingParty
  let machine: RelyingParty

  beforeAll(async () => {
    host = await startServer({ database: 'postgres', at: wire.url })
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    const settings = { grant_types: ['client_credentials'], response_types: [], scope: 'read' }
    await host.addClient('machine', 'openid-connect', settings)
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app' })
    machine = new RelyingParty({ host, clientId: 'machine' })
    await app.tokens()
  })
  afterAll(() => host.close())

  const operations: readonly [string, number, () => Promise<() => Promise<unknown>>][] = [
    ['authorize with a session', 2, async () => () => app.code()],
    [
      'tokens by code',
      2,
      async () => {
        const code = await app.code()
        return () => app.redeem(code)
      },
    ],
    [
      'refresh',
      2,
      async () => {
        const { refresh } = await app.tokens()
        return () => app.refresh(refresh)
      },
    ],
    [
      'user info',
      1,
      async () => {
        const { access } = await app.tokens()
        return () => app.userinfo(access)
      },
    ],
    [
      'introspection',
      1,
      async () => {
        const { access } = await app.tokens()
        return () => app.introspect(access)
      },
    ],
    [
      'revocation',
      2,
      async () => {
        const { refresh } = await app.tokens()
        return () => app.revoke(refresh)
      },
    ],
    ['client credentials', 2, async () => () => machine.token({ grant_type: 'client_credentials' })],
  ]

  test.each(operations)('%s: %i times', async (_, expected, prepare) => {
    const seen: number[] = []
    for (let count = 0; count < 5; count++) seen.push(await turns(await prepare()))
    // The server's own errands (keys, clock, trace) may fall between: the smallest count is the request's own.
    expect(Math.min(...seen)).toBe(expected)
  })

  test('and the tokens are good', async () => {
    expect((await app.userinfo(tokensOf(await app.redeem(await app.code())).access)).status).toBe(200)
  })
})
