import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  assertServable,
  loadOptions,
  OptionsError,
  type OptionsInput,
  optionFlags,
  showOptions,
} from '../../src/options/index.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lingpai-options-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const load = (input: OptionsInput = {}) => loadOptions({ env: {}, folder, ...input })
const yaml = (text: string, name = 'lingpai.yaml') => writeFileSync(join(folder, name), text)
const problemsOf = async (input: OptionsInput): Promise<readonly string[]> => {
  try {
    await load(input)
  } catch (error) {
    if (error instanceof OptionsError) return error.problems
    throw error
  }
  return []
}

describe('sources', () => {
  it('without anything given every option has its default', async () => {
    const { options, sources, file } = await load()
    expect(options).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      issuer: null,
      endpointPrefix: '/sso',
      database: null,
    })
    expect(options.data).toBe(join(folder, 'data'))
    expect(options.lifetimes.refreshAbsolute).toBe(180 * 86_400)
    expect(new Set([...sources.values()].map(({ kind }) => kind))).toEqual(new Set(['default']))
    expect(file).toBeNull()
  })

  it('a flag is stronger than a variable, a variable than the file, the file than the default', async () => {
    yaml('port: 1001\nhost: 0.0.0.0\nlogLevel: warn\n')
    const { options, sources } = await load({
      flags: { port: '1003' },
      env: { LINGPAI_PORT: '1002', LINGPAI_HOST: '::1' },
    })
    expect(options).toMatchObject({ port: 1003, host: '::1', logLevel: 'warn', logFormat: 'text' })
    expect(sources.get('port')).toEqual({ kind: 'flag', flag: '--port' })
    expect(sources.get('host')).toEqual({ kind: 'environment', variable: 'LINGPAI_HOST' })
    expect(sources.get('logLevel')).toMatchObject({ kind: 'file', line: 3 })
  })

  it('the file in the data folder comes before the one in the working directory', async () => {
    yaml('port: 1001')
    mkdirSync(join(folder, 'elsewhere'))
    yaml('port: 1002', 'elsewhere/lingpai.yaml')
    expect((await load()).options.port).toBe(1001)
    expect((await load({ flags: { data: 'elsewhere' } })).options.port).toBe(1002)
  })

  it('a named file is the only one read, by flag or by LINGPAI_CONFIG', async () => {
    yaml('port: 1001\nhost: 0.0.0.0')
    yaml('port: 1002', 'other.yaml')
    expect((await load({ file: 'other.yaml' })).options).toMatchObject({ port: 1002, host: '127.0.0.1' })
    expect((await load({ env: { LINGPAI_CONFIG: 'other.yaml' } })).options.port).toBe(1002)
  })

  it('a named file that does not exist is an error', async () => {
    expect(await problemsOf({ file: 'absent.yaml' })).toEqual([
      expect.stringMatching(/^--config: .*absent\.yaml cannot be read: ENOENT/),
    ])
    expect(await problemsOf({ env: { LINGPAI_CONFIG: 'absent.yaml' } })).toEqual([
      expect.stringMatching(/^LINGPAI_CONFIG: .*absent\.yaml cannot be read: ENOENT/),
    ])
  })

  it('an empty file and one of comments change nothing', async () => {
    for (const text of ['', '# nothing yet\n', 'null']) {
      yaml(text)
      expect((await load()).options.port).toBe(4000)
    }
  })

  it('nested keys stand in groups or dotted', async () => {
    yaml('brand:\n  productName: 样例\nlifetimes.code: 30\n')
    const { options } = await load()
    expect(options.brand.productName).toBe('样例')
    expect(options.lifetimes.code).toBe(30)
  })

  it('relative paths begin at the file that holds them, else at the working directory', async () => {
    mkdirSync(join(folder, 'etc'))
    yaml('tlsCert: cert.pem\ntlsKey: /keys/key.pem\n', 'etc/sso.yaml')
    const { options } = await load({ file: 'etc/sso.yaml', flags: { proofFolder: 'proof' } })
    expect(options.tlsCert).toBe(join(folder, 'etc/cert.pem'))
    expect(options.tlsKey).toBe('/keys/key.pem')
    expect(options.proofFolder).toBe(join(folder, 'proof'))
  })
})

