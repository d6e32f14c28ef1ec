// A PostgreSQL that refuses some statements and carries out others: its disk is full for one table and not for the next, or a
// page of one is damaged.

import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../support/postgres.ts'
import { Caller, eventually, issuedBy } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { type Prepared, preparePostgres } from '../support/installation.ts'

let database: FreshDatabase
let prepared: Prepared
let server: Child
let caller: Caller

beforeAll(async () => {
  database = await freshDatabase()
  prepared = await preparePostgres(database.url)
})
beforeEach(async () => {
  server = await startChild({ ...prepared, words: [...prepared.words, '--issuer', 'http://localhost:4999'] })
  caller = new Caller(server)
})
afterEach(async () => {
  caller.close()
  await server.kill()
})
afterAll(async () => {
  prepared.remove()
  await database.drop()
})

async function sql(text: string): Promise<void> {
  const client = new Client(database.url)
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

describe.each([
  ['53100', 'could not extend file "base/5/16499": No space left on device'],
  ['XX001', 'invalid page in block 7 of relation base/5/16499'],
])('a table that is refused (%s)', (state, words) => {
  afterEach(() => sql('DROP TRIGGER IF EXISTS refused ON access_token'))

  it('is 503 where it is needed; /readyz and the log say so, also while others hold; and all heals by itself', {
    timeout: 60_000,
  }, async () => {
    const tokens = await caller.tokens()
    const code = await caller.needCode()
    const from = server.log().length
    await sql(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION '${words}' USING ERRCODE = '${state}'; END $$`)
    await sql('CREATE TRIGGER refused BEFORE INSERT ON access_token EXECUTE FUNCTION refuse()')
    for (const refused of [await caller.refresh(tokens.refresh), await caller.redeem(code)]) {
      expect(refused.status, refused.text).toBe(503)
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    }
    // Other tables are read and written on: that makes nothing ready.
    expect(typeof (await caller.code())).toBe('string')
    expect((await caller.userinfo(tokens.access)).status).toBe(200)
    const unready = await caller.ready()
    expect(unready.status).toBe(503)
    expect(unready.body['reason']).toBe('the database refuses')
    const told = server
      .log()
      .slice(from)
      .split('\n')
      .filter((line) => line.includes(' database_refuses '))
    expect(told, server.log()).toHaveLength(1)
    expect(told[0]).toContain(state)

    await sql('DROP TRIGGER refused ON access_token')
    await eventually(
      () => caller.ready(),
      ({ status }) => status === 200,
    )
    expect((await caller.redeem(code)).status).toBe(200)
    const next = issuedBy(await caller.refresh(tokens.refresh))
    expect((await caller.userinfo(next.access)).status).toBe(200)
  })
})
