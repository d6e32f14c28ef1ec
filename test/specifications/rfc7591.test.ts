// RFC 7591, OAuth 2.0 Dynamic Client Registration Protocol: who may register, what a client may say about itself, what it
// becomes, and what it is told.

import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { removeUnusedClients } from '../../src/issuer/registration/unused.ts'
import { type ClientKey, newClientKey } from '../support/assertions.ts'
import { countClients, initialToken, type Metadata, PLAIN, register, registered } from '../support/registration.ts'
import { ask, basic, form, RelyingParty } from '../support/relying-party.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'

const ISSUER = 'https://statements.test'

let open: TestServer
let guarded: TestServer
let off: TestServer
let key: ClientKey
let stranger: ClientKey

beforeAll(async () => {
  ;[key, stranger] = await Promise.all([newClientKey(), newClientKey()])
  const statementIssuers = [{ issuer: ISSUER, jwks: { keys: [key.publicJwk as never] }, jwks_uri: null }]
  open = await startServer({ registration: { access: 'open', perAddress: 1_000, statementIssuers } })
  guarded = await startServer({ registration: { access: 'guarded' } })
  off = await startServer()
  await open.addUser('alice')
})
beforeEach(() => open.clock.advance(3_700))
afterAll(() => Promise.all([open.close(), guarded.close(), off.close()]))

/** Refused, and nothing has come into being; the twin, made right, succeeds. */
async function expectRefused(metadata: Metadata, error: string, twin: Metadata = PLAIN, host = open) {
  const before = await countClients(host)
  const reply = await register(host, metadata)
  expect(reply.body).toMatchObject({ error })
  expect(reply.status).toBe(400)
  expect(reply.body).not.toHaveProperty('client_id')
  expect(await countClients(host)).toBe(before)
  expect((await register(host, twin)).status).toBe(201)
  return String(reply.body['error_description'])
}
const uris = (...redirect_uris: readonly string[]): Metadata => ({ ...PLAIN, redirect_uris })

