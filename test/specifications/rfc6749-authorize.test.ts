// RFC 6749 at the authorization endpoint: what is shown here, what is sent to the client, and what is bound to what.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  authorizeQuery,
  authorizeUrl,
  countRecords,
  expectAnswer,
  expectCode,
  expectErrorPage,
  expectPage,
  expectRefusal,
  isAt,
  STATE,
  signInFully,
} from '../support/authorize.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import { textOf, Visitor } from '../support/visitor.ts'

const SECOND = 'https://client.test/second?tenant=1'

let host: TestServer
/** Signed in, and has said yes to every client below: whatever is not refused is answered with a code. */
let alice: Visitor

beforeAll(async () => {
  host = await startServer()
  await host.addClient('web')
  await host.addClient('two-addresses', 'openid-connect', { redirect_uris: [CALLBACK, SECOND] })
  await host.addClient('other', 'openid-connect', { redirect_uris: ['https://other.test/cb'] })
  await host.addClient('plain', 'generic-oauth2', { token: { requireRedirectUri: false } })
  await host.addClient('machine', 'openid-connect', { grant_types: ['client_credentials'], response_types: [] })
  await host.addClient('local', 'openid-connect', { errorDisplay: 'local' })
  await host.addClient('zhizuoyun', 'zhizuoyun')
  await host.addUser('alice')
  alice = new Visitor()
  await signInFully(alice, host, 'alice')
})
afterAll(() => host.close())

/** Shown here, and nothing came of it; the same request without the fault is answered. */
async function expectShown(bad: Parameters<typeof authorizeQuery>[0], good: Parameters<typeof authorizeQuery>[0] = {}) {
  const before = await countRecords(host)
  expectErrorPage(await alice.get(authorizeUrl(host, bad)))
  expectErrorPage(await alice.get(authorizeUrl(host, { ...bad, prompt: 'none' })))
  expectErrorPage(await alice.get(authorizeUrl(host, { ...bad, scope: 'a"b' })))
  expect(await countRecords(host)).toEqual(before)
  expectCode(await alice.get(authorizeUrl(host, good)))
}

