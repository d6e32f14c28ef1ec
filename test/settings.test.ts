// Settings of the library: what a program without types gets wrong is said before anything starts.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { CannotStart, createAuthorizationServer, createLog, postgres, sqlite } from '../src/index.ts'
import { statement } from '../src/store/database/driver.ts'
import { scratchFolder } from './support/cli.ts'

const MASTER = Buffer.alloc(32, 7).toString('base64url')

const TABLES = statement<object, { name: string }>('tables', "SELECT name FROM sqlite_master WHERE type = 'table'")

/** As a program in plain JavaScript gives them. */
async function start(extra: Record<string, unknown>): Promise<string> {
  const database = await sqlite({ file: ':memory:' })
  const settings: unknown = { issuer: 'http://localhost:4000', database, masterKey: MASTER, ...extra }
  try {
    const server = await createAuthorizationServer(settings as Parameters<typeof createAuthorizationServer>[0])
    await server.close()
    return 'started'
  } catch (error) {
    expect(error).toBeInstanceOf(CannotStart)
    // Nothing was made in the database.
    expect(await database.rows(TABLES, {})).toEqual([])
    await database.close()
    return error instanceof Error ? error.message : String(error)
  }
}

describe('createAuthorizationServer refuses, before it touches the database,', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['a mistyped name', { isuer: 'x' }, '"isuer" is no setting; did you mean issuer?'],
    ['a mistyped name in a group', { lifetimes: { accesToken: 60 } }, 'did you mean lifetimes.accessToken?'],
    ['a name that is nothing', { quite: 1 }, '"quite" is no setting'],
    ['no issuer', { issuer: undefined }, 'issuer is required'],
    ['an issuer with a slash at its end', { issuer: 'https://a.test/' }, 'must be written as "https://a.test"'],
    ['an issuer that is none', { issuer: 'a.test' }, 'issuer must be an address such as'],
    ['a language that it has not', { defaultLocale: 'fr' }, 'defaultLocale must be one of zh-CN, en'],
    ['a prefix that is no path', { endpointPrefix: 'sso/' }, 'endpointPrefix must be a path such as /sso'],
    // Whatever is not off would be open.
    ['a mistyped registration.access', { registration: { access: 'opn' } }, 'must be one of off, guarded, open'],
    ['a span as text', { lifetimes: { accessToken: '1h' } }, 'lifetimes.accessToken must be written as 3600'],
    ['a span that is too long', { lifetimes: { code: 86_400 } }, 'lifetimes.code must lie between 5s and 10m'],
    ['a switch as text', { unsignedJwt: 'false' }, 'unsignedJwt must be written as false'],
    ['a word where a page is switched on', { frontPage: 'yes' }, 'frontPage must be true or false'],
    ['a name where a network belongs', { trustedProxies: ['localhost'] }, 'trustedProxies holds "localhost"'],
    ['a picture that no page shows', { brand: { logo: './logo.svg' } }, 'brand.logo must be a path on this origin'],
    [
      'issuers of statements as the command line has them',
      { registration: { statementIssuers: ['https://a.test=https://a.test/jwks'] } },
      'registration.statementIssuers must be a list of { issuer, jwks, jwks_uri }',
    ],
    [
      'keys of statements at no address',
      { registration: { statementIssuers: [{ issuer: 'https://a.test', jwks: null, jwks_uri: 'nonsense' }] } },
      'registration.statementIssuers for "https://a.test" must be',
    ],
    ['a picture of another host', { brand: { logo: '//b.test/logo.svg' } }, 'brand.logo must be a path on this origin'],
    ['an alternative origin that is none of the web', { alternativeOrigins: ['ftp://a.test'] }, 'list of origins'],
    ['bytes where a key belongs', { masterKey: Buffer.alloc(32) }, 'masterKey must be the text of a master key'],
    [
      'a log that cannot be written to',
      { log: { info: () => undefined } },
      "log must be what createLog('info', 'json')",
    ],
    [
      'flags that nothing parts from the command',
      { commandFlags: { operator: '--data x', anybody: '' } },
      'commandFlags must be',
    ],
    ['a clock that stands', { clock: {} }, 'clock must be a clock: { now() }'],
    ['a database of its own', { database: { dialect: 'sqlite' } }, 'database must be await sqlite({ file })'],
    ['an alternative origin with a path', { alternativeOrigins: ['https://a.test/x'] }, 'must be a list of origins'],
  ])('%s', async (_, extra, problem) => {
    expect(await start(extra)).toContain(problem)
  })

  test.each([undefined, null, 'http://localhost:4000'])('settings that are %s', async (settings) => {
    const starting = createAuthorizationServer(settings as unknown as Parameters<typeof createAuthorizationServer>[0])
    await expect(starting).rejects.toThrow(
      new CannotStart('the settings must be an object: { issuer, database, masterKey }'),
    )
  })

  test('a database that is still being opened', async () => {
    const opening = sqlite({ file: ':memory:' })
    expect(await start({ database: opening })).toContain('database must be await sqlite({ file })')
    await (await opening).close()
  })

  test('several at once, each in a line of its own', async () => {
    expect((await start({ isuer: 'x', defaultLocale: 'fr' })).split('\n')).toHaveLength(2)
  })
})

