// Client settings: strict defaults, refusals that say what to change, and the way to the store and back.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Client } from '../../../src/model/client/client.ts'
import {
  CLIENT_SETTINGS,
  describeSettings,
  flattenSettings,
  fromStored,
  InvalidClient,
  parseAssignment,
  parseClient,
  settingsOf,
  toPlain,
} from '../../../src/model/client/settings.ts'

const BASE = { client_name: 'Client', redirect_uris: ['https://client.test/cb'] }
const CONTEXT = { client_id: 'client-1', preset: 'openid-connect' }
const PUBLIC = { token_endpoint_auth_method: 'none' }

const made = (settings: object = {}, consentDeclared = false): Client =>
  parseClient({ ...BASE, ...settings }, { ...CONTEXT, consentDeclared })

function problemsOf(make: () => unknown): InvalidClient['problems'] {
  try {
    make()
  } catch (error) {
    if (error instanceof InvalidClient) return error.problems
    throw error
  }
  return []
}

describe('strict defaults', () => {
  test('a confidential client has them all', () => {
    expect(made()).toEqual({
      ...CONTEXT,
      ...BASE,
      post_logout_redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_basic',
      token_endpoint_auth_signing_alg: null,
      jwks: null,
      jwks_uri: null,
      backchannel_logout_uri: null,
      backchannel_logout_session_required: false,
      frontchannel_logout_uri: null,
      frontchannel_logout_session_required: false,
      assertionAudience: 'any',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      application_type: 'web',
      scope: 'openid profile email phone address',
      subject_type: 'public',
      sector_identifier_uri: null,
      request_object_signing_alg: null,
      require_signed_request_object: false,
      require_pushed_authorization_requests: false,
      dpop_bound_access_tokens: false,
      request_uris: [],
      id_token_encrypted_response_alg: null,
      id_token_encrypted_response_enc: null,
      userinfo_signed_response_alg: null,
      userinfo_encrypted_response_alg: null,
      userinfo_encrypted_response_enc: null,
      request_object_encryption_alg: null,
      request_object_encryption_enc: null,
      id_token_signed_response_alg: 'RS256',
      client_uri: null,
      policy_uri: null,
      tos_uri: null,
      logo_uri: null,
      contacts: [],
      software_id: null,
      software_version: null,
      default_max_age: null,
      require_auth_time: false,
      default_acr_values: [],
      initiate_login_uri: null,
      names: {},
      logo: null,
      verified: true,
      recipient: null,
      contact: null,
      purpose: null,
      consent: 'ask',
      strictAuthMethod: false,
      bothWhenIdentical: false,
      errorDisplay: 'redirect',
      frameAncestors: [],
      introspection: 'own',
      introspection_signed_response_alg: 'RS256',
      introspection_encrypted_response_alg: null,
      introspection_encrypted_response_enc: null,
      resources: [],
      servesResources: [],
      authorize: {
        defaultResponseType: 'none',
        pkce: 'optional',
        iss: true,
        unknownScopes: 'ignore',
        scopeSeparators: 'space',
      },
      token: { paramSources: ['form'], requireRedirectUri: true },
      userinfo: { tokenFrom: ['header'] },
      reply: { expiresIn: 'number', idToken: 'auto', refreshToken: 'offline_access' },
      idToken: { claims: 'minimal' },
      claims: {},
      claimsFrom: 'scope-and-map',
      phone: { format: 'e164', nonMainland: 'e164', unverified: 'send-false' },
      empty: 'omit',
    })
  })

  test('a public client needs PKCE without being told to', () => {
    expect(made(PUBLIC).authorize.pkce).toBe('required')
  })

  test('a client without people needs no redirect URI and no response type', () => {
    const service = made({ grant_types: ['client_credentials'], redirect_uris: [] })
    expect(service.response_types).toEqual([])
  })
})

