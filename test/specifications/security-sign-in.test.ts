// The security cases of the way through sign-in (group L): each refusal is checked twice, by its answer and by what it
// left alone, and has a twin that succeeds.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  authorizeQuery,
  authorizeUrl,
  copyOf,
  countRecords,
  expectAnswer,
  expectCode,
  expectErrorPage,
  expectPage,
  expectRefusal,
  isAt,
  STATE,
  signedIn,
  signIn,
  signInFully,
} from '../support/authorize.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'
import { formWith, type Page, Visitor } from '../support/visitor.ts'

const SECOND = { client_id: 'second', redirect_uri: 'https://second.test/cb' }

let host: TestServer

beforeAll(async () => {
  host = await startServer()
  await host.addClient('web', 'openid-connect', { post_logout_redirect_uris: ['https://client.test/out'] })
  await host.addClient('second', 'openid-connect', { redirect_uris: [SECOND.redirect_uri] })
  await host.addUser('alice')
  await host.addUser('bob')
  for (const username of ['alice', 'bob']) await signInFully(new Visitor(), host, username)
})
afterAll(() => host.close())

describe('L01 RFC 6749 §10.12 each form is good for its browser, its step and its sign-in only', () => {
  const steps: readonly [string, string, (visitor: Visitor) => Promise<Page>, Record<string, string>][] = [
    [
      'sign-in',
      'login-submit',
      (visitor) => ask(visitor, host, { prompt: 'login' }),
      { username: 'alice', password: TEST_PASSWORD },
    ],
    ['sign-in, cancelled', 'login-cancel', (visitor) => ask(visitor, host, { prompt: 'login' }), {}],
    ['choose account', 'account-1', (visitor) => ask(visitor, host, { prompt: 'select_account' }), {}],
    ['consent, allowed', 'consent-allow', (visitor) => ask(visitor, host, { prompt: 'consent' }), {}],
    ['consent, denied', 'consent-deny', (visitor) => ask(visitor, host, { prompt: 'consent' }), {}],
  ]

  test.each(steps)('%s', async (_, button, open, filled) => {
    const visitor = await signedIn(host, 'alice')
    const page = await open(visitor)
    const { action, fields } = formWith(page, button)
    const url = new URL(action, page.url).href
    const good = { ...fields, ...filled }
    const otherBrowser = formWith(await open(await signedIn(host, 'bob')), button).fields['csrf'] ?? ''
    const otherVisit = formWith(await open(visitor), button).fields['csrf'] ?? ''
    expect(new Set([good['csrf'], otherBrowser, otherVisit]).size).toBe(3)
    const { csrf: _csrf, ...bare } = good
    const tries: readonly [Record<string, string>, Record<string, string>][] = [
      [bare, {}],
      [{ ...good, csrf: '' }, {}],
      [{ ...good, csrf: 'A'.repeat(43) }, {}],
      [{ ...good, csrf: otherBrowser }, {}],
      [{ ...good, csrf: otherVisit }, {}],
      [good, { origin: 'https://evil.test' }],
      [good, { origin: 'null' }],
      [good, { origin: `${host.issuer}.evil.test` }],
      [good, { 'sec-fetch-site': 'cross-site' }],
      [good, { 'sec-fetch-site': 'same-site' }],
    ]
    const before = await countRecords(host)
    for (const [sent, headers] of tries) {
      const refused = await visitor.post(url, sent, { headers })
      expectErrorPage(refused, { status: 403 })
    }
    expect(await countRecords(host)).toEqual(before)
    expectAnswer(await visitor.follow(await visitor.post(url, good, { headers: { origin: host.issuer } })))
  })
})

describe('L02 session fixation', () => {
  test('a session cookie set before the sign-in is worth nothing after it', async () => {
    const visitor = new Visitor()
    const planted = 'A'.repeat(43)
    visitor.cookies.set('lingpai-session', planted)
    expectCode(await signIn(visitor, await ask(visitor, host), 'alice'))
    expect(visitor.cookies.get('lingpai-session')).not.toContain(planted)
    const attacker = new Visitor()
    attacker.cookies.set('lingpai-session', planted)
    expectRefusal(await attacker.get(authorizeUrl(host, { prompt: 'none' })), host, 'login_required')
  })

  test('after signing in again the former secret is dead', async () => {
    const visitor = await signedIn(host, 'alice')
    const former = copyOf(visitor)
    expectCode(await former.get(authorizeUrl(host, { prompt: 'none' })))
    expectCode(await signIn(visitor, await ask(visitor, host, { prompt: 'login' }), 'alice'))
    expectRefusal(await former.get(authorizeUrl(host, { prompt: 'none' })), host, 'login_required')
    expectCode(await visitor.get(authorizeUrl(host, { prompt: 'none' })))
  })

  test('a planted pre-session cookie does not let its planter in', async () => {
    const attacker = new Visitor()
    const theirs = await ask(attacker, host)
    const victim = copyOf(attacker)
    expectCode(await signIn(victim, theirs, 'alice'))
    expectRefusal(await attacker.get(authorizeUrl(host, { prompt: 'none' })), host, 'login_required')
    expectErrorPage(await attacker.get(theirs.url))
  })
})

