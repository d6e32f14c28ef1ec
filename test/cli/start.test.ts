// `lingpai start` from outside: the first start, the next one, and every way it cannot start.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  allLogs,
  lingpai,
  lingpaiJson,
  type Outcome,
  outcomeOf,
  REPOSITORY,
  scratchFolder,
  spawnLingpai,
  startLingpai,
} from '../support/cli.ts'
import { OutsideClient } from '../support/cli-client.ts'
import { freePort } from '../support/free-port.ts'
import { CALLBACK, TEST_PASSWORD, TEST_SECRET } from '../support/server.ts'
import { readable } from '../support/visitor.ts'

const scratch = scratchFolder()
afterAll(() => scratch.remove())

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

/** One line for a person, nothing on standard output, no stack. */
function expectOneLine({ stdout, stderr }: Outcome, words: RegExp): void {
  expect(stderr).toMatch(words)
  expect(stderr.trimEnd().split('\n'), stderr).toHaveLength(1)
  expect(stderr).not.toMatch(/\bat .+:\d+|node:internal/)
  expect(stdout).toBe('')
}

describe('the first start', () => {
  test('makes a closed data folder and says where it answers, what to open next and how to back up', async () => {
    const data = scratch.path('first words')
    const child = spawnLingpai(['start', '--data', data, '--port', '0'])
    let said = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    while (!said.includes('Ctrl+C')) await once(child.stdout ?? child, 'data')
    expect(said).toMatch(/^Lingpai answers at http:\/\/localhost:\d+$/m)
    expect(said).not.toContain('It listens on')
    expect(said).toContain(`npx lingpai backup FILE --data '${data}'`)
    expect(said).toMatch(/^What to do next: open this link/m)
    const link = /^ {2}(http:\/\/localhost:\d+\/sso\/set-up\/[A-Za-z0-9]{43})$/m.exec(said)?.[1] ?? ''
    expect((await fetch(link)).status).toBe(200)
    const front = await fetch(/^Lingpai answers at (\S+)$/m.exec(said)?.[1] ?? '', { headers: { accept: 'text/html' } })
    expect([front.status, readable(await front.text()).includes('npx lingpai setup-link')]).toEqual([200, true])
    expect([mode(data), mode(`${data}/master.key`), mode(`${data}/lingpai.sqlite`)]).toEqual(['700', '600', '600'])
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([0, null])
  })

  test('speaks Chinese where the terminal does', async () => {
    const child = spawnLingpai(['start', '--data', scratch.path('chinese'), '--port', '0'], {
      env: { LANG: 'zh_CN.UTF-8' },
    })
    let said = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    while (!said.includes('按 Ctrl+C 停止')) await once(child.stdout ?? child, 'data')
    expect(said).toMatch(/^Lingpai 令牌已启动：http:\/\/localhost:\d+$/m)
    expect(said).toContain('下一步：在浏览器中打开下面的链接')
    expect(said.replaceAll(/npx [ -~]*/g, '')).not.toMatch(/[a-z]{2} [a-z]{2,} [a-z]{2}/)
    child.kill('SIGTERM')
    expect(await once(child, 'close')).toEqual([0, null])
  })
})

test.each(['127.0.0.1', '::1'])('behind a proxy it says where on %s the proxy finds it', async (host) => {
  const issuer = ['--issuer', 'https://sso.example.test', '--trusted-proxies', '127.0.0.1']
  const there = ['--data', scratch.path(`behind ${host}`), '--port', '0', '--host', host]
  const child = spawnLingpai(['start', ...there, ...issuer])
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  while (!said.includes('Ctrl+C')) await once(child.stdout ?? child, 'data')
  expect(said).toMatch(/^Lingpai answers at https:\/\/sso\.example\.test$/m)
  const [, socket = ''] =
    /^It listens on (\S+): whatever stands in front of it sends requests there\.$/m.exec(said) ?? []
  expect((await fetch(`http://${socket}/readyz`)).status).toBe(200)
  child.kill('SIGTERM')
  expect(await once(child, 'close')).toEqual([0, null])
})