test('createAuthorizationServer starts with everything written rightly', async () => {
  const jwks_uri = 'https://publisher.test/jwks'
  const settings = {
    endpointPrefix: '',
    alternativeOrigins: ['https://sso.internal'],
    brand: {
      productName: 'Acme',
      mark: 'A',
      logo: 'data:image/png;base64,AA==',
      gongan: { text: '京公网安备 1号', recordCode: '1' },
    },
    defaultLocale: 'en',
    lifetimes: { accessToken: 600 },
    limits: { guessing: { addressFailures: 10 }, interactions: { perBrowser: 5 } },
    keys: { algorithms: ['RS256', 'ES384'], rotateEvery: 0 },
    registration: { access: 'guarded', statementIssuers: [{ issuer: 'https://publisher.test', jwks: null, jwks_uri }] },
    trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
    outboundAllow: ['keys.internal:8443'],
    workers: undefined,
    frontPage: true,
    commandFlags: { operator: ' --data /srv/lingpai', anybody: '' },
    acceptNewIssuer: false,
  }
  expect(await start(settings)).toBe('started')
})

test('createAuthorizationServer warns of an issuer that passwords would reach in the clear, and of no other', async () => {
  const warned: string[] = []
  const log = { ...createLog('silent', 'json'), warn: (message: string) => warned.push(message) }
  for (const issuer of ['https://sso.example.com', 'http://localhost:4000'])
    expect(await start({ issuer, log })).toBe('started')
  expect(warned).toEqual([])
  expect(await start({ issuer: 'http://sso.example.com', log })).toBe('started')
  expect(warned).toEqual([expect.stringContaining('in the clear')])
})

describe('a database that was made for another', () => {
  const scratch = scratchFolder()
  afterAll(() => scratch.remove())
  const issuer = 'http://localhost:4000'
  const open = async (settings: { issuer: string; masterKey: string; acceptNewIssuer?: boolean }) => {
    const database = await sqlite({ file: scratch.path('lingpai.sqlite') })
    const server = await createAuthorizationServer({ database, ...settings }).catch(async (error: unknown) => {
      await database.close()
      throw error
    })
    await server.close()
  }

  test('key or issuer: the error says which, and neither is taken', async () => {
    await open({ issuer, masterKey: MASTER })
    const other = Buffer.alloc(32, 8).toString('base64url')
    const foreign = open({ issuer, masterKey: other })
    await expect(foreign).rejects.toMatchObject({ name: 'CannotStart', obstacle: 'wrong_key' })
    const moved = { issuer: 'http://localhost:4001', masterKey: MASTER }
    await expect(open(moved)).rejects.toMatchObject({ name: 'CannotStart', obstacle: 'issuer_changed' })
    await open({ issuer, masterKey: MASTER })
    await open({ ...moved, acceptNewIssuer: true })
  })
})

describe('a database that cannot be opened', () => {
  const scratch = scratchFolder()
  afterAll(() => scratch.remove())

  test('in a folder that is missing: the message says which to make, and none is made', async () => {
    const folder = scratch.path('missing')
    const file = join(folder, 'lingpai.sqlite')
    const told = `${file} cannot be used: make the folder ${folder} first, it does not exist`
    await expect(sqlite({ file })).rejects.toMatchObject({ name: 'StoreUnavailable', message: told })
    expect(existsSync(folder)).toBe(false)
    mkdirSync(folder)
    await (await sqlite({ file })).close()
    expect(existsSync(file)).toBe(true)
  })

  test('below a file: the message names the file and the place', async () => {
    writeFileSync(scratch.path('file'), '')
    const file = join(scratch.path('file'), 'lingpai.sqlite')
    const told = `${file} cannot be used: it cannot be made in the folder ${scratch.path('file')} (ENOTDIR)`
    await expect(sqlite({ file })).rejects.toMatchObject({ name: 'StoreUnavailable', message: told })
  })

  test('without a name or an address: the message says what belongs there', async () => {
    for (const file of [undefined, '']) {
      const options: unknown = { file }
      await expect(sqlite(options as { file: string })).rejects.toThrow('file must be the path of the database')
    }
    await expect(postgres({ url: 'lingpai:pass word@db' })).rejects.toThrow(/^url must be an address such as postgres:/)
  })
})
