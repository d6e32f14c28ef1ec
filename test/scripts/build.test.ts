// The server as one file: it does what the sources do, and carries nothing that it has no use for.

import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleServer } from '../../scripts/release/bundle.ts'
import { Caller } from '../faults/caller.ts'
import { type Child, startChild } from '../faults/child.ts'
import { CALLBACK, CLIENT_ID, PASSWORD, type Prepared, prepareSqlite, USERNAME } from '../faults/installation.ts'
import { REPOSITORY } from '../support/cli.ts'
import { Visitor } from '../support/visitor.ts'

// Inside the repository: native packages are found from there.
const folder = join(REPOSITORY, 'dist', `test-${process.pid}`)
const entry = join(folder, 'main.js')
let prepared: Prepared
let server: Child

beforeAll(async () => {
  await bundleServer(folder)
  prepared = await prepareSqlite()
  server = await startChild({ words: prepared.words, entry })
})

afterAll(async () => {
  await server?.stop()
  prepared?.remove()
  rmSync(folder, { recursive: true, force: true })
})

const command = (...words: readonly string[]) =>
  execFileSync(process.execPath, [entry, ...words, '--json', ...prepared.words], { encoding: 'utf8' })

test('the built server signs a person in by password', async () => {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: CALLBACK,
    scope: 'openid profile',
  })
  const visitor = new Visitor()
  const page = await visitor.follow(await visitor.get(`${server.issuer}/sso/authorize?${query.toString()}`))
  const wrong = await visitor.follow(
    await visitor.submit(page, 'login-submit', { username: USERNAME, password: 'not it' }),
  )
  expect(wrong.location ?? '').not.toContain('code=')
  const right = { username: USERNAME, password: PASSWORD }
  const answer = await visitor.follow(await visitor.submit(wrong, 'login-submit', right))
  expect(new URL(answer.location ?? '').searchParams.get('code')).toMatch(/^[A-Za-z0-9]{50}$/)
})

test('the built server gives tokens, refreshes them and answers user info', async () => {
  const caller = new Caller(server)
  expect((await caller.ready()).status).toBe(200)
  const { access, refresh } = await caller.tokens()
  const told = await caller.userinfo(access)
  expect([told.status, typeof told.body['sub']]).toEqual([200, 'string'])
  expect((await caller.refresh(refresh)).status).toBe(200)
  expect((await caller.userinfo('unknown')).status).toBe(401)
  caller.close()
})

test('the pages are inside: an unknown client meets one', async () => {
  const reply = await fetch(`${server.issuer}/sso/authorize?client_id=nobody`, { headers: { accept: 'text/html' } })
  expect(reply.status).toBe(400)
  expect(await reply.text()).toContain('<!doctype html>')
})

test('the built command line works beside the running server', () => {
  expect(command('client', 'list')).toContain('loaded')
})

test('the text is one byte a letter, and none of Node’s modules is read whole', () => {
  const text = readFileSync(entry, 'utf8')
  expect(/[^\x00-\x7f]/.test(text)).toBe(false)
  expect(text).not.toMatch(/\bfrom ?["']node:(?!module\b)/)
})

/** What a script says that runs when a command of the built file has ended, on standard error. */
function atItsEnd(script: string, words: readonly string[]): unknown {
  const hook = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => { ${script} })`)}`
  const { status, stderr } = spawnSync(process.execPath, ['--import', hook, ...words], { encoding: 'utf8' })
  expect(status).toBe(0)
  return JSON.parse(stderr)
}

test('of Node’s own modules the start loads those it has a use for', () => {
  const loaded = atItsEnd('console.error(JSON.stringify(process.moduleLoadList))', [
    entry,
    'preset',
    'list',
  ]) as readonly string[]
  expect(loaded).toContain('NativeModule http')
  expect(loaded).toContain('NativeModule sqlite')
  for (const name of ['http2', 'inspector', 'zlib', 'repl', 'test', 'internal/deps/undici/undici']) {
    expect(loaded).not.toContain(`NativeModule ${name}`)
  }
})

test('on an old Node it says which one it needs, and how to get it', () => {
  const old =
    "data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })"
  const { status, stderr } = spawnSync(process.execPath, ['--import', old, entry, '--help'], { encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toBe(
    'Lingpai needs Node.js 24.15 or newer, and this is 20.20.2. In a checkout: npm exec -- node dist/main.js\n',
  )
  expect(command('client', 'list')).toContain(CLIENT_ID)
})
