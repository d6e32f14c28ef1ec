// RFC 7662: what a token is worth now, told to those who may know; everything else is just inactive.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  basic,
  expectInvalidClient,
  expectInvalidRequest,
  query,
  RelyingParty,
  tokensOf,
} from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

const OTHER_SECRET = 'test0000000000000000000000000000'
const INACTIVE = { active: false }

describe.each(['sqlite', 'postgres'] as const)('introspection on %s', (database) => {
  let host: TestServer
  let app: RelyingParty
  let other: RelyingParty
  let api: RelyingParty
  let page: RelyingParty

  beforeAll(async () => {
    host = await startServer({ database })
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addClient('other', 'openid-connect', { consent: 'implied' }, OTHER_SECRET)
    await host.addClient('api', 'openid-connect', { introspection: 'all' })
    await host.addClient('page', 'spa', { consent: 'implied' })
    const machine = { grant_types: ['client_credentials'], response_types: [], scope: 'read write' }
    await host.addClient('machine', 'openid-connect', machine)
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app' })
    other = new RelyingParty({ host, clientId: 'other', secret: OTHER_SECRET })
    api = new RelyingParty({ host, clientId: 'api' })
    page = new RelyingParty({ host, clientId: 'page', secret: null })
  })
  afterAll(() => host.close())

  test('§2.2 a live access token is described', async () => {
    const { access } = await app.tokens()
    const now = host.clock.now()
    for (const asker of [app, api]) {
      expect((await asker.introspect(access)).body).toEqual({
        active: true,
        iss: host.issuer,
        client_id: 'app',
        scope: 'openid profile offline_access',
        token_type: 'Bearer',
        exp: now + 3600,
        iat: now,
        sub: 'user-alice',
        username: 'alice',
      })
    }
  })

  test('§2.2 a live refresh token is described to its own client, without a token type', async () => {
    const { refresh } = await app.tokens()
    const { body } = await app.introspect(refresh)
    expect(body).toMatchObject({ active: true, client_id: 'app', sub: 'user-alice' })
    expect(body).not.toHaveProperty('token_type')
  })

  test('§2.2 a token from client credentials stands for the client', async () => {
    const machine = new RelyingParty({ host, clientId: 'machine' })
    const { access } = tokensOf(await machine.token({ grant_type: 'client_credentials', scope: 'read' }))
    const { body } = await machine.introspect(access)
    expect(body).toMatchObject({ active: true, client_id: 'machine', sub: 'machine', scope: 'read' })
    expect(body).not.toHaveProperty('username')
  })

  test('§2.2 whatever is not live is inactive, and nothing else is told', async () => {
    const { access, refresh, idToken } = await app.tokens()
    const flipped = access.startsWith('A') ? `B${access.slice(1)}` : `A${access.slice(1)}`
    for (const token of ['nothing', access.slice(0, -1), flipped, `${access}=`, idToken, '中文', 'x'.repeat(5000)]) {
      const reply = await app.introspect(token)
      expect([reply.status, reply.body]).toEqual([200, INACTIVE])
    }
    expect((await app.introspect(access)).body['active']).toBe(true)
    host.clock.advance(3600)
    expect((await app.introspect(access)).body).toEqual(INACTIVE)
    expect((await app.introspect(refresh)).body['active']).toBe(true)
    host.clock.advance(30 * 86_400)
    expect((await app.introspect(refresh)).body).toEqual(INACTIVE)
  })

  test('§4 a client learns nothing about the tokens of another, unless an operator says so', async () => {
    const { access, refresh } = await app.tokens()
    expect((await other.introspect(access)).body).toEqual(INACTIVE)
    expect((await other.introspect(refresh)).body).toEqual(INACTIVE)
    expect((await api.introspect(access)).body['active']).toBe(true)
    expect((await app.introspect(refresh)).body['active']).toBe(true)
  })

  test('§4 a resource server learns nothing about refresh tokens', async () => {
    const { refresh } = await app.tokens()
    expect((await api.introspect(refresh)).body).toEqual(INACTIVE)
    expect((await app.introspect(refresh)).body['active']).toBe(true)
  })

  test('§2.1 nobody asks without a secret', async () => {
    const { access } = await page.tokens()
    expectInvalidClient(await page.introspect(access, {}, {}))
    expectInvalidClient(await page.introspect(access, { client_id: 'page' }, {}))
    expectInvalidClient(await page.introspect(access, {}, { authorization: basic('page', '') }))
    expectInvalidClient(await page.introspect(access, { client_id: 'api' }, {}))
    expectInvalidClient(await page.introspect(access, {}, { authorization: basic('api', 'wrong') }))
    const bearer = await page.introspect(access, {}, { authorization: `Bearer ${access}` })
    expectInvalidClient(bearer)
    expect((await api.introspect(access)).body['active']).toBe(true)
  })

  test.each(['access_token', 'refresh_token', 'unknown'])(
    '§2.1 the hint %s does not decide',
    async (token_type_hint) => {
      const { access, refresh } = await app.tokens()
      expect((await app.introspect(access, { token_type_hint })).body['active']).toBe(true)
      expect((await app.introspect(refresh, { token_type_hint })).body['active']).toBe(true)
    },
  )

  test('§2.1 token is required, once, in the body of a POST', async () => {
    const { access } = await app.tokens()
    const url = `${host.origin}/sso/introspect`
    expectInvalidRequest(await app.introspect(''))
    const twice = new URLSearchParams([
      ['token', access],
      ['token', access],
    ])
    expectInvalidRequest(await ask(url, { method: 'POST', headers: app.credentials, body: twice }))
    expectInvalidRequest(await ask(`${url}?${query({ token: access })}`, { method: 'POST', headers: app.credentials }))
    expect((await ask(`${url}?${query({ token: access })}`, { headers: app.credentials })).status).toBe(405)
    expect((await app.introspect(access)).body['active']).toBe(true)
  })

  test('§4 no page of another origin reads the answer', async () => {
    const { access } = await app.tokens()
    const reply = await app.introspect(access, {}, { ...app.credentials, origin: 'https://client.test' })
    expect(reply.headers.get('access-control-allow-origin')).toBeNull()
    expect(reply.body['active']).toBe(true)
  })
})