describe('§3 who may register', () => {
  test('§3 nobody, unless an operator says so: the endpoint and its metadata are absent by default', async () => {
    const reply = await fetch(`${off.origin}/sso/register`, { method: 'POST', body: '{}' })
    expect(reply.status).toBe(404)
    for (const [host, value] of [
      [off, undefined],
      [open, `${open.issuer}/sso/register`],
      [guarded, `${guarded.issuer}/sso/register`],
    ] as const) {
      const metadata = await (await fetch(`${host.origin}/.well-known/openid-configuration`)).json()
      expect((metadata as Metadata)['registration_endpoint']).toBe(value)
    }
  })

  test('§3, OpenID Registration §3 anybody, where registration is open', async () => {
    expect((await register(open)).status).toBe(201)
  })

  test('§3 a guarded endpoint asks for an initial access token, and says so as RFC 6750 does', async () => {
    const before = await countClients(guarded)
    const without = await register(guarded)
    expect(without.status).toBe(401)
    expect(without.headers.get('www-authenticate')).toBe('Bearer')
    const wrong = await register(guarded, PLAIN, 'A'.repeat(43))
    expect(wrong.status).toBe(401)
    expect(wrong.headers.get('www-authenticate')).toContain('invalid_token')
    expect(await countClients(guarded)).toBe(before)
    expect((await register(guarded, PLAIN, await initialToken(guarded))).status).toBe(201)
  })

  test('§3 a wrong token is refused where none is needed, too', async () => {
    expect((await register(open, PLAIN, 'A'.repeat(43))).status).toBe(401)
    expect((await register(open, PLAIN, await initialToken(open))).status).toBe(201)
  })

  test('§1.2 an initial access token registers one client, and metadata that is refused does not spend it', async () => {
    const token = await initialToken(guarded)
    expect((await register(guarded, uris('http://client.test/cb'), token)).status).toBe(400)
    expect((await register(guarded, PLAIN, token)).status).toBe(201)
    const before = await countClients(guarded)
    expect((await register(guarded, PLAIN, token)).status).toBe(401)
    expect(await countClients(guarded)).toBe(before)
  })

  test('§1.2 of twenty at once with one token, one registers', async () => {
    const token = await initialToken(guarded)
    const replies = await Promise.all(Array.from({ length: 20 }, () => register(guarded, PLAIN, token)))
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(19)
  })

  test('§1.2 it may be made for several, and ends with its time', async () => {
    const token = await initialToken(guarded, { uses: 2, lifetime: 600 })
    expect((await register(guarded, PLAIN, token)).status).toBe(201)
    guarded.clock.advance(601)
    expect((await register(guarded, PLAIN, token)).status).toBe(401)
  })

  test('§5 one network registers so many an hour without a token, however it asks', async () => {
    const host = await startServer({ registration: { access: 'open', perAddress: 3 } })
    try {
      const replies = await Promise.all(Array.from({ length: 30 }, () => register(host)))
      expect(replies.filter(({ status }) => status === 201)).toHaveLength(3)
      const refused = await register(host)
      expect(refused.status).toBe(429)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await countClients(host)).toBe(3)
      // Somebody who was let in is not a stranger.
      expect((await register(host, PLAIN, await initialToken(host))).status).toBe(201)
      host.clock.advance(3_601)
      expect((await register(host)).status).toBe(201)
    } finally {
      await host.close()
    }
  })

  test('§5 there are never more of them than an operator wants', async () => {
    const host = await startServer({ registration: { access: 'open', most: 2 } })
    try {
      for (const status of [201, 201, 429]) expect((await register(host)).status).toBe(status)
      expect(await countClients(host)).toBe(2)
    } finally {
      await host.close()
    }
  })

  test('§5 metadata that is too large is refused', async () => {
    const reply = await fetch(`${open.origin}/sso/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...PLAIN, contacts: ['a'.repeat(1024 * 1024)] }),
    })
    expect(reply.status).toBe(413)
    await expectRefused(
      uris(...Array.from({ length: 21 }, (_, at) => `https://client.test/${at}`)),
      'invalid_redirect_uri',
    )
  })

  test('§3 a script of any origin may register, for no cookie of a browser counts here', async () => {
    const preflight = await fetch(`${open.origin}/sso/register`, {
      method: 'OPTIONS',
      headers: { origin: 'https://inspector.test', 'access-control-request-method': 'POST' },
    })
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()
    expect((await register(open)).headers.get('access-control-allow-origin')).toBe('*')
  })
})

