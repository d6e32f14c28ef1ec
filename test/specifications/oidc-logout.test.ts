// OpenID Connect RP-Initiated Logout 1.0: who is signed out, who is asked, and where the browser may go afterwards.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { endSessions } from '../../src/administration/sessions.ts'
import {
  ask,
  authorizeUrl,
  countRecords,
  expectCode,
  expectErrorPage,
  expectPage,
  expectRefusal,
  signIn,
  signInFully,
} from '../support/authorize.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'
import { formWith, type Page, Visitor } from '../support/visitor.ts'

const AFTERWARDS = 'https://client.test/signed-out'

let host: TestServer
let hint: string
let visitor: Visitor

beforeAll(async () => {
  host = await startServer()
  await host.addClient('web', 'openid-connect', {
    post_logout_redirect_uris: [AFTERWARDS, 'https://client.test/bye?lang=en'],
  })
  await host.addClient('other', 'openid-connect', {
    redirect_uris: ['https://other.test/cb'],
    post_logout_redirect_uris: ['https://other.test/out'],
  })
  await host.addUser('alice')
  await host.addUser('bob')
  for (const username of ['alice', 'bob']) await signInFully(new Visitor(), host, username)
})
afterAll(() => host.close())
beforeEach(async () => {
  visitor = await signedIn('alice')
  hint = await hintFrom(visitor)
})

/** An ID token of the very session of this browser. */
async function hintFrom(browser: Visitor): Promise<string> {
  return idTokenFor(expectCode(await browser.get(authorizeUrl(host, { prompt: 'none' }))))
}

async function signedIn(...usernames: readonly string[]): Promise<Visitor> {
  const browser = new Visitor()
  for (const username of usernames) {
    expectCode(await signIn(browser, await ask(browser, host, { prompt: 'login' }), username))
  }
  return browser
}

async function idTokenFor(answer: URL): Promise<string> {
  const reply = await fetch(`${host.issuer}/sso/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: answer.searchParams.get('code') ?? '',
      redirect_uri: CALLBACK,
      client_id: 'web',
      client_secret: TEST_SECRET,
    }),
  })
  return String(((await reply.json()) as Record<string, unknown>)['id_token'])
}

function logoutUrl(parameters: Readonly<Record<string, string | readonly string[]>> = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) for (const each of [value].flat()) query.append(name, each)
  return `${host.issuer}/sso/end-session?${query.toString()}`
}

const out = (parameters?: Parameters<typeof logoutUrl>[0]) => visitor.get(logoutUrl(parameters))

async function expectStillSignedIn(browser = visitor): Promise<void> {
  expectCode(await browser.get(authorizeUrl(host, { prompt: 'none' })))
}

async function expectSignedOut(browser = visitor): Promise<void> {
  expectRefusal(await browser.get(authorizeUrl(host, { prompt: 'none' })), host, 'login_required')
}

function expectAsked(page: Page, name = 'Name of alice'): void {
  expectPage(page)
  expect(page.html).toContain('id="logout-confirm"')
  expect(page.html).toContain(name)
}

describe('§2 with a hint of who is signed in', () => {
  test('the session ends at once, and the browser goes on with state', async () => {
    const cookie = visitor.cookies.get('lingpai-session') ?? ''
    const page = await out({ id_token_hint: hint, post_logout_redirect_uri: AFTERWARDS, state: 'a b&c=d' })
    expect(page.status).toBe(302)
    expect(page.location).toBe(`${AFTERWARDS}?state=a%20b%26c%3Dd`)
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(visitor.cookies.has('lingpai-session')).toBe(false)
    // The secret is dead, not only forgotten by this browser.
    visitor.cookies.set('lingpai-session', cookie)
    await expectSignedOut()
  })

  test('a registered query stays, and without an address the page says what happened', async () => {
    const page = await out({
      id_token_hint: hint,
      post_logout_redirect_uri: 'https://client.test/bye?lang=en',
      state: 'x',
    })
    expect(page.location).toBe('https://client.test/bye?lang=en&state=x')
    visitor = await signedIn('alice')
    const shown = await out({ id_token_hint: await hintFrom(visitor) })
    expectPage(shown)
    expect(shown.html).toContain('Signed out')
    await expectSignedOut()
  })

  test('an expired hint is a hint still', async () => {
    host.clock.advance(4_000)
    expect((await out({ id_token_hint: hint, post_logout_redirect_uri: AFTERWARDS })).location).toBe(AFTERWARDS)
    await expectSignedOut()
  })

  test('state comes back byte for byte, whatever visible characters it holds', async () => {
    const state = `\\<>=[]:'{#*%&|~"\`! +?/@${Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('')}`
    const page = await out({ id_token_hint: hint, post_logout_redirect_uri: AFTERWARDS, state })
    expect(page.location?.startsWith(`${AFTERWARDS}?state=`)).toBe(true)
    expect(decodeURIComponent(page.location?.slice(`${AFTERWARDS}?state=`.length) ?? '')).toBe(state)
    expect(page.location).not.toMatch(/[+'"<>\\ ]/)
  })

  test('logout_hint and client_id beside it change nothing', async () => {
    const page = await out({ id_token_hint: hint, client_id: 'web', logout_hint: 'bob', unknown: 'x' })
    expectPage(page)
    expect(page.html).toContain('Signed out')
    await expectSignedOut()
  })

  test('a hint from before ID tokens named their session counts for its person', async () => {
    const iat = host.clock.now() - 86_400
    const old = { iss: host.issuer, sub: 'user-alice', aud: 'web', iat, exp: iat + 3_600 }
    const id_token_hint = host.server.parts.keys.signer('RS256').signJwt('JWT', old)
    expect((await out({ id_token_hint, post_logout_redirect_uri: AFTERWARDS })).location).toBe(AFTERWARDS)
    await expectSignedOut()
  })

  test('a POST from our own origin is the same', async () => {
    const fields = { id_token_hint: hint, post_logout_redirect_uri: AFTERWARDS }
    const page = await visitor.post(`${host.issuer}/sso/end-session`, fields)
    expect([page.status, page.location]).toEqual([303, AFTERWARDS])
    await expectSignedOut()
  })

  test('the person who signs in next in this browser has another session', async () => {
    const former = visitor.cookies.get('lingpai-session')
    await out({ id_token_hint: hint })
    const page = await ask(visitor, host)
    expect(page.html).not.toContain('alice')
    expectCode(await signIn(visitor, page, 'bob'))
    expect(visitor.cookies.get('lingpai-session')).not.toBe(former)
    expect(visitor.cookies.get('lingpai-session')?.split('.')).toHaveLength(1)
  })
})