describe('names', () => {
  test('groups may be nested or dotted', () => {
    const nested = made({ authorize: { pkce: 'required', iss: false }, phone: { format: 'cn-national' } })
    expect(nested).toEqual(
      made({ 'authorize.pkce': 'required', 'authorize.iss': false, 'phone.format': 'cn-national' }),
    )
    expect(nested.authorize).toMatchObject({ pkce: 'required', iss: false, unknownScopes: 'ignore' })
  })

  test.each([
    ['authorize.pcke', 'authorize.pkce'],
    ['pkce', 'authorize.pkce'],
    ['redirect_uri', 'redirect_uris'],
    ['redirectUris', 'redirect_uris'],
    ['tokenEndpointAuthMethod', 'token_endpoint_auth_method'],
    ['token.paramsources', 'token.paramSources'],
    ['phone_format', 'phone.format'],
    ['user_info.tokenFrom', 'userinfo.tokenFrom'],
  ])('an unknown %s is refused with the nearest known name', (name, nearest) => {
    expect(problemsOf(() => made({ [name]: 'x' }))).toEqual([
      { setting: name, problem: `is not a setting; did you mean ${nearest}?`, nearest },
    ])
  })

  // D03: names that must never be stored.
  test.each([
    'id',
    'tenant',
    'trusted',
    'skip_consent',
    'roles',
    'client_id',
    'generation',
    '__proto__',
    'constructor',
  ])('D03 %s is refused', (name) => {
    const input: unknown = JSON.parse(
      `{"client_name":"C","redirect_uris":["https://c.test/"],${JSON.stringify(name)}:1}`,
    )
    expect(problemsOf(() => parseClient(input, CONTEXT)).map(({ setting }) => setting)).toEqual([name])
  })

  test('a group that is not a group says what it holds', () => {
    expect(problemsOf(() => made({ phone: null }))[0]?.problem).toBe(
      'is a group; its settings are phone.format, phone.nonMainland, phone.unverified',
    )
  })

  test('every problem is named at once', () => {
    const problems = problemsOf(() => made({ consent: 'maybe', empty: 0, 'authorize.iss': 'yes', client_name: '' }))
    expect(problems.map(({ setting }) => setting)).toEqual(['client_name', 'consent', 'authorize.iss', 'empty'])
  })
})

