// RFC 6749 at the token endpoint: client authentication, the authorization code, the replies. On both databases, with
// two servers over one PostgreSQL database where it matters.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asserted, assertion } from '../support/assertions.ts'
import {
  ask,
  basic,
  eventTypes,
  expectInvalidClient,
  expectInvalidGrant,
  expectInvalidRequest,
  expectInvalidToken,
  form,
  query,
  RelyingParty,
  tokensOf,
} from '../support/relying-party.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'

const OTHER_SECRET = 'test0000000000000000000000000000'
const SETTINGS = { consent: 'implied', redirect_uris: [CALLBACK, 'https://client.test/other'] }

describe.each(['sqlite', 'postgres'] as const)('the token endpoint on %s', (database) => {
  let host: TestServer
  let beside: TestServer | null = null
  let app: RelyingParty
  let other: RelyingParty

  beforeAll(async () => {
    host = await startServer({ database })
    if (database === 'postgres') beside = await startServer({ beside: host })
    await host.addClient('app', 'openid-connect', SETTINGS)
    await host.addClient('other', 'openid-connect', SETTINGS, OTHER_SECRET)
    await host.addClient('page', 'spa', SETTINGS)
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app' })
    other = new RelyingParty({ host, clientId: 'other', secret: OTHER_SECRET })
  })
  afterAll(async () => {
    await beside?.close()
    await host.close()
  })

  test('§5.1 a code gives string tokens, Bearer, an integer lifetime and the scope', async () => {
    const reply = await app.redeem(await app.code())
    expect(reply.body).toEqual({
      access_token: expect.stringMatching(/^[A-Za-z0-9]{50}$/),
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.stringMatching(/^[A-Za-z0-9]{64}$/),
      scope: 'openid profile offline_access',
      id_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    })
  })

  test('§4.1.2 a code is redeemed at most once, and a second use revokes what the first gave', async () => {
    const code = await app.code()
    const first = tokensOf(await app.redeem(code))
    expect((await app.userinfo(first.access)).status).toBe(200)
    expectInvalidGrant(await app.redeem(code))
    expectInvalidToken(await app.userinfo(first.access))
    expectInvalidGrant(await app.refresh(first.refresh))
    expect(await eventTypes(host)).toContain('code_replayed')
  })

  test('§4.1.2 fifty parallel redemptions have one winner', async () => {
    const code = await app.code()
    const nodes = beside === null ? [app] : [app, app.through(beside)]
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, index) => (nodes[index % nodes.length] ?? app).redeem(code)),
    )
    const won = replies.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    for (const reply of replies) if (reply.status !== 200) expectInvalidGrant(reply)
    // §4.1.2: the forty-nine others were second uses.
    const [winner] = won
    expectInvalidToken(await app.userinfo(String(winner?.body['access_token'])))
  })

  test('§4.1.2 a code lives for sixty seconds', async () => {
    const inTime = await app.code()
    host.clock.advance(59)
    expect((await app.redeem(inTime)).status).toBe(200)
    const late = await app.code()
    host.clock.advance(60)
    expectInvalidGrant(await app.redeem(late))
  })

  test('§4.1.3 a code of one client is nothing to another, and stays good for its own', async () => {
    const code = await app.code()
    expectInvalidGrant(await other.redeem(code))
    const stranger = new RelyingParty({ host, clientId: 'page', secret: null })
    expectInvalidGrant(await stranger.redeem(code))
    expectInvalidClient(await app.redeem(code, {}, { authorization: basic('app', OTHER_SECRET) }))
    expect((await app.redeem(code)).status).toBe(200)
  })

  test.each([
    ['another registered one', 'https://client.test/other'],
    ['another letter case', 'https://client.test/Callback'],
    ['a slash added', `${CALLBACK}/`],
    ['none', undefined],
    ['an empty one', ''],
  ])('§4.1.3 redirect_uri must be the one of the authorization request: %s', async (_, redirect_uri) => {
    const code = await app.code()
    expectInvalidGrant(await app.redeem(code, { redirect_uri }))
    expect((await app.redeem(code)).status).toBe(200)
  })

  test('§4.1.3 the fifth wrong attempt by the right client kills the code', async () => {
    const wrong = { redirect_uri: 'https://client.test/wrong' }
    const survives = await app.code()
    for (let count = 0; count < 4; count++) expectInvalidGrant(await app.redeem(survives, wrong))
    expect((await app.redeem(survives)).status).toBe(200)
    const dies = await app.code()
    for (let count = 0; count < 5; count++) expectInvalidGrant(await app.redeem(dies, wrong))
    expectInvalidGrant(await app.redeem(dies))
  })

  test('§4.1.3 other clients cannot kill a code by guessing', async () => {
    const code = await app.code()
    for (let count = 0; count < 10; count++) expectInvalidGrant(await other.redeem(code))
    expect((await app.redeem(code)).status).toBe(200)
  })

  test('§4.1.3 a damaged code is unknown', async () => {
    const code = await app.code()
    const flipped = code.startsWith('A') ? `B${code.slice(1)}` : `A${code.slice(1)}`
    const swapped = code.replace(/[a-zA-Z]/, (sign) =>
      sign === sign.toLowerCase() ? sign.toUpperCase() : sign.toLowerCase(),
    )
    for (const damaged of [code.slice(0, -1), `${code}A`, flipped, swapped, ` ${code}`, `${code} `, `${code}\n`]) {
      expectInvalidGrant(await app.redeem(damaged))
    }
    expect((await app.redeem(code)).status).toBe(200)
  })

  test('§4.1.3 code is required', async () => {
    expectInvalidRequest(await app.redeem(''))
    expect((await app.redeem(await app.code())).status).toBe(200)
  })

  test('§10.10 codes are all different and hold nothing to be read', async () => {
    const codes = await Promise.all(Array.from({ length: 30 }, () => app.code()))
    expect(new Set(codes).size).toBe(30)
    for (const code of codes) expect(code).toMatch(/^[A-Za-z0-9]{50}$/)
  })

  describe('§2.3 client authentication', () => {
    test.each([
      ['wrong', basic('app', 'wrong')],
      ['empty', basic('app', '')],
      ['of another client', basic('app', OTHER_SECRET)],
      ['in another letter case', basic('app', TEST_SECRET.toUpperCase())],
      ['with a blank', basic('app', `${TEST_SECRET} `)],
      ['without a colon', `Basic ${Buffer.from('app').toString('base64')}`],
      ['no base64', 'Basic !!!'],
      ['of another scheme', `Bearer ${TEST_SECRET}`],
      ['of an unknown client', basic('nobody', TEST_SECRET)],
    ])(
      '§5.2, RFC 9110 §15.5.2 a Basic secret that is %s is 401 with WWW-Authenticate, and the code survives',
      async (_, authorization) => {
        const code = await app.code()
        expectInvalidClient(await app.redeem(code, {}, { authorization }))
        expect((await app.redeem(code)).status).toBe(200)
      },
    )

    test('§2.3.1 the secret may be in the body; a wrong, empty or missing one is refused', async () => {
      const code = await app.code()
      for (const client_secret of ['wrong', '', undefined]) {
        expectInvalidClient(await app.redeem(code, { client_id: 'app', client_secret }, {}))
      }
      expectInvalidClient(await app.redeem(code, {}, {}))
      expect((await app.redeem(code, { client_id: 'app', client_secret: TEST_SECRET }, {})).status).toBe(200)
    })

    test('§2.3 two methods at once are refused even when both are right', async () => {
      const code = await app.code()
      expectInvalidRequest(await app.redeem(code, { client_id: 'app', client_secret: TEST_SECRET }))
      expectInvalidRequest(await app.redeem(code, { client_secret: 'wrong' }))
      expect((await app.redeem(code, { client_id: 'app' })).status).toBe(200)
    })

    test('§3.2.1 client_id of the body must be the one of the header', async () => {
      const code = await app.code()
      expectInvalidRequest(await app.redeem(code, { client_id: 'other' }))
      expect((await app.redeem(code, { client_id: 'app' })).status).toBe(200)
    })

    test('§2.3.1 nothing in the query of the URL counts', async () => {
      const code = await app.code()
      const url = (fields: object) => `${host.origin}/sso/token?${query({ ...fields })}`
      const fields = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK }
      const post = (inQuery: object, body: object, headers = {}) =>
        ask(url(inQuery), { method: 'POST', headers, body: form({ ...body }) })
      expectInvalidClient(await post({ client_id: 'app', client_secret: TEST_SECRET }, fields))
      const { code: _, ...without } = fields
      expectInvalidRequest(await post({ code }, without, app.credentials))
      expectInvalidRequest(await post(fields, {}, app.credentials))
      expectInvalidRequest(await post({}, { ...without, grant_type: 'refresh_token' }, app.credentials))
      expect((await post({}, fields, app.credentials)).status).toBe(200)
    })

    test('§2.1 a public client that sends a secret is refused; without one it is itself', async () => {
      const page = new RelyingParty({ host, clientId: 'page', secret: null })
      const code = await page.code()
      expectInvalidClient(await page.redeem(code, { client_secret: 'made-up' }))
      expectInvalidClient(
        await page.redeem(code, { client_id: undefined }, { authorization: basic('page', 'made-up') }),
      )
      expect((await page.redeem(code)).status).toBe(200)
    })
  })

  test('§3.2 only POST with a form is read', async () => {
    const code = await app.code()
    const fields = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK }
    const url = `${host.origin}/sso/token`
    const get = await ask(`${url}?${query(fields)}`, { headers: app.credentials })
    expect(get.status).toBe(405)
    expect(get.headers.get('allow')).toContain('POST')
    const type = (value: string) => ({ ...app.credentials, 'content-type': value })
    const json = JSON.stringify(fields)
    expectInvalidRequest(await ask(url, { method: 'POST', headers: type('application/json'), body: json }))
    const multipart = new FormData()
    for (const [name, value] of Object.entries(fields)) multipart.set(name, value)
    expectInvalidRequest(await ask(url, { method: 'POST', headers: app.credentials, body: multipart }))
    const text = form(fields).toString()
    for (const charset of ['utf-16', 'utf-7', 'gb18030']) {
      const headers = type(`application/x-www-form-urlencoded; charset=${charset}`)
      expectInvalidRequest(await ask(url, { method: 'POST', headers, body: text }))
    }
    expectInvalidRequest(await ask(url, { method: 'POST', headers: type('text/plain'), body: text }))
    const bytes = Buffer.concat([Buffer.from(`${text}&x=`), Buffer.from([0xff, 0xfe])])
    expectInvalidRequest(
      await ask(url, { method: 'POST', headers: type('application/x-www-form-urlencoded'), body: bytes }),
    )
    const headers = type('application/x-www-form-urlencoded; boundary=x; charset=UTF-8')
    expect((await ask(url, { method: 'POST', headers, body: text })).status).toBe(200)
  })

  test('§3.2 a body beyond the limit is 413 and redeems nothing', async () => {
    const code = await app.code()
    const huge = await app.redeem(code, { padding: 'x'.repeat(2 * 1024 * 1024) }).catch(() => null)
    if (huge !== null) expect(huge.status).toBe(413)
    expect((await app.redeem(code)).status).toBe(200)
  })

  test.each(['grant_type', 'code', 'redirect_uri', 'client_id', 'code_verifier', 'scope'])(
    '§3.2 %s sent twice is refused, even with equal values',
    async (name) => {
      const code = await app.code()
      const fields = form({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK, client_id: 'app' })
      const twice = new URLSearchParams(fields)
      if (!twice.has(name)) twice.append(name, 'x')
      twice.append(name, twice.get(name) ?? '')
      const url = `${host.origin}/sso/token`
      expectInvalidRequest(await ask(url, { method: 'POST', headers: app.credentials, body: twice }))
      expect((await ask(url, { method: 'POST', headers: app.credentials, body: fields })).status).toBe(200)
    },
  )

  test('§5.2 grant_type: missing, unknown, not allowed to this client, allowed', async () => {
    const code = await app.code()
    expectInvalidRequest(await app.redeem(code, { grant_type: undefined }))
    for (const grant_type of ['password', 'implicit', 'AUTHORIZATION_CODE', 'authorization_code ']) {
      const unknown = await app.redeem(code, { grant_type })
      expect([unknown.status, unknown.body['error']]).toEqual([400, 'unsupported_grant_type'])
    }
    const denied = await app.token({ grant_type: 'client_credentials' })
    expect([denied.status, denied.body['error']]).toEqual([400, 'unauthorized_client'])
    expect((await app.redeem(code)).status).toBe(200)
  })

  test('§3.2 unknown parameters and odd names are ignored', async () => {
    const odd = { 'client_id[]': 'other', 'client_id[$ne]': 'x', '__proto__[x]': '1', 'constructor[prototype]': '1' }
    const known = { response_type: 'code', access_type: 'offline', type: 'web_server', state: 'x' }
    expect((await app.redeem(await app.code(), { ...odd, ...known })).status).toBe(200)
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
  })

  test('RFC 6819 §4.3.4 neither another spelling of the client_id nor a fresh IPv6 address gives further guesses', async () => {
    const proxied = await startServer({ database: 'sqlite', trustedProxies: ['127.0.0.1'] })
    try {
      await proxied.addClient('app', 'openid-connect', { grant_types: ['client_credentials'], response_types: [] })
      const client = new RelyingParty({ host: proxied, clientId: 'app' })
      const from = (address: string, id: string, secret: string) =>
        client.token(
          { grant_type: 'client_credentials' },
          { authorization: basic(id, secret), 'x-forwarded-for': address },
        )
      const spellings = ['app', '%61pp', 'a%70p', 'ap%70', '%61%70p', '%61%70%70']
      for (let at = 0; at < 30; at++) {
        const spelling = spellings[at % spellings.length] ?? ''
        expectInvalidClient(await from(`2001:db8:5:${at}::1`, spelling, `wrong${at}`))
      }
      for (const spelling of spellings) expect((await from('2001:db8:5:ffff::1', spelling, 'wrong')).status).toBe(429)
      // Made-up ids have a counter of their own: they hold up no client.
      for (let at = 0; at < 40; at++) await from('2001:db8:6::1', `made-up-${at}`, 'wrong')
      expect((await from('2001:db8:6::1', 'made-up', 'wrong')).status).toBe(429)
      expect((await from('2001:db8:6::1', '%61pp', TEST_SECRET)).status).toBe(200)
    } finally {
      await proxied.close()
    }
  })

  test('RFC 6819 §4.3.4 a public client has nothing to guess: nobody holds it up for the others behind one address', async () => {
    const spa = await startServer({ database: 'sqlite' })
    try {
      await spa.addClient('spa', 'spa')
      await spa.addUser('alice')
      const app = new RelyingParty({ host: spa, clientId: 'spa', secret: null })
      const ask = { grant_type: 'refresh_token', refresh_token: 'made-up' }
      for (let count = 0; count < 40; count++) {
        expectInvalidClient(await app.token(ask, { authorization: basic('spa', `wrong${count}`) }))
        expectInvalidClient(await app.token({ ...ask, client_secret: `wrong${count}` }))
        expectInvalidClient(await app.token({ ...ask, ...asserted(await assertion({ host: spa, clientId: 'spa' })) }))
      }
      expect((await app.tokens()).access).not.toBe('')
    } finally {
      await spa.close()
    }
  })

  test('RFC 6819 §4.3.4 after thirty wrong secrets one address waits, the same client elsewhere does not', async () => {
    const proxied = await startServer({ database: 'sqlite', trustedProxies: ['127.0.0.1'] })
    try {
      await proxied.addClient('app', 'openid-connect', { grant_types: ['client_credentials'], response_types: [] })
      const client = new RelyingParty({ host: proxied, clientId: 'app' })
      const from = (address: string, secret: string) =>
        client.token(
          { grant_type: 'client_credentials' },
          { authorization: basic('app', secret), 'x-forwarded-for': address },
        )
      for (let count = 0; count < 30; count++) expectInvalidClient(await from('192.0.2.1', 'wrong'))
      const limited = await from('192.0.2.1', TEST_SECRET)
      expect(limited.status).toBe(429)
      expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
      expect((await from('192.0.2.2', TEST_SECRET)).status).toBe(200)
      expect(await eventTypes(proxied)).toContain('client_authentication_limited')
      proxied.clock.advance(60)
      expect((await from('192.0.2.1', TEST_SECRET)).status).toBe(200)
    } finally {
      await proxied.close()
    }
  })
})
