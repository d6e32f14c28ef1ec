// Every command explains itself, speaks JSON when asked, and refuses with the exit code and the words that fit.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shortenHelp } from '../../src/cli/help.ts'
import { buildProgram } from '../../src/cli/index.ts'
import {
  cleanEnvironment,
  lingpai,
  lingpaiJson,
  type Outcome,
  outcomeOf,
  REPOSITORY,
  scratchFolder,
  spawnLingpai,
} from '../support/cli.ts'
import { TEST_PASSWORD, TEST_SECRET } from '../support/server.ts'

const scratch = scratchFolder()
const data = scratch.path('data')
afterAll(() => scratch.remove())

beforeAll(async () => {
  // Before any start: the first command that adds something and knows the address makes the installation.
  await lingpaiJson([
    'client',
    'add',
    '--data',
    data,
    '--issuer',
    'http://localhost:4000',
    '--preset',
    'openid-connect',
    '--name',
    'Known',
    '--client-id',
    'known',
    '--client-secret',
    TEST_SECRET,
    '--redirect-uri',
    'https://client.test/callback',
  ])
  await lingpaiJson(['user', 'add', '--data', data, '--username', 'alice', '--phone', '13800138000'])
})

type Command = Awaited<ReturnType<typeof buildProgram>>

const leaves = (command: Command, above: readonly string[] = []): readonly (readonly [string, Command])[] =>
  command.commands.length === 0
    ? [[above.join(' '), command] as const]
    : command.commands.flatMap((each) => leaves(each, [...above, each.name()]))

const COMMANDS = leaves(await buildProgram(() => undefined))
/** Those that share options with others, anew: a test changes them. */
const SHARING = leaves(await buildProgram(() => undefined)).filter(([name]) => !/^(start|preset )/.test(name))

/** One JSON value on standard output that says what the person reads on standard error. */
function refusal({ code, stdout, stderr }: Outcome): { code: number | null; error: string; message: string } {
  const told = JSON.parse(stdout) as { error: string; message: string; hint?: string }
  expect(told.error).toMatch(/^[a-z_]+$/)
  expect(told.message.length).toBeGreaterThan(10)
  expect(stderr).toContain(told.message)
  expect(stderr).not.toMatch(/\bat .+\.ts:\d+/)
  return { code, error: told.error, message: `${told.message} ${told.hint ?? ''}` }
}

