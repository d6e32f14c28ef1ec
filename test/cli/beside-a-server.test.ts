// Commands beside a running server: what they change holds at the next request, and nothing has to be restarted.

import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  allLogs,
  lingpai,
  lingpaiJson,
  outcomeOf,
  type StartedLingpai,
  scratchFolder,
  spawnLingpai,
  startLingpai,
} from '../support/cli.ts'
import { OutsideClient } from '../support/cli-client.ts'
import { expectInvalidClient, expectInvalidGrant, expectInvalidToken, walk } from '../support/relying-party.ts'
import { CALLBACK, TEST_PASSWORD, TEST_SECRET } from '../support/server.ts'
import { textOf, Visitor } from '../support/visitor.ts'

const scratch = scratchFolder()
const data = scratch.path('data')
const OTHER_SECRET = 'another-fake-secret-of-these-tests-0001'
const OTHER_PASSWORD = 'another correct horse of these tests'
/** Everything that must not stand in any log. */
const secrets = [TEST_SECRET, TEST_PASSWORD, OTHER_SECRET, OTHER_PASSWORD]
let server: StartedLingpai

const cli = (words: readonly string[], stdin?: string) =>
  lingpaiJson([...words, '--data', data], stdin === undefined ? {} : { stdin })

async function addClient(clientId: string, ...words: readonly string[]) {
  return cli([
    'client',
    'add',
    '--preset',
    'openid-connect',
    '--name',
    clientId,
    '--client-id',
    clientId,
    '--client-secret',
    TEST_SECRET,
    '--redirect-uri',
    CALLBACK,
    ...words,
  ])
}

const addUser = (username: string) => cli(['user', 'add', '--username', username, '--password-stdin'], TEST_PASSWORD)

function clientOf(clientId: string, username: string, secret = TEST_SECRET): OutsideClient {
  return new OutsideClient({ at: server.issuer, clientId, secret, username })
}

async function signedIn(clientId: string, username: string) {
  const client = clientOf(clientId, username)
  const tokens = await client.signIn()
  secrets.push(tokens.access, tokens.refresh, tokens.idToken)
  return { client, ...tokens }
}

beforeAll(async () => {
  server = await startLingpai(['--data', data])
})
afterAll(async () => {
  await server.stop()
  scratch.remove()
})

describe('clients', () => {
  test('an added client and user sign in at once, and an update holds at the next request', async () => {
    await addClient('shop')
    await addUser('alice')
    const { client, access } = await signedIn('shop', 'alice')
    expect((await client.userinfo(access)).body['sub']).toBeTypeOf('string')
    await cli(['client', 'update', 'shop', '--set', 'authorize.pkce=required'])
    const refused = await client.authorize()
    expect(refused.get('error')).toBe('invalid_request')
    await cli(['client', 'update', 'shop', '--set', 'authorize.pkce=optional'])
    expect((await client.authorize()).get('code')).toMatch(/^[A-Za-z0-9]{50}$/)
  })

  test('user show --client tells the subject by which a pairwise client knows somebody', async () => {
    await addClient('pairwise', '--set', 'subject_type=pairwise')
    const { idToken } = await signedIn('pairwise', 'alice')
    const { subject, user_id } = await cli(['user', 'show', 'alice', '--client', 'pairwise'])
    expect(subject).toBe(decodeJwt(idToken).sub)
    expect(subject).not.toBe(user_id)
    expect(await cli(['user', 'show', 'alice'])).not.toHaveProperty('subject')
  })

  test('rotate-secret: the former secret is refused at once, the new one works', async () => {
    await addClient('rotating')
    const client = clientOf('rotating', 'alice')
    const code = await client.code()
    secrets.push(code)
    const made = await cli(['client', 'rotate-secret', 'rotating', '--client-secret-stdin'], OTHER_SECRET)
    expect(made['ClientSecret']).toBe(OTHER_SECRET)
    expectInvalidClient(await client.redeem(code))
    expect((await client.redeem(code, OTHER_SECRET)).status).toBe(200)
  })

  test('disabling ends every token for good, removing frees no id', async () => {
    await addClient('leaving')
    const { client, access, refresh } = await signedIn('leaving', 'alice')
    await cli(['client', 'update', 'leaving', '--disable'])
    expectInvalidToken(await client.userinfo(access))
    expect((await client.refresh(refresh)).status).toBe(401)
    // Instants are whole seconds: what is issued in the second of the disabling counts as before it.
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await cli(['client', 'update', 'leaving', '--enable'])
    expectInvalidToken(await client.userinfo(access))
    expectInvalidGrant(await client.refresh(refresh))
    expect((await client.userinfo((await client.signIn()).access)).status).toBe(200)
    await cli(['client', 'remove', 'leaving'])
    expect((await new Visitor().get(client.authorizeUrl())).status).toBe(400)
    const again = ['client', 'add', '--data', data, '--preset', 'zhizuoyun', '--name', 'x', '--client-id', 'leaving']
    expect((await lingpai(again)).code).toBe(4)
  })
})

