// The link that opens the set-up again, and how long it lives: said to people and programs, and where a start names it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { lingpai, lingpaiJson, outcomeOf, scratchFolder, spawnLingpai, startLingpai } from '../support/cli.ts'
import { TEST_PASSWORD } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const scratch = scratchFolder()
const data = scratch.path('data')
const A_DAY = 24 * 3600 * 1000

beforeAll(async () => {
  const words = ['user', 'add', '--username', 'alice', '--password-stdin', '--issuer', 'http://localhost:4000']
  expect((await lingpai([...words, '--data', data], { stdin: TEST_PASSWORD })).code).toBe(0)
})
afterAll(() => scratch.remove())

function isADayFrom(asked: number, until: string): boolean {
  const left = Date.parse(until) - asked
  return left > A_DAY - 2_000 && left < A_DAY + 60_000
}

test('setup-link says until when the link works', async () => {
  const asked = Date.now()
  const { code, stdout } = await lingpai(['setup-link', '--data', data])
  expect(code).toBe(0)
  const until = /It works once, until (\S+Z); former links no longer do\./.exec(stdout)?.[1] ?? ''
  expect(isADayFrom(asked, until)).toBe(true)
  const told = await lingpaiJson<{ expires_at: string }>(['setup-link', '--data', data])
  expect(isADayFrom(asked, told.expires_at)).toBe(true)
})

test.each([
  ['C.UTF-8', 'You are logged in by ssh'],
  ['zh_CN.UTF-8', '您是通过 ssh 登录的'],
])('somebody who is logged in by ssh in %s is told how the link gets to their browser', async (LANG, says) => {
  const ssh = { SSH_CONNECTION: '198.51.100.7 51234 10.0.0.5 22', USER: 'ops', LANG }
  const { stdout } = await lingpai(['setup-link', '--data', data], { env: ssh })
  expect(stdout).toContain(says)
  expect(stdout).toContain('\n  ssh -N -L 4000:127.0.0.1:4000 ops@10.0.0.5\n')
  expect((await lingpai(['setup-link', '--data', data], { env: { LANG } })).stdout).not.toContain('ssh')
  const server = spawnLingpai(['start', '--port', '0', '--data', scratch.path(`ssh ${LANG}`)], { env: ssh })
  const ended = outcomeOf(server)
  server.stdout?.on('data', (said: Buffer) => {
    if (said.includes('Ctrl+C')) server.kill()
  })
  const start = await ended
  const [, port] = /http:\/\/localhost:(\d+)/.exec(start.stdout) ?? []
  expect(start.stdout).toContain(says)
  expect(start.stdout).toContain(`ssh -N -L ${port}:127.0.0.1:${port} ops@10.0.0.5`)
  // A public address is everywhere the same.
  const address = ['--issuer', 'https://sso.example.com', '--data', scratch.path(`ssh public ${LANG}`)]
  await lingpai(['user', 'add', '--username', 'alice', ...address])
  expect((await lingpai(['setup-link', ...address], { env: ssh })).stdout).not.toContain('ssh')
})

test('a first start says to programs until when its link works; a later one has no link and says neither', async () => {
  const folder = ['--data', scratch.path('first')]
  const announced = async () => {
    const server = spawnLingpai(['start', '--json', '--port', '0', ...folder])
    const ended = outcomeOf(server)
    server.stdout?.on('data', (said: Buffer) => {
      if (/^}$/m.test(said.toString())) server.kill()
    })
    const { code, stdout } = await ended
    expect(code).toBe(0)
    return JSON.parse(stdout) as { readonly setup_link?: string; readonly setup_link_expires_at?: string }
  }
  const asked = Date.now()
  const { setup_link, setup_link_expires_at = '' } = await announced()
  expect(setup_link).toContain('/set-up/')
  expect(setup_link_expires_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/)
  expect(isADayFrom(asked, setup_link_expires_at)).toBe(true)
  const person = ['user', 'add', '--username', 'alice', '--password-stdin', ...folder]
  expect((await lingpai(person, { stdin: TEST_PASSWORD })).code).toBe(0)
  expect(Object.keys(await announced()).sort()).toEqual(['data', 'issuer', 'port'])
})

