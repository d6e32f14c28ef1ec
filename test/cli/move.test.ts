// `lingpai move`: what an installation on SQLite holds goes on on PostgreSQL, as if nothing had happened.

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { openPostgres } from '../../src/store/database/postgres/postgres-driver.ts'
import { openSnapshot } from '../../src/store/database/sqlite/snapshot.ts'
import { isBeingFilled, moveEverything, NotEmpty } from '../../src/store/moving.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { createStore } from '../../src/store/store.ts'
import { lingpai, lingpaiJson, type StartedLingpai, scratchFolder, startLingpai } from '../support/cli.ts'
import { OutsideClient } from '../support/cli-client.ts'
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts'
import { CALLBACK, TEST_PASSWORD, TEST_SECRET } from '../support/server.ts'

const scratch = scratchFolder()
const data = scratch.path('data')
const masterKey = { LINGPAI_MASTER_KEY_FILE: join(data, 'master.key') }

let old: StartedLingpai
let databases: FreshDatabase[] = []

async function emptyDatabase(): Promise<string> {
  const database = await freshDatabase()
  databases.push(database)
  return database.url
}

const move = (url: string) => lingpai(['move', '--data', data, '--database', url, '--json'])

beforeAll(async () => {
  old = await startLingpai(['--data', data])
  const client = ['--preset', 'openid-connect', '--name', 'Web', '--client-id', 'web', '--redirect-uri', CALLBACK]
  await lingpaiJson(['client', 'add', '--data', data, ...client, '--client-secret', TEST_SECRET])
  for (const username of ['alice', 'bob']) {
    const user = ['--username', username, '--name', '张三', '--password-stdin']
    await lingpaiJson(['user', 'add', '--data', data, ...user], { stdin: TEST_PASSWORD })
  }
})
afterAll(async () => {
  await old.stop()
  for (const database of databases) await database.drop()
  databases = []
  scratch.remove()
})

const jwksOf = async ({ issuer }: StartedLingpai) => (await fetch(`${issuer}/sso/jwks`)).json()

describe('move', () => {
  test('beside a running server is refused, and begins nothing', async () => {
    const url = await emptyDatabase()
    const refused = await move(url)
    expect(refused.code).toBe(5)
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: 'server_running' })
    const target = await openPostgres({ url })
    const tables = {
      name: 'tables_of_test',
      sql: `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`,
    }
    expect(await target.rows(tables, {})).toEqual([])
    await target.close()
  })

  test('without a database is refused, and so is a folder without an installation', async () => {
    const nowhere = await lingpai(['move', '--data', data, '--json'])
    expect([nowhere.code, JSON.parse(nowhere.stdout)]).toMatchObject([2, { error: 'database_required' }])
    const url = await emptyDatabase()
    const nothing = await lingpai(['move', '--data', scratch.path('nothing'), '--database', url, '--json'])
    expect([nothing.code, JSON.parse(nothing.stdout)]).toMatchObject([3, { error: 'no_installation' }])
  })

  test('takes tokens, sessions, consents, keys and people along: nobody notices', async () => {
    const client = new OutsideClient({ at: old.issuer, clientId: 'web', secret: TEST_SECRET, username: 'alice' })
    const { access, refresh } = await client.signIn()
    const unused = await client.code()
    const before = await client.userinfo(access)
    const keys = await jwksOf(old)
    await old.stop()

    const url = await emptyDatabase()
    const moved = await move(url)
    expect([moved.code, moved.stderr]).toEqual([0, ''])
    const { rows } = JSON.parse(moved.stdout) as { rows: Record<string, number> }
    expect(rows).toMatchObject({ user: 2, client: 1, session: 1, consent: 1, grant: 2, access_token: 1 })

    const words = ['--database', url, '--port', String(old.port)]
    const now = await startLingpai(words, { env: masterKey })
    try {
      expect(now.issuer).toBe(old.issuer)
      expect(await jwksOf(now)).toEqual(keys)
      expect(await client.userinfo(access)).toMatchObject({ status: 200, body: before.body })
      expect((await client.redeem(unused)).status).toBe(200)
      const refreshed = await client.refresh(refresh)
      expect(refreshed.status).toBe(200)
      // The one before is known as such, and what ended stays ended.
      expect((await client.userinfo(String(refreshed.body['access_token']))).status).toBe(200)
      expect((await client.authorize({ prompt: 'none' })).get('code')).toMatch(/./)
      const bob = new OutsideClient({ at: now.issuer, clientId: 'web', secret: TEST_SECRET, username: 'bob' })
      expect((await bob.userinfo((await bob.signIn()).access)).status).toBe(200)
      // A second time there is somebody there.
      const again = await move(url)
      expect([again.code, JSON.parse(again.stdout)]).toMatchObject([4, { error: 'database_not_empty' }])
      expect((await client.userinfo(access)).status).toBe(200)
    } finally {
      await now.stop()
    }
  }, 60_000)

  test('that was cut off leaves a database on which nothing starts, and begins anew', async () => {
    const url = await emptyDatabase()
    const source = openSnapshot(join(data, 'lingpai.sqlite'))
    const target = await openPostgres({ url })
    await migrate(target, migrations, { clock: systemClock() })
    const cut = () => {
      throw new Error('cut off')
    }
    await expect(moveEverything(source, target, cut)).rejects.toThrow('cut off')
    expect(isBeingFilled((await createStore(target).findFact('key_check')) ?? '')).toBe(true)

    const listed = await lingpai(['client', 'list', '--database', url, '--json'], { env: masterKey })
    expect([listed.code, JSON.parse(listed.stdout)]).toMatchObject([5, { error: 'database_being_filled' }])
    const started = await lingpai(['start', '--database', url, '--port', '0', '--issuer', old.issuer], {
      env: masterKey,
    })
    expect(started.code).not.toBe(0)
    expect(started.stderr).toContain('npx lingpai move')

    expect((await move(url)).code).toBe(0)
    const { users } = await lingpaiJson<{ users: unknown[] }>(['user', 'list', '--database', url], { env: masterKey })
    expect(users).toHaveLength(2)
    // The one that was cut off cannot go on, either.
    await expect(moveEverything(source, target, () => undefined)).rejects.toThrow(NotEmpty)
    source.close()
    await target.close()
  }, 60_000)
})