describe('users', () => {
  const ends = async (client: OutsideClient, code: string, access: string, refresh: string) => {
    expectInvalidToken(await client.userinfo(access))
    expectInvalidGrant(await client.refresh(refresh))
    expectInvalidGrant(await client.redeem(code))
    // The session is over: the sign-in page comes, and no answer.
    expect((await client.visitor.follow(await client.visitor.get(client.authorizeUrl()))).html).toContain(
      'login-submit',
    )
  }

  test('disable ends session, code and tokens for good; after enable the person signs in anew', async () => {
    await addClient('desk')
    await addUser('bob')
    const { client, access, refresh } = await signedIn('desk', 'bob')
    const code = await client.code()
    secrets.push(code)
    await cli(['user', 'disable', 'bob'])
    await ends(client, code, access, refresh)
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await cli(['user', 'enable', 'bob'])
    await ends(client, code, access, refresh)
    expect((await client.userinfo((await client.signIn()).access)).status).toBe(200)
  })

  test('set-password ends what was there, and only the new password signs in', async () => {
    await addUser('carol')
    const { client, access, refresh } = await signedIn('desk', 'carol')
    const code = await client.code()
    await cli(['user', 'set-password', 'carol'], OTHER_PASSWORD)
    await ends(client, code, access, refresh)
    const visitor = new Visitor()
    const submit = async (password: string) => {
      const page = await visitor.follow(await visitor.get(client.authorizeUrl()))
      return visitor.follow(await visitor.submit(page, 'login-submit', { username: 'carol', password }))
    }
    expect((await submit(TEST_PASSWORD)).html).toContain('id="login-submit"')
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect((await submit(OTHER_PASSWORD)).location).toMatch(/^https:\/\/client\.test\/callback\?code=/)
  })

  test('an import beside the server is all there at once, and a bad row changes nothing', async () => {
    const rows = Array.from({ length: 2_000 }, (_, at) => `import-${at},导入 ${at},${13_900_000_000 + at}`)
    const file = scratch.path('people.csv')
    writeFileSync(file, `username,name,phone\n${[...rows, 'twin,x,1.39E+10'].join('\n')}\n`)
    const refused = await lingpai(['user', 'import', file, '--data', data])
    expect(refused.code).toBe(1)
    expect(refused.stdout).toMatch(/^line 2002, phone: .*\n[\s\S]*Nothing was changed: 1 of 2,001 rows/)
    expect((await lingpai(['user', 'show', 'import-7', '--data', data])).code).toBe(3)
    writeFileSync(file, `username,name,phone\n${rows.join('\n')}\n`)
    expect(await cli(['user', 'import', file, '--dry-run'])).toMatchObject({ status: 'checked', rows: 2_000 })
    const importing = cli(['user', 'import', file])
    const { client, access } = await signedIn('desk', 'alice')
    expect((await client.userinfo(access)).status).toBe(200)
    expect(await importing).toMatchObject({ status: 'imported', imported: 2_000 })
    expect(await cli(['user', 'show', 'import-1999'])).toMatchObject({ name: '导入 1999' })
    const exported = scratch.path('export.csv')
    expect(await cli(['user', 'export', exported])).toMatchObject({ users: 2_003 })
    expect(statSync(exported).mode & 0o777).toBe(0o600)
  })
})