describe('values', () => {
  test.each([
    ['consent', 'never', 'must be one of ask, implied'],
    ['strictAuthMethod', 'true', 'must be true or false'],
    ['authorize.iss', 1, 'must be true or false'],
    ['authorize.pkce', 'plain', 'must be one of required, optional, off'],
    ['grant_types', ['password'], 'holds "password"; known are'],
    ['response_types', ['code id_token id_token'], 'holds "code id_token id_token"; known are code, id_token'],
    ['response_types', [7], 'holds a number'],
    ['response_types', { 0: 'code' }, 'must be a list of code'],
    ['grant_types', { 0: 'authorization_code' }, 'must be a list of'],
    ['response_types', ['token'], 'holds "token"; known are code'],
    ['token.paramSources', [{ form: true }], 'holds an object'],
    ['redirect_uris', 7, 'must be a list'],
    ['redirect_uris', [7], 'must be a list'],
    ['redirect_uris', ['https://client.test/#x'], 'must not have a fragment'],
    ['redirect_uris', ['javascript:alert(1)'], 'must not use the scheme'],
    ['redirect_uris', ['https://client.test/?state=1'], 'the answer adds that name'],
    ['redirect_uris', ['com.example.app:/cb'], 'application_type native'],
    ['post_logout_redirect_uris', ['javascript:alert(1)'], 'must not use the scheme'],
    ['post_logout_redirect_uris', ['com.example.app:/bye'], 'application_type native'],
    ['redirect_uris', Array.from({ length: 101 }, (_, at) => `https://c.test/${at}`), 'more than 100'],
    ['client_name', 'x'.repeat(101), '1 to 100 characters'],
    ['client_name', 'Bank\u202Eknab', 'direction of writing'],
    ['client_name', 'two\nlines', 'control characters'],
    ['client_name', 'Your\u200B Bank', 'invisible characters (U+200B)'],
    ['client_name', 'Bank\uFEFF!', 'invisible characters (U+FEFF)'],
    ['client_name', 'Ba\u00ADnk', 'invisible characters (U+00AD)'],
    ['client_name', 'Bank\u200D', 'invisible characters (U+200D)'],
    ['client_name', '银\u200D行', 'invisible characters (U+200D)'],
    ['client_name', 'Bank\u3164', 'invisible characters (U+3164)'],
    ['client_name', 'Bank\u{E0061}', 'invisible characters (U+E0061)'],
    ['names', { en: 'Your\u2060 Bank' }, 'for en must not hold invisible characters (U+2060)'],
    ['purpose', 'for\u200C you', 'invisible characters (U+200C)'],
    ['client_uri', 'https://ba\u200Dnk.test/', 'begins with https://'],
    ['policy_uri', 'https://bank.test/\u202Epolicy', 'begins with https://'],
    ['client_name', null, 'is required'],
    ['client_uri', 'javascript:alert(1)', 'begins with https://'],
    ['client_uri', 'https://bank.test@evil.test/', 'begins with https://'],
    ['frameAncestors', ['https://app.test/path'], 'is not an origin'],
    ['frameAncestors', ["'self'"], 'is not an origin'],
    ['frameAncestors', ['*'], 'is not an origin'],
    ['scope', 'openid "x"', 'is no scope name'],
    ['scope', ['openid'], 'must be scope names'],
    ['claims', { iss: 'id' }, 'is set by the protocol'],
  ])('%s = %j is refused', (name, value, problem) => {
    const problems = problemsOf(() => made({ [name]: value }))
    expect(problems.map(({ setting }) => setting)).toEqual([name])
    expect(problems[0]?.problem).toContain(problem)
  })

  test('none of the characters that Unicode calls ignorable passes between the letters of a name', () => {
    const ignorable = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code)).filter((character) =>
      /\p{Default_Ignorable_Code_Point}/u.test(character),
    )
    expect(ignorable.length).toBeGreaterThan(30)
    const passed = ignorable.filter((each) => problemsOf(() => made({ client_name: `Ba${each}nk` })).length === 0)
    expect(passed).toEqual([])
    for (const name of ['Zoë & Co. – “das Büro”…', '制作云（上海）、「客户」：第一·号！', 'Straße №\u00A05']) {
      expect(made({ client_name: name }).client_name).toBe(name)
    }
  })

  test.each([
    ['redirect_uris', 'https://client.test/cb', ['https://client.test/cb']],
    ['grant_types', 'authorization_code, refresh_token', ['authorization_code', 'refresh_token']],
    ['response_types', 'code', ['code']],
    ['frameAncestors', ['https://app.test', 'http://localhost:3000'], ['https://app.test', 'http://localhost:3000']],
    ['scope', ' openid  profile openid ', 'openid profile'],
    ['client_name', ' 制作云 👩‍💻 ', '制作云 👩‍💻'],
    ['client_name', 'کتاب\u200Cخانه', 'کتاب\u200Cخانه'],
    ['client_name', 'क्\u200Dष ☎\uFE0E 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ✔️', 'क्\u200Dष ☎\uFE0E 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ✔️'],
    ['client_name', '葛\u{E0100}城 ᠮᠣᠩᠭᠣᠯ\u180B', '葛\u{E0100}城 ᠮᠣᠩᠭᠣᠯ\u180B'],
    ['client_uri', 'https://例子.test/路径', 'https://例子.test/路径'],
    ['client_uri', 'https://client.test/a?b@c', 'https://client.test/a?b@c'],
  ])('%s = %j is taken', (name, value, kept) => {
    expect(settingsOf(made({ [name]: value }))[name]).toEqual(kept)
  })
})

test('response types are kept in one order of their words, each once', () => {
  const client = made({
    grant_types: ['authorization_code', 'implicit'],
    response_types: ['token id_token code', 'code id_token token', 'code'],
  })
  expect(client.response_types).toEqual(['code id_token token', 'code'])
  expect(made({ grant_types: 'implicit', response_types: 'id_token, token id_token' }).response_types).toEqual([
    'id_token',
    'id_token token',
  ])
})

test('OpenID Connect Core §4 a sign-in begins at the client over https only', () => {
  const uri = 'https://client.test/login?tenant=1'
  expect(made({ initiate_login_uri: uri }).initiate_login_uri).toBe(uri)
  for (const wrong of [
    'http://client.test/login',
    'javascript:alert(1)',
    `${uri}#x`,
    'https://a@client.test/',
    'login',
  ]) {
    const problems = problemsOf(() => made({ initiate_login_uri: wrong }))
    expect(problems, wrong).toEqual([expect.objectContaining({ setting: 'initiate_login_uri' })])
  }
})

