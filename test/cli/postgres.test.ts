// Two servers on one PostgreSQL database: a change by the command line holds on both at the next request.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allLogs, lingpai, lingpaiJson, type StartedLingpai, scratchFolder, startLingpai } from '../support/cli.ts'
import { OutsideClient } from '../support/cli-client.ts'
import { freePort } from '../support/free-port.ts'
import { type FreshDatabase, freshDatabase, runOn } from '../support/postgres.ts'
import { expectInvalidClient, expectInvalidToken } from '../support/relying-party.ts'
import { CALLBACK, TEST_PASSWORD, TEST_SECRET } from '../support/server.ts'

const scratch = scratchFolder()
const MASTER = Buffer.alloc(32, 7).toString('base64url')
const OTHER_SECRET = 'another-fake-secret-of-these-tests-0002'

let database: FreshDatabase
let first: StartedLingpai
let second: StartedLingpai
let environment: { env: Record<string, string> }

const cli = (words: readonly string[], stdin?: string) =>
  lingpaiJson([...words, '--database', database.url], { ...environment, ...(stdin !== undefined && { stdin }) })

const client = (at: StartedLingpai) =>
  new OutsideClient({ at: `http://localhost:${at.port}`, clientId: 'web', secret: TEST_SECRET, username: 'alice' })

beforeAll(async () => {
  database = await freshDatabase()
  environment = { env: { LINGPAI_MASTER_KEY: MASTER, LINGPAI_DATA: scratch.path('unused') } }
  const words = ['--database', database.url]
  first = await startLingpai(words, environment)
  const port = String(await freePort())
  second = await startLingpai([...words, '--port', port, '--alternative-hosts', `localhost:${port}`], environment)
  await cli([
    'client',
    'add',
    '--preset',
    'openid-connect',
    '--name',
    'Web',
    '--client-id',
    'web',
    '--client-secret',
    TEST_SECRET,
    '--redirect-uri',
    CALLBACK,
  ])
  await cli(['user', 'add', '--username', 'alice', '--password-stdin'], TEST_PASSWORD)
})
afterAll(async () => {
  await Promise.all([first, second].map((server) => server.stop()))
  await database.drop()
  scratch.remove()
})