describe('key', () => {
  const published = async () => {
    const document = (await (await fetch(`${server.issuer}/sso/jwks`)).json()) as { keys: { kid: string }[] }
    return document.keys.map(({ kid }) => kid)
  }
  const key = (...words: string[]) => lingpai(['key', ...words, '--data', data])
  const keyJson = <T>(...words: string[]) => lingpaiJson<T>(['key', ...words, '--data', data])
  type Listed = { key_id: string; algorithm: string; state: string; active_at: string; retired_at: string | null }

  test('rotate: the new keys are published within seconds, and old ID tokens still verify', async () => {
    const { idToken } = await signedIn('desk', 'alice')
    const before = await published()
    const made = await keyJson<readonly Listed[]>('rotate')
    const ids = made.map(({ key_id }) => key_id)
    await expect.poll(published, { timeout: 10_000, interval: 200 }).toEqual(expect.arrayContaining(ids))
    expect(await published()).toEqual(expect.arrayContaining(before))
    expect(before).toContain(decodeProtectedHeader(idToken).kid)
    const { payload } = await jwtVerify(idToken, createRemoteJWKSet(new URL(`${server.issuer}/sso/jwks`)))
    expect(payload).toMatchObject({ iss: server.issuer, aud: 'desk' })

    // The keys were fetched from where the client's tokens went.
    const sightOf = async () => {
      const { clients } = await keyJson<{ clients: readonly Record<string, unknown>[] }>('list')
      return clients.find((each) => each['client_id'] === 'desk')?.['sight']
    }
    await expect.poll(sightOf, { timeout: 20_000, interval: 1_000 }).toBe('fetched')

    const again = await key('rotate')
    expect(again.code).toBe(4)
    expect(again.stderr).toMatch(/waits already.*key rotate --at-once.*key postpone.*key undo/)
  })

  test('a client whose tokens nobody here can sign is told of when it is registered so', async () => {
    const set = (value: string) =>
      lingpai(['client', 'update', 'desk', '--set', `id_token_signed_response_alg=${value}`, '--data', data])
    expect((await set('ES384')).stderr).toMatch(/^Warning: id_token_signed_response_alg is ES384.*keys\.algorithms/)
    const back = await set('RS256')
    expect([back.code, back.stderr]).toEqual([0, ''])
  })

  test('postpone, undo: a key that waits comes later, or not at all', async () => {
    const [waiting] = (await keyJson<{ keys: readonly Listed[] }>('list')).keys.filter(
      ({ state }) => state === 'waiting',
    )
    const id = waiting?.key_id ?? ''
    const later = await keyJson<Listed>('postpone', id, '--by', '2d')
    expect(Date.parse(later.active_at) - Date.parse(waiting?.active_at ?? '')).toBe(2 * 86_400_000)
    expect((await key('postpone', id, '--by', 'soon')).code).toBe(2)
    expect(await keyJson('undo', id)).toEqual({ key_id: id, undone: true })
    await expect.poll(published, { timeout: 10_000, interval: 200 }).not.toContain(id)
    const unknown = await key('undo', id)
    expect(unknown.code).toBe(3)
    expect(unknown.stderr).toMatch(/key list --data/)
    // A thumbprint may begin with a hyphen, and no flag is that long.
    const hyphen = `-${'4W0QAxMAV8'.repeat(4)}_-`
    const odd = await key('postpone', hyphen, '--by', '2d')
    expect([odd.code, odd.stderr]).toEqual([3, expect.stringContaining(`no signing key ${hyphen}`)])
    expect((await key('postpone', id, '-4W0')).code).toBe(2)
    const present = (await keyJson<{ keys: readonly Listed[] }>('list')).keys.find(
      ({ algorithm, state }) => algorithm === waiting?.algorithm && state === 'signing',
    )
    expect(present?.retired_at).toBeNull()
  })

  test('revoke: within seconds another key signs, and what the leaked one signed is refused', async () => {
    const { idToken } = await signedIn('desk', 'alice')
    const leaked = String(decodeProtectedHeader(idToken).kid)
    const revoked = await key('revoke', leaked)
    expect(revoked.code).toBe(0)
    expect(revoked.stderr).toMatch(/^Warning: clients verify by themselves/)
    await expect.poll(published, { timeout: 25_000, interval: 500 }).not.toContain(leaked)
    const verifier = createRemoteJWKSet(new URL(`${server.issuer}/sso/jwks`))
    await expect(jwtVerify(idToken, verifier)).rejects.toThrow()
    const { idToken: fresh } = await signedIn('desk', 'alice')
    expect((await jwtVerify(fresh, verifier)).payload['aud']).toBe('desk')
    expect(
      (await keyJson<{ keys: readonly Listed[] }>('list')).keys.find(({ key_id }) => key_id === leaked)?.state,
    ).toBe('revoked')
  })
})

