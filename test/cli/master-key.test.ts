// `lingpai master-key replace`: nobody is signed out, nothing opens by the former key, and what was cut off goes on.

import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import { openInstallation } from '../../src/cli/installation.ts'
import { keyCheck, masterKeyFrom } from '../../src/credentials/master-key.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { StoreUnavailable } from '../../src/store/database/driver.ts'
import { asserted, assertion } from '../support/assertions.ts'
import {
  lingpai,
  lingpaiJson,
  outcomeOf,
  type StartedLingpai,
  scratchFolder,
  spawnLingpai,
  startLingpai,
} from '../support/cli.ts'
import { OutsideClient } from '../support/cli-client.ts'
import { type FreshDatabase, freshDatabase, runOn } from '../support/postgres.ts'
import { ask, expectInvalidGrant, form } from '../support/relying-party.ts'
import { CALLBACK, TEST_PASSWORD, TEST_SECRET } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const scratch = scratchFolder()
const databases: FreshDatabase[] = []
afterAll(async () => {
  for (const database of databases) await database.drop()
  scratch.remove()
})

/** A client with a digest of its secret, one whose secret is kept sealed, and a person. */
async function fill(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const add = ['client', 'add', '--preset', 'openid-connect', '--redirect-uri', CALLBACK, ...words]
  const secret = ['--client-secret', TEST_SECRET]
  const web = ['--name', 'Web', '--client-id', 'web', '--set', 'subject_type=pairwise']
  await lingpaiJson([...add, ...secret, ...web], { env })
  const method = 'token_endpoint_auth_method=client_secret_jwt'
  const grants = 'grant_types=["authorization_code","client_credentials"]'
  await lingpaiJson([...add, ...secret, '--name', 'Hmac', '--client-id', 'hmac', '--set', method, '--set', grants], {
    env,
  })
  const user = ['user', 'add', '--username', 'alice', '--password-stdin', ...words]
  await lingpaiJson(user, { stdin: TEST_PASSWORD, env })
}

const at = ({ port }: StartedLingpai) => `http://localhost:${port}`
const web = (server: StartedLingpai, visitor = new Visitor()) =>
  new OutsideClient({ at: at(server), clientId: 'web', secret: TEST_SECRET, username: 'alice' }, visitor)

/** By an assertion signed with the secret itself. */
async function hmacToken(server: StartedLingpai): Promise<number> {
  const text = await assertion({ host: { issuer: server.issuer, clock: systemClock() }, clientId: 'hmac' })
  const body = form({ grant_type: 'client_credentials', ...asserted(text) })
  return (await ask(`${at(server)}/sso/token`, { method: 'POST', body })).status
}

const keyIdOf = (text: string) => masterKeyFrom(Buffer.from(text.trim(), 'base64url')).keyId

/** By which master keys anything in the database is sealed. */
function sealedBy(data: string): ReadonlySet<string> {
  const database = new DatabaseSync(join(data, 'lingpai.sqlite'), { readOnly: true })
  const blobs = database
    .prepare('SELECT sealed_secret AS sealed FROM client UNION ALL SELECT sealed_private_key FROM signing_key')
    .all()
    .flatMap(({ sealed }) => (sealed === null ? [] : [Buffer.from(sealed as Uint8Array)]))
  const facts = database
    .prepare(`SELECT name, value FROM installation WHERE name = 'carried_keys' OR name LIKE 'decryption_key_%'`)
    .all()
    .flatMap(({ name, value }) =>
      name === 'carried_keys'
        ? [String(value)]
        : (JSON.parse(String(value)) as { sealed: string }[]).map(({ sealed }) => sealed),
    )
  database.close()
  return new Set(
    [...blobs, ...facts.map((text) => Buffer.from(text, 'base64url'))].map((each) => each.toString('hex', 1, 5)),
  )
}