describe('commands on PostgreSQL', () => {
  test.each([
    [
      'a database that is not there',
      (url: URL) => Object.assign(url, { pathname: '/none' }),
      '3D000',
      'createdb -E UTF8',
      '请先建立该数据库',
    ],
    [
      'a role that is not there',
      (url: URL) => Object.assign(url, { username: 'nobody_at_all' }),
      '28',
      'Correct the role',
      '请更正地址中的用户名或密码',
    ],
  ] as const)('%s is told with the way on, in both languages', async (_, wrong, state, way, chinese) => {
    const words = ['user', 'list', '--database', wrong(new URL(database.url)).href]
    const { code, stderr } = await lingpai(words, environment)
    expect([code, stderr]).toEqual([
      5,
      expect.stringMatching(new RegExp(`^Error: The database refuses \\(${state}.*${way}`)),
    ])
    const told = await lingpai(words, { env: { ...environment.env, LANG: 'zh_CN.UTF-8' } })
    expect(told.stderr).toMatch(new RegExp(`^错误：数据库拒绝了连接（${state}.*${chinese}`))
  })

  test('both nodes keep one issuer and publish the same keys', async () => {
    expect(second.issuer).toBe(first.issuer)
    const keys = await Promise.all(
      [first, second].map(async ({ port }) => (await fetch(`http://localhost:${port}/sso/jwks`)).json()),
    )
    expect(keys[0]).toEqual(keys[1])
  })

  test('a token of one node is known to the other, and a disabled user is refused by both', async () => {
    const [here, there] = [client(first), client(second)]
    const { access } = await here.signIn()
    expect((await there.userinfo(access)).status).toBe(200)
    await cli(['user', 'disable', 'alice'])
    for (const each of [here, there]) expectInvalidToken(await each.userinfo(access))
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await cli(['user', 'enable', 'alice'])
    for (const each of [here, there]) expectInvalidToken(await each.userinfo(access))
    expect((await here.userinfo((await here.signIn()).access)).status).toBe(200)
  })

  test('a new secret holds on both nodes at once', async () => {
    await cli(['client', 'rotate-secret', 'web', '--client-secret-stdin'], OTHER_SECRET)
    for (const node of [first, second]) {
      const each = client(node)
      expectInvalidClient(await each.token({ grant_type: 'refresh_token', refresh_token: 'none' }))
      const known = await each.token({ grant_type: 'refresh_token', refresh_token: 'none' }, OTHER_SECRET)
      expect(known.body['error']).toBe('invalid_grant')
    }
    await cli(['client', 'rotate-secret', 'web', '--client-secret-stdin'], TEST_SECRET)
  })

  test('lists, imports, keys and traces work as on SQLite', async () => {
    expect(await cli(['user', 'list'])).toMatchObject({ users: [{ username: 'alice' }] })
    expect(await cli(['client', 'show', 'web'])).toMatchObject({ client_id: 'web' })
    expect(await cli(['key', 'list'])).toMatchObject({ keys: { length: 2 } })
    await expect.poll(async () => (await cli(['trace']))['length'], { timeout: 20_000 }).toBeGreaterThan(0)
  })

  test('what PostgreSQL does itself, and what is missing, is said', async () => {
    const backup = await lingpai(['backup', scratch.path('b'), '--database', database.url], environment)
    expect(backup.code).toBe(2)
    expect(backup.stderr).toMatch(/pg_dump/)
    const keyless = await lingpai(['user', 'list', '--database', database.url])
    expect(keyless.code).toBe(2)
    expect(keyless.stderr).toMatch(/same master key.*LINGPAI_MASTER_KEY_FILE/)
    const wrong = { env: { LINGPAI_MASTER_KEY: Buffer.alloc(32, 8).toString('base64url') } }
    const other = await lingpai(['user', 'list', '--database', database.url], wrong)
    expect(other.code).toBe(6)
    expect(other.stderr).toMatch(/The master key is not the one/)
  })

  test('a role that may not make tables, or not read those of another, is told what it lacks; with the right it serves', async () => {
    const role = `powerless_${process.pid}`
    const other = await freshDatabase()
    // As a database is that its administrator has made: since PostgreSQL 15 others may not make tables in it.
    await runOn(other.url, `REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE ${role} LOGIN`)
    const as = (url: string) => ['--database', url.replace(/\/\/[^@]*@/, `//${role}@`)]
    const words = /^Error: The role of the database may not do what the server needs \(42501: [^)]+\).*OWNER TO.*\n$/
    try {
      const [refused, blind] = [
        await lingpai(['start', '--port', '0', ...as(other.url)], environment),
        await lingpai(['user', 'list', ...as(database.url)], environment),
      ]
      expect([refused.code, blind.code]).toEqual([5, 5])
      expect(refused.stderr).toMatch(words)
      expect(blind.stderr).toMatch(words)
      await runOn(other.url, `GRANT CREATE ON SCHEMA public TO ${role}`)
      const server = await startLingpai(as(other.url), environment)
      expect((await fetch(`${server.issuer}/readyz`)).status).toBe(200)
      await server.stop()
    } finally {
      await other.drop()
      await runOn(database.url, `DROP ROLE ${role}`)
    }
  })

  test('the database of another program is told as such, keeps what it holds, and serves beside it in a schema of ours', async () => {
    const shared = await freshDatabase()
    const start = ['start', '--port', '0', '--database', shared.url]
    try {
      await runOn(shared.url, 'CREATE TABLE client (theirs INTEGER); INSERT INTO client VALUES (7)')
      const refused = await lingpai(start, environment)
      expect(refused.code).toBe(4)
      expect(refused.stderr).toMatch(/^Error: The database holds tables of another program.* --database-schema\.\n$/)
      await runOn(shared.url, 'INSERT INTO client (theirs) VALUES (8); CREATE SCHEMA ours')
      const server = await startLingpai(['--database', shared.url, '--database-schema', 'ours'], environment)
      expect((await fetch(`${server.issuer}/readyz`)).status).toBe(200)
      await server.stop()
    } finally {
      await shared.drop()
    }
  })

  test('no node has logged the master key, a secret or a password', () => {
    expect(allLogs()).toContain('migration_applied')
    for (const secret of [MASTER, TEST_SECRET, OTHER_SECRET, TEST_PASSWORD]) expect(allLogs()).not.toContain(secret)
  })
})