test('trace explains the error page that was just shown', async () => {
  const page = await new Visitor().get(clientOf('desk', 'alice').authorizeUrl({ redirect_uri: `${CALLBACK}/` }))
  expect(page.status).toBe(400)
  const traceId = textOf(page, 'trace-id')
  const read = () => lingpai(['trace', traceId, '--data', data])
  await expect.poll(async () => (await read()).code, { timeout: 20_000, interval: 300 }).toBe(0)
  const { stdout } = await read()
  expect(stdout).toContain(traceId)
  expect(stdout).toContain('`/` added')
  expect(stdout).toContain(`"npx lingpai client update desk --redirect-uri URI --data ${data}"`)
  expect((await lingpai(['trace', traceId, '--data', data, '--language', 'zh-CN'])).stdout).toMatch(/\p{Script=Han}/u)
  expect((await cli(['trace', traceId]))['traceId']).toBe(traceId)
})

test('trace tells a client that sends its token in the query where it belongs, and holds nothing of the token', async () => {
  await addClient('querying')
  const { client, access } = await signedIn('querying', 'alice')
  const asked = await fetch(`${server.issuer}/sso/userinfo?access_token=${access}`)
  expect(asked.status).toBe(400)
  expect((await client.userinfo(access)).status).toBe(200)
  const read = (...words: readonly string[]) => lingpai(['trace', '--client', 'querying', '--data', data, ...words])
  const traced = async () => (await read()).stdout
  await expect.poll(traced, { timeout: 20_000, interval: 300 }).toContain('access_token_in_query')
  const [english, chinese, json] = [await read(), await read('--language', 'zh-CN'), await read('--json')]
  expect(english.stdout).toContain('Let the client send the header "authorization: Bearer …"')
  expect(english.stdout).toContain(`--set userinfo.tokenFrom=header,query --data ${data}"`)
  expect(chinese.stdout).toContain('请让应用改用请求头“authorization: Bearer …”')
  for (const { stdout } of [english, chinese, json]) expect(stdout.includes(access)).toBe(false)
  const advised = ['client', 'update', 'querying', '--set', 'userinfo.tokenFrom=header,query']
  await cli(advised)
  expect((await fetch(`${server.issuer}/sso/userinfo?access_token=${access}`)).status).toBe(200)
})