describe('§2 what a client may say', () => {
  test('§2 what is left out has the defaults of the specification', async () => {
    const { body } = await register(open, { redirect_uris: [CALLBACK] })
    expect(body).toMatchObject({
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      application_type: 'web',
      // Something a person can make sense of.
      client_name: 'client.test',
    })
  })

  test('§2, §2.2 everything that is known comes back as it was said', async () => {
    const said = {
      ...PLAIN,
      'client_name#zh-CN': '相册',
      'client_name#en-GB': 'Photographs',
      client_uri: 'https://client.test/',
      policy_uri: 'https://client.test/policy?lang=en',
      tos_uri: 'https://other.test/terms',
      contacts: ['ops@client.test', '运维'],
      software_id: '4NRB1-0XZABZI9E6-5SM3R',
      software_version: '2.1',
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'openid profile offline_access',
      post_logout_redirect_uris: ['https://client.test/bye'],
    }
    expect((await register(open, said)).body).toMatchObject(said)
  })

  test('§2 what is unknown, empty, null or ours alone is ignored and never stored', async () => {
    const ours = {
      consent: 'implied',
      claims: { admin: { constant: true } },
      introspection: 'all',
      strictAuthMethod: true,
      frameAncestors: ['https://evil.test'],
      verified: true,
      logo: `${'0'.repeat(32)}/x.png`,
      recipient: 'The bank',
      preset: 'zhizuoyun',
      'authorize.pkce': 'off',
      authorize: { pkce: 'off' },
      enabled: true,
      client_id: 'chosen-by-me',
      client_secret: 'chosen-by-me-chosen-by-me-chosen-by-me',
      registration_access_token: 'chosen-by-me',
      skip_consent: true,
      roles: ['admin'],
    }
    const own = await registered(open, { ...PLAIN, ...ours, client_uri: '', tos_uri: null, __proto__x: 1 })
    for (const name of [
      'consent',
      'verified',
      'roles',
      'skip_consent',
      'claims',
      'client_uri',
      'tos_uri',
      'recipient',
    ]) {
      expect(own.reply.body).not.toHaveProperty(name)
    }
    expect(own.clientId).not.toBe('chosen-by-me')
    expect(own.secret).not.toContain('chosen')
    expect(own.token).not.toContain('chosen')
    const record = await open.server.parts.store.findClient(own.clientId)
    expect(record?.client).toMatchObject({
      consent: 'ask',
      claims: {},
      introspection: 'own',
      strictAuthMethod: false,
      frameAncestors: [],
      verified: false,
      logo: null,
      recipient: null,
      preset: 'registration',
    })
    expect(record?.client.authorize.pkce).toBe('optional')
  })

  test('§2 scopes beyond the ceiling are left out, and the client is told', async () => {
    const { body } = await register(open, { ...PLAIN, scope: 'openid admin phone profile  write email address' })
    expect(body['scope']).toBe('openid profile email')
    expect((await register(open)).body['scope']).toBe('openid profile email offline_access')
  })

  test('§2.1 grant types and response types that do not go together are refused', async () => {
    const wrong: readonly Metadata[] = [
      { grant_types: ['implicit'], response_types: ['code'] },
      { grant_types: ['authorization_code'], response_types: ['id_token'] },
      { grant_types: [], response_types: ['code'] },
      { grant_types: ['refresh_token'], response_types: [] },
      { grant_types: ['client_credentials'], token_endpoint_auth_method: 'none', response_types: [] },
      { grant_types: ['password'] },
      { response_types: ['token'] },
      { token_endpoint_auth_method: 'tls_with_a_smile' },
    ]
    for (const each of wrong) await expectRefused({ ...PLAIN, ...each }, 'invalid_client_metadata')
  })

  test('§2.1 tokens from the authorization endpoint are for servers that have them', async () => {
    await expectRefused({ ...PLAIN, response_types: ['id_token'] }, 'invalid_client_metadata')
    const host = await startServer({ implicitAndHybrid: true, registration: { access: 'open' } })
    try {
      // One list follows from the other.
      const { body, status } = await register(host, { ...PLAIN, response_types: ['token id_token', 'code'] })
      expect(status).toBe(201)
      expect(body).toMatchObject({
        response_types: ['id_token token', 'code'],
        grant_types: ['implicit', 'authorization_code'],
      })
    } finally {
      await host.close()
    }
  })

  test('§2 an address that this server would ask must be public', async () => {
    const private_key_jwt = { token_endpoint_auth_method: 'private_key_jwt' }
    for (const host of [
      '127.0.0.1',
      '[::1]',
      '169.254.169.254',
      '10.0.0.1',
      '0x7f.1',
      '[::ffff:10.0.0.1]',
      'db.internal',
    ]) {
      await expectRefused({ ...PLAIN, ...private_key_jwt, jwks_uri: `https://${host}/keys` }, 'invalid_client_metadata')
    }
    const twin = { ...PLAIN, ...private_key_jwt, jwks_uri: 'https://client.example.com/keys' }
    expect((await register(open, twin)).body['jwks_uri']).toBe('https://client.example.com/keys')
  })

  test('§5 a name with characters that nobody sees, or that turn it around, is refused in every language', async () => {
    for (const hidden of ['\u200B', '\u200D', '\u2060', '\uFEFF', '\u202E', '\u2066']) {
      for (const name of ['client_name', 'client_name#en']) {
        const said = { ...PLAIN, [name]: `Your${hidden} Bank` }
        const description = await expectRefused(said, 'invalid_client_metadata', { ...PLAIN, [name]: 'Your Bank' })
        expect(description).toMatch(/invisible characters|direction of writing/)
      }
    }
    const emoji = { ...PLAIN, client_name: 'Tools 👩‍💻' }
    expect((await register(open, emoji)).body['client_name']).toBe('Tools 👩‍💻')
  })

  test('§2 keys by value and by address do not go together', async () => {
    const jwks = { keys: [key.publicJwk] }
    const method = { ...PLAIN, token_endpoint_auth_method: 'private_key_jwt' }
    const both = { ...method, jwks, jwks_uri: 'https://client.example.com/keys' }
    await expectRefused(both, 'invalid_client_metadata', { ...method, jwks })
    await expectRefused(method, 'invalid_client_metadata', { ...method, jwks })
  })
})

