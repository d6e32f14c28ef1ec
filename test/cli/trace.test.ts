// What the trace tells of a sign-in that went well: in the reader's language, and nothing that is no trouble.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { lingpai, type StartedLingpai, scratchFolder, startLingpai } from '../support/cli.ts'
import { OutsideClient } from '../support/cli-client.ts'
import { CALLBACK, TEST_PASSWORD, TEST_SECRET } from '../support/server.ts'

const scratch = scratchFolder()
const data = scratch.path('data')
let server: StartedLingpai

const run = (words: readonly string[], stdin = '') => lingpai([...words, '--data', data], { stdin })
const clientOf = (clientId: string, username: string) =>
  new OutsideClient({ at: server.issuer, clientId, secret: TEST_SECRET, username, scope: 'openid profile phone email' })

/** Of a client, as soon as so many are written. */
async function traces(clientId: string, count: number, ...words: readonly string[]): Promise<readonly string[]> {
  const all = async () => (await run(['trace', '--client', clientId, ...words])).stdout.trimEnd().split('\n\n')
  await expect.poll(async () => (await all()).length, { timeout: 20_000 }).toBe(count)
  return all()
}

beforeAll(async () => {
  server = await startLingpai(['--data', data])
  const secret = ['--client-secret', TEST_SECRET, '--redirect-uri', CALLBACK]
  for (const [id, preset] of [
    ['tenant-a', 'zhizuoyun'],
    ['shop', 'openid-connect'],
  ] as const) {
    const added = await run(['client', 'add', '--preset', preset, '--name', id, '--client-id', id, ...secret])
    expect(added.code).toBe(0)
  }
  for (const [username, ...fields] of [
    ['alice', '--name', '张三', '--phone', '13800138000', '--phone-verified'],
    ['bob', '--name', '李四'],
  ] as const) {
    expect(
      (await run(['user', 'add', '--username', username, ...fields, '--password-stdin'], TEST_PASSWORD)).code,
    ).toBe(0)
  }
})
afterAll(async () => {
  await server.stop()
  scratch.remove()
})

async function signedIn(clientId: string, username: string): Promise<void> {
  const client = clientOf(clientId, username)
  const { body } = await client.redeem(await client.code())
  expect((await client.userinfo(String(body['access_token']))).status).toBe(200)
}

const AWAY = 'If the client turns this person away'

test('of a perfect sign-in to 制作云 nothing is said to be missing; a number that the person lacks is', async () => {
  await signedIn('tenant-a', 'alice')
  const perfect = (await traces('tenant-a', 4)).join('\n')
  expect(perfect).toMatch(/user_info_answered/)
  expect(perfect).not.toContain(AWAY)
  await signedIn('tenant-a', 'bob')
  const lacking = (await traces('tenant-a', 8)).join('\n')
  expect(lacking.split(AWAY)).toHaveLength(2)
  expect(lacking).toContain(
    `${AWAY}: it may have phone_number, phone_number_verified too, but there is no value for this person.`,
  )
})

test('of another client it names what the granted scope gives and the person lacks', async () => {
  await signedIn('shop', 'alice')
  const told = (await traces('shop', 4)).join('\n')
  expect(told).toContain(`${AWAY}: it may have email, email_verified too, but`)
})

test('in Chinese, a sign-in that went well is told without an English sentence; the fault of a refusal is quoted', async () => {
  const told = (await traces('tenant-a', 8, '--language', 'zh-CN')).join('\n')
  const lines = told.split('\n').filter((line) => /^(原因|凭据位置|已答复|如何处理) /.test(line))
  expect(lines).toEqual(
    expect.arrayContaining([
      '原因          已返回用户信息',
      '原因          已凭 authorization_code 签发令牌',
      '原因          授权码已发送给应用',
      '原因          已转到登录页：该浏览器尚未登录',
      '凭据位置      无',
      '凭据位置      请求头（Basic）',
      '凭据位置      请求头（Bearer）',
    ]),
  )
  for (const line of lines) if (!line.startsWith('已答复')) expect(line).toMatch(/^\S+ +[^a-z]*\p{Script=Han}/u)
  const { code, stdout } = await run(['trace', '--client', 'tenant-a', '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toContainEqual(
    expect.objectContaining({ reason: 'user info answered', credentials: 'bearer' }),
  )

  const refused = await clientOf('shop', 'alice').redeem('c0de')
  expect(refused.status).toBe(400)
  const shown = await traces('shop', 5, '--language', 'zh-CN')
  expect(shown[0]).toMatch(/^已拒绝 [^]*^原因 +[a-z][^]*^如何处理 +\p{Script=Han}/mu)
})

test('an id that no client has is told, unless somebody asked with it', async () => {
  const unknown = await run(['trace', '--client', 'nope'])
  expect(unknown).toMatchObject({ code: 3, stdout: '' })
  expect(unknown.stderr).toMatch(/^Error: There is no client "nope"\. See: npx lingpai client list --data \S+\n$/)
  const json = await run(['trace', '--client', 'nope', '--json'])
  expect(json.code).toBe(3)
  expect(JSON.parse(json.stdout)).toMatchObject({ error: 'client_not_found' })

  // A client that nobody has used yet is no mistake.
  const added = ['client', 'add', '--preset', 'openid-connect', '--name', 'new', '--client-id', 'unused']
  expect((await run([...added, '--redirect-uri', CALLBACK])).code).toBe(0)
  const silent = await run(['trace', '--client', 'unused'])
  expect(silent).toEqual({ code: 0, stdout: 'No request has been seen yet.\n', stderr: '' })

  await fetch(`${server.issuer}/sso/authorize?response_type=code&client_id=nope`)
  await expect.poll(async () => (await run(['trace', '--client', 'nope'])).code, { timeout: 20_000 }).toBe(0)
  const { stdout } = await run(['trace', '--client', 'nope'])
  expect(stdout.match(/^Trace /gm)).toHaveLength(1)
  expect(stdout).toMatch(/^Client +n… \(4 characters\): not one of ours$[^]*^Refused +client_unknown /m)
  expect((await run(['trace', '--client', 'another'])).code).toBe(3)
})
