// lingpai registration-token, client approve and --logo-file: what an operator does about clients that register themselves.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lingpai, lingpaiJson, type StartedLingpai, startLingpai } from '../support/cli.ts'

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(60, 1)])

let folder: string
let data: string
let server: StartedLingpai
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lingpai-registration-'))
  data = join(folder, 'data')
  server = await startLingpai(['--data', data, '--registration-access', 'guarded'])
}, 60_000)
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const json = <T = Readonly<Record<string, unknown>>>(...words: readonly string[]) =>
  lingpaiJson<T>([...words, '--data', data])
const register = (token: unknown, redirect: string) =>
  fetch(`${server.issuer}/sso/register`, {
    method: 'POST',
    headers: { authorization: `Bearer ${String(token)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [redirect], client_name: 'Photos' }),
  })

test('a token that an operator made registers, within its policy and as often as it may', async () => {
  const made = await json(
    'registration-token',
    'create',
    '--note',
    'Photos',
    '--uses',
    '2',
    '--redirect-host',
    'app.test',
  )
  expect(made).toMatchObject({ uses_left: 2, note: 'Photos', policy: { redirectHosts: ['app.test'] } })
  expect((await register(made['token'], 'https://evil.test/cb')).status).toBe(400)
  const reply = await register(made['token'], 'https://app.test/cb')
  expect(reply.status).toBe(201)
  const listed = await json<readonly Readonly<Record<string, unknown>>[]>('registration-token', 'list')
  const { token: secret, ...kept } = made
  expect(listed).toEqual([{ ...kept, uses_left: 1 }])
  expect(JSON.stringify(listed)).not.toContain(secret)
  expect(await json('registration-token', 'revoke', String(made['token_id']))).toEqual({ revoked: made['token_id'] })
  expect((await register(made['token'], 'https://app.test/cb')).status).toBe(401)
  const again = await lingpai(['registration-token', 'revoke', String(made['token_id']), '--data', data])
  expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('no initial access token')])

  const { client_id: id } = (await reply.json()) as { client_id: string }
  const list = await lingpai(['client', 'list', '--data', data])
  expect(list.stdout).toMatch(new RegExp(`${id} +Photos +registration +enabled, unverified`))
  expect(await json('client', 'show', id)).toMatchObject({ verified: false, preset: 'registration' })
  expect(await json('client', 'approve', id)).toMatchObject({ verified: true })
  expect((await lingpai(['client', 'list', '--data', data])).stdout).not.toContain('unverified')
}, 60_000)

test('what cannot be meant is refused before anything is made', async () => {
  for (const wrong of [
    ['--uses', '0'],
    ['--uses', 'many'],
    ['--expires-in', 'soon'],
    ['--redirect-host', 'https://app.test/'],
    ['--grant-type', 'password'],
    ['--most-redirect-uris', 'x'],
  ]) {
    const { code, stderr } = await lingpai(['registration-token', 'create', ...wrong, '--data', data])
    expect(code, stderr).not.toBe(0)
    expect(stderr).toMatch(/^Error: /)
  }
  expect(await json('registration-token', 'list')).toEqual([])
}, 60_000)

test('a picture of a client is taken from a file', async () => {
  const file = join(folder, 'photos.png')
  writeFileSync(file, PNG)
  const words = [
    'client',
    'add',
    '--preset',
    'openid-connect',
    '--redirect-uri',
    'https://app.test/cb',
    '--client-id',
    'app',
  ]
  await json(...words, '--logo-file', file)
  const { logo } = await json<{ logo: string }>('client', 'show', 'app')
  const [digest, name] = logo.split('/')
  const reply = await fetch(`${server.issuer}/sso/client-logo/app/${digest}/images/${name}`)
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'image/png'])
  const missing = await lingpai(['client', 'update', 'app', '--logo-file', join(folder, 'none.png'), '--data', data])
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('cannot be read')])
}, 60_000)

test('a refused registration is found by the number that the refusal carries', async () => {
  const reply = await register('A'.repeat(43), 'https://photos.example.com/cb')
  expect(reply.status).toBe(401)
  const traceId = String(reply.headers.get('x-trace-id'))
  await expect
    .poll(async () => (await lingpai(['trace', traceId, '--data', data])).code, { timeout: 10_000, interval: 200 })
    .toBe(0)
  expect((await lingpai(['trace', traceId, '--data', data])).stdout).toContain('POST register → 401')
})
