// `lingpai move`: what an installation on SQLite holds goes on on PostgreSQL, as if nothing had happened.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { openPostgres } from '../../src/store/database/postgres/postgres-driver.ts'
import { takeOwnership } from '../../src/store/database/sqlite/owner.ts'
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
  const client = ['--preset', 'openid-connect', '--name', 'Web', '--redirect-uri', CALLBACK]
  const add = ['client', 'add', '--data', data, ...client, '--client-secret', TEST_SECRET]
  await lingpaiJson([...add, '--client-id', 'web'])
  await lingpaiJson([...add, '--client-id', 'pairwise', '--set', 'subject_type=pairwise'])
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
    const pairwise = new OutsideClient({ at: old.issuer, clientId: 'pairwise', secret: TEST_SECRET, username: 'alice' })
    const redeemed = await pairwise.code()
    const hers = String((await pairwise.redeem(redeemed)).body['access_token'])
    const subject = (await pairwise.userinfo(hers)).body['sub']
    const before = await client.userinfo(access)
    const keys = await jwksOf(old)
    await old.stop()

    const url = await emptyDatabase()
    const moved = await move(url)
    expect([moved.code, moved.stderr]).toEqual([0, ''])
    const { rows } = JSON.parse(moved.stdout) as { rows: Record<string, number> }
    expect(rows).toMatchObject({ user: 2, client: 2, session: 2, consent: 2, grant: 3, access_token: 2 })

    const words = ['--database', url, '--port', String(old.port)]
    const now = await startLingpai(words, { env: masterKey })
    try {
      expect(now.issuer).toBe(old.issuer)
      expect(await jwksOf(now)).toEqual(keys)
      expect(await client.userinfo(access)).toMatchObject({ status: 200, body: before.body })
      expect((await client.redeem(unused)).status).toBe(200)
      const refreshed = await client.refresh(refresh)
      expect(refreshed.status).toBe(200)
      expect((await client.userinfo(String(refreshed.body['access_token']))).status).toBe(200)
      // A subject of its own is made of the master key and the person, and is the same.
      expect((await pairwise.userinfo((await pairwise.signIn()).access)).body['sub']).toBe(subject)
      // What was used up before is used up, and ends what it was used for.
      expect(await pairwise.redeem(redeemed)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
      expect((await pairwise.userinfo(hers)).status).toBe(401)
      expect((await client.authorize({ prompt: 'none' })).get('code')).toMatch(/./)
      const bob = new OutsideClient({ at: now.issuer, clientId: 'web', secret: TEST_SECRET, username: 'bob' })
      expect((await bob.userinfo((await bob.signIn()).access)).status).toBe(200)
      // A second time there is somebody there.
      const again = await move(url)
      expect([again.code, JSON.parse(again.stdout)]).toMatchObject([
        4,
        { error: 'database_not_empty', message: expect.stringContaining('an installation with this master key') },
      ])
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

  test('says where the key is, what the nodes need beside it, and what it left where it was', async () => {
    const folder = scratch.path('told')
    const web = ['--preset', 'openid-connect', '--name', 'Web', '--redirect-uri', CALLBACK]
    await lingpaiJson(['client', 'add', '--data', folder, '--issuer', 'https://sso.example', ...web])
    const file = new DatabaseSync(join(folder, 'lingpai.sqlite'))
    file.exec('CREATE TABLE _replica_seq (seq INTEGER)')
    file.close()
    const told = async (env: Readonly<Record<string, string>> = {}) =>
      (await lingpai(['move', '--data', folder, '--database', await emptyDatabase()], { env })).stdout
    const plain = await told()
    expect(plain).toContain(`LINGPAI_MASTER_KEY_FILE=${join(folder, 'master.key')}\n`)
    expect(plain).toContain('Left in the folder, being no table of Lingpai: _replica_seq.\n')
    expect(plain).not.toContain('the same options')

    writeFileSync(join(folder, 'lingpai.yaml'), 'stopDelay: 1s\n')
    expect(await told()).toContain(`Give every node the same options: ${join(folder, 'lingpai.yaml')}\n`)

    const elsewhere = scratch.path('key')
    renameSync(join(folder, 'master.key'), elsewhere)
    expect(await told({ LINGPAI_MASTER_KEY_FILE: elsewhere })).toContain(`LINGPAI_MASTER_KEY_FILE=${elsewhere}\n`)
    const key = readFileSync(elsewhere, 'utf8').trim()
    const byText = await told({ LINGPAI_MASTER_KEY: key })
    expect(byText).toContain('with the same master key: the one in LINGPAI_MASTER_KEY\n')
    expect(byText).not.toContain(key)
    // With another key, or none, it begins nothing.
    const other = await lingpai(['move', '--data', folder, '--database', await emptyDatabase(), '--json'], {
      env: { LINGPAI_MASTER_KEY: key.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A')) },
    })
    expect([other.code, JSON.parse(other.stdout)]).toMatchObject([6, { error: 'wrong_key' }])
    const none = await lingpai(['move', '--data', folder, '--database', await emptyDatabase(), '--json'])
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('master.key does not exist')])
  }, 60_000)

  test('beside another one of the same folder is refused', async () => {
    const ownership = takeOwnership(data)
    const refused = await move(await emptyDatabase())
    ownership.release()
    expect([refused.code, JSON.parse(refused.stdout)]).toMatchObject([
      5,
      { error: 'server_running', message: expect.stringContaining('or another move') },
    ])
  })
})