describe('L03 a sign-in begun in one browser and opened in another', () => {
  test.each(['sign-in', 'consent', 'choose-account'] as const)(
    '%s is refused there, and goes on here',
    async (step) => {
      const prompt = { 'sign-in': 'login', consent: 'consent', 'choose-account': 'select_account' }[step]
      const visitor = await signedIn(host, 'alice')
      const page = await ask(visitor, host, { prompt })
      expect(isAt(page, step)).toBe(true)
      const before = await countRecords(host)
      const buttons = { 'sign-in': 'login-submit', consent: 'consent-allow', 'choose-account': 'account-1' }
      for (const other of [new Visitor(), await signedIn(host, 'bob')]) {
        const known = await countRecords(host)
        expectErrorPage(await other.get(page.url))
        const { action, fields } = formWith(page, buttons[step])
        const filled = { ...fields, username: 'bob', password: TEST_PASSWORD }
        expectErrorPage(await other.post(new URL(action, page.url).href, filled))
        expect(await countRecords(host)).toEqual(known)
      }
      expect((await countRecords(host))['interaction']).toBe(before['interaction'])
      const fields = step === 'sign-in' ? { username: 'alice', password: TEST_PASSWORD } : {}
      expectCode(await visitor.follow(await visitor.submit(page, buttons[step], fields)))
    },
  )

  test.each(['x', 'A'.repeat(43), 'A'.repeat(300), '..', '%00', '%2e%2e%2f', "' OR 1=1 --"])(
    'an address of nobody: %s',
    async (id) => {
      const visitor = await signedIn(host, 'alice')
      for (const step of ['sign-in', 'consent', 'choose-account', 'continue']) {
        const page = await visitor.get(`${host.issuer}/sso/${step}/${id.includes('%') ? id : encodeURIComponent(id)}`)
        expect([400, 404]).toContain(page.status)
        expectPage(page, page.status)
      }
    },
  )
})

describe('L04 two sign-ins side by side in one browser', () => {
  test('each ends with its own state, client and address', async () => {
    const visitor = new Visitor()
    const one = await ask(visitor, host, { state: 'one', nonce: 'n1' })
    const two = await ask(visitor, host, { ...SECOND, state: 'two', nonce: 'n2' })
    const consent = await signIn(visitor, two, 'alice')
    const first = expectCode(await signIn(visitor, one, 'alice'))
    const second = expectCode(await visitor.submit(consent, 'consent-allow'))
    expect([first.origin, first.searchParams.get('state')]).toEqual(['https://client.test', 'one'])
    expect([second.origin, second.searchParams.get('state')]).toEqual(['https://second.test', 'two'])
    expectErrorPage(await visitor.get(one.url))
    expectErrorPage(await visitor.get(two.url))
  })

  test('one sign-in answers once', async () => {
    const visitor = await signedIn(host, 'alice')
    const page = await ask(visitor, host, { prompt: 'consent' })
    const answers = await Promise.all(Array.from({ length: 20 }, () => copyOf(visitor).submit(page, 'consent-allow')))
    const codes = answers.filter(({ location }) => location?.includes('code='))
    expect(codes).toHaveLength(1)
    for (const answer of answers) expect(answer.status).toBeLessThan(500)
  })
})

