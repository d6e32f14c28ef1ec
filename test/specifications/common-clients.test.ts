// What well-known clients do by their documented defaults, row by row of the contract's section 7: it must work
// without a flag, with the presets as they are.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countingDriver } from '../support/counting-driver.ts'
import {
  ask,
  basic,
  eventTypes,
  expectInvalidClient,
  PKCE,
  query,
  RelyingParty,
  tokensOf,
  VERIFIER,
} from '../support/relying-party.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'

const counting = countingDriver()
let host: TestServer
let app: RelyingParty
let page: RelyingParty

beforeAll(async () => {
  host = await startServer({ wrap: counting.wrap })
  await host.addClient('app', 'openid-connect')
  await host.addClient('strict', 'openid-connect', { strictAuthMethod: true, consent: 'implied' })
  await host.addClient('page', 'spa')
  await host.addClient('posting', 'openid-connect', { token_endpoint_auth_method: 'client_secret_post' })
  await host.addUser('alice', { email: 'alice@example.com', emailVerified: true })
  app = new RelyingParty({ host, clientId: 'app' })
  page = new RelyingParty({ host, clientId: 'page', secret: null })
})
afterAll(() => host.close())

const inBody = (clientId: string) => ({ client_id: clientId, client_secret: TEST_SECRET })