describe('a start on data that is there', () => {
  const data = scratch.path('kept')
  let port = ''
  let issuer = ''
  let access = ''
  let refresh = ''
  let keys: unknown

  beforeAll(async () => {
    const first = await startLingpai(['--data', data])
    port = String(first.port)
    issuer = first.issuer
    await lingpaiJson([
      'client',
      'add',
      '--data',
      data,
      '--preset',
      'openid-connect',
      '--name',
      'Kept',
      '--client-id',
      'kept',
      '--client-secret',
      TEST_SECRET,
      '--redirect-uri',
      CALLBACK,
    ])
    await lingpaiJson(['user', 'add', '--data', data, '--username', 'alice', '--password-stdin'], {
      stdin: TEST_PASSWORD,
    })
    const client = new OutsideClient({ at: issuer, clientId: 'kept', secret: TEST_SECRET, username: 'alice' })
    const tokens = await client.signIn()
    access = tokens.access
    refresh = tokens.refresh
    keys = await (await fetch(`${issuer}/sso/jwks`)).json()
    await first.kill()
  })

  test('works at once after kill -9: same issuer, same keys, and tokens from before hold', async () => {
    const again = await startLingpai(['--data', data, '--port', port])
    expect(again.issuer).toBe(issuer)
    expect(again.setupLink).toBeNull()
    expect(await (await fetch(`${issuer}/sso/jwks`)).json()).toEqual(keys)
    const client = new OutsideClient({ at: issuer, clientId: 'kept', secret: TEST_SECRET, username: 'alice' })
    expect((await client.userinfo(access)).status).toBe(200)
    expect((await client.refresh(refresh)).status).toBe(200)
    expect((await client.userinfo('no-such-token')).status).toBe(401)
    expect((await again.stop()).code).toBe(0)
  })

  test('an address of this machine follows the port and keeps its host name; the change is told', async () => {
    const there = scratch.path('follows')
    const first = await startLingpai(['--data', there, '--issuer', 'http://127.0.0.1:4999'])
    await first.stop()
    const second = await startLingpai(['--data', there])
    expect(second.issuer).toBe(`http://127.0.0.1:${second.port}`)
    await second.stop()
  })

  test('another public address is refused, and taken with --accept-new-issuer', async () => {
    const proxied = ['--data', data, '--trusted-proxies', '127.0.0.1', '--issuer', 'https://sso.example.test']
    const refused = await lingpai(['start', '--port', '0', ...proxied])
    expect(refused.code).toBe(2)
    expectOneLine({ ...refused, stderr: errorLines(refused.stderr) }, /^Error: The issuer was .*--accept-new-issuer/)
    const accepted = await startLingpai([...proxied, '--accept-new-issuer'])
    expect(accepted.issuer).toBe('https://sso.example.test')
    await accepted.stop()
    const kept = await startLingpai(['--data', data, '--trusted-proxies', '127.0.0.1'])
    expect(kept.issuer).toBe('https://sso.example.test')
    await kept.stop()
  })
})

/** Without what the log tells on the way there. */
const errorLines = (stderr: string) => stderr.replace(/^\d{4}-.*\n/gm, '')