test('rehearse plays the client and says what holds, with the pasted secret too', async () => {
  await cli([
    'client',
    'add',
    '--preset',
    'zhizuoyun',
    '--name',
    '制作云',
    '--client-id',
    'zhizuoyun',
    '--client-secret',
    TEST_SECRET,
  ])
  await cli(['user', 'update', 'alice', '--name', '张三', '--phone', '13800138000', '--phone-verified'])
  const words = ['rehearse', 'zhizuoyun', '--user', 'alice', '--client-secret-stdin']
  const report = await cli(words, TEST_SECRET)
  expect(report).toMatchObject({ passed: true, exchanges: { length: 3 } })
  expect(JSON.stringify(report)).not.toContain(TEST_SECRET)
  const pasted = await lingpai([...words, '--data', data], { stdin: `${TEST_SECRET}x` })
  expect(pasted.code).toBe(1)
  expect(pasted.stdout).toContain('✗')
})

test('a backup taken while serving becomes a server that honours what was given before', async () => {
  const { access, refresh } = await signedIn('desk', 'alice')
  const [file, passphrase, restored] = [scratch.path('backup'), scratch.path('passphrase'), scratch.path('restored')]
  writeFileSync(passphrase, 'five fake words for tests\n')
  const sealed = ['--passphrase-file', passphrase]
  expect(await cli(['backup', file, ...sealed])).toMatchObject({ holdsMasterKey: true })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect((await lingpai(['backup', file, '--data', data])).code).toBe(4)

  const bare = await lingpai(['restore', '--data', restored, file])
  expect(bare.code).toBe(2)
  expect(bare.stderr).toMatch(/passphrase.*--passphrase-file/)
  expect(existsSync(restored)).toBe(false)
  expect((await lingpai(['restore', '--data', restored, file, ...sealed])).code).toBe(0)
  const full = await lingpai(['restore', file, ...sealed], { env: { LINGPAI_DATA: restored } })
  expect(full.code).toBe(4)
  expect(full.stderr).toBe(
    `Error: ${restored} is not empty. A backup is restored into a new folder, and nothing is ever overwritten. Name one: --data NEWFOLDER\n`,
  )

  const again = await startLingpai(['--data', restored])
  expect(again.setupLink).toBeNull()
  const client = new OutsideClient({ at: again.issuer, clientId: 'desk', secret: TEST_SECRET, username: 'alice' })
  expect((await client.userinfo(access)).status).toBe(200)
  expect((await client.refresh(refresh)).status).toBe(200)
  expect((await walk(client.visitor, client.authorizeUrl(), 'alice')).searchParams.get('code')).not.toBeNull()
  await again.stop()
})

test('Ctrl+C stops a backup, and no copy of the data is left behind', async () => {
  const folder = scratch.path('interrupted')
  mkdirSync(folder)
  const child = spawnLingpai(['backup', `${folder}/backup`, '--data', data, '--json'])
  const ending = outcomeOf(child)
  await expect.poll(() => readdirSync(folder), { interval: 2, timeout: 10_000 }).not.toEqual([])
  child.kill('SIGINT')
  const { code, stdout } = await ending
  // It may have been faster than the signal: then the file is whole, and said to be.
  expect(readdirSync(folder)).toEqual(code === 0 ? ['backup'] : [])
  expect(JSON.parse(stdout)).toMatchObject(code === 0 ? { protection: 'none' } : { error: 'interrupted' })
})

test('a backup that is not sealed needs the master key to come back', async () => {
  const [file, folder] = [scratch.path('bare-backup'), scratch.path('bare')]
  expect(await cli(['backup', file])).toMatchObject({ holdsMasterKey: false })
  const words = ['restore', '--data', folder, file]
  const refused = await lingpai(words)
  expect(refused.code).toBe(2)
  expect(refused.stderr).toMatch(/--master-key-file FILE$/m)
  expect((await lingpai([...words, '--master-key-file', `${data}/master.key`])).code).toBe(0)
  expect(statSync(`${folder}/master.key`).mode & 0o777).toBe(0o600)
})

test('no server has logged a secret, a password, a code or a token', () => {
  const logs = allLogs()
  expect(logs).toContain('signing key created')
  expect(secrets.length).toBeGreaterThan(15)
  for (const secret of secrets) expect(logs.includes(secret), secret.slice(0, 6)).toBe(false)
})
