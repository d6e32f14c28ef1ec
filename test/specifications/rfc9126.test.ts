// RFC 9126, OAuth 2.0 Pushed Authorization Requests: what a client may push, and what its reference is good for.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statement } from '../../src/store/database/driver.ts'
import { asserted, assertion, newClientKey } from '../support/assertions.ts'
import {
  type AuthorizeParameters,
  authorizeQuery,
  authorizeUrl,
  copyOf,
  countRecords,
  expectCode,
  expectErrorPage,
  expectRefusal,
  isAt,
  signedIn,
  signIn,
} from '../support/authorize.ts'
import { requestObject } from '../support/request-objects.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const PREFIX = 'urn:ietf:params:oauth:request_uri:'
const API = 'https://api.test'

interface Pushed {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

const pushedRows = statement<object, { n: number }>(
  'count_pushed',
  'SELECT CAST(count(*) AS BIGINT) AS n FROM pushed_request',
)

describe.each(['sqlite', 'postgres'] as const)('on %s', (database) => {
  let host: TestServer
  const key = newClientKey()

  beforeAll(async () => {
    host = await startServer({ database })
    const known = { consent: 'implied' }
    const objects = { ...known, request_object_signing_alg: 'HS256' }
    await host.addClient('web', 'openid-connect', objects)
    await host.addClient('other', 'openid-connect', objects)
    await host.addClient('asking', 'openid-connect')
    await host.addClient('page', 'spa', known)
    await host.addClient('only', 'openid-connect', { ...objects, require_pushed_authorization_requests: true })
    const signing = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [(await key).publicJwk] } }
    await host.addClient('signer', 'openid-connect', { ...known, ...signing })
    await host.addResource(API, { scope: 'read', clients: 'all' })
    await host.addResource(`${API}/two`, { scope: 'write', clients: 'all' })
    await host.addUser('alice')
  })
  afterAll(() => host.close())

  const basic = (clientId: string, secret = TEST_SECRET) => ({
    authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
  })

  async function send(body: URLSearchParams, headers: Readonly<Record<string, string>> = {}): Promise<Pushed> {
    const reply = await fetch(`${host.origin}/sso/par`, { method: 'POST', body, headers })
    return { status: reply.status, headers: reply.headers, body: (await reply.json()) as Pushed['body'] }
  }

  const push = (parameters: AuthorizeParameters = {}, clientId = 'web') =>
    send(authorizeQuery({ client_id: clientId, ...parameters }), basic(clientId))

  async function pushedUri(parameters: AuthorizeParameters = {}, clientId = 'web'): Promise<string> {
    const { status, body } = await push(parameters, clientId)
    expect(status, JSON.stringify(body)).toBe(201)
    return String(body['request_uri'])
  }

  /** With the reference and nothing else, but what `beside` adds. */
  const bring = (
    visitor: Visitor,
    requestUri: string,
    clientId = 'web',
    beside: Readonly<Record<string, string>> = {},
  ) =>
    visitor.get(
      `${host.origin}/sso/authorize?${new URLSearchParams({ client_id: clientId, request_uri: requestUri, ...beside }).toString()}`,
    )

  const count = async () => (await host.driver.rows(pushedRows, {}))[0]?.n ?? 0

  async function refused(pushing: Promise<Pushed>, status: number, error: string): Promise<Pushed> {
    const before = await count()
    const reply = await pushing
    expect([reply.status, reply.body['error']], JSON.stringify(reply.body)).toEqual([status, error])
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect(reply.headers.get('content-type')).toContain('application/json')
    expect(reply.body).not.toHaveProperty('request_uri')
    expect(await count()).toBe(before)
    return reply
  }

  test('RFC 9126 §5 the metadata name the endpoint', async () => {
    const metadata = await (await fetch(`${host.issuer}/.well-known/openid-configuration`)).json()
    expect(metadata).toMatchObject({ pushed_authorization_request_endpoint: `${host.issuer}/sso/par` })
  })