describe('values', () => {
  it.each([
    ['90', 90],
    ['90s', 90],
    ['2m', 120],
    ['5 min', 300],
  ])('a span may be written %s', async (text, seconds) => {
    expect((await load({ env: { LINGPAI_LIFETIMES_CODE: text } })).options.lifetimes.code).toBe(seconds)
  })

  it.each(['3y', '-5', '1.5h', '', 'soon', '11m', '1'])('a span may not be written %j', async (text) => {
    expect(await problemsOf({ flags: { lifetimesCode: text } })).toEqual([
      expect.stringMatching(/^--lifetimes-code must /),
    ])
  })

  it('days and hours are spans too', async () => {
    yaml('lifetimes:\n  refreshIdle: 30d\n  sessionIdle: 12h\n  refreshAbsolute: 15552000\n')
    expect((await load()).options.lifetimes).toMatchObject({
      refreshIdle: 2_592_000,
      sessionIdle: 43_200,
      refreshAbsolute: 15_552_000,
    })
  })

  it('a list is separated by commas or blanks, repeated, or a list', async () => {
    const expected = ['10.0.0.0/8', '::1']
    expect((await load({ env: { LINGPAI_TRUSTED_PROXIES: '10.0.0.0/8, ::1' } })).options.trustedProxies).toEqual(
      expected,
    )
    expect((await load({ flags: { trustedProxies: ['10.0.0.0/8', '::1', '::1'] } })).options.trustedProxies).toEqual(
      expected,
    )
    yaml('trustedProxies:\n  - 10.0.0.0/8\n  - ::1\n')
    expect((await load()).options.trustedProxies).toEqual(expected)
  })

  it('a size may have a unit', async () => {
    expect(
      (await load({ flags: { limitsInteractionsTotalBytes: '64MiB' } })).options.limits.interactions.totalBytes,
    ).toBe(67_108_864)
  })

  it.each([
    ['port', '65536', 'a whole number from 0 to 65535'],
    ['port', '40 00', 'a whole number'],
    ['port', '4e3', 'a whole number'],
    ['defaultLocale', 'de', 'one of zh-CN, en'],
    ['trustedProxies', '10.0.0.0/33', 'neither an IP address nor a network'],
    ['trustedProxies', 'proxy.internal', 'neither an IP address nor a network'],
    ['endpointPrefix', 'sso?x', 'a path such as /sso'],
    ['endpointPrefix', '/a/../b', 'a path such as /sso'],
    ['database', 'mysql://localhost/x', 'postgres://'],
    ['brandAccent', 'red', '#0c6b64'],
    ['brandPrivacyUrl', 'javascript:alert(1)', 'https://'],
    ['host', 'localhost:80', 'without a port'],
    ['outboundAllow', 'keys.internal', 'not a host with its port'],
    ['outboundAllow', 'keys.internal:', 'not a host with its port'],
    ['outboundAllow', 'keys.internal:0x1', 'not a host with its port'],
    ['outboundAllow', '*.internal:443', 'not a host with its port'],
    ['outboundAllow', 'https://keys.internal:443', 'not a host with its port'],
    ['outboundAllow', 'keys.internal:99999', 'not a host with its port'],
    ['outboundAllow', 'u@keys.internal:443', 'not a host with its port'],
    ['alternativeHosts', 'a/b', 'neither a host'],
  ])('%s refuses %s and says what it expects', async (name, value, expected) => {
    expect(await problemsOf({ flags: { [name]: value } })).toEqual([expect.stringContaining(expected)])
  })

  it.each([
    ['port', '0', 'port', 0],
    ['endpointPrefix', '', 'endpointPrefix', ''],
    ['endpointPrefix', '/oauth2/v1/', 'endpointPrefix', '/oauth2/v1'],
    ['host', '::', 'host', '::'],
    ['acceptNewIssuer', true, 'acceptNewIssuer', true],
    ['outboundAllow', 'keys.internal:8443, [::1]:80', 'outboundAllow', ['keys.internal:8443', '[::1]:80']],
    ['alternativeHosts', 'sso.internal:8443', 'alternativeHosts', ['sso.internal:8443']],
  ])('%s accepts %j', async (name, value, key, expected) => {
    expect((await load({ flags: { [name]: value } })).options).toMatchObject({ [key]: expected })
  })

  it('a map in place of a value is told as such', async () => {
    yaml('port:\n  number: 4000\n')
    expect(await problemsOf({})).toEqual([expect.stringMatching(/lingpai\.yaml line 1: port must be a whole number/)])
  })
})