describe('contradictions', () => {
  const IMPLICIT = { grant_types: ['implicit'], response_types: ['id_token'] }
  const both = ['authorization_code', 'refresh_token']
  test.each<[string, string, object, object]>([
    ['the code flow without a redirect URI', 'redirect_uris', { redirect_uris: [] }, {}],
    ['no grant at all', 'grant_types', { grant_types: [], response_types: [] }, {}],
    ['D10 a grant without its response type', 'response_types', { response_types: [] }, {}],
    [
      'D10 a response type without its grant',
      'response_types',
      { grant_types: ['client_credentials'], response_types: ['code'] },
      { grant_types: ['client_credentials'] },
    ],
    [
      'D10 the implicit grant without its response type',
      'response_types',
      { grant_types: ['authorization_code', 'implicit'] },
      { grant_types: ['authorization_code', 'implicit'], response_types: ['code', 'code id_token'] },
    ],
    [
      'D10 a hybrid response type without the implicit grant',
      'response_types',
      { response_types: ['code id_token'] },
      { grant_types: ['implicit'], response_types: 'token id_token' },
    ],
    [
      'implicit over plain http',
      'redirect_uris',
      { ...IMPLICIT, redirect_uris: ['http://127.0.0.1/cb'] },
      { ...IMPLICIT, redirect_uris: ['http://127.0.0.1/cb'], application_type: 'native' },
    ],
    ['implicit without a redirect URI', 'redirect_uris', { ...IMPLICIT, redirect_uris: [] }, IMPLICIT],
    [
      'an ID token that is never sent',
      'reply.idToken',
      { ...IMPLICIT, 'reply.idToken': 'never' },
      { grant_types: ['authorization_code', 'implicit'], response_types: ['code token'], 'reply.idToken': 'never' },
    ],
    [
      'RFC 9449 §5.2 a bound token that nothing is proven for',
      'dpop_bound_access_tokens',
      { ...IMPLICIT, response_types: ['id_token token'], dpop_bound_access_tokens: true },
      { ...IMPLICIT, dpop_bound_access_tokens: true },
    ],
    [
      'RFC 9449 §7.1 a bound token that may not stand in the header',
      'userinfo.tokenFrom',
      { 'userinfo.tokenFrom': ['form'], dpop_bound_access_tokens: true },
      { 'userinfo.tokenFrom': ['header', 'form'], dpop_bound_access_tokens: true },
    ],
    ['a refresh grant that nothing feeds', 'grant_types', { grant_types: ['refresh_token'] }, { grant_types: both }],
    [
      'D10 client credentials of a public client',
      'grant_types',
      { ...PUBLIC, grant_types: ['authorization_code', 'client_credentials'] },
      { grant_types: ['authorization_code', 'client_credentials'] },
    ],
    [
      'a public client without PKCE',
      'authorize.pkce',
      { ...PUBLIC, 'authorize.pkce': 'off' },
      { ...PUBLIC, 'authorize.pkce': 'unprotected' },
    ],
    [
      'a public client with optional PKCE',
      'authorize.pkce',
      { ...PUBLIC, 'authorize.pkce': 'optional' },
      { ...PUBLIC, 'authorize.pkce': 'required' },
    ],
    [
      'a public client that introspects',
      'introspection',
      { ...PUBLIC, introspection: 'all' },
      { introspection: 'all' },
    ],
    [
      'refresh tokens that cannot be used',
      'reply.refreshToken',
      { 'reply.refreshToken': 'always' },
      { 'reply.refreshToken': 'always', grant_types: both },
    ],
    [
      'one method only, and both at once',
      'bothWhenIdentical',
      { strictAuthMethod: true, bothWhenIdentical: true },
      { bothWhenIdentical: true },
    ],
    [
      'no place for parameters',
      'token.paramSources',
      { token: { paramSources: [] } },
      { token: { paramSources: ['json'] } },
    ],
    [
      'no place for the token',
      'userinfo.tokenFrom',
      { userinfo: { tokenFrom: [] } },
      { userinfo: { tokenFrom: ['query'] } },
    ],
  ])('%s is refused, and its mended twin is taken', (_, setting, wrong, right) => {
    expect(problemsOf(() => made(wrong)).map((problem) => problem.setting)).toEqual([setting])
    expect(problemsOf(() => made(right))).toEqual([])
  })

  test('implied consent needs the declaration of the operator', () => {
    expect(problemsOf(() => made({ consent: 'implied' }))[0]?.setting).toBe('consent')
    expect(made({ consent: 'implied' }, true).consent).toBe('implied')
  })

  test('D07 an update is refused like a creation, and what it leaves out stays as it was', () => {
    const client = made({ 'authorize.pkce': 'required' })
    const updated = (changes: object) => parseClient({ ...settingsOf(client), ...changes }, CONTEXT)
    expect(updated({ client_name: 'New' })).toEqual({ ...client, client_name: 'New' })
    expect(problemsOf(() => updated({ redirect_uris: ['https://client.test/#x'] }))).toHaveLength(1)
    expect(problemsOf(() => updated({ token_endpoint_auth_method: 'none', introspection: 'all' }))).toHaveLength(1)
  })
})