  describe('RFC 9126 §2.2 a good request', () => {
    test('is answered 201 with a reference that nobody can guess, and how long it is good', async () => {
      const { status, headers, body } = await push()
      expect(status).toBe(201)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(Object.keys(body)).toEqual(['request_uri', 'expires_in'])
      expect(body['request_uri']).toMatch(/^urn:ietf:params:oauth:request_uri:[A-Za-z0-9_-]{43}$/)
      expect(body['expires_in']).toBe(60)
      expect((await push()).body['request_uri']).not.toBe(body['request_uri'])
    })

    test('lets the browser that brings its reference do all that the request asked for', async () => {
      const requestUri = await pushedUri({ state: 'of-the-push', nonce: 'once', login_hint: 'alice' })
      const visitor = new Visitor()
      const page = await visitor.follow(await bring(visitor, requestUri))
      expect(isAt(page, 'sign-in')).toBe(true)
      expect(page.html).toContain('value="alice"')
      const answer = expectCode(await signIn(visitor, page, 'alice'))
      expect(answer.href.startsWith(CALLBACK)).toBe(true)
      expect(answer.searchParams.get('state')).toBe('of-the-push')
    })

    test('is answered at once where nobody has to be asked', async () => {
      const visitor = await signedIn(host, 'alice')
      expectCode(await bring(visitor, await pushedUri({ prompt: 'none' })))
    })

    test('keeps every resource that it names', async () => {
      const visitor = await signedIn(host, 'alice')
      const requestUri = await pushedUri({ scope: 'openid read write', resource: [API, `${API}/two`] }, 'asking')
      const page = await visitor.follow(await bring(visitor, requestUri, 'asking'))
      expect(isAt(page, 'consent')).toBe(true)
      expect(page.html).toContain(API)
      expect(page.html).toContain(`${API}/two`)
    })

    test('may come by POST from the site of the client, without cookies', async () => {
      const requestUri = await pushedUri()
      const visitor = new Visitor()
      const body = new URLSearchParams({ client_id: 'web', request_uri: requestUri })
      const first = await fetch(`${host.origin}/sso/authorize`, { method: 'POST', body, redirect: 'manual' })
      expect(first.status).toBe(303)
      const page = await visitor.follow(
        await visitor.get(new URL(first.headers.get('location') ?? '', host.origin).href),
      )
      expectCode(await signIn(visitor, page, 'alice'))
      expectErrorPage(await bring(new Visitor(), requestUri), { code: 'invalid_request_uri' })
    })
  })