describe('§3.1 the authorization endpoint', () => {
  test('answers GET and POST alike, and no other method', async () => {
    expectCode(await alice.get(authorizeUrl(host)))
    const fields = Object.fromEntries(authorizeQuery())
    const posted = await alice.post(`${host.issuer}/sso/authorize`, fields)
    expect(posted.status).toBe(303)
    expectCode(posted)
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const reply = await fetch(authorizeUrl(host), { method, redirect: 'manual', headers: { accept: 'text/html' } })
      expect(reply.status, method).toBe(405)
      expect(reply.headers.get('allow')).toBe('GET, HEAD, POST')
      expect(reply.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test('a POST reads its body only', async () => {
    const url = authorizeUrl(host)
    const before = await countRecords(host)
    expectErrorPage(await alice.post(url, {}))
    const split = { ...Object.fromEntries(authorizeQuery()), client_id: '' }
    expectErrorPage(await alice.post(`${host.issuer}/sso/authorize?client_id=web`, split))
    expect(await countRecords(host)).toEqual(before)
    expectCode(await alice.post(`${host.issuer}/sso/authorize?client_id=nobody`, Object.fromEntries(authorizeQuery())))
  })

  test.each([
    ['application/json', JSON.stringify(Object.fromEntries(authorizeQuery()))],
    ['text/plain', authorizeQuery().toString()],
    [
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="client_id"\r\n\r\nweb\r\n--x--\r\n',
    ],
    ['application/x-www-form-urlencoded; charset=utf-16', authorizeQuery().toString()],
  ])('a POST of %s is refused on a page', async (type, body) => {
    const reply = await fetch(`${host.issuer}/sso/authorize`, {
      method: 'POST',
      body,
      headers: { 'content-type': type, accept: 'text/html' },
      redirect: 'manual',
    })
    const page = {
      status: reply.status,
      url: reply.url,
      headers: reply.headers,
      html: await reply.text(),
      location: null,
    }
    expectErrorPage(page)
  })

  test('parameters without a value count as omitted, unknown ones are ignored', async () => {
    expectCode(
      await alice.get(authorizeUrl(host, { prompt: '', max_age: '', nonce: '', unknown: 'x', access_type: 'offline' })),
    )
    const { searchParams } = expectCode(await alice.get(authorizeUrl(host, { state: '' })))
    expect(searchParams.has('state')).toBe(false)
    expectRefusal(await alice.get(authorizeUrl(host, { response_type: '' })), host, 'invalid_request')
  })

  test.each(['response_type', 'scope', 'nonce', 'prompt', 'max_age', 'code_challenge', 'login_hint', 'ui_locales'])(
    '%s sent twice is refused, and the client told',
    async (name) => {
      const before = await countRecords(host)
      const page = await alice.get(authorizeUrl(host, { [name]: ['code', 'code'] }))
      expectRefusal(page, host, 'invalid_request')
      expect(await countRecords(host)).toEqual(before)
    },
  )

  test('state sent twice is refused without echoing either', async () => {
    const page = await alice.get(authorizeUrl(host, { state: ['one', 'two'] }))
    expectRefusal(page, host, 'invalid_request', { state: null })
  })

  test('resource may be sent twice (RFC 8707 §2)', async () => {
    expectCode(await alice.get(authorizeUrl(host, { resource: ['https://a.test', 'https://b.test'] })))
  })

  test.each(['%zz', '%', 'x=%ff', 'client_id=web%00', Array.from({ length: 201 }, (_, at) => `p${at}=1`).join('&')])(
    'a query that cannot be read is refused on a page: %.20s',
    async (query) => {
      const bare = await alice.get(`${host.issuer}/sso/authorize?${query}`)
      expectErrorPage(bare)
      expectErrorPage(await alice.get(`${authorizeUrl(host)}&${query}`))
    },
  )
})

describe('§3.1.1 response_type', () => {
  test('is required', async () => {
    expectRefusal(await alice.get(authorizeUrl(host, { response_type: undefined })), host, 'invalid_request')
  })

  test('may be missing where the preset says what it means', async () => {
    const parameters = { client_id: 'zhizuoyun', redirect_uri: 'https://api.vs.tencent.com/Oauth/Login/Callback' }
    const page = await ask(alice, host, { ...parameters, response_type: undefined })
    expect(isAt(page, 'consent')).toBe(true)
    const refused = expectAnswer(await alice.get(authorizeUrl(host, { ...parameters, response_type: 'token' })))
    expect(refused.searchParams.get('error')).toBe('unsupported_response_type')
    expect(refused.searchParams.has('iss')).toBe(false)
  })

  test.each(['token', 'id_token', 'code token', 'code id_token', 'id_token code', 'code code', 'CODE', 'none'])(
    '%s is not supported, and no token comes back',
    async (response_type) => {
      const page = await alice.get(authorizeUrl(host, { response_type }))
      const answer = expectRefusal(page, host, 'unsupported_response_type')
      expect(answer.hash).toBe('')
    },
  )
})

describe('§3.1.2.3 the redirect URI', () => {
  test.each([
    ['an address of nobody', 'https://evil.test/cb'],
    ['a further segment', `${CALLBACK}/x`],
    ['a segment less', 'https://client.test/'],
    ['an added query', `${CALLBACK}?x=1`],
    ['a fragment', `${CALLBACK}#x`],
    ['another letter case in the path', 'https://client.test/Callback'],
    ['another letter case in the host', 'https://CLIENT.test/callback'],
    ['another scheme', 'http://client.test/callback'],
    ['an explicit port', 'https://client.test:443/callback'],
    ['dot segments', 'https://client.test/x/../callback'],
    ['encoded dot segments', 'https://client.test/%2e%2e/callback'],
    ['a double slash', 'https://client.test//callback'],
    ['user info before the host', 'https://client.test@evil.test/callback'],
    ['user info before our host', 'https://evil.test@client.test/callback'],
    ['a backslash', 'https://client.test\\callback'],
    ['a leading blank', ' https://client.test/callback'],
    ['a line end', 'https://client.test/callback\r\n'],
    ['a sub-domain', 'https://a.client.test/callback'],
    ['a longer host', 'https://client.test.evil.test/callback'],
    ['any letter for the dot', 'https://clientxtest/callback'],
    ['a full-width dot', 'https://client．test/callback'],
    ['a script', 'javascript:alert(1)'],
    ['a script in capitals', ' JavaScript:alert(1)'],
    ['data', 'data:text/html,<script>alert(1)</script>'],
  ])('%s is shown here, before every other fault', async (_, redirect_uri) => {
    await expectShown({ redirect_uri })
  })

  test('a registered query may be neither left out, reordered nor changed', async () => {
    const visit = { client_id: 'two-addresses' }
    await signInFully(alice, host, 'alice', visit)
    for (const redirect_uri of ['https://client.test/second', `${SECOND}&x=1`, SECOND.replace('1', '2')]) {
      await expectShown({ ...visit, redirect_uri }, { ...visit, redirect_uri: SECOND })
    }
    const answer = expectCode(await alice.get(authorizeUrl(host, { ...visit, redirect_uri: SECOND })))
    expect(answer.href).toMatch(/^https:\/\/client\.test\/second\?tenant=1&code=/)
  })

  test('omitted in an OpenID request, or with two registered, is shown here; with one, OAuth takes it as meant', async () => {
    await expectShown({ redirect_uri: undefined })
    await expectShown({ client_id: 'two-addresses', scope: 'profile', redirect_uri: undefined })
    await expectShown({ scope: 'profile', redirect_uri: undefined })
    const plain = { client_id: 'plain', scope: 'profile', redirect_uri: undefined }
    const answer = await signInFully(alice, host, 'alice', plain)
    expect(answer.href.startsWith(`${CALLBACK}?code=`)).toBe(true)
  })

  test('sent twice, or of another client, is shown here', async () => {
    await expectShown({ redirect_uri: [CALLBACK, CALLBACK] })
    await expectShown({ redirect_uri: 'https://other.test/cb' })
  })

  test('the page names the difference to nobody but the operator', async () => {
    const page = await alice.get(authorizeUrl(host, { redirect_uri: 'https://client.test/callbac' }))
    expect(page.html).not.toContain(CALLBACK)
  })
})

describe('§4.1.2.1 refusals', () => {
  test.each([
    ['unknown', { client_id: 'nobody' }],
    ['missing', { client_id: undefined }],
    ['empty', { client_id: '' }],
    ['sent twice', { client_id: ['web', 'web'] }],
    ['in another letter case', { client_id: 'WEB' }],
    ['padded', { client_id: ' web ' }],
    ['a structure', { client_id: undefined, 'client_id[$ne]': 'x' }],
  ])('a client_id that is %s is shown here', async (_, parameters) => {
    await expectShown(parameters)
  })

  test('an unknown and a disabled client read alike', async () => {
    await host.addClient('short-lived')
    const visit = { client_id: 'short-lived' }
    await signInFully(alice, host, 'alice', visit)
    const { store } = host.server.parts
    const found = await store.findClient('short-lived')
    if (found === null) throw new Error('the client was added')
    const change = { enabled: false, version: found.version, killIssued: true }
    await store.updateClient(found.client, change, { type: 'client_disabled', at: host.clock.now() })
    const before = await countRecords(host)
    const disabled = await alice.get(authorizeUrl(host, visit))
    const unknown = await alice.get(authorizeUrl(host, { client_id: 'nobody' }))
    expectErrorPage(disabled)
    expect(await countRecords(host)).toEqual(before)
    const plain = (page: typeof disabled) => page.html.replaceAll(/tr_[a-z0-9]+|client_id=[a-z-]+/g, '')
    expect(plain(disabled)).toBe(plain(unknown))
  })

  test('a client without the code flow is told so, or shown', async () => {
    const page = await alice.get(authorizeUrl(host, { client_id: 'machine' }))
    if (page.location === null) expectErrorPage(page)
    else expectRefusal(page, host, 'unauthorized_client')
  })

  test('errorDisplay local: the refusal stays here, with the client named', async () => {
    const page = await alice.get(authorizeUrl(host, { client_id: 'local', prompt: 'none' }))
    expectPage(page, 400)
    expect(textOf(page, 'error-code')).toBe('consent_required')
  })

  test.each([
    ['request', 'invalid_request_object'],
    ['request_uri', 'invalid_request_uri'],
  ])('%s is refused rather than ignored', async (name, error) => {
    expectRefusal(await alice.get(authorizeUrl(host, { [name]: 'x' })), host, error)
  })

  test.each(['web_message', 'jwt', 'QUERY'])('R27 response_mode %s is refused', async (response_mode) => {
    expectRefusal(await alice.get(authorizeUrl(host, { response_mode })), host, 'invalid_request')
    expectCode(await alice.get(authorizeUrl(host, { response_mode: 'query' })))
  })
})

describe('§4.1.2 the answer', () => {
  test.each([
    'anchor=livepush&platform=1500004462',
    'a b',
    'a+b',
    'a%2Fb',
    '中文',
    'a~b*c',
    '"<>\'',
    '"><script>alert(1)</script>',
    '%0d%0aSet-Cookie: x=1',
    'a\r\nset-cookie: x=1',
    '&code=x&iss=y#z',
    'x'.repeat(4096),
  ])('state comes back as it was sent: %.40j', async (state) => {
    const page = await alice.get(authorizeUrl(host, { state }))
    const answer = expectCode(page)
    expect(answer.searchParams.getAll('state')).toEqual([state])
    expect(answer.searchParams.getAll('code')).toHaveLength(1)
    expect([...answer.searchParams.keys()].sort()).toEqual(['code', 'iss', 'state'])
    expect(answer.hash).toBe('')
    expect(page.headers.get('set-cookie')).toBeNull()
    expect(page.location).not.toContain('+')
  })

  test('§4.1.1 a state of more than 4,096 characters is refused, and not echoed', async () => {
    const page = await alice.get(authorizeUrl(host, { state: 'x'.repeat(4097) }))
    expectRefusal(page, host, 'invalid_request', { state: null })
    const large = Object.fromEntries(authorizeQuery({ state: 'x'.repeat(65_536) }))
    const refused = await alice.post(`${host.issuer}/sso/authorize`, large)
    expect(refused.status).toBe(413)
  })

  test('R36 a request larger than 16 KiB is refused', async () => {
    const large = Object.fromEntries(authorizeQuery({ nonce: '令'.repeat(6_000) }))
    expectRefusal(await alice.post(`${host.issuer}/sso/authorize`, large), host, 'invalid_request')
  })

  test('RFC 9700 §4.12 is 302 where nobody was asked, 303 after a form', async () => {
    const visitor = new Visitor()
    const first = await visitor.get(authorizeUrl(host))
    expect(first.status).toBe(303)
    const page = await visitor.follow(first)
    const posted = await visitor.submit(page, 'login-submit', {
      username: 'alice',
      password: 'correct horse battery staple',
    })
    expect(posted.status).toBe(303)
    expectCode(posted)
    expect((await visitor.get(authorizeUrl(host))).status).toBe(302)
  })

  test('nothing is stored where nobody is needed but the code', async () => {
    const before = await countRecords(host)
    expectCode(await alice.get(authorizeUrl(host)))
    const after = await countRecords(host)
    expect(after).toEqual({
      ...before,
      grant: (before['grant'] ?? 0) + 1,
      authorization_code: (before['authorization_code'] ?? 0) + 1,
    })
  })

  test('R41 what a step posts beside its own fields changes nothing', async () => {
    const visitor = new Visitor()
    const page = await ask(visitor, host, { client_id: 'two-addresses', prompt: 'consent' })
    const forged = {
      client_id: 'other',
      redirect_uri: 'https://other.test/cb',
      scope: 'openid email phone',
      state: 'forged',
      response_type: 'token',
      user_id: 'user-mallory',
      sub: 'user-mallory',
    }
    const fields = { username: 'alice', password: 'correct horse battery staple', ...forged }
    const consent = await visitor.follow(await visitor.submit(page, 'login-submit', fields))
    expect(isAt(consent, 'consent')).toBe(true)
    const answer = expectCode(await visitor.submit(consent, 'consent-allow', forged))
    expect(answer.origin + answer.pathname).toBe(CALLBACK)
    expect(answer.searchParams.get('state')).toBe(STATE)
  })
})