describe('L05 open redirects', () => {
  test.each(['return_to', 'next', 'continue', 'url', 'redirect', 'ui_locales'])('%s leads nowhere', async (name) => {
    for (const target of ['https://evil.test/', '//evil.test', '/\\evil.test', '%2f%2fevil.test']) {
      const visitor = new Visitor()
      const page = await ask(visitor, host, { [name]: target })
      expect(isAt(page, 'sign-in')).toBe(true)
      const withTarget = await visitor.get(`${page.url}?${name}=${encodeURIComponent(target)}`)
      expectPage(withTarget)
      expect(withTarget.html).not.toMatch(/(href|action)="(https?:)?(\/\/|\/\\)evil/)
      const done = await visitor.follow(
        await visitor.submit(withTarget, 'login-submit', {
          username: 'alice',
          password: TEST_PASSWORD,
          [name]: target,
        }),
      )
      expect(expectCode(done).origin).toBe('https://client.test')
    }
  })
})

describe('L06 consent is bound to the person it was shown to', () => {
  test('another person signs in meanwhile: the step is shown again for them, and nothing is recorded', async () => {
    const visitor = await signedIn(host, 'alice')
    const page = await ask(visitor, host, { ...SECOND, prompt: 'consent' })
    expect(page.html).toContain('Name of alice')
    expectCode(await signIn(visitor, await ask(visitor, host, { prompt: 'login' }), 'bob'))
    const before = await countRecords(host)
    const again = await visitor.submit(page, 'consent-allow')
    expectPageOf(again, 'Name of bob')
    expect(again.html).toContain('Somebody else has signed in meanwhile')
    expect(await countRecords(host)).toEqual(before)
    expectCode(await visitor.submit(again, 'consent-allow'))
    const consents = (await countRecords(host))['consent'] ?? 0
    expect(consents).toBe((before['consent'] ?? 0) + 1)
  })

  test('"not me" signs in somebody else, who is asked anew', async () => {
    const visitor = await signedIn(host, 'alice')
    const page = await ask(visitor, host, { prompt: 'consent' })
    const { action, fields } = formWith(page, 'consent-allow')
    const { decision: _, ...rest } = fields
    const url = new URL(action, page.url).href
    const form = await visitor.follow(
      await visitor.post(url, { ...rest, another: 'yes' }, { headers: { origin: host.issuer } }),
    )
    expect(isAt(form, 'sign-in')).toBe(true)
    const consent = await signIn(visitor, form, 'bob')
    expectPageOf(consent, 'Name of bob')
    expectCode(await visitor.submit(consent, 'consent-allow'))
  })

  function expectPageOf(page: Page, name: string): void {
    expectPage(page)
    expect(page.html).toContain(name)
    expect(page.html).toContain('id="consent-allow"')
  }
})

describe('DESIGN a cross-site POST to authorize', () => {
  const headers = { origin: 'https://client.test', 'sec-fetch-site': 'cross-site' }
  const post = () =>
    new Visitor().post(`${host.issuer}/sso/authorize`, Object.fromEntries(authorizeQuery()), { headers })

  test('comes without cookies, goes round by /continue, and finds the session there', async () => {
    const posted = await post()
    expect(posted.status).toBe(303)
    expect(new URL(posted.location ?? '').pathname).toMatch(/^\/sso\/continue\/[A-Za-z0-9]{43}$/)
    // It must not replace the cookies that the browser has and did not send.
    expect(posted.headers.getSetCookie()).toEqual([])
    const visitor = await signedIn(host, 'alice')
    const answer = await visitor.get(posted.location ?? '')
    expect(answer.status).toBe(302)
    expect(expectCode(answer).searchParams.get('state')).toBe(STATE)
  })

  test('is bound to the first browser that continues it', async () => {
    const posted = await post()
    const visitor = new Visitor()
    const started = await visitor.get(posted.location ?? '')
    expect(started.headers.getSetCookie()).toHaveLength(1)
    const page = await visitor.follow(started)
    expect(isAt(page, 'sign-in')).toBe(true)
    const before = await countRecords(host)
    for (const late of [new Visitor(), await signedIn(host, 'bob')]) {
      const known = await countRecords(host)
      expectErrorPage(await late.get(posted.location ?? ''))
      expectErrorPage(await late.get(page.url))
      expect(await countRecords(host)).toEqual(known)
    }
    expect((await countRecords(host))['interaction']).toBe(before['interaction'])
    expectCode(await signIn(visitor, page, 'alice'))
  })

  test('a refusal needs no cookie and is answered at once', async () => {
    const fields = Object.fromEntries(authorizeQuery({ response_type: 'token' }))
    const page = await new Visitor().post(`${host.issuer}/sso/authorize`, fields, { headers })
    expect(page.status).toBe(303)
    expectRefusal(page, host, 'unsupported_response_type')
  })
})