// Each replacement waits some seconds until no server can be at work by the former key: side by side.
describe.concurrent('on a data folder', () => {
  const data = scratch.path('folder')
  /** They go on where the one before has ended. */
  const inTurn = { concurrent: false }
  const words = ['--data', data, '--encrypted-requests']
  const replace = ['master-key', 'replace', '--data', data]
  const keyFile = join(data, 'master.key')

  test('sign-ins, tokens, subjects, sessions and clients go on, twice over, and nothing opens by the former key', {
    ...inTurn,
    timeout: 120_000,
  }, async () => {
    let server = await startLingpai(words)
    await fill(['--data', data])
    let client = web(server)
    const { visitor } = client
    const { refresh: superseded, ...before } = await client.signIn()
    const rotated = await client.refresh(superseded)
    expect(rotated.status).toBe(200)
    let refresh = String(rotated.body['refresh_token'])
    const { sub, sid } = decodeJwt(before.idToken)
    const { kid } = decodeProtectedHeader(before.idToken)
    expect(await hmacToken(server)).toBe(200)
    await server.stop()

    for (const round of [1, 2]) {
      const former = readFileSync(keyFile, 'utf8')
      const result = await lingpaiJson(replace)
      const next = readFileSync(keyFile, 'utf8')
      expect(next).not.toBe(former)
      const formerFile = join(data, `master.key.former-${keyIdOf(former)}`)
      expect(result).toEqual({
        former_key: keyIdOf(former),
        key: keyIdOf(next),
        former_key_file: formerFile,
        signing_keys: 2,
        client_secrets: 1,
      })
      expect(readFileSync(formerFile, 'utf8')).toBe(former)
      for (const file of [keyFile, formerFile]) expect(statSync(file).mode & 0o777).toBe(0o600)
      expect(existsSync(join(data, 'master.key.next'))).toBe(false)
      expect(sealedBy(data)).toEqual(new Set([keyIdOf(next)]))

      server = await startLingpai(words)
      client = web(server, visitor)
      expect((await client.userinfo(before.access)).body).toMatchObject({ sub })
      const again = await client.refresh(refresh)
      expect(again.status, again.text).toBe(200)
      refresh = String(again.body['refresh_token'])
      expect(decodeProtectedHeader(String(again.body['id_token'])).kid).toBe(kid)
      // Without a page: the session goes on, and the client knows it by the same name.
      const silent = await client.redeem(await client.code({ prompt: 'none' }))
      expect(decodeJwt(String(silent.body['id_token']))).toMatchObject({ sub, sid })
      expect(await hmacToken(server)).toBe(200)
      expect(
        (await client.token({ grant_type: 'refresh_token', refresh_token: refresh }, 'a-wrong-secret')).status,
      ).toBe(401)
      if (round === 2) expectInvalidGrant(await client.refresh(superseded))
      await server.stop()
      const events = await lingpaiJson<readonly { type: string }[]>(['event', 'list', '--data', data])
      expect(events.filter(({ type }) => type === 'master_key_replaced')).toHaveLength(round)
    }
  })

  test('nothing starts by the former key, and everything by the next one', inTurn, async () => {
    const [former = ''] = readdirSync(data).filter((name) => name.startsWith('master.key.former-'))
    const listed = ['client', 'list', '--data', data]
    const byFormer = await lingpai(listed, { env: { LINGPAI_MASTER_KEY_FILE: join(data, former) } })
    expect(byFormer.code).toBe(6)
    expect(byFormer.stderr).toContain('The master key is not the one this database was made with.')
    const started = await lingpai(['start', '--port', '0', ...words], {
      env: { LINGPAI_MASTER_KEY_FILE: join(data, former) },
    })
    expect(started.code).toBe(6)
    expect(started.stderr).toContain('The master key is not the one this database was made with.')
    expect((await lingpai(listed)).code).toBe(0)
  })

  test('a command that was at work while the key was replaced writes nothing by the former one', inTurn, async () => {
    const file = join(data, 'lingpai.sqlite')
    const change = (from: string, to: string) => {
      const database = new DatabaseSync(file)
      database.prepare('UPDATE installation SET value = ? WHERE value = ?').run(to, from)
      database.close()
    }
    const at = await openInstallation({ data })
    const check = keyCheck(at.master)
    const put = () => at.store.putFact('decryption_key_rsa', '[]')
    const kept = await at.store.findFact('decryption_key_rsa')
    change(check, 'another')
    await expect(put()).rejects.toThrow(StoreUnavailable)
    expect(await at.store.findFact('decryption_key_rsa')).toBe(kept)
    change('another', check)
    await put()
    await at.store.putFact('decryption_key_rsa', String(kept))
    await at.close()
  })

  test('is refused while a server runs, which loses nothing', inTurn, async () => {
    const before = [readFileSync(keyFile, 'utf8'), ...readdirSync(data).filter((name) => /key/.test(name))]
    const server = await startLingpai(words)
    const { code, stderr } = await lingpai(replace)
    expect(code).toBe(5)
    expect(stderr).toBe(
      `Error: A server is running on ${data}, or this command is already. Stop the server, or wait, then try again.\n`,
    )
    expect(await hmacToken(server)).toBe(200)
    await server.stop()
    expect([readFileSync(keyFile, 'utf8'), ...readdirSync(data).filter((name) => /key/.test(name))]).toEqual(before)
  })

  test('another key cannot be given, and nothing is made', inTurn, async () => {
    const before = readdirSync(data).filter((name) => /key/.test(name))
    const { code, stderr } = await lingpai([...replace, '--new-key-file', keyFile])
    expect(code).toBe(2)
    expect(stderr).toContain('Leave --new-key-file out.')
    const nowhere = await lingpai(['master-key', 'replace', '--data', scratch.path('nowhere')])
    expect(nowhere.code).toBe(3)
    expect(readdirSync(data).filter((name) => /key/.test(name))).toEqual(before)
  })

  test('what does not open is named before anything has begun, and once it is mended it can be replaced', {
    ...inTurn,
    timeout: 120_000,
  }, async () => {
    const database = new DatabaseSync(join(data, 'lingpai.sqlite'))
    const [before] = database.prepare(`SELECT sealed_secret AS sealed FROM client WHERE client_id = 'hmac'`).all()
    const sealed = Buffer.from(before?.['sealed'] as Uint8Array)
    const put = database.prepare(`UPDATE client SET sealed_secret = ? WHERE client_id = 'hmac'`)
    const damaged = Buffer.from(sealed)
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1
    put.run(damaged)
    const key = readFileSync(keyFile, 'utf8')
    const { code, stderr } = await lingpai(replace)
    expect(code).toBe(1)
    expect(stderr).toContain('client.sealed_secret of hmac does not open')
    expect(stderr).toContain(`Nothing was changed. A client gets another secret by npx lingpai client rotate-secret`)
    expect(readFileSync(keyFile, 'utf8')).toBe(key)
    expect((await lingpai(['client', 'list', '--data', data])).code).toBe(0)
    put.run(sealed)
    database.close()
    await lingpaiJson(replace)
    expect(readFileSync(keyFile, 'utf8')).not.toBe(key)
  })

  test.each(['SIGKILL', 'SIGINT'] as const)(
    'what %s cuts off is told by whatever opens it, and goes on when it is run again',
    {
      ...inTurn,
      timeout: 120_000,
    },
    async (signal) => {
      const former = readFileSync(keyFile, 'utf8')
      const child = spawnLingpai(replace)
      const ended = outcomeOf(child)
      await markIn(data)
      child.kill(signal)
      const { stderr } = await ended
      if (signal === 'SIGINT') expect(stderr).toContain('Run the same command again: it goes on.')
      expect(readFileSync(keyFile, 'utf8')).toBe(former)
      const told = 'The master key of this database is being replaced, or that was cut off.'
      const started = await lingpai(['start', '--port', '0', ...words])
      expect(started.code).toBe(5)
      expect(started.stderr).toContain(told)
      const listed = await lingpai(['client', 'list', '--data', data])
      expect([listed.code, listed.stderr]).toEqual([5, expect.stringContaining(told)])
      const { key } = await lingpaiJson<{ key: string }>(replace)
      expect(key).toBe(keyIdOf(readFileSync(keyFile, 'utf8')))
      expect(sealedBy(data)).toEqual(new Set([key]))
      const server = await startLingpai(words)
      expect(await hmacToken(server)).toBe(200)
      await server.stop()
    },
  )
})

