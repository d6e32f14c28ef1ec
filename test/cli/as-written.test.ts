// The command lines that the documentation promises, word for word, through `npx lingpai` in a checkout.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { delimiter, dirname } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cleanEnvironment, outcomeOf, REPOSITORY, scratchFolder } from '../support/cli.ts'
import { TEST_PASSWORD } from '../support/server.ts'

const scratch = scratchFolder()
let port = 0
let start: ReturnType<typeof inShell>

/** DIR, NEWDIR, FILE and F stand for paths; the port is changed so that another server may run meanwhile. */
function written(line: string): string {
  return line
    .replaceAll('NEWDIR', scratch.path('new'))
    .replace(/\bDIR\b/, scratch.path('data'))
    .replace(/\bFILE\b/, scratch.path('backup'))
    .replace(/ F$/, ` ${scratch.path('passphrase')}`)
    .replace('users.csv', scratch.path('users.csv'))
    .replaceAll('4000', String(port))
}

function inShell(line: string, stdin = '') {
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter)
  const child = spawn('sh', ['-c', written(line)], {
    cwd: REPOSITORY,
    // npm must not ask the network for anything: `lingpai` is the checkout itself.
    env: cleanEnvironment({ PATH: path, npm_config_offline: 'true', npm_config_yes: 'false' }),
    detached: true,
  })
  child.stdin.end(stdin)
  return child
}

async function ran(line: string, stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await outcomeOf(inShell(line, stdin))
  expect(code, `${line}\n${stderr}`).toBe(0)
  return stdout
}

beforeAll(async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  port = (probe.address() as AddressInfo).port
  probe.close()
  await once(probe, 'close')
  writeFileSync(scratch.path('users.csv'), 'username,name,phone\ncarl,卡尔,13900139000\n')
  writeFileSync(scratch.path('passphrase'), 'five fake words for tests\n')
  start = inShell('npx lingpai start --data DIR --port 4000 --issuer http://localhost:4000')
  let said = ''
  start.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  while (!said.includes('Ctrl+C')) await Promise.race([once(start.stdout, 'data'), once(start, 'exit')])
})

afterAll(async () => {
  // The group, as a terminal's Ctrl+C reaches npx and the server alike.
  if (start.pid !== undefined && start.exitCode === null) {
    process.kill(-start.pid, 'SIGINT')
    await once(start, 'exit')
  }
  scratch.remove()
})

test('start answers at the issuer that was given', async () => {
  const document = (await (await fetch(`http://localhost:${port}/.well-known/openid-configuration`)).json()) as {
    issuer: string
  }
  expect(document.issuer).toBe(`http://localhost:${port}`)
})

let clientId = ''

test('client add prints the six values and the callback', async () => {
  const out = await ran('npx lingpai client add --data DIR --preset zhizuoyun --name 制作云 --json')
  const values = JSON.parse(out) as Record<string, string>
  clientId = values['ClientId'] ?? ''
  expect(values).toEqual({
    ClientId: expect.stringMatching(/^[a-z0-9]{32}$/),
    ClientSecret: expect.stringMatching(/^[A-Za-z0-9]{43}$/),
    AuthorizationEndpoint: `http://localhost:${port}/sso/authorize`,
    TokenEndpoint: `http://localhost:${port}/sso/token`,
    UserInfoEndpoint: `http://localhost:${port}/sso/userinfo`,
    Scope: 'openid profile phone',
    Callback: expect.stringMatching(/^https:\/\/\S+$/),
    // This server is on localhost.
    warnings: [expect.stringContaining(`制作云 cannot reach http://localhost:${port}:`)],
  })
  const table = await ran('npx lingpai client add --data DIR --preset zhizuoyun --name 制作云 --client-id second')
  const { warnings: _, ...shown } = values
  for (const name of Object.keys(shown)) expect(table).toMatch(new RegExp(`^${name} +\\S+`, 'm'))
})

test('user add, client update and user import', async () => {
  const line =
    'npx lingpai user add --data DIR --username alice --name 张三 --phone 13800138000 --phone-verified --password-stdin --json'
  expect(JSON.parse(await ran(line, TEST_PASSWORD))).toMatchObject({
    username: 'alice',
    name: '张三',
    phone: '+8613800138000',
    phone_verified: true,
  })
  expect(await ran('npx lingpai client update --data DIR second --set authorize.pkce=required')).toContain('is changed')
  expect(await ran('npx lingpai user import --data DIR users.csv --dry-run')).toContain('Nothing was changed')
  expect(await ran('npx lingpai user import --data DIR users.csv')).toContain('Imported: 1 person from 1 row')
})

test('rehearse', async () => {
  const report = JSON.parse(await ran(`npx lingpai rehearse --data DIR ${clientId} --user alice --json`)) as object
  expect(report).toMatchObject({ passed: true })
  const words = `npx lingpai rehearse --data DIR ${clientId}`
  expect(await ran(`${words} --user alice`)).toContain('\nEverything that the client needs is there.\n')
  const chinese = [await ran(`${words} --user alice --language zh-CN`), await ran(`${words} --language zh-CN`)]
  expect(chinese[0]).toMatch(/^“制作云”将获知“张三”的以下信息：$[^]*^该客户端所需的一切均已具备。$/m)
  for (const said of chinese) {
    // No sentence is left in English: what has blanks between words is HTTP, or the name of a specification.
    const english = said.split('\n').filter((line) => /^(\w+ ){3}/.test(line))
    expect(english).toEqual([])
    expect(said).toMatch(/十分钟内有效[^]*http:\/\/localhost:\d+\/sso\/rehearsal\//)
  }
})

test('trace, before anybody has asked, in both languages', async () => {
  expect(await ran('npx lingpai trace --data DIR')).toBe('No request has been seen yet.\n')
  expect(await ran('npx lingpai trace --data DIR --language zh-CN')).toBe('尚未收到任何请求。\n')
})

test('backup and restore', async () => {
  const open = await ran(`npx lingpai backup --data DIR ${scratch.path('unsealed')}`)
  expect(open).toContain('keep that one apart from it (master.key in the data folder, unless LINGPAI_MASTER_KEY')
  expect(await ran('npx lingpai backup --data DIR FILE --passphrase-file F')).toContain('is written and verified')
  expect(await ran('npx lingpai restore --data NEWDIR FILE --passphrase-file F')).toContain(
    `npx lingpai start --data ${scratch.path('new')}`,
  )
})
