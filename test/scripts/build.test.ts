// The server as it is built: it does what the sources do, and loads nothing that it has no use for.

import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleServer } from '../../scripts/release/bundle.ts'
import { Caller } from '../faults/support/caller.ts'
import { type Child, startChild } from '../faults/support/child.ts'
import {
  CALLBACK,
  CLIENT_ID,
  PASSWORD,
  type Prepared,
  prepareSqlite,
  USERNAME,
} from '../faults/support/installation.ts'
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
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  expect(texts.length).toBeGreaterThan(3)
  for (const text of texts) {
    expect(/[^\x00-\x7f]/.test(text)).toBe(false)
    expect(text).not.toMatch(/\bfrom ?["']node:(?!module\b)/)
  }
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

/** The text of all parts that a command has loaded. */
function loadedBy(...words: readonly string[]): string {
  const hook = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
    process.on('exit', () => console.error(JSON.stringify(loaded)))`
  const url = `data:text/javascript,${encodeURIComponent(hook)}`
  const { stderr } = spawnSync(process.execPath, ['--import', url, entry, ...words], {
    encoding: 'utf8',
    env: { ...process.env, LINGPAI_MASTER_KEY: 'A'.repeat(43) },
  })
  const last = stderr.trimEnd().split('\n').at(-1) ?? ''
  const names = (JSON.parse(last) as readonly string[]).filter((each) => each.startsWith('file:'))
  return names.map((each) => readFileSync(new URL(each), 'utf8')).join('\n')
}

/** Each stands in the text of one thing alone. */
const MARKS = {
  yaml: 'Map keys must be unique',
  postgres: 'SASL: Last message was not SASLInitialResponse',
  'user import': '--dry-run',
}
const marksIn = (text: string) => Object.entries(MARKS).flatMap(([name, mark]) => (text.includes(mark) ? [name] : []))

test('what only some need is loaded by them alone: the file of options, PostgreSQL, the commands of operators', () => {
  const options = join(folder, 'options.yaml')
  writeFileSync(options, 'port: 4001\n')
  expect(marksIn(loadedBy('start', '--help'))).toEqual([])
  expect(marksIn(loadedBy('config', 'check', ...prepared.words))).toEqual(['user import'])
  expect(JSON.parse(command('config', 'check', '--config', options))).toEqual({ valid: true, file: options })
  expect(marksIn(loadedBy('config', 'check', '--config', options))).toEqual(['yaml', 'user import'])
  expect(marksIn(loadedBy('user', 'list', '--database', 'postgres://127.0.0.1:1/none'))).toEqual([
    'postgres',
    'user import',
  ])
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