test.each([
  ['C.UTF-8', 'by a link that works once, for a day: npx lingpai setup-link'],
  ['zh_CN.UTF-8', '链接一天内有效，只能使用一次）：npx lingpai setup-link'],
])('a start in %s that names the command says it too', async (language, words) => {
  const server = spawnLingpai(['start', '--port', '0', '--data', data], { env: { LANG: language } })
  const ended = outcomeOf(server)
  server.stdout?.on('data', (said: Buffer) => {
    if (said.includes('Ctrl+C')) server.kill()
  })
  const { code, stdout } = await ended
  expect(code).toBe(0)
  expect(stdout).toContain(words)
  expect(stdout).not.toContain('/set-up/')
})

test('the company that the set-up was told of is shown among the options, after one that is given, and by the next start', async () => {
  const place = ['--data', scratch.path('named')]
  const server = await startLingpai(place)
  const visitor = new Visitor()
  const administrator = await visitor.follow(await visitor.submit(await visitor.get(server.setupLink ?? ''), 'open'))
  const password = { password: TEST_PASSWORD, password_again: TEST_PASSWORD }
  await visitor.submit(administrator, 'continue', {
    username: 'admin',
    name: '管理员',
    company: '星河影视',
    ...password,
  })
  expect(await lingpaiJson(['config', 'show', ...place])).toMatchObject({
    'brand.operatorName': { value: '星河影视', source: 'stored' },
  })
  expect(await lingpaiJson(['config', 'show', '--brand-operator-name', 'Acme', ...place])).toMatchObject({
    'brand.operatorName': { value: 'Acme', source: '--brand-operator-name' },
  })
  await server.stop()
  const again = await startLingpai(place)
  expect((await visitor.get(again.issuer)).html).toContain('<strong>星河影视</strong>')
  await again.stop()
})

test('an address that the set-up has stored is said to wait for a restart, until there was one', async () => {
  const place = ['--data', scratch.path('moved')]
  const client = ['client', 'add', '--preset', 'openid-connect', '--redirect-uri', 'https://client.test/callback']
  const commands = [
    ['setup-link', ...place],
    [...client, '--name', 'shop', '--client-id', 'shop', ...place],
    ['client', 'rotate-secret', 'shop', ...place],
    ['rehearse', 'shop', ...place],
  ]
  const server = await startLingpai(place)
  const moved = server.issuer.replace('localhost', '127.0.0.1')
  const visitor = new Visitor()
  const administrator = await visitor.follow(await visitor.submit(await visitor.get(server.setupLink ?? ''), 'open'))
  const password = { password: TEST_PASSWORD, password_again: TEST_PASSWORD }
  const fields = { username: 'admin', name: '管理员', ...password }
  const address = await visitor.follow(await visitor.submit(administrator, 'continue', fields))
  expect(await lingpaiJson(['user', 'show', 'admin', ...place])).toMatchObject({ username: 'admin' })
  const seen = await visitor.follow(await visitor.submit(address, 'continue', { issuer: moved }))
  expect(await lingpai([...client, '--name', 'early', ...place])).toMatchObject({ code: 0, stderr: '' })
  await visitor.follow(await visitor.submit(seen, 'continue', { issuer: moved }))

  const told = `Nothing answers as ${moved} yet: the server was last started as ${server.issuer}. Restart the server first`
  for (const words of commands) {
    const { code, stdout, stderr } = await lingpai(words)
    expect({ code, stderr }).toEqual({ code: 0, stderr: `Warning: ${told}.\n` })
    expect(stdout).toContain(`${moved}/sso/`)
  }
  expect(await lingpaiJson(['setup-link', ...place])).toMatchObject({ warnings: [told] })
  expect(await lingpaiJson(['client', 'rotate-secret', 'shop', ...place])).toMatchObject({ warnings: [told] })
  const chinese = await lingpai(['rehearse', 'shop', '--language', 'zh-CN', ...place])
  expect(chinese.stderr).toBe(`提醒：${moved} 尚未启用：服务器上次以 ${server.issuer} 启动。请先重新启动服务器。\n`)

  await server.stop()
  const again = await startLingpai([...place, '--port', String(server.port)])
  expect(again.issuer).toBe(moved)
  const link = await lingpai(['setup-link', ...place])
  expect(link).toMatchObject({ code: 0, stderr: '' })
  expect((await fetch(/http\S+/.exec(link.stdout)?.[0] ?? '')).status).toBe(200)
  expect(await lingpaiJson(['client', 'rotate-secret', 'shop', ...place])).not.toHaveProperty('warnings')
  await again.stop()
})
