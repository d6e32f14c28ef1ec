// RFC 6750 at the user info endpoint: where a bearer token may be, and how its refusal is told.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  expectInvalidRequest,
  expectInvalidToken,
  query,
  RelyingParty,
  type Reply,
  tokensOf,
} from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { threadTime } from '../support/thread-time.ts'

const HEADER_NOT_THERE = 'Send the access token in the Authorization header, not where it came'

/** The same words in the body and in the header. */
function expectPlace(reply: Reply, words: string | RegExp): void {
  expectInvalidRequest(reply)
  const description = String(reply.body['error_description'])
  expect(description).toMatch(words)
  expect(reply.headers.get('www-authenticate')).toBe(
    `Bearer error="invalid_request", error_description="${description}"`,
  )
}

describe('user info', () => {
  let host: TestServer
  /** Header and form, as the preset says. */
  let app: RelyingParty
  /** Header only, the strict default. */
  let strict: RelyingParty
  /** Header, form and query. */
  let wide: RelyingParty

  beforeAll(async () => {
    host = await startServer()
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addClient('strict', 'openid-connect', { consent: 'implied', userinfo: { tokenFrom: ['header'] } })
    await host.addClient('wide', 'generic-oauth2', { consent: 'implied' })
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app' })
    strict = new RelyingParty({ host, clientId: 'strict' })
    wide = new RelyingParty({ host, clientId: 'wide' })
  })
  afterAll(() => host.close())

  const url = () => `${host.origin}/sso/userinfo`
  const get = (authorization: string) => ask(url(), { headers: { authorization } })
  const post = (fields: Record<string, string> | URLSearchParams, headers: Record<string, string> = {}) =>
    ask(url(), { method: 'POST', headers, body: new URLSearchParams(fields) })

  test('§2.1 the header carries the token, whatever the letter case of the scheme', async () => {
    const { access } = await app.tokens()
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const reply = await get(`${scheme} ${access}`)
      expect([reply.status, reply.body['sub']]).toEqual([200, 'user-alice'])
    }
    expectInvalidToken(await get(`Bearer ${access}x`))
    const noToken = [`Basic ${access}`, 'Bearer', `Bearer ${access} x`, access, `Bearer "${access}"`]
    for (const header of noToken) expect((await get(header)).status).toBe(401)
  })

  test('§2.1 GET and POST are the same, with an empty body and no Content-Type too', async () => {
    const { access } = await app.tokens()
    const headers = { authorization: `Bearer ${access}` }
    expect((await ask(url(), { method: 'POST', headers })).body['sub']).toBe('user-alice')
    const json = { ...headers, 'content-type': 'application/json' }
    expect((await ask(url(), { method: 'POST', headers: json, body: '{}' })).body['sub']).toBe('user-alice')
    expect((await ask(url(), { method: 'PUT', headers })).status).toBe(405)
  })

  test('§2.2 a form body carries it where the client may', async () => {
    const { access } = await app.tokens()
    expect((await post({ access_token: access })).body['sub']).toBe('user-alice')
    const refused = await strict.tokens()
    expectPlace(await post({ access_token: refused.access }), HEADER_NOT_THERE)
    expect((await strict.userinfo(refused.access)).status).toBe(200)
  })

  test('§2.3 a query carries it only by setting', async () => {
    for (const client of [app, strict]) {
      const { access } = await client.tokens()
      const inQuery = await ask(`${url()}?${query({ access_token: access })}`)
      expectPlace(inQuery, 'Send the access token in the Authorization header, not in the query')
      expect(inQuery.text).not.toContain(access)
      // Refused is the way it came; the token is as good as before.
      expect((await client.userinfo(access)).status).toBe(200)
    }
    const allowed = await wide.tokens()
    expect((await ask(`${url()}?${query({ access_token: allowed.access })}`)).status).toBe(200)
  })

  test('§3.1 a place that the client may not use is invalid_request, before anything is said of the token', async () => {
    const { access } = await app.tokens()
    expect((await app.revoke(access)).status).toBe(200)
    expectPlace(await ask(`${url()}?${query({ access_token: access })}`), /not in the query$/)
    expectInvalidToken(await app.userinfo(access))
  })

  test('§2.3 an unknown token stays invalid_token, and is told where it belongs when it came in the query', async () => {
    const { access } = await app.tokens()
    const inQuery = await ask(`${url()}?${query({ access_token: `${access}x` })}`)
    expectInvalidToken(inQuery)
    expect(inQuery.body['error_description']).toBe(
      'The access token is unknown, expired or revoked; it came in the query, send it in the Authorization header',
    )
    const inHeader = await get(`Bearer ${access}x`)
    expect(inHeader.body['error_description']).toBe('The access token is unknown, expired or revoked')
  })

  test('§3.1 a client that may use the body alone is told so', async () => {
    await host.addClient('bodily', 'openid-connect', { consent: 'implied', userinfo: { tokenFrom: ['form'] } })
    const bodily = new RelyingParty({ host, clientId: 'bodily' })
    const { access } = await bodily.tokens()
    expectPlace(await bodily.userinfo(access), 'Send the access token in a form body, not where it came')
    expect((await post({ access_token: access })).status).toBe(200)
  })

  test('§2 two places at once must hold the same token', async () => {
    const one = await wide.tokens()
    const two = await wide.tokens()
    const both = (token: string) =>
      ask(`${url()}?${query({ access_token: token })}`, { headers: { authorization: `Bearer ${one.access}` } })
    expectInvalidRequest(await both(two.access))
    expect((await both(one.access)).status).toBe(200)
  })

  test('§3.1 a token sent twice in one place is refused', async () => {
    const { access } = await app.tokens()
    const twice = new URLSearchParams([
      ['access_token', access],
      ['access_token', access],
    ])
    expectInvalidRequest(await post(twice))
    expect((await post({ access_token: access })).status).toBe(200)
    const wideToken = (await wide.tokens()).access
    expectInvalidRequest(await ask(`${url()}?access_token=${wideToken}&access_token=${wideToken}`))
    expect((await ask(`${url()}?access_token=${wideToken}`)).status).toBe(200)
  })

  test('§3 without a token the header names the scheme and no error', async () => {
    for (const reply of [await ask(url()), await post({}), await ask(url(), { method: 'POST' })]) {
      expect(reply.status).toBe(401)
      expect(reply.headers.get('www-authenticate')).toBe('Bearer')
      expect(reply.body['error_description']).toBe('An access token is required: send it in the Authorization header')
    }
  })

  test('§3.1 an expired token is invalid_token, with the same words in the body', async () => {
    const { access } = await app.tokens()
    host.clock.advance(3599)
    expect((await app.userinfo(access)).status).toBe(200)
    host.clock.advance(1)
    expectInvalidToken(await app.userinfo(access))
  })

  test('§3.1 a revoked token is invalid_token', async () => {
    const { access } = await app.tokens()
    expect((await app.userinfo(access)).status).toBe(200)
    expect((await app.revoke(access)).status).toBe(200)
    expectInvalidToken(await app.userinfo(access))
  })

  test('§3.1 a token without openid is insufficient_scope, except where the claim map alone decides', async () => {
    const plain = await app.tokens({ scope: 'profile' })
    const refused = await app.userinfo(plain.access)
    expect([refused.status, refused.body['error']]).toEqual([403, 'insufficient_scope'])
    expect(refused.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="openid"')
    const mapped = await wide.tokens({ scope: 'profile' })
    expect((await wide.userinfo(mapped.access)).status).toBe(200)
  })

  test('RFC 8725 §2 a token cut, padded or with one sign changed is unknown', async () => {
    const { access } = await app.tokens()
    const flipped = access.startsWith('A') ? `B${access.slice(1)}` : `A${access.slice(1)}`
    for (const damaged of [access.slice(0, -1), `${access}=`, `${access}A`, flipped, access.slice(0, 20)]) {
      expectInvalidToken(await app.userinfo(damaged))
    }
    expect((await app.userinfo(access)).status).toBe(200)
  })

  test('RFC 8725 §3.11 an ID token or any JWT of somebody else is no access token', async () => {
    const { access, idToken } = await app.tokens()
    const [head = '', payload = ''] = idToken.split('.')
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    for (const jwt of [idToken, `${head}.${payload}.`, `${none}.${payload}.`, `${head}.${payload}`]) {
      expectInvalidToken(await app.userinfo(jwt))
      expect((await app.introspect(jwt)).body).toEqual({ active: false })
    }
    expect((await app.userinfo(access)).status).toBe(200)
  })

  test('absurd tokens are refused quickly', async () => {
    const { access } = await app.tokens()
    const began = threadTime()
    for (const token of ['.'.repeat(1000), 'A'.repeat(6000), `${'a.'.repeat(2000)}b`, '='.repeat(500)]) {
      expect((await get(`Bearer ${token}`)).status).toBe(401)
      expect((await post({ access_token: token })).status).toBe(401)
    }
    expectInvalidToken(await post({ access_token: 'A'.repeat(60_000) }))
    expect(threadTime() - began).toBeLessThan(2000)
    expect((await app.userinfo(access)).status).toBe(200)
  })

  test('claims stay inside the scope that was granted', async () => {
    const basic = await app.tokens({ scope: 'openid' })
    expect((await app.userinfo(basic.access)).body).toEqual({ sub: 'user-alice' })
    const more = await app.tokens({ scope: 'openid profile offline_access' })
    expect((await app.userinfo(more.access)).body).toMatchObject({ sub: 'user-alice', name: 'Name of alice' })
    const narrowed = tokensOf(await app.refresh(more.refresh, { scope: 'openid' }))
    expect((await app.userinfo(narrowed.access)).body).toEqual({ sub: 'user-alice' })
  })
})