describe('§2 without a hint that proves it', () => {
  test.each([
    ['nothing', {}],
    ['a client only', { client_id: 'web' }],
    ['an address of the client', { client_id: 'web', post_logout_redirect_uri: AFTERWARDS }],
  ])('%s: the person is asked, and nothing ends before the answer', async (_, parameters) => {
    const page = await out(parameters)
    expectAsked(page)
    await expectStillSignedIn()
    const stayed = await visitor.submit(page, 'logout-cancel')
    expectPage(stayed)
    expect(stayed.html).toContain('Still signed in')
    expect(stayed.html).toContain('<a id="account" href="/sso/account">')
    await expectStillSignedIn()
    const done = await visitor.submit(page, 'logout-confirm')
    if ('post_logout_redirect_uri' in parameters) expect([done.status, done.location]).toEqual([303, AFTERWARDS])
    else expectPage(done)
    await expectSignedOut()
  })

  test('the form may lead to the trusted address, and only there', async () => {
    const page = await out({ client_id: 'web', post_logout_redirect_uri: AFTERWARDS })
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self' https://client.test;")
    expect((await out()).headers.get('content-security-policy')).toContain("form-action 'self';")
  })

  test('X04 a hint of alice while bob is signed in asks bob', async () => {
    visitor = await signedIn('bob')
    expectAsked(await out({ id_token_hint: hint, post_logout_redirect_uri: AFTERWARDS }), 'Name of bob')
    await expectStillSignedIn()
  })

  test('X04 a hint of alice while bob is signed in beside her asks too', async () => {
    visitor = await signedIn('alice', 'bob')
    expectAsked(await out({ id_token_hint: hint }), 'Name of bob')
    await expectStillSignedIn()
  })

  test('§2 a hint of another session of the same person asks: it is not the current one', async () => {
    const elsewhere = await signedIn('alice')
    expectAsked(await out({ id_token_hint: await hintFrom(elsewhere), post_logout_redirect_uri: AFTERWARDS }))
    await expectStillSignedIn()
    await expectStillSignedIn(elsewhere)
    expect((await out({ id_token_hint: hint, post_logout_redirect_uri: AFTERWARDS })).location).toBe(AFTERWARDS)
    await expectSignedOut()
    await expectStillSignedIn(elsewhere)
  })

  test('the form is bound to the person it was rendered for', async () => {
    const page = await out({ client_id: 'web', post_logout_redirect_uri: AFTERWARDS })
    expectCode(await signIn(visitor, await ask(visitor, host, { prompt: 'login' }), 'bob'))
    const again = await visitor.submit(page, 'logout-confirm')
    expectAsked(again, 'Name of bob')
    await expectStillSignedIn()
    expect((await visitor.submit(again, 'logout-confirm')).location).toBe(AFTERWARDS)
    await expectSignedOut()
  })

  test('nobody signed in: the browser goes on without a question', async () => {
    visitor = new Visitor()
    expect((await out({ client_id: 'web', post_logout_redirect_uri: AFTERWARDS })).location).toBe(AFTERWARDS)
  })
})