describe('unknown names', () => {
  it('a key of the file is refused with its line and the nearest name', async () => {
    yaml('port: 4000\nbrand:\n  prodctName: x\n')
    expect(await problemsOf({})).toEqual([
      `${join(folder, 'lingpai.yaml')} line 3: "brand.prodctName" is no option; did you mean "brand.productName"?`,
    ])
  })

  it('a variable is refused with the nearest name', async () => {
    expect(await problemsOf({ env: { LINGPAI_PROT: '1' } })).toEqual([
      'LINGPAI_PROT is no variable of ours; did you mean LINGPAI_PORT?',
    ])
  })

  it('a flag is refused with the nearest name', async () => {
    expect(await problemsOf({ flags: { isuer: 'x' } })).toEqual(['--isuer is no option; did you mean --issuer?'])
  })

  it('other programs variables, empty ones and service links of a container are not ours', async () => {
    const env = {
      PATH: '/bin',
      LINGPAI_HOST: '',
      LINGPAI_PORT: 'tcp://10.0.0.7:4000',
      LINGPAI_PORT_4000_TCP: 'tcp://10.0.0.7:4000',
      LINGPAI_PORT_4000_TCP_ADDR: '10.0.0.7',
      LINGPAI_SERVICE_HOST: '10.0.0.7',
      LINGPAI_SERVICE_PORT_HTTP: '4000',
    }
    expect((await load({ env })).options).toMatchObject({ host: '127.0.0.1', port: 4000 })
  })

  it('every problem is told at once', async () => {
    yaml('prot: 1\nhost: [1]\n')
    expect(await problemsOf({ flags: { port: 'x' }, env: { LINGPAI_DATTA: 'y' } })).toHaveLength(4)
  })

  it.each([
    ['port: 1\nport: 2\n', /line 2/],
    ['- port\n', /must hold lines/],
    ['port: [1\n', /line \d/],
    ['brand: x\n', /line 1: "brand" is no option/],
  ])('a file that is broken is told with its line: %j', async (text, expected) => {
    yaml(text)
    expect((await problemsOf({})).join('\n')).toMatch(expected)
  })

  it('of the values of a command only the options are picked', () => {
    expect(optionFlags({ port: '1', json: true, databaseFile: 'f', name: 'x' })).toEqual({
      port: '1',
      databaseFile: 'f',
    })
  })
})

describe('secrets', () => {
  it('the master key is no flag and stands in no file', async () => {
    yaml('masterKey: not-a-real-key\n')
    const [inFile, asFlag] = [
      (await problemsOf({})).join(),
      (await problemsOf({ file: undefined, flags: { masterKey: 'not-a-real-key' } })).join(),
    ]
    expect(inFile).toContain('masterKey cannot stand in the file: use LINGPAI_MASTER_KEY or LINGPAI_MASTER_KEY_FILE')
    expect(asFlag).toContain('--master-key cannot be a flag')
    expect(inFile + asFlag).not.toContain('not-a-real-key')
  })

  it('the master key comes from its variable or a file', async () => {
    expect((await load({ env: { LINGPAI_MASTER_KEY: 'not-a-real-key' } })).options.masterKey).toBe('not-a-real-key')
    yaml('masterKeyFile: /run/secrets/key\n')
    expect((await load()).options.masterKeyFile).toBe('/run/secrets/key')
  })

  it('the database address may stand in a file, by flag, variable or key', async () => {
    writeFileSync(join(folder, 'url'), 'postgres://u:not-a-real-password@db/lingpai\n')
    const expected = 'postgres://u:not-a-real-password@db/lingpai'
    expect((await load({ flags: { databaseFile: 'url' } })).options.database).toBe(expected)
    expect((await load({ env: { LINGPAI_DATABASE_FILE: 'url' } })).options.database).toBe(expected)
    yaml('databaseFile: url\n')
    expect((await load()).options.database).toBe(expected)
  })

  it('a value and a file for it together are refused, and so is a file that is not there', async () => {
    expect(await problemsOf({ env: { LINGPAI_DATABASE: 'postgres://h/d', LINGPAI_DATABASE_FILE: 'url' } })).toEqual([
      'LINGPAI_DATABASE and LINGPAI_DATABASE_FILE are both set; set only one of them',
    ])
    expect(await problemsOf({ env: { LINGPAI_DATABASE_FILE: 'absent' } })).toEqual([
      expect.stringMatching(/^LINGPAI_DATABASE_FILE: absent cannot be read: ENOENT/),
    ])
  })

  it('no listing and no error repeats a secret', async () => {
    const database = 'postgres://u:not-a-real-password@db/x?sslpassword=not-a-real-password'
    const loaded = await load({ env: { LINGPAI_DATABASE: database, LINGPAI_MASTER_KEY: 'not-a-real-key' } })
    const shown = JSON.stringify(showOptions(loaded))
    expect(shown).not.toMatch(/not-a-real/)
    expect(shown).toContain('postgres://u:***@db/x')
    expect((await problemsOf({ env: { LINGPAI_DATABASE: 'mysql://u:not-a-real-password@db' } })).join()).not.toMatch(
      /not-a-real/,
    )
  })
})