describe('assignments of the command line', () => {
  test.each([
    ['authorize.pkce=required', { 'authorize.pkce': 'required' }],
    ['authorize.pkce="required"', { 'authorize.pkce': 'required' }],
    ['authorize.iss=false', { 'authorize.iss': false }],
    ['redirect_uris=["https://a.test/","https://b.test/"]', { redirect_uris: ['https://a.test/', 'https://b.test/'] }],
    ['redirect_uris=https://a.test/?x=1', { redirect_uris: 'https://a.test/?x=1' }],
    ['contact=95716', { contact: '95716' }],
    ['contact=null', { contact: null }],
    ['client_name=true', { client_name: 'true' }],
    ['empty=null', { empty: 'null' }],
    ['empty=', { empty: '' }],
    ['claims={"mobile":"phone"}', { claims: { mobile: 'phone' } }],
    ['claims.mobile=phone', { 'claims.mobile': 'phone' }],
    ['claims.user.name=["displayName","username"]', { 'claims.user.name': ['displayName', 'username'] }],
  ])('%s', (written, settings) => {
    expect(parseAssignment(written)).toEqual(settings)
  })

  test('an unknown name is refused with the nearest, an unwritten value as such', () => {
    expect(() => parseAssignment('authorize.pkc=off')).toThrow('did you mean authorize.pkce?')
    expect(() => parseAssignment('authorize.pkce')).toThrow('must be written NAME=VALUE')
    expect(() => parseAssignment('=x')).toThrow('must be written NAME=VALUE')
  })

  test.each([
    ['backchannel_logout_uri=', 'to remove the value, write backchannel_logout_uri=null'],
    ['default_max_age= ', 'to remove the value, write default_max_age=null'],
    ['redirect_uris=', 'to remove the value, write redirect_uris=[]'],
  ])('%s says how a value is taken away, and those words do so', (written, advice) => {
    expect(() => parseAssignment(written)).toThrow(advice)
    const words = advice.slice(advice.indexOf('write ') + 'write '.length)
    expect(Object.values(parseAssignment(words))).toEqual([words.endsWith('null') ? null : []])
  })

  test('what can be empty may be written so, and what must be there is refused without that advice', () => {
    expect(() => parseAssignment('token_endpoint_auth_method=')).toThrow(/^(?!.*to remove)/)
  })

  test('one claim is added, replaced or taken out, and the others stay', () => {
    const client = made({ claims: { user_id: 'id', mobile: 'phone', 'user.name': 'username' } })
    const changes = ['claims.mobile=null', 'claims.user_id=username', 'claims.level={"constant":3}'].map(
      parseAssignment,
    )
    const updated = parseClient(Object.assign({}, settingsOf(client), ...changes), CONTEXT)
    expect(updated.claims).toEqual({
      user_id: { from: ['username'], type: 'string' },
      'user.name': { from: ['username'], type: 'string' },
      level: { from: [], type: 'number', constant: 3 },
    })
    expect(problemsOf(() => made({ 'claims.iss': 'id' }))[0]?.setting).toBe('claims')
  })
})