describe('X02 §3 addresses that are not registered', () => {
  test.each([
    ['without a client', { post_logout_redirect_uri: AFTERWARDS }],
    ['of another client', { client_id: 'web', post_logout_redirect_uri: 'https://other.test/out' }],
    ['a redirect URI', { client_id: 'web', post_logout_redirect_uri: CALLBACK }],
    ['one more segment', { client_id: 'web', post_logout_redirect_uri: `${AFTERWARDS}/x` }],
    ['an added query', { client_id: 'web', post_logout_redirect_uri: `${AFTERWARDS}?x=1` }],
    ['a query left out', { client_id: 'web', post_logout_redirect_uri: 'https://client.test/bye' }],
    ['another letter case', { client_id: 'web', post_logout_redirect_uri: AFTERWARDS.toUpperCase() }],
    ['dot segments', { client_id: 'web', post_logout_redirect_uri: 'https://client.test/x/../signed-out' }],
    ['user info', { client_id: 'web', post_logout_redirect_uri: 'https://client.test@evil.test/signed-out' }],
    ['a sub-domain', { client_id: 'web', post_logout_redirect_uri: 'https://a.client.test/signed-out' }],
    ['a script', { client_id: 'web', post_logout_redirect_uri: 'javascript:alert(1)' }],
    ['sent twice', { client_id: 'web', post_logout_redirect_uri: [AFTERWARDS, AFTERWARDS] }],
    ['an unknown client', { client_id: 'nobody', post_logout_redirect_uri: AFTERWARDS }],
    ['two clients', { client_id: ['web', 'other'], post_logout_redirect_uri: AFTERWARDS }],
  ])('%s: a page, no redirect, and nobody is signed out', async (_, parameters) => {
    const before = await countRecords(host)
    expectErrorPage(await out(parameters))
    expect(await countRecords(host)).toEqual(before)
    await expectStillSignedIn()
  })

  test.each([
    [
      'one more segment',
      { client_id: 'web', post_logout_redirect_uri: `${AFTERWARDS}/x` },
      `differs at character ${AFTERWARDS.length + 1}: \`/x\` added; registered is "${AFTERWARDS}"`,
    ],
    ['without a client', { post_logout_redirect_uri: AFTERWARDS }, 'no client was named'],
  ])('%s: the trace says what is wrong', async (_, parameters, reason) => {
    // Of one rule so many a minute are kept whole, and the tests above have used them up.
    host.clock.advance(61)
    const { html } = await out(parameters)
    const [traceId = ''] = /tr_[a-z0-9]+/.exec(html) ?? []
    const recorded = async () =>
      (await host.server.parts.store.listTraces(50)).find((each) => each.traceId === traceId)?.record ?? ''
    await expect.poll(recorded, { timeout: 5_000 }).toContain(JSON.stringify(reason).slice(1, -1))
    expect(html).not.toContain('registered is')
  })

  test('a hint that is none of ours, or of another client than the one named, is refused', async () => {
    const [head = '', body = ''] = hint.split('.')
    for (const id_token_hint of ['nonsense', `${head}.${body}.`, `${head}.${body}.AAAA`]) {
      expectErrorPage(await out({ id_token_hint, post_logout_redirect_uri: AFTERWARDS }))
    }
    expectErrorPage(
      await out({ id_token_hint: hint, client_id: 'other', post_logout_redirect_uri: 'https://other.test/out' }),
    )
    await expectStillSignedIn()
    expect((await out({ id_token_hint: hint, client_id: 'web' })).status).toBe(200)
    await expectSignedOut()
  })
})