/** Resolves once the database says that a replacement is under way. */
async function markIn(data: string): Promise<void> {
  for (;;) {
    const database = new DatabaseSync(join(data, 'lingpai.sqlite'), { readOnly: true })
    const found = database.prepare(`SELECT value FROM installation WHERE name = 'key_check'`).get()
    database.close()
    if (String(found?.['value']).startsWith('being replaced ')) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe.concurrent('on PostgreSQL', () => {
  const former = Buffer.alloc(32, 21).toString('base64url')
  const next = Buffer.alloc(32, 22).toString('base64url')

  test('servers that run notice it and end; with the next key they go on', { timeout: 120_000 }, async () => {
    const database = await freshDatabase()
    databases.push(database)
    const words = ['--database', database.url]
    const byFormer = { env: { LINGPAI_MASTER_KEY: former, LINGPAI_DATA: scratch.path('unused') } }
    const byNext = { env: { ...byFormer.env, LINGPAI_MASTER_KEY: next } }
    const file = scratch.path('next.key')
    writeFileSync(file, `${next}\n`, { mode: 0o600 })

    const first = await startLingpai(words, byFormer)
    await fill(words, byFormer.env)
    const tokens = await web(first).signIn()

    const unnamed = await lingpai(['master-key', 'replace', ...words], byFormer)
    expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining('--new-key-file next.key')])
    const same = scratch.path('same.key')
    writeFileSync(same, former, { mode: 0o600 })
    expect((await lingpai(['master-key', 'replace', ...words, '--new-key-file', same], byFormer)).code).toBe(2)
    const missing = await lingpai(['master-key', 'replace', ...words, '--new-key-file', scratch.path('none')], byFormer)
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('none (--new-key-file) does not exist')])
    const wrong = { env: { ...byFormer.env, LINGPAI_MASTER_KEY: Buffer.alloc(32, 23).toString('base64url') } }
    expect((await lingpai(['master-key', 'replace', ...words, '--new-key-file', file], wrong)).code).toBe(6)
    expect(await hmacToken(first)).toBe(200)

    const result = await lingpaiJson(['master-key', 'replace', ...words, '--new-key-file', file], byFormer)
    expect(result).toMatchObject({ former_key: keyIdOf(former), key: keyIdOf(next), client_secrets: 1 })
    // It has ended by itself: stopping it finds its exit code.
    expect((await first.stop()).code).toBe(6)
    expect(first.log()).toContain('the master key of the database was replaced, or is being replaced')

    const twice = await lingpai(['master-key', 'replace', ...words, '--new-key-file', file], byFormer)
    expect([twice.code, twice.stderr]).toEqual([4, expect.stringContaining('nothing was changed')])
    const started = await lingpai(['start', '--port', '0', ...words], byFormer)
    expect([started.code, started.stderr]).toEqual([6, expect.stringContaining('The master key is not the one')])
    const second = await startLingpai([...words, '--port', String(first.port)], byNext)
    expect((await web(second).userinfo(tokens.access)).status).toBe(200)
    expect((await web(second).refresh(tokens.refresh)).status).toBe(200)
    expect(await hmacToken(second)).toBe(200)
    await second.stop()
  })
})