  describe('RFC 9126 §2 the client proves itself as at the token endpoint', () => {
    test.each([
      ['a wrong secret', () => basic('web', 'wrong-secret-of-a-test-that-proves-nothing')],
      ['no secret', () => ({})],
    ] as const)('%s is refused', async (_, headers) => {
      await refused(send(authorizeQuery(), headers()), 401, 'invalid_client')
      await pushedUri()
    })

    test('an unknown client is refused', async () => {
      await refused(send(authorizeQuery({ client_id: 'nobody' }), basic('nobody')), 401, 'invalid_client')
    })

    test('the secret may stand in the form, and is not kept', async () => {
      const body = authorizeQuery({ client_secret: TEST_SECRET })
      expect((await send(body)).status).toBe(201)
      const rows = await host.driver.rows(
        statement<object, { parameters: string }>('all_pushed', 'SELECT parameters FROM pushed_request'),
        {},
      )
      for (const { parameters } of rows) expect(parameters).not.toContain(TEST_SECRET)
    })

    test('a client in the form that is not the one in the header is refused', async () => {
      await refused(send(authorizeQuery({ client_id: 'other' }), basic('web')), 400, 'invalid_request')
    })

    test('client_id may be left out beside a header', async () => {
      const { status, body } = await send(authorizeQuery({ client_id: undefined }), basic('web'))
      expect(status).toBe(201)
      expectCode(await bring(await signedIn(host, 'alice'), String(body['request_uri'])))
    })

    test.each(['', '/sso/token', '/sso/par'])('an assertion may be meant for the issuer%s', async (path) => {
      const crafted = { host, clientId: 'signer', key: await key, claims: { aud: `${host.issuer}${path}` } }
      const fields = { client_id: 'signer', ...asserted(await assertion(crafted)) }
      expect((await send(authorizeQuery(fields))).status).toBe(201)
      // It is good once.
      await refused(send(authorizeQuery(fields)), 401, 'invalid_client')
    })

    test('a public client names itself, and needs PKCE as ever', async () => {
      const challenge = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }
      await refused(send(authorizeQuery({ client_id: 'page' })), 400, 'invalid_request')
      const { status, body } = await send(authorizeQuery({ client_id: 'page', ...challenge }))
      expect(status).toBe(201)
      expectCode(await bring(await signedIn(host, 'alice'), String(body['request_uri']), 'page'))
    })

    test('scripts of its origins may read the answer, others may not', async () => {
      const challenge = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }
      const from = async (origin: string) =>
        (await send(authorizeQuery({ client_id: 'page', ...challenge }), { origin })).headers.get(
          'access-control-allow-origin',
        )
      expect(await from(new URL(CALLBACK).origin)).toBe(new URL(CALLBACK).origin)
      expect(await from('https://elsewhere.test')).toBeNull()
    })
  })

  describe('RFC 9126 §2.1, §2.3 what the authorization endpoint would refuse is refused at once', () => {
    test.each([
      ['request_uri', { request_uri: `${PREFIX}${'x'.repeat(43)}` }, 'invalid_request'],
      ['an address that is not registered', { redirect_uri: 'https://elsewhere.test/cb' }, 'invalid_request'],
      ['no address', { redirect_uri: undefined }, 'invalid_request'],
      ['a response type that is not offered', { response_type: 'token' }, 'unsupported_response_type'],
      ['a malformed scope', { scope: 'openid "' }, 'invalid_scope'],
      ['a repeated parameter', { state: ['one', 'two'] }, 'invalid_request'],
      ['prompt=none with another', { prompt: 'none login' }, 'invalid_request'],
      ['a malformed challenge', { code_challenge: 'short', code_challenge_method: 'S256' }, 'invalid_request'],
      ['an unknown resource', { resource: 'https://nowhere.test' }, 'invalid_target'],
      ['a hint that is not ours', { id_token_hint: 'no.token.ofours' }, 'invalid_request'],
      ['a request object that cannot be read', { request: 'x.y.z' }, 'invalid_request_object'],
      ['a state that is too long', { state: 's'.repeat(5_000) }, 'invalid_request'],
    ] as const)('%s', async (_, parameters, error) => {
      await refused(push(parameters), 400, error)
    })

    test('a form alone may push: JSON, a query and other methods do not', async () => {
      const json = { method: 'POST', headers: { 'content-type': 'application/json', ...basic('web') } }
      const body = JSON.stringify(Object.fromEntries(authorizeQuery()))
      expect((await fetch(`${host.origin}/sso/par`, { ...json, body })).status).toBe(400)
      const inQuery = await fetch(`${host.origin}/sso/par?${authorizeQuery().toString()}`, {
        method: 'POST',
        headers: basic('web'),
      })
      expect(inQuery.status).toBe(400)
      const got = await fetch(`${host.origin}/sso/par?${authorizeQuery().toString()}`, { headers: basic('web') })
      expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST'])
    })

    test('what nobody knows is not kept, however long it is', async () => {
      await pushedUri({ unheard_of: 'u'.repeat(20_000) })
      const rows = await host.driver.rows(
        statement<object, { longest: number }>(
          'longest_pushed',
          'SELECT CAST(max(length(parameters)) AS BIGINT) AS longest FROM pushed_request',
        ),
        {},
      )
      expect(rows[0]?.longest).toBeLessThan(2_000)
    })
  })

  describe('RFC 9126 §2.3 a request that would take more room than any sign-in needs', () => {
    test.each([
      ['in a hint', { login_hint: 'h'.repeat(17_000) }],
      ['in what is written longer than it was sent', { login_hint: '\u0001'.repeat(3_000) }],
      ['in a parameter that nobody here looks at', { claims_locales: 'c'.repeat(17_000) }],
    ] as const)('%s is refused, and nothing is kept', async (_, parameters) => {
      const { body } = await refused(push(parameters), 413, 'invalid_request')
      expect(body['error_description']).toBe('The authorization request is too large')
    })

    test('one that is long, and not too long, is answered', async () => {
      const requestUri = await pushedUri({ login_hint: 'h'.repeat(8_000), state: 's'.repeat(4_000) })
      expectCode(await bring(await signedIn(host, 'alice'), requestUri))
    })
  })

  describe('RFC 9126 §3 a request object may be pushed', () => {
    test('and only what is inside counts', async () => {
      const object = await requestObject({ host, clientId: 'web', claims: { nonce: 'inside' } })
      const requestUri = await pushedUri({
        request: object,
        redirect_uri: 'https://elsewhere.test/cb',
        state: 'outside',
        scope: 'openid',
      })
      const answer = expectCode(await bring(await signedIn(host, 'alice'), requestUri))
      expect(answer.href.startsWith(CALLBACK)).toBe(true)
      expect(answer.searchParams.get('state')).toBe('state-inside')
    })

    test('of another client it is refused', async () => {
      const object = await requestObject({ host, clientId: 'other' })
      await refused(push({ request: object }), 400, 'invalid_request_object')
    })

    test('its own end does not matter once it was pushed in time', async () => {
      const now = host.clock.now()
      const object = await requestObject({ host, clientId: 'web', claims: { iat: now, exp: now + 5 } })
      const visitor = await signedIn(host, 'alice')
      const requestUri = await pushedUri({ request: object })
      host.clock.advance(40)
      expectCode(await bring(visitor, requestUri))
    })
  })

  describe('RFC 9126 §4 the reference', () => {
    test('brings nothing beside what was pushed: what the browser adds does not count', async () => {
      const visitor = await signedIn(host, 'alice')
      const beside = {
        redirect_uri: 'https://elsewhere.test/cb',
        state: 'forged',
        scope: 'openid email',
        prompt: 'login',
      }
      const answer = expectCode(await bring(visitor, await pushedUri({ state: 'pushed' }), 'web', beside))
      expect(answer.href.startsWith(CALLBACK)).toBe(true)
      expect(answer.searchParams.get('state')).toBe('pushed')
    })

    test('is good once: a second answer is refused on a page, in the same browser and in another', async () => {
      const visitor = await signedIn(host, 'alice')
      const requestUri = await pushedUri()
      expectCode(await bring(visitor, requestUri))
      const before = await countRecords(host)
      for (const again of [visitor, copyOf(visitor), new Visitor()]) {
        expectErrorPage(await bring(again, requestUri), { code: 'invalid_request_uri' })
      }
      expect(await countRecords(host)).toEqual(before)
    })

    test('may be loaded again until it is answered, as previews of links and reloads do', async () => {
      const requestUri = await pushedUri()
      const preview = new Visitor()
      expect(isAt(await preview.follow(await bring(preview, requestUri)), 'sign-in')).toBe(true)
      const visitor = new Visitor()
      const once = await visitor.follow(await bring(visitor, requestUri))
      const twice = await visitor.follow(await bring(visitor, requestUri))
      expectCode(await signIn(visitor, twice, 'alice'))
      // The first page still signs in, but there is nothing to answer any more.
      expectErrorPage(await signIn(visitor, once, 'alice'), { code: 'invalid_request' })
    })

    test('of ten browsers at once one is answered', async () => {
      const requestUri = await pushedUri()
      const visitor = await signedIn(host, 'alice')
      const visitors = Array.from({ length: 10 }, () => copyOf(visitor))
      const replies = await Promise.all(visitors.map((each) => bring(each, requestUri)))
      const answered = replies.filter(({ location }) => location?.includes('code='))
      expect(answered).toHaveLength(1)
      for (const reply of replies) if (reply !== answered[0]) expect(reply.status).toBe(400)
    })

    test('ends after its time, however often it was loaded; a sign-in that began in time goes on', async () => {
      const requestUri = await pushedUri()
      const visitor = new Visitor()
      const page = await visitor.follow(await bring(visitor, requestUri))
      host.clock.advance(59)
      expect(isAt(await new Visitor().follow(await bring(new Visitor(), requestUri)), 'sign-in')).toBe(true)
      host.clock.advance(2)
      expectErrorPage(await bring(new Visitor(), requestUri), { code: 'invalid_request_uri' })
      host.clock.advance(1_500)
      expectCode(await signIn(visitor, page, 'alice'))
    })

    test('of another client, a made-up one and a broken one are refused on a page, and nothing is sent anywhere', async () => {
      const requestUri = await pushedUri()
      const before = await countRecords(host)
      expectErrorPage(await bring(new Visitor(), requestUri, 'other'), { code: 'invalid_request_uri' })
      for (const made of ['x'.repeat(43), '', '../../etc', 'x'.repeat(9_000)]) {
        expectErrorPage(await bring(new Visitor(), `${PREFIX}${made}`, 'web', { redirect_uri: CALLBACK }), {
          code: 'invalid_request_uri',
        })
      }
      expectErrorPage(await bring(new Visitor(), requestUri, 'nobody'))
      expect(await countRecords(host)).toEqual(before)
      expectCode(await bring(await signedIn(host, 'alice'), requestUri))
    })

    test('of a client that has been disabled since leads nowhere', async () => {
      await host.addClient(`off-${database}`, 'openid-connect', { consent: 'implied' })
      const requestUri = await pushedUri({}, `off-${database}`)
      const disable = statement<{ id: string }>(
        'disable_client',
        'UPDATE client SET enabled = 0, version = version + 1 WHERE client_id = :id',
      )
      await host.driver.atomic([{ statement: disable, bind: { id: `off-${database}` } }])
      expectErrorPage(await bring(await signedIn(host, 'alice'), requestUri, `off-${database}`))
    })

    test('after a no of the person is still good, and after a yes it is not', async () => {
      const requestUri = await pushedUri({}, 'asking')
      const visitor = await signedIn(host, 'alice')
      const page = await visitor.follow(await bring(visitor, requestUri, 'asking'))
      expectRefusal(await visitor.submit(page, 'consent-deny'), host, 'access_denied')
      const again = await visitor.follow(await bring(visitor, requestUri, 'asking'))
      expectCode(await visitor.submit(again, 'consent-allow'))
      expectErrorPage(await bring(visitor, requestUri, 'asking'), { code: 'invalid_request_uri' })
    })

    test('may ask for an answer in the fragment or by a form', async () => {
      const visitor = await signedIn(host, 'alice')
      const fragment = await bring(visitor, await pushedUri({ response_mode: 'fragment' }))
      expect(new URL(fragment.location ?? '').hash).toContain('code=')
      const posted = await bring(visitor, await pushedUri({ response_mode: 'form_post' }))
      expect([posted.status, posted.html.includes('name="code"')]).toEqual([200, true])
    })

    test('a refusal uses nothing up: who does not sign in now may come again', async () => {
      const requestUri = await pushedUri({ prompt: 'none' })
      expectRefusal(await bring(new Visitor(), requestUri), host, 'login_required')
      expectCode(await bring(await signedIn(host, 'alice'), requestUri))
    })
  })

  describe('RFC 9126 §6 a client that must push', () => {
    test('is refused without, at its own address, and served with', async () => {
      const visitor = await signedIn(host, 'alice')
      const before = await countRecords(host)
      expectRefusal(await visitor.get(authorizeUrl(host, { client_id: 'only' })), host, 'invalid_request')
      const object = await requestObject({ host, clientId: 'only' })
      const withObject = await visitor.get(authorizeUrl(host, { client_id: 'only', request: object }))
      expectRefusal(withObject, host, 'invalid_request', { state: 'state-inside' })
      expect(await countRecords(host)).toEqual(before)
      expectCode(await bring(visitor, await pushedUri({}, 'only'), 'only'))
    })
  })

  describe('what strangers push is bounded', () => {
    const challenge = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }

    test('an address keeps its newest; clients that have proven themselves are not counted', async () => {
      const small = await startServer({ database, limits: { interactions: { perAddress: 5 } } })
      await small.addClient('page', 'spa')
      await small.addClient('web', 'openid-connect')
      const pushTo = async (body: URLSearchParams, headers: Readonly<Record<string, string>> = {}) => {
        const reply = await fetch(`${small.origin}/sso/par`, { method: 'POST', body, headers })
        expect(reply.status).toBe(201)
        return ((await reply.json()) as { request_uri: string }).request_uri
      }
      const mine = await pushTo(authorizeQuery(), basic('web'))
      const all: string[] = []
      for (let at = 0; at < 9; at++) {
        small.clock.advance(1)
        all.push(await pushTo(authorizeQuery({ client_id: 'page', ...challenge })))
      }
      for (let at = 0; at < 9; at++) await pushTo(authorizeQuery(), basic('web'))
      const isThere = async (clientId: string, requestUri: string) => {
        const query = new URLSearchParams({ client_id: clientId, request_uri: requestUri })
        return (await new Visitor().get(`${small.origin}/sso/authorize?${query.toString()}`)).status === 303
      }
      const there = await Promise.all(all.map((each) => isThere('page', each)))
      expect(there).toEqual([false, false, false, false, true, true, true, true, true])
      expect(await isThere('web', mine)).toBe(true)
      await small.close()
    })

    test('all of them together too: whoever holds most loses the oldest', async () => {
      const small = await startServer({
        database,
        limits: { interactions: { perAddress: 1_000, totalBytes: 262_144 } },
      })
      await small.addClient('page', 'spa')
      for (let at = 0; at < 410; at++) {
        const body = authorizeQuery({ client_id: 'page', ...challenge, nonce: 'n'.repeat(1_400) })
        expect((await fetch(`${small.origin}/sso/par`, { method: 'POST', body })).status).toBe(201)
      }
      const [row] = await small.driver.rows(
        statement<object, { bytes: number }>(
          'pushed_bytes',
          'SELECT CAST(sum(size) AS BIGINT) AS bytes FROM pushed_request',
        ),
        {},
      )
      // Looked at after 200 and after 400.
      expect(row?.bytes).toBeGreaterThan(200_000)
      expect(row?.bytes).toBeLessThan(290_000)
      await small.close()
    }, 30_000)
  })
})

test('RFC 9126 §4 of two nodes one answers, whichever took the push', async () => {
  const one = await startServer({ database: 'postgres' })
  await one.addClient('web', 'openid-connect', { consent: 'implied' })
  await one.addUser('alice')
  const other = await startServer({ database: 'postgres', beside: one })
  try {
    const visitor = await signedIn(one, 'alice')
    for (const pushedTo of [one.origin, other.origin, one.origin, other.origin]) {
      const headers = { authorization: `Basic ${Buffer.from(`web:${TEST_SECRET}`).toString('base64')}` }
      const pushed = await fetch(`${pushedTo}/sso/par`, { method: 'POST', headers, body: authorizeQuery() })
      const { request_uri } = (await pushed.json()) as { request_uri: string }
      const query = new URLSearchParams({ client_id: 'web', request_uri }).toString()
      const at = [one.origin, other.origin, one.origin, other.origin]
      const replies = await Promise.all(at.map((origin) => copyOf(visitor).get(`${origin}/sso/authorize?${query}`)))
      expect(replies.filter(({ location }) => location?.includes('code='))).toHaveLength(1)
      expect(replies.filter(({ status }) => status === 400)).toHaveLength(3)
    }
  } finally {
    await other.close()
    await one.close()
  }
})