describe('help', () => {
  test('knows every command that the product promises', () => {
    const groups: Record<string, readonly string[]> = {
      client: ['add', 'list', 'show', 'update', 'rotate-secret', 'approve', 'remove'],
      'registration-token': ['create', 'list', 'revoke'],
      user: ['add', 'list', 'show', 'update', 'set-password', 'disable', 'enable', 'remove', 'import', 'export'],
      preset: ['list', 'show'],
      key: ['list', 'rotate', 'rotate-encryption', 'postpone', 'undo', 'retire', 'revoke'],
      'master-key': ['replace'],
      logout: ['list', 'resend'],
      session: ['end', 'list'],
      consent: ['list', 'withdraw'],
      event: ['list'],
      resource: ['add', 'disable', 'enable', 'list', 'remove', 'show', 'update'],
      config: ['check', 'show'],
    }
    const grouped = Object.entries(groups).flatMap(([group, names]) => names.map((name) => `${group} ${name}`))
    const single = ['start', 'setup-link', 'rehearse', 'trace', 'backup', 'restore', 'move']
    expect(COMMANDS.map(([name]) => name).sort()).toEqual([...grouped, ...single].sort())
  })

  test.each(COMMANDS)('lingpai %s says what it does and takes --json', (_, command) => {
    const help = command.helpInformation()
    expect(command.description().length).toBeGreaterThan(5)
    expect(help).toContain('--json')
    for (const { long } of command.options) expect(help).toContain(long)
  })

  test.each([
    ['', /Commands:[\s\S]*start[\s\S]*Exit codes/],
    ['client', /rotate-secret/],
    ['start', /--accept-new-issuer[\s\S]*--trusted-proxies/],
    ['client add', /--preset[\s\S]*--set <name=value>[\s\S]*--accept-weak-secret/],
    ['restore', /--passphrase-file[\s\S]*--master-key-file/],
  ])('lingpai %s --help ends with 0', async (words, told) => {
    const { code, stdout, stderr } = await lingpai([...words.split(' ').filter(Boolean), '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(told)
  })

  test.each(SHARING)('lingpai %s --help tells its own options, and --help-all the shared ones too', (name, command) => {
    const shown = () => command.helpInformation().match(/(?<=^ {2}(?:-h, )?)--[\w-]+/gm) ?? []
    const shared = ['--data', '--issuer', '--endpoint-prefix', '--config', '--json']
    const isShared = (long: string) =>
      shared.includes(long) || long.startsWith('--database') || name.startsWith('config')
    const longs = command.options.map(({ long }) => long ?? '').filter((long) => long !== '--help-all')
    const own = [...longs.filter((long) => !isShared(long)), '--help-all', '--help']
    expect(shown()).toEqual([...own, ...longs.filter(isShared)])
    expect(shown()).toEqual(expect.arrayContaining(shared))
    shortenHelp(command)
    expect(shown()).toEqual(own)
  })

  test.each(['key list', 'session end', 'config show', 'backup'])('lingpai %s --help is short', async (words) => {
    const help = async (flag: string) => {
      const { code, stdout, stderr } = await lingpai([...words.split(' '), flag])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return stdout
    }
    const short = await help('--help')
    expect(short).toMatch(/^ {2}--help-all +display help with the shared options too/m)
    expect(short).not.toMatch(/^ {2}--(data|json|database)\b/m)
    const full = await help('--help-all')
    for (const flag of ['--data', '--json', '--database-pooler']) expect(full).toMatch(new RegExp(`^ {2}${flag} `, 'm'))
  })

  test('--help-all needs none of what the command itself would', async () => {
    const { code, stdout } = await lingpai(['client', 'add', '--help-all'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/--preset <preset>[\s\S]*Shared options:[\s\S]*--database-pooler <text>/)
    expect((await lingpai(['start', '--help'])).stdout).toMatch(/--database-pooler <text>/)
  })

  test.each([
    ['', ['lingpai start', 'lingpai user add', 'lingpai trace'], /--trusted-proxies [\s\S]*--phone-verified /],
    ['user', ['lingpai user add', 'lingpai user export'], /--phone-verified [\s\S]*--format /],
  ])('lingpai %s --help-all tells every command below with its own options', async (group, usages, flags) => {
    const words = group.split(' ').filter(Boolean)
    const all = await lingpai([...words, '--help-all'])
    expect(all).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(flags) })
    for (const usage of usages) expect(all.stdout).toMatch(new RegExp(`^Usage: ${usage} `, 'm'))
    // What all of them share is told by each alone.
    expect(all.stdout).not.toContain('Shared options:')
    const { code, stdout } = await lingpai([...words, '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ {2}--help-all +display help with all commands below and their\s+options too$/m)
    expect(stdout.match(/^Usage: /gm)).toHaveLength(1)
    // Nothing else is taken for it.
    expect(await lingpai([...words, '--help-al'])).toMatchObject({ code: 2, stdout: '' })
  })

  test('--version tells the version, and no words at all tell the help and end with 2', async () => {
    const version = await lingpai(['--version'])
    expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    const nothing = await lingpai([])
    expect(nothing).toMatchObject({ code: 2, stdout: '' })
    expect(nothing.stderr).toContain('Usage: lingpai')
  })
})

test('a command that is named is built alone, under the name it goes by', async () => {
  const names = (await buildProgram(() => undefined)).commands.map((command) => command.name())
  expect(names.length).toBeGreaterThan(10)
  for (const name of names) {
    expect((await buildProgram(() => undefined, name)).commands.map((command) => command.name())).toEqual([name])
  }
})

describe('2: wrong usage', () => {
  test.each([
    ['strat', /Unknown command 'strat'.*Did you mean start\?/],
    ['client lst', /Unknown command 'lst'.*Did you mean list\?.*npx lingpai client --help/],
    ['client list --dta x', /Unknown option '--dta'.*Did you mean --data\?.*npx lingpai client list --help/],
    ['key list --databse x', /Unknown option '--databse'.*Did you mean --database\?/],
    ['config show --prot 1', /Unknown option '--prot'.*Did you mean --port\?/],
    ['client add', /Required option '--preset <preset>' not specified/],
    ['user show', /Missing required argument 'user'/],
    ['key list surplus', /Too many arguments/],
    ['key postpone some-key', /Required option '--by <duration>' not specified/],
    ['key rotate --algorithm HS256', /Allowed choices are RS256, PS256, ES256, ES384, EdDSA, Ed25519/],
  ])('lingpai %s', async (words, told) => {
    const plain = await lingpai(words.split(' '))
    expect(plain).toMatchObject({ code: 2, stdout: '' })
    expect(plain.stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(plain.stderr).toMatch(told)
    const { code, error, message } = refusal(await lingpai([...words.split(' '), '--json']))
    expect({ code, error }).toEqual({ code: 2, error: 'wrong_usage' })
    expect(message).toMatch(told)
  })

  const on = (words: readonly string[], stdin = '') => lingpai([...words, '--data', data, '--json'], { stdin })
  test.each([
    [['client', 'update', 'known'], 'nothing_to_change', /--set/],
    [['client', 'update', 'known', '--set', 'authorize.pkc=off'], 'invalid_setting', /authorize\.pkce/],
    [['client', 'update', 'known', '--set', 'authorize.pkce=maybe'], 'invalid_setting', /required, optional, off/],
    [['client', 'update', 'known', '--enable', '--disable'], 'contradiction', /contradict/],
    [['client', 'rotate-secret', 'known', '--client-secret', 'short'], 'weak_secret', /--accept-weak-secret/],
    [['user', 'add'], 'username_missing', /--username alice/],
    [['user', 'add', '--username', 'bob', '--phone', '138x'], 'invalid_phone', /11 digits/],
    [['user', 'add', '--username', 'bob', '--password-stdin'], 'input_missing', /standard input/],
    [['user', 'import', 'no-such.csv'], 'unreadable_file', /no-such\.csv cannot be read: no such file/],
    [['user', 'export'], 'file_missing', /--format jsonl/],
    [['user', 'import', '/dev/null'], 'unreadable_file', /^The import file \/dev\/null is not a regular file/],
    [
      ['backup', 'x', '--passphrase-file', 'no-such'],
      'unreadable_file',
      /no-such \(--passphrase-file\) .*no such file/,
    ],
    [
      ['backup', 'x', '--recipient-key-file', 'none'],
      'unreadable_file',
      /none \(--recipient-key-file\) .*no such file/,
    ],
    [
      ['backup', 'x', '--passphrase-file', 'package.json', '--recipient-key-file', 'package.json'],
      'contradiction',
      /^--passphrase-file and --recipient-key-file contradict each other/,
    ],
    [
      ['backup', 'x', '--recipient-key-file', 'package.json'],
      'unusable_key',
      /^The public key cannot be read as PEM: package\.json \(--recipient-key-file\)/,
    ],
    [['client', 'update', 'known', '--logo-file', 'none'], 'unreadable_file', /none \(--logo-file\) .*no such file/],
    [
      ['client', 'list', '--config', 'none.yaml'],
      'invalid_option',
      /--config: .*none\.yaml cannot be read: no such file/,
    ],
    [['trace', '--most', '0'], 'invalid_number', /whole number/],
  ] as const)('%j', async (words, error, told) => {
    const refused = refusal(await on(words))
    expect(refused).toMatchObject({ code: 2, error })
    expect(refused.message).toMatch(told)
  })

  test('a short password is refused, and nobody is added', async () => {
    const refused = refusal(await on(['user', 'add', '--username', 'short', '--password-stdin'], '123'))
    expect(refused).toMatchObject({ code: 2, error: 'weak_password' })
    expect(refusal(await on(['user', 'show', 'short']))).toMatchObject({ code: 3 })
  })
})

describe('3: not found', () => {
  test.each([
    [['client', 'show', 'nobody'], 'client_not_found', /npx lingpai client list --data /],
    [['client', 'remove', 'nobody'], 'client_not_found', /nobody/],
    [['rehearse', 'nobody'], 'client_not_found', /nobody/],
    [['logout', 'list', '--client', 'nobody'], 'client_not_found', /npx lingpai client list --data /],
    [['key', 'undo', 'nothing'], 'key_not_found', /\. See: npx lingpai key list --data /],
    [
      ['resource', 'show', 'https://x.test'],
      'resource_not_found',
      /"https:\/\/x\.test"\. See: npx lingpai resource list/,
    ],
    [['rehearse', 'known', '--user', 'nobody'], 'user_not_found', /npx lingpai user list --data /],
    [['user', 'disable', 'nobody'], 'user_not_found', /npx lingpai user list --data /],
    [['trace', 'nothing'], 'trace_not_found', /14 days/],
    [['key', 'rotate-encryption'], 'no_encryption_keys', /--encrypted-requests/],
    [['client', 'add', '--preset', 'spaa'], 'unknown_preset', /spa/],
  ] as const)('%j', async (words, error, told) => {
    const refused = refusal(await lingpai([...words, '--data', data, '--json']))
    expect(refused).toMatchObject({ code: 3, error })
    expect(refused.message).toMatch(told)
  })

  test('a mistyped data folder is told and not made, even when the address is given', async () => {
    const mistyped = scratch.path('mistyped')
    const words = ['client', 'list', '--data', mistyped, '--issuer', 'http://localhost:4000', '--json']
    const refused = refusal(await lingpai(words))
    expect(refused).toMatchObject({ code: 3, error: 'no_installation' })
    expect(refused.message).toMatch(/--data.*--database/)
    expect(existsSync(mistyped)).toBe(false)
  })
})

describe('what is printed', () => {
  test('advice that a command gives leads to the same installation', async () => {
    const place = ['--data', scratch.path('advised')]
    const named = ['--preset', 'openid-connect', '--name', 'x', '--redirect-uri', 'https://client.test/cb']
    await lingpaiJson(['client', 'add', ...named, ...place, '--issuer', 'http://localhost:4000'])
    // The first makes the key that signs, the second the one that waits.
    await lingpaiJson(['key', 'rotate', ...place])
    await lingpaiJson(['key', 'rotate', ...place])
    const { code, stderr } = await lingpai(['key', 'rotate', ...place])
    expect(code).toBe(4)
    const told = [...stderr.matchAll(/"(npx lingpai key [^"]+)"/g)].map(([, command]) => command)
    expect(told).toHaveLength(3)
    for (const command of told) expect(command).toMatch(new RegExp(` --data ${scratch.path('advised')}$`))
  })

  test('of a client that acts for itself, the addresses that it uses', async () => {
    const machine = ['--set', 'grant_types=["client_credentials"]', '--set', 'response_types=[]', '--set', 'scope=read']
    const place = ['--data', scratch.path('machines'), '--issuer', 'http://localhost:4000']
    const add = ['client', 'add', '--preset', 'openid-connect', '--name', 'Robot', ...place]
    const values = await lingpaiJson<Record<string, unknown>>([...add, ...machine])
    expect(Object.keys(values)).toEqual(['ClientId', 'ClientSecret', 'TokenEndpoint', 'IntrospectionEndpoint', 'Scope'])
    expect(values).toMatchObject({ IntrospectionEndpoint: 'http://localhost:4000/sso/introspect', Scope: 'read' })
    const person = await lingpaiJson<Record<string, unknown>>([...add, '--redirect-uri', 'https://client.test/cb'])
    expect(person).toMatchObject({ AuthorizationEndpoint: 'http://localhost:4000/sso/authorize' })
    expect(person).not.toHaveProperty('IntrospectionEndpoint')
    const screen = ['client', 'add', '--preset', 'device', '--name', 'Screen', ...place]
    expect(Object.keys(await lingpaiJson<Record<string, unknown>>(screen))).toEqual([
      'Issuer',
      'ClientId',
      'ClientSecret',
      'DeviceAuthorizationEndpoint',
      'TokenEndpoint',
      'UserInfoEndpoint',
      'Scope',
    ])
  })

  test('by the help, the values that an option may have', async () => {
    const { stdout } = await lingpai(['start', '--help'])
    const told = stdout.replace(/\s+/g, ' ')
    expect(told).toContain('[off; one of off, guarded, open]')
    expect(told).toContain('[info; one of debug, info, warn, error, silent]')
    expect(told).not.toContain('[4000; one of')
    const token = (await lingpai(['registration-token', 'create', '--help'])).stdout.replace(/\s+/g, ' ')
    expect(token).toContain(
      '(authorization_code, implicit, refresh_token, client_credentials, urn:ietf:params:oauth:grant-type:device_code)',
    )
  })
})

describe('4: conflict', () => {
  test.each([
    [['client', 'add', '--preset', 'zhizuoyun', '--name', 'x', '--client-id', 'known'], 'client_id_taken'],
    [['user', 'add', '--username', 'ALICE'], 'username_taken'],
    [['user', 'add', '--username', 'alice', '--phone', '13800138000'], 'username_taken'],
    [['user', 'add', '--username', 'bob', '--phone', '+86 138 0013 8000'], 'phone_taken'],
    [['client', 'list', '--issuer', 'http://localhost:4001'], 'issuer_differs'],
  ] as const)('%j', async (words, error) => {
    expect(refusal(await lingpai([...words, '--data', data, '--json']))).toMatchObject({ code: 4, error })
  })
})

describe('5: unavailable', () => {
  test('a database that does not answer is told without its password', async () => {
    const words = ['--database', 'postgres://nobody:fake-db-password@127.0.0.1:1/none', '--json']
    const env = { LINGPAI_MASTER_KEY: Buffer.alloc(32, 7).toString('base64url') }
    for (const command of [
      ['user', 'list'],
      ['start', '--port', '0'],
    ]) {
      const outcome = await lingpai([...command, ...words], { env })
      const refused = refusal(outcome)
      expect(refused).toMatchObject({ code: 5, error: 'unavailable' })
      expect(refused.message).toMatch(/does not answer.*PostgreSQL runs/)
      expect(outcome.stdout + outcome.stderr).not.toContain('fake-db-password')
    }
  })
})

describe('--json prints exactly one value', () => {
  test.each([
    [['client', 'list'], [expect.objectContaining({ client_id: 'known', enabled: true })]],
    [['client', 'show', 'known'], expect.objectContaining({ client_id: 'known', redirect_uris: expect.anything() })],
    [['user', 'list'], { users: [expect.objectContaining({ username: 'alice' })], next: null }],
    [['user', 'show', 'alice'], expect.objectContaining({ phone: '+8613800138000', phone_verified: false })],
    [['user', 'update', 'alice', '--name', '张三'], expect.objectContaining({ name: '张三' })],
    [['key', 'list'], { keys: [], clients: [expect.objectContaining({ client_id: 'known', sight: 'unused' })] }],
    [['trace'], []],
    [
      ['setup-link'],
      {
        setup_link: expect.stringMatching(/^http:\/\/localhost:4000\/sso\/set-up\/\w{43}$/),
        expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
      },
    ],
    [['config', 'check'], { valid: true, file: null }],
    [['config', 'show'], expect.objectContaining({ port: { value: 4000, source: 'default' } })],
  ] as const)('%j', async (words, expected) => {
    expect(await lingpaiJson<unknown>([...words, '--data', data])).toEqual(expected)
  })

  test('presets need no installation', async () => {
    const [first] = await lingpaiJson<readonly { name: string }[]>(['preset', 'list'])
    expect(first).toMatchObject({ name: 'zhizuoyun' })
    expect(await lingpaiJson(['preset', 'show', 'spa'])).toMatchObject({ name: 'spa' })
    expect(refusal(await lingpai(['preset', 'show', 'spaa', '--json']))).toMatchObject({ code: 3 })
  })

  test('the secret of a client is shown once: when it is made', async () => {
    const shown = await lingpai(['client', 'show', 'known', '--data', data, '--json'])
    expect(shown.code).toBe(0)
    expect(shown.stdout).not.toContain(TEST_SECRET)
    const rotated = await lingpaiJson(['client', 'rotate-secret', 'known', '--data', data])
    expect(rotated['ClientSecret']).toMatch(/^[A-Za-z0-9]{43}$/)
  })

  test('a secret from the environment is masked in config show', async () => {
    const key = Buffer.alloc(32, 9).toString('base64url')
    const { code, stdout } = await lingpai(['config', 'show'], { env: { LINGPAI_MASTER_KEY: key } })
    expect(code).toBe(0)
    expect(stdout).toMatch(/masterKey +\(secret\) +LINGPAI_MASTER_KEY/)
    expect(stdout).not.toContain(key)
  })

  test('config show tells the stored issuer, one that is given before it, and what comes where none can be read', async () => {
    const on = (...words: readonly string[]) => lingpaiJson(['config', 'show', ...words])
    const stored = { issuer: { value: 'http://localhost:4000', source: 'stored' } }
    expect(await on('--data', data)).toMatchObject(stored)
    expect((await lingpai(['config', 'show', '--data', data])).stdout).toMatch(
      /^issuer +http:\/\/localhost:4000 +stored$/m,
    )
    expect(await on('--data', data, '--issuer', 'https://sso.example.com')).toMatchObject({
      issuer: { value: 'https://sso.example.com', source: '--issuer' },
    })
    const none = { issuer: { value: null, source: 'default' } }
    const empty = scratch.path('nothing-to-show')
    expect(await on('--data', empty)).toMatchObject(none)
    expect(existsSync(empty)).toBe(false)
    const broken = scratch.path('broken')
    mkdirSync(broken)
    writeFileSync(join(broken, 'lingpai.sqlite'), 'no database at all')
    expect(await on('--data', broken)).toMatchObject(none)
    expect(await on('--database', 'postgres://nobody@127.0.0.1:1/none')).toMatchObject(none)
    expect((await lingpai(['config', 'show', '--data', empty])).stdout).toMatch(
      /^issuer +the stored issuer; .* default$/m,
    )
  })
})

test('a password may come with a line end, which is no part of it', async () => {
  for (const [who, end] of [
    ['unix', '\n'],
    ['windows', '\r\n'],
  ]) {
    const words = ['user', 'add', '--data', data, '--username', who ?? '', '--password-stdin']
    expect(await lingpaiJson(words, { stdin: `${TEST_PASSWORD}${end}` })).toMatchObject({ username: who })
  }
})

describe('output and interruptions', () => {
  const shell = (line: string) => spawnSync('sh', ['-c', line], { env: cleanEnvironment(), encoding: 'utf8' })
  const words = `'${process.execPath}' '${REPOSITORY}bin/lingpai.js'`

  test('a reader that has had enough is no failure, and a full disk is one line', () => {
    const enough = shell(`{ ${words} start --help; echo "ended $?" >&2; } | head -n 1`)
    expect(enough).toMatchObject({ stdout: 'Usage: lingpai start [options]\n', stderr: 'ended 0\n' })
    if (!existsSync('/dev/full')) return
    const full = shell(`${words} preset list >/dev/full`)
    expect(full.status).toBe(1)
    expect(full.stderr).toMatch(/^Error: The output cannot be written \(ENOSPC\)\.\n$/)
  })

  test('Ctrl+C stops an import, which leaves nobody behind', async () => {
    const file = scratch.path('many.csv')
    const rows = Array.from({ length: 100_000 }, (_, at) => `many-${at}`)
    writeFileSync(file, `username\n${rows.join('\n')}\n`)
    const child = spawnLingpai(['user', 'import', file, '--data', data, '--json'])
    const ending = outcomeOf(child)
    // Once the file is open, the command has begun to listen to Ctrl+C.
    const isOpen = () =>
      process.platform !== 'linux' || shell(`ls -l /proc/${child.pid}/fd`).stdout.includes('many.csv')
    await expect.poll(isOpen, { interval: 20, timeout: 10_000 }).toBe(true)
    child.kill('SIGINT')
    expect(refusal(await ending)).toMatchObject({ code: 1, error: 'import_abandoned' })
    expect((await lingpai(['user', 'show', 'many-0', '--data', data])).code).toBe(3)
  })
})

test.each([
  [['--port', 'abc'], '--port must be a whole number from 0 to 65535, not "abc". See: npx lingpai start --help\n'],
  [
    ['--port', 'abc', '--workers', '0'],
    '--port must be a whole number from 0 to 65535, not "abc"\n       --workers must be a whole number from 1 to 64, not "0"\nSee: npx lingpai start --help\n',
  ],
])('options that cannot be are told in sentences: %j', async (options, told) => {
  const { code, stderr } = await lingpai(['start', '--data', data, ...options])
  expect({ code, stderr }).toEqual({ code: 2, stderr: `Error: ${told}` })
})