describe('issuer', () => {
  it.each([
    ['https://sso.example.com', 'https://sso.example.com'],
    ['https://SSO.Example.com:443/', 'https://sso.example.com'],
    ['https://example.com/tenants/a/', 'https://example.com/tenants/a'],
    ['http://localhost:4000', 'http://localhost:4000'],
    ['http://127.0.0.1:4000/', 'http://127.0.0.1:4000'],
    ['http://[::1]:4000', 'http://[::1]:4000'],
  ])('%s becomes %s', async (text, issuer) => {
    expect((await load({ flags: { issuer: text } })).options.issuer).toBe(issuer)
  })

  it.each([
    ['https://sso.example.com?x=1', 'query'],
    ['https://sso.example.com?', 'query'],
    ['https://sso.example.com#', 'fragment'],
    ['https://user@sso.example.com', 'user name'],
    ['sso.example.com', 'an address such as https://'],
    ['ftp://sso.example.com', 'an address such as https://'],
    ['https://sso.example.com/a b', 'an address such as https://'],
    ['https://sso.example.com/%41', 'plain segments'],
    ['http://sso.example.com', 'unencrypted'],
    ['http://localhost.example.com', 'unencrypted'],
  ])('%s is refused', async (text, expected) => {
    expect(await problemsOf({ flags: { issuer: text } })).toEqual([expect.stringContaining(expected)])
  })

  it('RFC 6761 §6.3 plain http holds at every name below localhost, which never leaves this machine', async () => {
    const issuer = 'http://sso.localhost:4000'
    expect((await load({ flags: { issuer } })).options.issuer).toBe(issuer)
    expect(await problemsOf({ flags: { issuer: 'http://localhost.test:4000' } })).toHaveLength(1)
  })

  it('an entry of a list is quoted once', async () => {
    const [problem = ''] = await problemsOf({ flags: { trustedProxies: 'localhost' } })
    expect(problem.split('localhost')).toHaveLength(2)
    expect(problem).toMatch(/^--trusted-proxies holds "localhost", which is neither /)
  })

  it('plain http beyond loopback holds behind a trusted proxy', async () => {
    const { options } = await load({ flags: { issuer: 'http://sso.internal', trustedProxies: '10.0.0.1' } })
    expect(options.issuer).toBe('http://sso.internal')
  })
})