describe('the store', () => {
  test('a client comes back as it went', () => {
    const client = made({ claims: { user_id: 'id', level: { constant: 3 } }, empty: '', contact: '95716' })
    expect(fromStored(toPlain(client))).toEqual(client)
  })

  test('a record from before a setting gets its strict default, and one from later loses what is unknown', () => {
    const { idToken: _, ...older } = JSON.parse(toPlain(made(PUBLIC))) as Client
    const { iss: __, pkce: ___, ...authorize } = older.authorize
    const stored = JSON.stringify({ ...older, authorize: { ...authorize, later: 1 }, later: true })
    expect(fromStored(stored)).toEqual(made(PUBLIC))
  })

  test('a record that lacks nothing loses what is unknown, too', () => {
    const client = made(PUBLIC)
    expect(fromStored(JSON.stringify({ ...client, later: true }))).toEqual(client)
    expect(fromStored(JSON.stringify({ ...client, authorize: { ...client.authorize, later: 1 } }))).toEqual(client)
  })

  test('null where a setting above asks for a value is filled in like a missing one', () => {
    const encrypted = { id_token_encrypted_response_alg: 'A256KW', id_token_signed_response_alg: 'HS256' }
    const client = made(encrypted)
    expect(client.id_token_encrypted_response_enc).toBe('A128CBC-HS256')
    const stored = JSON.stringify({ ...client, id_token_encrypted_response_enc: null })
    expect(fromStored(stored)).toEqual(client)
  })
})

describe('the table', () => {
  test('has a sentence in both languages and a strict default for each setting', () => {
    const rows = describeSettings()
    expect(rows.map(({ name }) => name)).toEqual(CLIENT_SETTINGS.map(({ name }) => name))
    for (const { en, zh, values, fallback } of rows) {
      expect(en).toMatch(/^.{10,}\.$/)
      expect(zh).toMatch(/\p{Script=Han}.*。$/u)
      expect(values).not.toBe('')
      expect(fallback).not.toContain('undefined')
    }
    expect(rows.find(({ name }) => name === 'authorize.pkce')?.fallback).toBe('"optional"; public clients "required"')
    expect(rows.find(({ name }) => name === 'response_types')?.fallback).toBe('["code"]')
  })

  test('lets a client say about itself what RFC 7591 and OpenID name, and no peculiarity of ours', () => {
    const sayable = CLIENT_SETTINGS.filter(({ byClient }) => byClient).map(({ name }) => name)
    expect(sayable).toContain('redirect_uris')
    expect(sayable.filter((name) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([])
    const ours = ['consent', 'claims', 'claimsFrom', 'introspection', 'recipient', 'frameAncestors', 'strictAuthMethod']
    expect(sayable.filter((name) => ours.includes(name) || name.includes('.'))).toEqual([])
  })

  test('covers every member of a client but its identity', () => {
    const { client_id: _, preset: __, ...settings } = made()
    expect(Object.keys(flattenSettings(settings)).sort()).toEqual(CLIENT_SETTINGS.map(({ name }) => name).sort())
  })
})

describe('whatever is sent', () => {
  const names = fc.constantFrom(
    ...CLIENT_SETTINGS.map(({ name }) => name),
    'authorize',
    'phone',
    'claims.x',
    '__proto__',
  )
  const value = fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true, withSet: true, withMap: true })

  test('there is a client or a list of problems, never another error', () => {
    const input = fc.oneof(value, fc.array(fc.tuple(fc.oneof(names, fc.string()), value)).map(Object.fromEntries))
    fc.assert(
      fc.property(input, (settings) => {
        try {
          const client = parseClient(settings, CONTEXT)
          expect(fromStored(toPlain(client))).toEqual(client)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidClient)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('every problem can be said in a line', () => {
    fc.assert(
      fc.property(names, value, (name, given) => {
        const problems = problemsOf(() => made({ [name]: given }, true))
        for (const { problem } of problems) expect(problem.length).toBeLessThan(1_000)
      }),
      { numRuns: 1_000 },
    )
  })
})