test.concurrent('what was begun on PostgreSQL says which key is another one, and an empty database is left alone', {
  timeout: 120_000,
}, async () => {
  const [database, empty] = [await freshDatabase(), await freshDatabase()]
  databases.push(database, empty)
  const key = (fill: number) => Buffer.alloc(32, fill).toString('base64url')
  const file = (fill: number) => {
    const path = scratch.path(`of-${fill}.key`)
    writeFileSync(path, key(fill), { mode: 0o600 })
    return path
  }
  const env = (fill: number) => ({ LINGPAI_MASTER_KEY: key(fill), LINGPAI_DATA: scratch.path('unused') })
  const replace = (from: number, to: number, url = database.url) =>
    [['master-key', 'replace', '--database', url, '--new-key-file', file(to)], { env: env(from) }] as const
  await fill(['--database', database.url, '--issuer', 'http://localhost:4000'], env(31))

  const nothing = await lingpai(...replace(31, 32, empty.url))
  expect([nothing.code, nothing.stderr]).toEqual([3, expect.stringContaining('There is no installation in this')])
  // It would be refused if the schema were there.
  await runOn(empty.url, 'CREATE TABLE installation (name text)')

  const marked = `being replaced ${keyCheck(masterKeyFrom(Buffer.alloc(32, 31)))} ${keyCheck(masterKeyFrom(Buffer.alloc(32, 32)))}`
  await runOn(database.url, `UPDATE installation SET value = '${marked}' WHERE name = 'key_check'`)
  for (const [from, to, told] of [
    [31, 33, 'was begun with another next key, and goes on with that one only. Name that one: --new-key-file FILE'],
    [33, 32, 'was begun with another present key'],
  ] as const) {
    const { code, stderr } = await lingpai(...replace(from, to))
    expect([code, stderr]).toEqual([4, expect.stringContaining(told)])
  }
  const done = await lingpai(...replace(31, 32))
  expect([done.code, done.stderr]).toEqual([0, ''])
})

test.concurrent('a backup made before opens by the former key, which is kept for that', {
  timeout: 120_000,
}, async () => {
  const data = scratch.path('backed-up')
  await fill(['--data', data, '--issuer', 'http://localhost:4000'])
  const backup = scratch.path('before.backup')
  await lingpaiJson(['backup', backup, '--data', data])
  const { former_key_file: former } = await lingpaiJson<{ former_key_file: string }>([
    'master-key',
    'replace',
    '--data',
    data,
  ])
  const restored = scratch.path('restored')
  const withNext = await lingpai(['restore', backup, '--data', restored, '--master-key-file', join(data, 'master.key')])
  expect(withNext.code).not.toBe(0)
  expect(existsSync(restored)).toBe(false)
  const copy = scratch.path('copy.key')
  copyFileSync(former, copy)
  await lingpaiJson(['restore', backup, '--data', restored, '--master-key-file', copy])
  expect((await lingpai(['client', 'list', '--data', restored])).code).toBe(0)
})