describe('contradictions', () => {
  it.each<[string, OptionsInput['flags'], string]>([
    ['a certificate without its key', { tlsCert: 'c' }, '--tls-cert is set without tlsKey (--tls-key)'],
    ['a key without its certificate', { tlsKey: 'k' }, '--tls-key is set without tlsCert'],
    [
      'TLS with an http issuer',
      { tlsCert: 'c', tlsKey: 'k', issuer: 'http://localhost:1' },
      'make it https://localhost:1',
    ],
    ['a schema without PostgreSQL', { databaseSchema: 's' }, 'SQLite has no schemas'],
    ['workers without PostgreSQL', { workers: '2' }, 'SQLite lets one process write at a time'],
    ['a pooler without PostgreSQL', { databasePooler: 'transaction' }, 'nothing stands before SQLite'],
    ['an idle time beyond the absolute one', { lifetimesSessionIdle: '8d' }, '--lifetimes-session-idle: '],
    [
      'a cache that outlives the publishing of keys',
      { lifetimesKeyPublishAhead: 60 },
      '--lifetimes-key-publish-ahead: ',
    ],
    ['a filing code without the filing', { brandGonganCode: '1' }, 'without brand.gongan'],
    ['a filing without any number', { brandGongan: '京公网安备' }, 'brand.gonganCode'],
  ])('%s is refused', async (_, flags, expected) => {
    expect(await problemsOf({ flags: flags ?? {} })).toEqual([expect.stringContaining(expected)])
  })

  it.each<[string, OptionsInput['flags']]>([
    ['a certificate with its key', { tlsCert: 'c', tlsKey: 'k', issuer: 'https://localhost:1' }],
    ['a schema with PostgreSQL', { databaseSchema: 's', database: 'postgres://h/d' }],
    ['workers with PostgreSQL', { workers: '2', database: 'postgres://h/d' }],
    ['one worker without PostgreSQL', { workers: '1' }],
    ['a pooler with PostgreSQL', { databasePooler: 'transaction', database: 'postgres://h/d' }],
    ['idle times within the absolute ones', { lifetimesSessionIdle: '8d', lifetimesSessionAbsolute: '9d' }],
    ['an absolute time below the default idle one', { lifetimesRefreshAbsolute: '10d' }],
    ['a filing whose text holds its number', { brandGongan: '京公网安备 11010802012345号' }],
  ])('%s holds', async (_, flags) => {
    expect(await problemsOf({ flags: flags ?? {} })).toEqual([])
  })

  it('a file found in the data folder cannot lead to another one', async () => {
    mkdirSync(join(folder, 'data'))
    yaml('data: ../other\n', 'data/lingpai.yaml')
    expect(await problemsOf({})).toEqual([expect.stringContaining('names another folder')])
    yaml('data: .\n', 'data/lingpai.yaml')
    expect((await load()).options.data).toBe(join(folder, 'data'))
  })
})

describe('what a server cannot run with', () => {
  const serve = async (issuer: string, flags: OptionsInput['flags'] = {}, env = {}) =>
    assertServable((await load({ flags, env })).options, issuer)

  it('an https issuer needs TLS or a trusted proxy', async () => {
    await expect(serve('https://sso.example.com')).rejects.toThrow(/needs TLS/)
    await expect(serve('https://sso.example.com', { trustedProxies: '127.0.0.1' })).resolves.toBeUndefined()
    await expect(serve('https://sso.example.com', { tlsCert: 'c', tlsKey: 'k' })).resolves.toBeUndefined()
  })

  it('a stored http issuer beyond loopback is refused as a given one is', async () => {
    await expect(serve('http://sso.example.com')).rejects.toThrow(/unencrypted/)
    await expect(serve('http://localhost:4000')).resolves.toBeUndefined()
  })

  it('PostgreSQL needs a master key that all nodes share', async () => {
    const database = { database: 'postgres://h/d' }
    await expect(serve('http://localhost:1', database)).rejects.toThrow(/LINGPAI_MASTER_KEY/)
    await expect(
      serve('http://localhost:1', database, { LINGPAI_MASTER_KEY: 'not-a-real-key' }),
    ).resolves.toBeUndefined()
  })
})

describe('issuers of software statements', () => {
  const LIST = ['https://a.test=https://a.test/jwks?v=2', 'https://b.test=https://b.test/jwks']

  it('each is given with the address of its keys, and shown with it', async () => {
    yaml(`registration:\n  statementIssuers: ${JSON.stringify(LIST)}\n`)
    const loaded = await load()
    expect(loaded.options.registration.statementIssuers).toEqual([
      { issuer: 'https://a.test', jwks: null, jwks_uri: 'https://a.test/jwks?v=2' },
      { issuer: 'https://b.test', jwks: null, jwks_uri: 'https://b.test/jwks' },
    ])
    const shown = showOptions(loaded).find(({ key }) => key === 'registration.statementIssuers')
    expect(shown?.text).toBe(
      loaded.options.registration.statementIssuers.map((each) => JSON.stringify(each)).join(', '),
    )
  })

  it('one without keys is refused with what to write', async () => {
    const problems = await problemsOf({ flags: { registrationStatementIssuers: 'https://a.test' } })
    expect(problems).toEqual([expect.stringContaining('must name its keys: https://a.test=https://…')])
  })
})
