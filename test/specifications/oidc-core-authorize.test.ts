// OpenID Connect Core 1.0 §3.1.2: what a client may ask of the sign-in, and what comes of it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  authorizeUrl,
  countRecords,
  expectCode,
  expectPage,
  expectRefusal,
  isAt,
  signIn,
  signInFully,
} from '../support/authorize.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'
import { formWith, type Page, textOf, Visitor } from '../support/visitor.ts'

let host: TestServer
let foreign: TestServer

beforeAll(async () => {
  host = await startServer()
  foreign = await startServer()
  for (const each of [host, foreign]) {
    await each.addClient('web')
    await each.addUser('alice')
    await each.addUser('bob')
  }
  await host.addClient('other', 'openid-connect', { redirect_uris: ['https://other.test/cb'] })
  for (const username of ['alice', 'bob']) await signInFully(new Visitor(), host, username)
})
afterAll(() => Promise.all([host.close(), foreign.close()]))

async function signedIn(...usernames: readonly string[]): Promise<Visitor> {
  const visitor = new Visitor()
  for (const username of usernames) {
    const page = await ask(visitor, host, { prompt: 'login' })
    expectCode(await signIn(visitor, page, username))
  }
  return visitor
}

interface IdToken {
  readonly sub: string
  readonly auth_time: number
  readonly sid?: string
  readonly nonce?: string
}