describe('§2 redirect URIs', () => {
  test('§3.2.2 what is no redirect URI is invalid_redirect_uri', async () => {
    const bad = [
      'javascript:alert(1)',
      'JavaScript:alert(1)',
      ' javascript:alert(1)',
      'data:text/html,x',
      'vbscript:x',
      'blob:https://client.test/x',
      'file:///etc/passwd',
      'https://client.test@evil.test/cb',
      'https://a@b@client.test/cb',
      'https://client.test/cb#fragment',
      'https://client.test/cb#',
      'https://client.test\\@evil.test/cb',
      'https://client.test/\tcb',
      'https://client.test/cb\0',
      'https://client.test/../cb',
      'https://client.test/%2e%2e/cb',
      'https://client.test//cb',
      'https://client.test/cb?code=1',
      'https://client.test/cb?state=1&x=2',
      'https://client.test/cb?error=1',
      'https://ｃlient.test/cb',
      'https://*.client.test/cb',
      'http://client.test/cb',
      'http://localhost.evil.test/cb',
      'http://127.0.0.1.evil.test/cb',
      'http://127.0.0.1@evil.test/cb',
      'http://127.0.0.2/cb',
      'myapp:/cb',
      '/cb',
      '',
      'https://',
    ]
    for (const uri of bad) await expectRefused(uris(uri), 'invalid_redirect_uri')
  }, 20_000)

  test('§2 the code flow needs one', async () => {
    await expectRefused({ client_name: 'Photos' }, 'invalid_redirect_uri')
    await expectRefused(uris(), 'invalid_redirect_uri')
  })

  test('RFC 8252 §6, §7 a client of codes that comes back to this machine or its own scheme is native, and needs PKCE', async () => {
    for (const uri of ['http://127.0.0.1:8000/cb', 'http://localhost/cb', 'http://[::1]/cb', 'com.example.app:/cb']) {
      const own = await registered(open, { ...uris(uri, CALLBACK), application_type: 'web' })
      expect(own.reply.body).toMatchObject({ application_type: 'native', redirect_uris: [uri, CALLBACK] })
      const record = await open.server.parts.store.findClient(own.clientId)
      expect(record?.client.authorize.pkce).toBe('required')
    }
    // Without a dot it could be anybody's.
    await expectRefused({ ...uris('example:/cb'), application_type: 'native' }, 'invalid_redirect_uri')
  })

  test('RFC 9700 §2.1.1 a public client needs PKCE, a confidential one on the web may leave it', async () => {
    const store = open.server.parts.store
    const pub = await registered(open, { ...PLAIN, token_endpoint_auth_method: 'none' })
    expect(pub.secret).toBeNull()
    expect(pub.reply.body).not.toHaveProperty('client_secret_expires_at')
    expect((await store.findClient(pub.clientId))?.client.authorize.pkce).toBe('required')
    expect((await store.findClient((await registered(open)).clientId))?.client.authorize.pkce).toBe('optional')
  })

  test('RFC 9700 §2.1.1 only an operator can let public clients do without PKCE', async () => {
    const lenient = await startServer({ registration: { access: 'open', publicPkce: 'unprotected' } })
    const policyOf = async (host: TestServer, extra: Metadata) => {
      const { clientId } = await registered(host, { ...PLAIN, token_endpoint_auth_method: 'none', ...extra })
      return (await host.server.parts.store.findClient(clientId))?.client.authorize.pkce
    }
    try {
      expect(await policyOf(lenient, { 'authorize.pkce': 'off' })).toBe('unprotected')
      expect(await policyOf(open, { 'authorize.pkce': 'unprotected' })).toBe('required')
    } finally {
      await lenient.close()
    }
  })

  test('§3.2.1 a client that says nothing about its request objects is told where it is to send them unsigned', async () => {
    const lenient = await startServer({
      unsignedJwt: true,
      registration: { access: 'open', requestObjectAlg: 'none' },
    })
    const algorithmOf = async (host: TestServer, extra: Metadata = {}) =>
      (await register(host, { ...PLAIN, ...extra })).body['request_object_signing_alg']
    try {
      const keys = { jwks: { keys: [key.publicJwk] } }
      expect(await algorithmOf(lenient)).toBe('none')
      expect(await algorithmOf(lenient, { ...keys, request_object_signing_alg: 'ES256' })).toBe('ES256')
      expect(await algorithmOf(open)).toBeUndefined()
    } finally {
      await lenient.close()
    }
  })

  test('OpenID Connect Core §5.3.1 user info takes the token of a registered client from the header and the form', async () => {
    const own = await registered(open)
    const record = await open.server.parts.store.findClient(own.clientId)
    expect(record?.client.userinfo.tokenFrom).toEqual(['header', 'form'])
  })
})