describe('a start that cannot be says why in one line and leaves nothing behind', () => {
  let taken: ReturnType<typeof createServer>
  let port = ''
  beforeAll(async () => {
    taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    port = String((taken.address() as AddressInfo).port)
  })
  afterAll(() => void taken.close())

  test.each([
    ['a port in use', () => ['--port', port], 5, /Port \d+ on 127\.0\.0\.1 is already in use/],
    ['an address that is not ours', () => ['--port', '0', '--host', '203.0.113.9'], 5, /no address 203\.0\.113\.9/],
    [
      'a certificate that is not there',
      () => [...https, '--tls-cert', 'no.pem', '--tls-key', 'no.key'],
      2,
      /no\.pem .*no such file/,
    ],
    ['a certificate without its key', () => [...https, '--tls-cert', 'no.pem'], 2, /--tls-cert is set without tlsKey/],
    ['an https issuer and nobody who speaks TLS', () => https, 2, /needs TLS/],
    ['a public issuer without TLS', () => ['--issuer', 'http://sso.example.test'], 2, /unencrypted/],
    ['a misspelt option', () => ['--prot', '0'], 2, /'--prot'\. Did you mean --port\?/],
    ['a value that cannot be', () => ['--port', 'http'], 2, /--port must be a whole number.*"http"/],
    ['a configuration file that is not there', () => ['--config', 'no.yaml'], 2, /no\.yaml cannot be read/],
  ] as const)('%s', async (name, words, code, line) => {
    const data = scratch.path(`not-${name.replaceAll(' ', '-')}`)
    const refused = await lingpai(['start', '--data', data, ...words()], { cwd: scratch.path('.') })
    expect(refused.code).toBe(code)
    expectOneLine(refused, line)
    expect(existsSync(data)).toBe(false)
  })
  const https = ['--port', '0', '--issuer', 'https://sso.example.test']

  test('a stored https address and nobody who speaks TLS, until the flags that are named lead back to this machine', async () => {
    const data = scratch.path('stored-https')
    const add = ['client', 'add', '--preset', 'zhizuoyun', '--name', '制作云', '--data', data]
    expect((await lingpai([...add, '--issuer', 'https://sso.example.test'])).code).toBe(0)
    const own = String(await freePort())
    const refused = await lingpai(['start', '--data', data, '--port', own])
    expect(refused.code).toBe(2)
    expectOneLine(refused, /the stored https:\/\/sso\.example\.test needs TLS.*--trusted-proxies 127\.0\.0\.1\)/)
    expect((await lingpai(['setup-link', '--data', data])).stdout).toContain('https://sso.example.test/')
    const [, flags = ''] = /on this machine alone \((--.*)\)\. See: /.exec(refused.stderr) ?? []
    expect(flags).toBe(`--issuer http://localhost:${own} --accept-new-issuer`)
    for (const words of [flags.split(' '), []]) {
      const server = await startLingpai(['--data', data, '--port', own, ...words])
      expect(server.issuer).toBe(`http://localhost:${own}`)
      await server.stop()
    }
  })

  test('a malformed master key in the environment', async () => {
    const data = scratch.path('bad-key')
    const refused = await lingpai(['start', '--data', data, '--port', '0'], {
      env: { LINGPAI_MASTER_KEY: 'fake-short' },
    })
    expect(refused.code).toBe(1)
    expectOneLine(refused, /LINGPAI_MASTER_KEY holds \d+ bytes/)
    expect(refused.stderr).not.toContain('fake-short')
    expect(existsSync(data)).toBe(false)
  })

  test('a data folder that is a file, or below one', async () => {
    writeFileSync(scratch.path('file'), 'mine')
    for (const [path, why] of [
      ['file', /it is a file/],
      ['file/below', /not a directory/],
    ] as const) {
      const refused = await lingpai(['start', '--port', '0', '--data', scratch.path(path)])
      expect(refused.code).toBe(5)
      expectOneLine(refused, why)
    }
    expect(readFileSync(scratch.path('file'), 'utf8')).toBe('mine')
  })

  test('a folder that cannot be made', async () => {
    const closed = scratch.path('closed')
    mkdirSync(closed, { mode: 0o500 })
    // Root may write everywhere but into what the kernel shows; the second of these also refuses to say why.
    const isKernel = process.getuid?.() === 0 && process.platform === 'linux'
    for (const folder of isKernel ? ['/sys', '/proc'] : [closed]) {
      const refused = await lingpai(['start', '--port', '0', '--data', `${folder}/a/b`])
      expect(refused.code).toBe(5)
      expectOneLine(refused, /The data folder .* cannot be used: .*--data/)
    }
  })

  test.runIf(process.platform === 'linux')(
    'a folder of another user is named, also where nobody wrote a lingpai.yaml',
    async () => {
      const asRoot = process.getuid?.() === 0
      const foreign = scratch.path('foreign')
      mkdirSync(foreign, { mode: asRoot ? 0o700 : 0 })
      // As a first start by root leaves it, and then the service by its own user.
      chmodSync(scratch.path('.'), 0o711)
      const nobody = asRoot ? { uid: 65_534, gid: 65_534 } : {}
      const words = [`${REPOSITORY}/bin/lingpai.js`, 'start', '--port', '0', '--data', foreign]
      const refused = await outcomeOf(spawn(process.execPath, words, { env: { PATH: process.env['PATH'] }, ...nobody }))
      expect(refused.code).toBe(2)
      expectOneLine(refused, /^Error: The data folder .*foreign cannot be used: this user may not look into it/)
      expect(refused.stderr).not.toContain('lingpai.yaml')
      chmodSync(foreign, 0o700)
      await (await startLingpai(['--data', foreign])).stop()
    },
  )

  test('a folder that holds something else keeps its mode', async () => {
    const shared = scratch.path('shared')
    mkdirSync(shared)
    chmodSync(shared, 0o755)
    writeFileSync(`${shared}/notes`, '')
    await (await startLingpai(['--data', shared])).stop()
    expect(mode(shared)).toBe('755')
    expect(mode(`${shared}/master.key`)).toBe('600')
    const empty = scratch.path('empty')
    mkdirSync(empty)
    chmodSync(empty, 0o755)
    await (await startLingpai(['--data', empty])).stop()
    expect(mode(empty)).toBe('700')
  })
})