async function tokensFor(
  answer: URL,
  at: TestServer = host,
): Promise<{ readonly text: string; readonly claims: IdToken }> {
  const reply = await fetch(`${at.issuer}/sso/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: answer.searchParams.get('code') ?? '',
      redirect_uri: CALLBACK,
      client_id: 'web',
      client_secret: TEST_SECRET,
    }),
  })
  expect(reply.status).toBe(200)
  const text = String(((await reply.json()) as Record<string, unknown>)['id_token'])
  return { text, claims: JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as IdToken }
}

const subjectOf = async (page: Page) => (await tokensFor(expectCode(page))).claims.sub

describe('§3.1.2.1 prompt=none', () => {
  test('§3.1.2.6 nobody signed in: login_required, and nothing is stored', async () => {
    const before = await countRecords(host)
    expectRefusal(await new Visitor().get(authorizeUrl(host, { prompt: 'none' })), host, 'login_required')
    expect(await countRecords(host)).toEqual(before)
  })

  test('signed in without consent: consent_required; with it: a code', async () => {
    const visitor = await signedIn('alice')
    const visit = { client_id: 'other', redirect_uri: 'https://other.test/cb', prompt: 'none' }
    expectRefusal(await visitor.get(authorizeUrl(host, visit)), host, 'consent_required', {
      redirectUri: 'https://other.test/cb',
    })
    expectCode(await visitor.get(authorizeUrl(host, { prompt: 'none' })))
  })

  test.each(['login', 'consent', 'select_account', 'login consent select_account'])(
    'goes with no other value: %s',
    async (other) => {
      const visitor = await signedIn('alice')
      expectRefusal(await visitor.get(authorizeUrl(host, { prompt: `none ${other}` })), host, 'invalid_request')
    },
  )

  test.each(['NONE', 'create', 'login,consent'])('an unknown value is refused: %s', async (prompt) => {
    expectRefusal(await new Visitor().get(authorizeUrl(host, { prompt })), host, 'invalid_request')
  })
})

describe('§3.1.2.1 prompt, in every combination', () => {
  const words = ['login', 'select_account', 'consent'] as const
  const combinations = Array.from({ length: 8 }, (_, bits) => words.filter((_word, at) => (bits & (1 << at)) !== 0))

  test.each(combinations.map((each) => [each.join(' ') || 'none of them', each] as const))(
    '%s: each step once, then a code',
    async (_, prompt) => {
      const visitor = await signedIn('alice')
      const seen: string[] = []
      let page = await ask(visitor, host, { prompt: prompt.join(' ') })
      while (page.location === null && seen.length < 5) {
        if (isAt(page, 'sign-in')) {
          seen.push('login')
          page = await signIn(visitor, page, 'alice')
        } else if (isAt(page, 'choose-account')) {
          seen.push('select_account')
          page = await visitor.follow(await visitor.submit(page, 'account-1'))
        } else {
          seen.push('consent')
          page = await visitor.submit(page, 'consent-allow')
        }
      }
      // Whoever has just signed in has chosen.
      const expected = prompt.includes('login') ? prompt.filter((word) => word !== 'select_account') : prompt
      expect(seen).toEqual(expected)
      expect(await subjectOf(page)).toBe('user-alice')
    },
  )
})

describe('§3.1.2.1 prompt=login', () => {
  test('asks again, and the new sign-in has a new time and a new secret', async () => {
    const visitor = await signedIn('alice')
    const before = await tokensFor(expectCode(await visitor.get(authorizeUrl(host))))
    const cookie = visitor.cookies.get('lingpai-session')
    host.clock.advance(5)
    const page = await ask(visitor, host, { prompt: 'login' })
    expect(isAt(page, 'sign-in')).toBe(true)
    expect(page.html).toContain('alice')
    const after = await tokensFor(expectCode(await signIn(visitor, page, 'alice')))
    expect(after.claims.auth_time).toBe(before.claims.auth_time + 5)
    expect(visitor.cookies.get('lingpai-session')).not.toBe(cookie)
  })

  test('somebody else signs in: the code is theirs, never that of who was signed in before', async () => {
    const visitor = await signedIn('alice')
    const page = await signIn(visitor, await ask(visitor, host, { prompt: 'login' }), 'bob')
    expect(await subjectOf(page)).toBe('user-bob')
  })

  test('cancelled: access_denied, and nobody gets a code', async () => {
    const visitor = await signedIn('alice')
    const page = await ask(visitor, host, { prompt: 'login' })
    const before = await countRecords(host)
    expectRefusal(await visitor.submit(page, 'login-cancel'), host, 'access_denied')
    expect((await countRecords(host))['authorization_code']).toBe(before['authorization_code'])
    expect(isAt(await ask(visitor, host, { prompt: 'login' }), 'sign-in')).toBe(true)
  })

  test('a step opened by its address is not skipped', async () => {
    const visitor = await signedIn('alice')
    const page = await ask(visitor, host, { prompt: 'login consent' })
    const consent = await visitor.get(page.url.replace('/sign-in/', '/consent/'))
    expect(new URL(consent.location ?? '').pathname).toBe(new URL(page.url).pathname)
    const choose = await visitor.get(page.url.replace('/sign-in/', '/choose-account/'))
    const chosen = await visitor.follow(await visitor.submit(choose, 'account-1'))
    expect(isAt(chosen, 'sign-in')).toBe(true)
  })
})

describe('§3.1.2.1 max_age', () => {
  test('a younger sign-in will do, an older one is asked for again', async () => {
    const visitor = await signedIn('alice')
    host.clock.advance(100)
    expectCode(await visitor.get(authorizeUrl(host, { max_age: '100' })))
    host.clock.advance(1)
    expectRefusal(await visitor.get(authorizeUrl(host, { max_age: '100', prompt: 'none' })), host, 'login_required')
    const page = await ask(visitor, host, { max_age: '100' })
    expect(isAt(page, 'sign-in')).toBe(true)
    const { claims } = await tokensFor(expectCode(await signIn(visitor, page, 'alice')))
    expect(claims.auth_time).toBe(host.clock.now())
  })

  test('0 is the same as prompt=login, once', async () => {
    const visitor = await signedIn('alice')
    const page = await ask(visitor, host, { max_age: '0' })
    expect(isAt(page, 'sign-in')).toBe(true)
    expectCode(await signIn(visitor, page, 'alice'))
  })

  test.each(['-1', 'abc', '1e99', '1.5', '0x10', '99999999999', ' 5'])('%j is refused', async (max_age) => {
    const visitor = await signedIn('alice')
    expectRefusal(await visitor.get(authorizeUrl(host, { max_age })), host, 'invalid_request')
  })
})

describe('§3.1.2.1 login_hint', () => {
  test('prefills the user name, which stays editable', async () => {
    const visitor = new Visitor()
    const page = await ask(visitor, host, { login_hint: 'alice' })
    expect(formWith(page, 'login-submit').fields['username']).toBe('alice')
    expect(page.html).not.toMatch(/id="username"[^>]*(readonly|disabled)/)
    expect(await subjectOf(await signIn(visitor, page, 'bob'))).toBe('user-bob')
  })

  test.each(['"><script>alert(1)</script>', "' onfocus='alert(1)", '&lt;b&gt;', '令牌', 'x'.repeat(300)])(
    'is text, whatever it holds: %.30j',
    async (login_hint) => {
      const page = await ask(new Visitor(), host, { login_hint })
      expectPage(page)
      expect(formWith(page, 'login-submit').fields['username']).toBe(login_hint.slice(0, 256))
    },
  )
})

describe('§3.1.2.1 id_token_hint', () => {
  const hintFor = async (username: string) => {
    const visitor = await signedIn(username)
    return (await tokensFor(expectCode(await visitor.get(authorizeUrl(host))))).text
  }

  test('of who is signed in: a code, silently too, and when it has expired', async () => {
    const id_token_hint = await hintFor('alice')
    const visitor = await signedIn('alice')
    expectCode(await visitor.get(authorizeUrl(host, { id_token_hint, prompt: 'none' })))
    host.clock.advance(3_700)
    expectCode(await visitor.get(authorizeUrl(host, { id_token_hint, prompt: 'none' })))
  })

  test('of one of several people in this browser: theirs is the code', async () => {
    const id_token_hint = await hintFor('alice')
    const visitor = await signedIn('alice', 'bob')
    expect(await subjectOf(await visitor.get(authorizeUrl(host)))).toBe('user-bob')
    expect(await subjectOf(await visitor.get(authorizeUrl(host, { id_token_hint })))).toBe('user-alice')
  })

  test('§3.1.2.2 of another person: login_required or a sign-in as that person, never a code for either', async () => {
    const id_token_hint = await hintFor('alice')
    const visitor = await signedIn('bob')
    expectRefusal(await visitor.get(authorizeUrl(host, { id_token_hint, prompt: 'none' })), host, 'login_required')
    const page = await ask(visitor, host, { id_token_hint })
    expect(isAt(page, 'sign-in')).toBe(true)
    const before = await countRecords(host)
    const wrong = await signIn(visitor, page, 'bob')
    expectPage(wrong)
    expect(wrong.html).toContain('expects another person')
    expect(await countRecords(host)).toEqual(before)
    expect(await subjectOf(await signIn(visitor, wrong, 'alice'))).toBe('user-alice')
  })

  test('that is none of ours is refused: foreign, edited, unsigned, nonsense', async () => {
    const visitor = await signedIn('alice')
    const own = await hintFor('alice')
    const [head = '', body = '', signature = ''] = own.split('.')
    const elsewhere = await tokensFor(await signInFully(new Visitor(), foreign, 'alice'), foreign)
    const edit = (part: string, changes: object) =>
      Buffer.from(
        JSON.stringify({ ...(JSON.parse(Buffer.from(part, 'base64url').toString()) as object), ...changes }),
      ).toString('base64url')
    const bad = {
      foreign: elsewhere.text,
      'edited subject': `${head}.${edit(body, { sub: 'user-bob' })}.${signature}`,
      'edited issuer': `${head}.${edit(body, { iss: foreign.issuer })}.${signature}`,
      'alg none': `${edit(head, { alg: 'none' })}.${body}.`,
      'no signature': `${head}.${body}.`,
      'too many dots': '.'.repeat(1_000),
      nonsense: 'nonsense',
      json: '{}',
    }
    for (const [name, id_token_hint] of Object.entries(bad)) {
      const before = await countRecords(host)
      expectRefusal(await visitor.get(authorizeUrl(host, { id_token_hint })), host, 'invalid_request')
      expect(await countRecords(host), name).toEqual(before)
    }
    expectCode(await visitor.get(authorizeUrl(host, { id_token_hint: own })))
  })
})

describe('§3.1.2.1 ui_locales', () => {
  test.each([
    ['zh-CN', 'zh-CN'],
    ['zh-Hant-TW en', 'zh-CN'],
    ['fr en-GB zh', 'en'],
    ['fr de', 'en'],
    ['x'.repeat(2_000), 'en'],
    ['"><script>', 'en'],
  ])('%.20j gives %s', async (ui_locales, expected) => {
    const page = await ask(new Visitor(), host, { ui_locales })
    expectPage(page)
    expect(page.html).toContain(`<html lang="${expected}">`)
  })

  test('what a person has picked on a page of ours outweighs it, then and later', async () => {
    const visitor = new Visitor()
    const page = await ask(visitor, host, { ui_locales: 'en' })
    const switched = await visitor.get(`${page.url}?ui_locales=zh-CN`)
    expect(switched.html).toContain('<html lang="zh-CN">')
    expect((await ask(visitor, host, { ui_locales: 'en' })).html).toContain('<html lang="zh-CN">')
  })

  test.each(['display', 'acr_values', 'claims_locales'])('%s is ignored when unknown', async (name) => {
    const visitor = await signedIn('alice')
    expectCode(await visitor.get(authorizeUrl(host, { [name]: '"><b>unknown' })))
  })
})

describe('§3.1.2.1 prompt=select_account with several people in one browser', () => {
  test("lists them, the current one first, and the code is the chosen one's", async () => {
    const visitor = await signedIn('alice', 'bob')
    for (const [button, subject] of [
      ['account-1', 'user-bob'],
      ['account-2', 'user-alice'],
    ] as const) {
      const page = await ask(visitor, host, { prompt: 'select_account' })
      expectPage(page)
      expect(await subjectOf(await visitor.follow(await visitor.submit(page, button)))).toBe(subject)
    }
  })

  test('somebody else may sign in, and joins the others', async () => {
    await host.addUser('carol')
    const visitor = await signedIn('alice', 'bob')
    const page = await ask(visitor, host, { prompt: 'select_account' })
    const form = await visitor.follow(await visitor.submit(page, 'account-other'))
    expect(isAt(form, 'sign-in')).toBe(true)
    const consent = await signIn(visitor, form, 'carol')
    expect(isAt(consent, 'consent')).toBe(true)
    expect(await subjectOf(await visitor.submit(consent, 'consent-allow'))).toBe('user-carol')
    const after = await ask(visitor, host, { prompt: 'select_account' })
    for (const name of ['alice', 'bob', 'carol']) expect(after.html).toContain(`Name of ${name}`)
  })

  test('a session that is not of this browser cannot be chosen', async () => {
    const theirs = await ask(await signedIn('bob'), host, { prompt: 'select_account' })
    const account = formWith(theirs, 'account-1').fields['account'] ?? ''
    expect(account).not.toBe('')
    const visitor = await signedIn('alice')
    const page = await ask(visitor, host, { prompt: 'select_account' })
    const before = await countRecords(host)
    const shown = await visitor.submit(page, 'account-1', { account })
    expect(isAt(shown, 'choose-account')).toBe(true)
    expect(await countRecords(host)).toEqual(before)
  })

  test('signing in again and again as one person leaves the others where they are', async () => {
    const visitor = await signedIn('alice', 'bob', 'bob', 'bob', 'bob', 'bob', 'bob')
    const page = await ask(visitor, host, { prompt: 'select_account' })
    expect(page.html).toContain('Name of alice')
    expect(visitor.cookies.get('lingpai-session')?.split('.')).toHaveLength(2)
  })

  test('all have signed out meanwhile: the way goes on to the sign-in page', async () => {
    const visitor = await signedIn('alice')
    const page = await ask(visitor, host, { prompt: 'select_account' })
    host.clock.advance(8 * 86_400)
    const later = await ask(visitor, host, { prompt: 'select_account' })
    expect(isAt(later, 'sign-in')).toBe(true)
    expect(textOf(await visitor.get(page.url), 'error-code')).toBe('invalid_request')
  })
})

describe('§3.1.2.3 sessions end', () => {
  test('after 12 idle hours, and after 7 days whatever is done', async () => {
    const visitor = await signedIn('alice')
    host.clock.advance(12 * 3_600 - 60)
    expectCode(await visitor.get(authorizeUrl(host, { prompt: 'none' })))
    host.clock.advance(12 * 3_600 - 60)
    expectCode(await visitor.get(authorizeUrl(host, { prompt: 'none' })))
    host.clock.advance(12 * 3_600 + 1)
    expectRefusal(await visitor.get(authorizeUrl(host, { prompt: 'none' })), host, 'login_required')
    const busy = await signedIn('alice')
    for (let half = 0; half < 15; half++) {
      host.clock.advance(11 * 3_600)
      expectCode(await busy.get(authorizeUrl(host, { prompt: 'none' })))
    }
    host.clock.advance(4 * 3_600)
    expectRefusal(await busy.get(authorizeUrl(host, { prompt: 'none' })), host, 'login_required')
  })
})

test('RFC 7591 §2 sign-in and consent show the policy and the terms that a client is registered with', async () => {
  const links = { policy_uri: 'https://suite.test/login.html?a=1&b=2', tos_uri: 'https://openid.net' }
  await host.addClient('linked', 'openid-connect', links)
  const visitor = new Visitor()
  const page = await ask(visitor, host, { client_id: 'linked' })
  const consent = await signIn(visitor, page, 'alice')
  expect([isAt(page, 'sign-in'), isAt(consent, 'consent')]).toEqual([true, true])
  for (const { html } of [page, consent]) {
    expect(html).toContain('id="client-policy" href="https://suite.test/login.html?a=1&amp;b=2"')
    expect(html).toContain('id="client-terms" href="https://openid.net"')
  }
  expect((await ask(new Visitor(), host)).html).not.toMatch(/client-policy|client-terms/)
})