describe('§3.2.1 the client information response', () => {
  test('§3.2.1 is 201 and has everything that the client needs next', async () => {
    const { body, status } = await register(open)
    expect(status).toBe(201)
    expect(body).toMatchObject({ client_id_issued_at: open.clock.now(), client_secret_expires_at: 0, ...PLAIN })
    expect(body['client_id']).toMatch(/^[a-z0-9]{32}$/)
    expect(body['client_secret']).toMatch(/^[A-Za-z0-9]{43}$/)
    expect(body['registration_client_uri']).toBe(`${open.issuer}/sso/register/${String(body['client_id'])}`)
    expect(body['registration_access_token']).toMatch(/^[A-Za-z0-9]{43}$/)
  })

  test('§3.2.1 the client works with what it was told, from sign-in to user info', async () => {
    const own = await registered(open, { ...PLAIN, grant_types: ['authorization_code', 'refresh_token'] })
    const party = new RelyingParty({ host: open, clientId: own.clientId, secret: own.secret })
    const tokens = await party.tokens()
    expect((await party.userinfo(tokens.access)).body).toMatchObject({ sub: 'user-alice' })
    expect((await party.refresh(tokens.refresh)).status).toBe(200)
    const wrong = await ask(`${open.origin}/sso/token`, {
      method: 'POST',
      headers: { authorization: basic(own.clientId, own.token) },
      body: form({ grant_type: 'refresh_token', refresh_token: tokens.refresh }),
    })
    expect(wrong.body['error']).toBe('invalid_client')
  })

  test('§3.1 the body must be one JSON object', async () => {
    const post = (body: string, type = 'application/json') =>
      ask(`${open.origin}/sso/register`, { method: 'POST', headers: { 'content-type': type }, body })
    for (const body of ['', '{', '[]', '"x"', 'null', '1', '{"redirect_uris":', '\uFEFF{}']) {
      const reply = await post(body)
      expect([reply.status, reply.body['error']]).toEqual([400, 'invalid_client_metadata'])
    }
    expect((await post(JSON.stringify(PLAIN), 'application/x-www-form-urlencoded')).status).toBe(400)
    expect((await post(JSON.stringify(PLAIN), 'application/json; charset=utf-8')).status).toBe(201)
  })

  test('§3 other methods are refused', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await fetch(`${open.origin}/sso/register`, { method })).status).toBe(405)
    }
  })

  test('§5 neither secret nor token of a client is kept as it is', async () => {
    const own = await registered(open)
    const everything = await dump(open)
    expect(everything).toContain(own.clientId)
    expect(everything).not.toContain(own.token)
    expect(everything).not.toContain(own.secret)
  })
})