test('row 1: confidential clients without PKCE are served; public ones are not', async () => {
  expect((await app.tokens()).access).not.toBe('')
  const reply = await fetch(page.authorizeUrl({ code_challenge: undefined, code_challenge_method: undefined }), {
    redirect: 'manual',
  })
  expect(new URL(reply.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request')
})

describe('row 2: either secret method, whatever is registered', () => {
  test.each(['app', 'posting'])(
    '%s may use Basic for the code and the body for the refresh, or the reverse',
    async (id) => {
      const client = new RelyingParty({ host, clientId: id })
      const first = await client.tokens()
      const second = tokensOf(await client.refresh(first.refresh, inBody(id), {}))
      const third = tokensOf(await client.redeem(await client.code(), inBody(id), {}))
      for (const { refresh } of [second, third]) expect((await client.refresh(refresh)).status).toBe(200)
    },
  )

  test('unless strictAuthMethod is set', async () => {
    const strict = new RelyingParty({ host, clientId: 'strict' })
    const code = await strict.code()
    expectInvalidClient(await strict.redeem(code, inBody('strict'), {}))
    expect((await strict.redeem(code)).status).toBe(200)
  })
})

describe('row 3: Basic with an empty secret', () => {
  test('is a public client naming itself', async () => {
    const probe = { authorization: basic('page', '') }
    const tokens = tokensOf(await page.redeem(await page.code(), { client_id: undefined }, probe))
    expect((await page.refresh(tokens.refresh, { client_id: undefined }, probe)).status).toBe(200)
  })

  test('is refused to a confidential one: code and tokens stay, no alarm, nothing counts', async () => {
    const probe = { authorization: basic('app', '') }
    const code = await app.code()
    const { refresh, access } = await app.tokens()
    for (let count = 0; count < 40; count++) {
      expectInvalidClient(await app.redeem(code, {}, probe))
      expectInvalidClient(await app.refresh(refresh, {}, probe))
    }
    expect((await app.redeem(code)).status).toBe(200)
    expect((await app.refresh(refresh)).status).toBe(200)
    expect((await app.userinfo(access)).status).toBe(200)
    const types = await eventTypes(host)
    for (const alarm of ['code_replayed', 'refresh_token_replayed', 'client_authentication_limited']) {
      expect(types).not.toContain(alarm)
    }
  })
})

test('row 4: a native client registers one loopback port and returns on another, for that very host', async () => {
  await host.addClient('desktop', 'native', { redirect_uris: ['http://localhost:8000/cb', 'http://127.0.0.1/cb'] })
  const at = (redirectUri: string) => new RelyingParty({ host, clientId: 'desktop', secret: null, redirectUri })
  for (const uri of ['http://localhost:8000/cb', 'http://localhost:51234/cb', 'http://127.0.0.1:61000/cb']) {
    expect((await at(uri).tokens()).access).not.toBe('')
  }
  for (const uri of ['http://[::1]:8000/cb', 'http://localhost:8000/other', 'https://localhost:8000/cb']) {
    const reply = await fetch(at(uri).authorizeUrl(), { redirect: 'manual' })
    expect([reply.status, reply.headers.get('location')]).toEqual([400, null])
  }
  const client = at('http://localhost:51234/cb')
  const code = await client.code()
  expect((await client.redeem(code, { redirect_uri: 'http://localhost:51235/cb' })).body['error']).toBe('invalid_grant')
  expect((await client.redeem(code)).status).toBe(200)
})

test('row 5: offline_access counts without prompt=consent', async () => {
  const fresh = new RelyingParty({ host, clientId: 'app', scope: 'openid offline_access' })
  expect((await fresh.tokens()).refresh).not.toBe('')
  // Remembered now: no page is shown, and it still counts.
  expect((await fresh.tokens({ prompt: 'none' })).refresh).not.toBe('')
})

test('row 6: a refresh that repeats the scope of the authorization request, dropped names included', async () => {
  const asked = 'openid profile offline_access groups'
  const { refresh } = await app.tokens({ scope: asked })
  const again = tokensOf(await app.refresh(refresh, { scope: asked }))
  expect(again.reply.body['scope']).toBe('openid profile offline_access')
  const never = await app.refresh(again.refresh, { scope: `${asked} phone` })
  expect([never.status, never.body['error']]).toEqual([400, 'invalid_scope'])
  expect((await app.refresh(again.refresh)).status).toBe(200)
})

test('row 7: scope is always sent, in the order asked', async () => {
  for (const scope of ['openid profile email', 'email openid profile', 'profile phone address openid']) {
    expect((await app.tokens({ scope })).reply.body['scope']).toBe(scope)
  }
})

test('row 8: a refresh sends an ID token whenever openid was granted', async () => {
  const { refresh } = await app.tokens()
  expect(tokensOf(await app.refresh(refresh)).idToken).not.toBe('')
  const without = await app.tokens({ scope: 'profile offline_access' })
  expect(tokensOf(await app.refresh(without.refresh)).idToken).toBe('')
})

test('row 9: a silent redirect stores nothing but its code', async () => {
  await app.tokens()
  const stored = async () => counting.during(() => app.visitor.get(app.authorizeUrl({ prompt: 'none' })))
  const { result, reads, writes } = await stored()
  expect(result.status).toBe(302)
  expect(new URL(result.location ?? '').searchParams.has('code')).toBe(true)
  expect([reads, writes]).toEqual([1, 1])
  const stranger = new RelyingParty({ host, clientId: 'app' })
  const refused = await counting.during(() => stranger.visitor.get(stranger.authorizeUrl({ prompt: 'none' })))
  expect(new URL(refused.result.location ?? '').searchParams.get('error')).toBe('login_required')
  expect(refused.writes).toBe(0)
})

test('row 12: user info by POST, with an empty body and no Content-Type', async () => {
  const { access } = await app.tokens()
  const headers = { authorization: `Bearer ${access}` }
  const reply = await ask(`${host.origin}/sso/userinfo`, { method: 'POST', headers })
  expect([reply.status, reply.body['sub']]).toEqual([200, 'user-alice'])
})

test('row 13: parameters that nobody knows are ignored, at both endpoints', async () => {
  const code = await app.code({ access_type: 'offline', approval_prompt: 'force', hd: 'example.com', foo: 'bar' })
  expect((await app.redeem(code, { response_type: 'code', state: 'x', foo: 'bar' })).status).toBe(200)
})

test('row 14: email and email_verified are there for clients that insist', async () => {
  const { access } = await app.tokens({ scope: 'openid email' })
  expect((await app.userinfo(access)).body).toEqual({
    sub: 'user-alice',
    email: 'alice@example.com',
    email_verified: true,
  })
})

test('row 15: Basic plus client_id in the body, and resource repeated at the refresh', async () => {
  const resource = 'http://127.0.0.1:9000/api'
  const code = await app.code({ resource })
  const { refresh } = tokensOf(await app.redeem(code, { client_id: 'app', resource }))
  expect((await app.refresh(refresh, { client_id: 'app', resource })).status).toBe(200)
  const both = new URLSearchParams({ grant_type: 'authorization_code', code: await app.code(), redirect_uri: CALLBACK })
  both.append('resource', resource)
  both.append('resource', 'https://api.test/')
  const reply = await ask(`${host.origin}/sso/token`, { method: 'POST', headers: app.credentials, body: both })
  expect(reply.status).toBe(200)
})

test('row 17: the access token is revoked just after its refresh token', async () => {
  const { access, refresh } = await app.tokens()
  for (const token of [refresh, access]) expect((await app.revoke(token)).status).toBe(200)
  expect((await app.userinfo(access)).status).toBe(401)
})

test('row 18: no Accept header and no nonce', async () => {
  const code = await app.code(PKCE)
  const body = query({
    grant_type: 'authorization_code',
    code,
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
  })
  const handled = await host.server.handle({
    method: 'POST',
    path: '/sso/token',
    query: '',
    headers: { ...app.credentials, 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(body),
    peer: { address: '127.0.0.1', secure: false, host: new URL(host.origin).host },
  })
  expect(handled.status).toBe(200)
  expect(handled.headers['content-type']).toBe('application/json; charset=utf-8')
})
