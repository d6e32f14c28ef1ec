// What the database is, or becomes, to whoever is connected: a standby, read-only, or one that waits for its standby.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type OwnPostgres, startOwnPostgres } from '../../support/postgres-server.ts'
import { Caller, eventually, type Reply } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { type Prepared, preparePostgres } from '../support/installation.ts'

let postgres: OwnPostgres
let prepared: Prepared
let server: Child
let caller: Caller

beforeAll(async () => {
  postgres = await startOwnPostgres()
  prepared = await preparePostgres(postgres.url)
  server = await startChild({ ...prepared, words: [...prepared.words, '--issuer', 'http://localhost:4999'] })
  caller = new Caller(server)
})
afterAll(async () => {
  caller.close()
  await server.kill()
  await postgres.stop()
  prepared.remove()
})

async function sql<Row>(...texts: readonly string[]): Promise<readonly Row[]> {
  const client = new Client({ connectionString: postgres.url, options: '-c default_transaction_read_only=off' })
  await client.connect()
  try {
    let rows: Row[] = []
    for (const text of texts) rows = (await client.query(text)).rows as Row[]
    return rows
  } finally {
    await client.end()
  }
}

/** By itself: nothing but the fault is taken away. */
const healed = () =>
  eventually(
    async () => await caller.code(),
    (code) => typeof code === 'string',
  )

function expectUnavailable(reply: Reply): void {
  expect(reply.status, reply.text).toBe(503)
  expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
}

describe('a database that a failover has made a standby', () => {
  it('is not read either, since it may be behind what was said; promoted, all heals by itself', {
    timeout: 60_000,
  }, async () => {
    const [before, revoked] = [await caller.tokens(), await caller.tokens()]
    const code = await caller.needCode()
    expect((await caller.revoke(revoked.access)).status).toBe(200)
    await postgres.halt()
    writeFileSync(join(postgres.data, 'standby.signal'), '')
    await postgres.resume()
    for (let round = 0; round < 4; round++) {
      expectUnavailable(await caller.userinfo(before.access))
      expectUnavailable(await caller.introspect(revoked.access))
      expectUnavailable(await caller.redeem(code))
    }
    expect((await caller.ready()).status).toBe(503)
    expect(server.log()).toContain('the database is a standby')
    await sql('SELECT pg_promote()')
    await healed()
    expect((await caller.userinfo(before.access)).status).toBe(200)
    expect((await caller.userinfo(revoked.access)).status).toBe(401)
    expect((await caller.redeem(code)).status).toBe(200)
    expect((await caller.redeem(code)).status).toBe(400)
  })
})

describe('connections that began while the database was read-only', () => {
  afterEach(() => sql('ALTER DATABASE postgres RESET default_transaction_read_only'))

  it('do not stay so under load once it may be written again', { timeout: 60_000 }, async () => {
    const tokens = await caller.tokens()
    await sql(
      'ALTER DATABASE postgres SET default_transaction_read_only = on',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lingpai'`,
    )
    // Each connection for writes is busy at once, so that all begin now.
    await eventually(
      async () => await Promise.all(Array.from({ length: 24 }, () => caller.refresh(tokens.refresh))),
      (replies) => replies.every(({ status }) => status === 503),
    )
    expect((await caller.userinfo(tokens.access)).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await sql('ALTER DATABASE postgres RESET default_transaction_read_only')
    let last: readonly Reply[] = []
    await eventually(
      async () => {
        last = await Promise.all(Array.from({ length: 24 }, () => caller.refresh(tokens.refresh)))
        return last.map(({ status }) => status)
      },
      (statuses) => statuses.every((status) => status === 200),
      8_000,
    )
    expect(new Set(last.map(({ body }) => body['access_token'])).size).toBe(1)
  })
})

describe('a commit whose waiting for the synchronous standby an operator cancels', () => {
  afterEach(() => sql('ALTER SYSTEM RESET synchronous_standby_names', 'SELECT pg_reload_conf()'))

  it('is no success, because a failover may lose it', { timeout: 60_000 }, async () => {
    const code = await caller.needCode()
    await sql(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`, 'SELECT pg_reload_conf()')
    await eventually(
      () => sql<{ names: string }>(`SELECT current_setting('synchronous_standby_names') AS names`),
      ([row]) => row?.names === 'nobody',
    )
    const redeemed = caller.redeem(code)
    // What the server writes by itself waits as well; whoever has ended a wait may begin another.
    let isAnswered = false
    void redeemed.then(() => {
      isAnswered = true
    })
    await eventually(
      async () => {
        await sql(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
        return isAnswered
      },
      (answered) => answered,
    )
    expectUnavailable(await redeemed)
    await sql('ALTER SYSTEM RESET synchronous_standby_names', 'SELECT pg_reload_conf()')
    await healed()
    // It was committed here: the code is spent.
    expect((await caller.redeem(code)).status).toBe(400)
  })
})