async function dump(host: TestServer): Promise<string> {
  const tables = ['client', 'client_registration', 'initial_access_token', 'event']
  const rows = await Promise.all(
    tables.map((table) => host.driver.rows({ name: `dump_${table}`, sql: `SELECT * FROM ${table}` }, {})),
  )
  return JSON.stringify(rows)
}

describe('§2.3 software statements', () => {
  const statement = (claims: Metadata = {}, { by = key, header = {} }: { by?: ClientKey; header?: Metadata } = {}) =>
    new SignJWT({ iss: ISSUER, software_id: 'signed', client_name: 'Signed name', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: by.kid, ...header })
      .sign(by.privateKey)

  test('§2.3 what is signed wins over what is said, and the statement comes back unchanged', async () => {
    const software_statement = await statement({ redirect_uris: [CALLBACK], consent: 'implied' })
    const said = { redirect_uris: ['https://evil.test/cb'], client_name: 'Said name', software_statement }
    const { body } = await register(open, said)
    expect(body).toMatchObject({
      client_name: 'Signed name',
      redirect_uris: [CALLBACK],
      software_id: 'signed',
      software_statement,
    })
    const record = await open.server.parts.store.findClient(String(body['client_id']))
    expect(record?.client).toMatchObject({ consent: 'ask', verified: false })
  })

  test('§3.2.2 one of an issuer that nobody approved is unapproved_software_statement', async () => {
    const foreign = await statement({ iss: 'https://other.test' })
    const twin = { ...PLAIN, software_statement: await statement() }
    await expectRefused({ ...PLAIN, software_statement: foreign }, 'unapproved_software_statement', twin)
  })

  test('§3.2.2 one that is broken, unsigned, forged or expired is invalid_software_statement', async () => {
    const good = await statement()
    const now = open.clock.now()
    const [, body = ''] = good.split('.')
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`
    const changed = Buffer.from(JSON.stringify({ iss: ISSUER, client_name: 'Forged' })).toString('base64url')
    const bad = [
      'x',
      '',
      7,
      ['x'],
      none,
      good.replace(body, changed),
      await statement({}, { by: { ...stranger, kid: key.kid } }),
      await statement({}, { by: stranger }),
      await statement({ exp: now - 120 }),
      await statement({ exp: 'tomorrow' }),
      await statement({ nbf: now + 3_600 }),
      await statement({ iss: undefined }),
    ]
    for (const software_statement of bad.slice(2).concat(bad.slice(0, 1))) {
      await expectRefused({ ...PLAIN, software_statement }, 'invalid_software_statement', {
        ...PLAIN,
        software_statement: good,
      })
    }
  })

  test('§2.3 an operator may require one', async () => {
    const statementIssuers = [{ issuer: ISSUER, jwks: { keys: [key.publicJwk as never] }, jwks_uri: null }]
    const host = await startServer({ registration: { access: 'open', statementRequired: true, statementIssuers } })
    try {
      const twin = { ...PLAIN, software_statement: await statement() }
      await expectRefused(PLAIN, 'invalid_software_statement', twin, host)
    } finally {
      await host.close()
    }
  })
})

describe('policies', () => {
  const policied = async (
    registration: Parameters<typeof startServer>[0] & object,
    use: (host: TestServer) => Promise<void>,
  ) => {
    const host = await startServer(registration)
    try {
      await use(host)
    } finally {
      await host.close()
    }
  }

  test('§5 redirect hosts are compared whole, as they were parsed', async () => {
    const redirectHosts = ['app.good.test', '*.apps.good.test', '127.0.0.1', 'com.good.app:']
    await policied({ registration: { access: 'open', redirectHosts, perAddress: 1_000 } }, async (host) => {
      const twin = uris('https://app.good.test/cb')
      const bad = [
        'https://app.good.test.evil.test/cb',
        'https://evil.test/app.good.test',
        'https://evil.test/?app.good.test',
        'https://xapp.good.test/cb',
        'https://app-good.test/cb',
        'https://apps.good.test/cb',
        'https://evilapps.good.test/cb',
        'https://good.test/cb',
        'https://app.good.test:8443/cb',
        'http://localhost/cb',
        'com.good.app.evil:/cb',
      ]
      for (const uri of bad)
        await expectRefused(uris('https://app.good.test/cb', uri), 'invalid_redirect_uri', twin, host)
      for (const uri of [
        'https://a.apps.good.test/cb',
        'https://b.a.apps.good.test/',
        'http://127.0.0.1:99/cb',
        'com.good.app:/cb',
      ]) {
        expect((await register(host, uris(uri))).status).toBe(201)
      }
      await expectRefused(
        { ...twin, post_logout_redirect_uris: ['https://evil.test/'] },
        'invalid_client_metadata',
        twin,
        host,
      )
    })
  })

  test('§5 grants, methods and scopes have ceilings', async () => {
    const registration = {
      access: 'open',
      grantTypes: ['authorization_code', 'client_credentials'],
      authMethods: ['client_secret_basic'],
      scope: 'openid',
    } as const
    await policied({ registration }, async (host) => {
      await expectRefused(
        { ...PLAIN, grant_types: ['authorization_code', 'refresh_token'] },
        'invalid_client_metadata',
        PLAIN,
        host,
      )
      await expectRefused({ ...PLAIN, token_endpoint_auth_method: 'none' }, 'invalid_client_metadata', PLAIN, host)
      expect((await register(host, { ...PLAIN, scope: 'openid email' })).body['scope']).toBe('openid')
      const machine = { client_name: 'Machine', grant_types: ['client_credentials'], response_types: [] }
      expect((await register(host, machine)).status).toBe(201)
    })
  })

  test('§1.2 an initial access token narrows the policy, and cannot widen it', async () => {
    const policy = { redirectHosts: ['app.test'], scope: 'openid admin', grantTypes: ['authorization_code'] }
    const token = await initialToken(guarded, { uses: null, policy })
    const good = { redirect_uris: ['https://app.test/cb'], scope: 'openid email admin' }
    expect((await register(guarded, PLAIN, token)).body['error']).toBe('invalid_redirect_uri')
    const refresh = { ...good, grant_types: ['authorization_code', 'refresh_token'] }
    expect((await register(guarded, refresh, token)).body['error']).toBe('invalid_client_metadata')
    const reply = await register(guarded, good, token)
    expect([reply.status, reply.body['scope']]).toEqual([201, 'openid'])
  })

  test('§5 a client to which nothing is issued for long is removed, unless it was approved', async () => {
    await policied({ registration: { access: 'open', unusedLifetime: 86_400 } }, async (host) => {
      await host.addUser('alice')
      const { store } = host.server.parts
      const [idle, used, trusted] = [await registered(host), await registered(host), await registered(host)]
      const record = await store.findClient(trusted.clientId)
      if (record === null) throw new Error('it was just registered')
      await store.updateClient(
        { ...record.client, verified: true },
        { enabled: true, version: record.version, killIssued: false },
        { type: 'client_approved', at: host.clock.now(), clientId: trusted.clientId },
      )
      host.clock.advance(80_000)
      await new RelyingParty({ host, clientId: used.clientId, secret: used.secret }).tokens()
      await host.server.parts.use?.flush()
      host.clock.advance(10_000)
      await removeUnusedClients(store, host.clock, host.server.parts.registration.unusedLifetime)
      expect(await store.findClient(idle.clientId)).toBeNull()
      expect(await store.findClient(used.clientId)).not.toBeNull()
      expect(await store.findClient(trusted.clientId)).not.toBeNull()
    })
  })
})