describe('requests of other sites', () => {
  test('a cross-site POST, which comes without cookies, signs nobody out and goes round once', async () => {
    // The browser keeps its cookies; another site's form does not carry them.
    const stripped = new Visitor()
    const fields = { client_id: 'web', post_logout_redirect_uri: AFTERWARDS, state: 's' }
    const headers = { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }
    const posted = await stripped.post(`${host.issuer}/sso/end-session`, fields, { headers })
    expect(posted.status).toBe(303)
    expect(posted.headers.getSetCookie()).toEqual([])
    expect(new URL(posted.location ?? '').searchParams.get('state')).toBe('s')
    const page = await visitor.get(posted.location ?? '')
    expectAsked(page)
    await expectStillSignedIn()
  })

  test('L01 the decision needs the form of this browser', async () => {
    const page = await out({ client_id: 'web' })
    const url = `${host.issuer}/sso/end-session`
    const { fields } = formWith(page, 'logout-confirm')
    const theirs = formWith(await (await signedIn('bob')).get(logoutUrl({ client_id: 'web' })), 'logout-confirm').fields
    const tries: readonly [Record<string, string>, Record<string, string>][] = [
      [{ ...fields, csrf: '' }, {}],
      [{ ...fields, csrf: 'x'.repeat(43) }, {}],
      [{ ...fields, csrf: theirs['csrf'] ?? '' }, {}],
      [fields, { origin: 'https://evil.test' }],
      [fields, { origin: 'null' }],
      [fields, { 'sec-fetch-site': 'cross-site' }],
      [fields, { 'sec-fetch-site': 'same-site' }],
    ]
    for (const [sent, headers] of tries) {
      expectErrorPage(await visitor.post(url, sent, { headers }), { status: 403 })
      await expectStillSignedIn()
    }
    expectPage(await visitor.post(url, fields, { headers: { origin: host.issuer, 'sec-fetch-site': 'same-origin' } }))
    await expectSignedOut()
  })
})

describe('X11 signing out everywhere', () => {
  test('the person may choose it: sessions and tokens of all browsers end, others and offline ones live on', async () => {
    const offline = 'openid profile offline_access'
    const elsewhere = new RelyingParty({ host, clientId: 'web', username: 'alice', scope: 'openid profile' })
    const there = await elsewhere.tokens()
    const away = new RelyingParty({ host, clientId: 'web', username: 'alice', scope: offline })
    const kept = await away.tokens({ prompt: 'consent' })
    const others = await new RelyingParty({ host, clientId: 'web', username: 'bob', scope: offline }).tokens()
    const page = await out({ client_id: 'web', post_logout_redirect_uri: AFTERWARDS })
    expectAsked(page)
    expect(page.html).toContain('id="everywhere"')
    expect((await elsewhere.introspect(there.access)).body['active']).toBe(true)
    const done = await visitor.submit(page, 'logout-confirm', { everywhere: 'yes' })
    expect(done.location).toBe(AFTERWARDS)
    for (const browser of [visitor, elsewhere.visitor, away.visitor]) await expectSignedOut(browser)
    expect((await elsewhere.introspect(there.access)).body['active']).toBe(false)
    expect((await elsewhere.userinfo(there.access)).status).toBe(401)
    expect((await away.introspect(kept.access)).body['active']).toBe(true)
    expect((await away.refresh(kept.refresh)).status).toBe(200)
    expect((await away.introspect(others.access)).body['active']).toBe(true)
    // And may sign in again at once.
    await signedIn('alice')
  })

  test('without the choice the other browsers stay signed in', async () => {
    const elsewhere = await signedIn('alice')
    await visitor.submit(await out({ client_id: 'web' }), 'logout-confirm')
    await expectSignedOut()
    await expectStillSignedIn(elsewhere)
  })

  test('only a form of ours can choose it', async () => {
    const elsewhere = await signedIn('alice')
    await out({ id_token_hint: hint, everywhere: 'yes', decision: 'sign-out' })
    await expectSignedOut()
    await expectStillSignedIn(elsewhere)
  })

  test('it holds on every node at once', async () => {
    const one = await startServer({ database: 'postgres' })
    const two = await startServer({ beside: one })
    try {
      await one.addClient('web', 'openid-connect', { consent: 'implied', 'reply.refreshToken': 'always' })
      await one.addUser('alice')
      const here = new RelyingParty({ host: one, clientId: 'web', scope: 'openid profile' })
      const given = await here.tokens()
      const there = here.through(two)
      expect((await there.introspect(given.access)).body['active']).toBe(true)
      const { store, clock } = one.server.parts
      const ended = await endSessions({ store, clock }, 'alice')
      expect([ended.sessions, ended.grants]).toEqual([1, 1])
      expect((await there.introspect(given.access)).body['active']).toBe(false)
      expect((await there.userinfo(given.access)).status).toBe(401)
      expect((await there.refresh(given.refresh)).status).toBe(400)
      expect((await there.authorize({ prompt: 'none' })).searchParams.get('error')).toBe('login_required')
      expect((await there.tokens()).access).not.toBe('')
    } finally {
      await two.close()
      await one.close()
    }
  })
})