describe('data that is there and cannot be used', () => {
  const data = scratch.path('used')
  const start = () => lingpai(['start', '--data', data, '--port', '0'])
  beforeAll(async () => {
    const server = await startLingpai(['--data', data])
    const second = await lingpai(['start', '--data', data, '--port', String(server.port)])
    expect(second.code).toBe(5)
    // Its port is taken too, by the same server: the cause is told.
    expectOneLine(second, /^Error: Another server is running on the data folder .*Stop that one first/)
    await server.stop()
  })

  test('a missing, wrong or open master key is told, and comes back right', async () => {
    const key = `${data}/master.key`
    renameSync(key, `${key}.kept`)
    const before = readdirSync(data).sort()
    for (const refused of [await start(), await lingpai(['client', 'list', '--data', data])]) {
      expect(refused.code).toBe(1)
      expectOneLine(refused, /master\.key does not exist; bring it back from a backup/)
    }
    expect(
      readdirSync(data)
        .sort()
        .filter((name) => !name.startsWith('owner')),
    ).toEqual(before.filter((name) => !name.startsWith('owner')))
    writeFileSync(key, `${Buffer.alloc(32, 'x').toString('base64url')}\n`, { mode: 0o600 })
    const wrong = [await start(), await lingpai(['client', 'list', '--data', data])]
    for (const refused of wrong) {
      expect(refused.code).toBe(6)
      expectOneLine(refused, /The master key is not the one this database was made with\. Give the right one/)
    }
    renameSync(`${key}.kept`, key)
    chmodSync(key, 0o644)
    expectOneLine(await start(), /is open to other users of this machine.*chmod 600/)
    chmodSync(key, 0o600)
    await (await startLingpai(['--data', data])).stop()
  })

  test('a database that others can read is served, and told with what closes it', async () => {
    const open = scratch.path('open data')
    const closed = await startLingpai(['--data', open])
    await closed.stop()
    expect(closed.log()).not.toContain('other users')
    chmodSync(open, 0o755)
    chmodSync(`${open}/lingpai.sqlite`, 0o644)
    const told = await startLingpai(['--data', open])
    await told.stop()
    expect(told.log()).toMatch(
      /warn {2}other users of this machine can read the database.* mode="0644" remedy="chmod 700 '.*open data'"/,
    )
    chmodSync(open, 0o700)
    const inside = await startLingpai(['--data', open])
    await inside.stop()
    expect(inside.log()).not.toContain('other users')
  })

  test.each([
    [0x6969, 'NFS'],
    [0xff534d42, 'SMB'],
    [0xfe534d42, 'SMB'],
    [0xef53, null],
  ])('a data folder on a file system of the network (%i) is served, and told', async (type, kind) => {
    const pretended = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
      fs.statfsSync = () => ({ type: ${type} }); syncBuiltinESMExports()`
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(pretended)}` }
    const server = await startLingpai(['--data', scratch.path('far away')], { env })
    await server.stop()
    const told = server
      .log()
      .split('\n')
      .filter((line) => line.includes('file system of the network'))
    expect(told).toHaveLength(kind === null ? 0 : 1)
    if (kind !== null) expect(told[0]).toMatch(new RegExp(`warn .* use a disk of this machine.* kind="${kind}"`))
  })

  test('a database of a newer release is refused and not touched', async () => {
    const newer = scratch.path('newer')
    await (await startLingpai(['--data', newer])).stop()
    const database = new DatabaseSync(`${newer}/lingpai.sqlite`)
    database.exec("INSERT INTO schema_version (number, name, applied_at) VALUES (99, 'of-tomorrow', 1)")
    database.close()
    const refused = await lingpai(['start', '--data', newer, '--port', '0'])
    // As one that sees it happen: whatever starts it again would start it in vain.
    expect(refused.code).toBe(6)
    expectOneLine(refused, /schema version 99.*use a newer release\. Run the release that has changed it/)
    const command = await lingpai(['client', 'list', '--data', newer, '--json'])
    expect(command.code).toBe(6)
    expect(JSON.parse(command.stdout)).toMatchObject({ error: 'newer_database' })
  })
})

test('no server has logged a secret, a password or a token', () => {
  const logs = allLogs()
  expect(logs).toContain('stopping')
  for (const secret of [TEST_SECRET, TEST_PASSWORD]) expect(logs).not.toContain(secret)
  expect(logs).not.toMatch(/set-up\/[A-Za-z0-9]{43}/)
})
