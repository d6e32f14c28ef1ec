// The security cases of people, their passwords and their cookies (group L, R40): who learns what, and what a browser
// keeps.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  authorizeUrl,
  copyOf,
  countRecords,
  expectAnswer,
  expectCode,
  expectPage,
  expectRefusal,
  isAt,
  signedIn,
  signIn,
  signInFully,
} from '../support/authorize.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'
import { processTime } from '../support/thread-time.ts'
import { formWith, Visitor } from '../support/visitor.ts'

let host: TestServer

beforeAll(async () => {
  host = await startServer()
  await host.addClient('web', 'openid-connect', { post_logout_redirect_uris: ['https://client.test/out'] })
  await host.addUser('alice')
  await host.addUser('bob')
  for (const username of ['alice', 'bob']) await signInFully(new Visitor(), host, username)
})
afterAll(() => host.close())

describe('L07 an unknown user and a wrong password', () => {
  test('read alike: status, text, size, headers, cookies', async () => {
    const tryAs = async (username: string) => {
      const visitor = new Visitor()
      const page = await ask(visitor, host)
      const cookies = [...visitor.cookies.keys()]
      const reply = await visitor.submit(page, 'login-submit', { username, password: 'not the password' })
      expectPage(reply)
      expect([...visitor.cookies.keys()]).toEqual(cookies)
      const names = [...reply.headers.keys()].filter((name) => name !== 'date').sort()
      const id = new URL(page.url).pathname.split('/').at(-1) ?? ''
      const csrf = formWith(reply, 'login-submit').fields['csrf'] ?? ''
      const html = reply.html.replaceAll(id, '').replaceAll(csrf, '').replaceAll(username, '')
      return { names, html, length: reply.headers.get('content-length') }
    }
    const known = await tryAs('alice')
    const unknown = await tryAs('zzzzz')
    expect(unknown).toEqual(known)
    expect(known.html).toContain('do not belong together')
  })

  test('take the same time', async () => {
    const timed = async (username: string, round: number) => {
      const visitor = new Visitor()
      const page = await ask(visitor, host)
      const start = processTime()
      // A name of its own each time: nobody waits here.
      await visitor.submit(page, 'login-submit', { username, password: `wrong ${round}` })
      return processTime() - start
    }
    const rounds = 9
    for (let at = 0; at < rounds; at++) await host.addUser(`timed${at}`)
    await timed('warm', 0)
    const known: number[] = []
    const unknown: number[] = []
    for (let at = 0; at < rounds; at++) {
      known.push(await timed(`timed${at}`, at))
      unknown.push(await timed(`absent${at}`, at))
    }
    const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
    // Without the hash an unknown name would be answered in a tenth of the time.
    expect(median(unknown)).toBeGreaterThan(median(known) * 0.5)
    expect(median(unknown)).toBeLessThan(median(known) * 2)
  })

  test('a missing field is named, and nothing is counted', async () => {
    const visitor = new Visitor()
    const page = await ask(visitor, host)
    const events = (await host.server.parts.store.listEvents(500)).length
    for (const fields of [
      { username: '', password: 'x' },
      { username: 'alice', password: '' },
      { username: '   ', password: 'x' },
    ]) {
      const reply = await visitor.submit(page, 'login-submit', fields)
      expectPage(reply)
      expect(reply.html).toContain('Please type your')
    }
    expect((await host.server.parts.store.listEvents(500)).length).toBe(events)
  })
})

describe('L10 people who may not sign in', () => {
  test('disabled: told only with the right password, and every session is over', async () => {
    await host.addUser('erin')
    const visitor = new Visitor()
    await signInFully(visitor, host, 'erin')
    await setEnabled('erin', false)
    expectRefusal(await visitor.get(authorizeUrl(host, { prompt: 'none' })), host, 'login_required')
    const before = await countRecords(host)
    const fresh = new Visitor()
    const page = await ask(fresh, host)
    const wrong = await fresh.submit(page, 'login-submit', { username: 'erin', password: 'not the password' })
    expect(wrong.html).toContain('do not belong together')
    const right = await fresh.submit(page, 'login-submit', { username: 'erin', password: TEST_PASSWORD })
    expectPage(right)
    expect(right.html).toContain('switched off')
    expect((await countRecords(host))['session']).toBe(before['session'])
    await setEnabled('erin', true)
    expectRefusal(await visitor.get(authorizeUrl(host, { prompt: 'none' })), host, 'login_required')
    expectCode(await signIn(fresh, page, 'erin'))
  })

  async function setEnabled(username: string, enabled: boolean): Promise<void> {
    const { store } = host.server.parts
    const user = await store.findUserByUsername(username)
    if (user === null) throw new Error(`${username} was added`)
    const sql = {
      name: 'test_enable',
      sql: 'UPDATE "user" SET enabled = :enabled, generation = generation + 1 WHERE user_id = :user_id',
    }
    await host.driver.atomic([{ statement: sql, bind: { enabled: enabled ? 1 : 0, user_id: user.userId } }])
  }
})

describe('L24 L25 cookies', () => {
  test('are HttpOnly, Lax, for the whole host, and say nothing of the person or the request', async () => {
    const visitor = new Visitor()
    const lines: string[] = []
    let page = await visitor.get(authorizeUrl(host, { login_hint: 'alice' }))
    lines.push(...page.headers.getSetCookie())
    page = await visitor.follow(page)
    page = await visitor.submit(page, 'login-submit', { username: 'alice', password: TEST_PASSWORD })
    lines.push(...page.headers.getSetCookie())
    expect(lines.map((line) => line.split('=', 1)[0]).sort()).toEqual([
      'lingpai-device',
      'lingpai-session',
      'lingpai-visit',
    ])
    for (const line of lines) {
      // The whole line: a value that is random or a tag, how long it stays, and nothing else.
      expect(line).toMatch(
        /^lingpai-(session=[\w-]{43}|visit=[\w-]{43}|device=dv_[0-9a-z]{24}\.[0-9a-z]+-[\w-]{22})(; Max-Age=\d+)?; Path=\/; HttpOnly; SameSite=Lax$/,
      )
    }
    expect(lines.find((line) => line.startsWith('lingpai-session'))).not.toContain('Max-Age')
  })

  test('on https they are __Host- and Secure; "keep me signed in" outlives the browser', async () => {
    const secure = await startServer({ issuer: 'https://sso.client.test', trustedProxies: ['127.0.0.1'] })
    try {
      await secure.addClient('web')
      await secure.addUser('alice')
      const headers = {
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'sso.client.test',
        'x-forwarded-for': '203.0.113.9',
      }
      const visitor = new Visitor()
      const local = (location: string | null) => (location ?? '').replace('https://sso.client.test', secure.origin)
      const started = await visitor.get(authorizeUrl(secure), { headers })
      const lines = [...started.headers.getSetCookie()]
      const page = await visitor.get(local(started.location), { headers })
      const { action, fields } = formWith(page, 'login-submit')
      const sent = { ...fields, username: 'alice', password: TEST_PASSWORD, remember: 'yes' }
      const done = await visitor.post(secure.origin + action, sent, {
        headers: { ...headers, origin: 'https://sso.client.test' },
      })
      lines.push(...done.headers.getSetCookie())
      expect(lines).toHaveLength(3)
      for (const line of lines)
        expect(line).toMatch(/^__Host-lingpai-\w+=[^;]+;.* Path=\/; HttpOnly; Secure; SameSite=Lax$/)
      expect(lines.find((line) => line.startsWith('__Host-lingpai-session'))).toContain('Max-Age=604800')
      expect(done.headers.get('strict-transport-security')).toBe('max-age=31536000')
      // A cookie that a plain page or another host could have set does not count.
      const planted = new Visitor()
      for (const [name, value] of visitor.cookies) planted.cookies.set(name.replace('__Host-', ''), value)
      const silent = authorizeUrl(secure, { prompt: 'none' })
      expect(expectAnswer(await planted.get(silent, { headers })).searchParams.get('error')).toBe('login_required')
    } finally {
      await secure.close()
    }
  })

  test('stay under 2 KiB together, with five people and sixty open sign-ins', async () => {
    const names = ['one', 'two', 'three', 'four', 'five', 'six']
    for (const name of names) await host.addUser(name)
    const visitor = new Visitor()
    for (const name of names) await signInFully(visitor, host, name, { prompt: 'login' })
    for (let at = 0; at < 60; at++) await visitor.get(authorizeUrl(host, { prompt: 'login', state: `s${at}` }))
    await visitor.get(`${(await ask(visitor, host, { prompt: 'login' })).url}?ui_locales=en`)
    const all = [...visitor.cookies].map(([name, value]) => `__Host-${name}=${value}`).join('; ')
    expect(visitor.cookies.size).toBe(4)
    expect(all.length).toBeLessThan(2_048)
    expect(visitor.cookies.get('lingpai-session')?.split('.')).toHaveLength(5)
  })

  test('edited, cut, or another kind of secret: no session', async () => {
    const visitor = await signedIn(host, 'alice')
    const secret = visitor.cookies.get('lingpai-session') ?? ''
    const code = expectCode(await visitor.get(authorizeUrl(host))).searchParams.get('code') ?? ''
    const flipped = secret.startsWith('A') ? `B${secret.slice(1)}` : `A${secret.slice(1)}`
    const others = [
      flipped,
      secret.slice(1),
      `${secret}A`,
      secret.toLowerCase(),
      code,
      visitor.cookies.get('lingpai-visit') ?? '',
      '',
      '.',
      '%00',
      'x'.repeat(4_000),
    ]
    for (const value of others) {
      const thief = copyOf(visitor)
      thief.cookies.set('lingpai-session', value)
      expectRefusal(await thief.get(authorizeUrl(host, { prompt: 'none' })), host, 'login_required')
    }
    expectCode(await visitor.get(authorizeUrl(host, { prompt: 'none' })))
  })
})

describe('L28 L31 names and passwords', () => {
  test('a name in another letter case, width or padding is the same person', async () => {
    for (const username of ['ALICE', ' alice ', 'ａｌｉｃｅ', 'Alice\u3000']) {
      const visitor = new Visitor()
      expectCode(await signIn(visitor, await ask(visitor, host), username))
    }
  })

  test('nothing of a password is cut off', async () => {
    const long = 'p'.repeat(72)
    await host.addUser('longish', { password: `${long}a` })
    const visitor = new Visitor()
    const page = await ask(visitor, host)
    for (const password of [long, `${long}b`, `${long}a\0`, `${long}a `]) {
      const reply = await visitor.submit(page, 'login-submit', { username: 'longish', password })
      expect(reply.location, password.slice(70)).toBeNull()
    }
    expect(isAt(await signIn(visitor, page, 'longish', `${long}a`), 'consent')).toBe(true)
  })

  test('a password of a megabyte, and one that is large but let in, are answered at once', async () => {
    const visitor = new Visitor()
    const page = await ask(visitor, host)
    const start = processTime()
    const huge = await visitor.submit(page, 'login-submit', { username: 'alice', password: 'x'.repeat(1_048_576) })
    expect(huge.status).toBe(413)
    const large = await visitor.submit(page, 'login-submit', { username: 'alice', password: 'x'.repeat(60_000) })
    expectPage(large)
    expect(processTime() - start).toBeLessThan(2_000)
    expectCode(await signIn(visitor, page, 'alice'))
  })
})

describe('R40 markup in every parameter', () => {
  const MARKUP = '"><img src=x onerror=alert(1)><!--\'`{{7*7}}${7*7}%3Cb%3E'

  test.each([
    'client_id',
    'redirect_uri',
    'response_type',
    'scope',
    'state',
    'nonce',
    'prompt',
    'max_age',
    'login_hint',
    'ui_locales',
    'acr_values',
    'display',
    'error_hint',
    'code_challenge',
    'response_mode',
    'request',
    'id_token_hint',
    MARKUP,
  ])('%s is text on every page that shows it', async (name) => {
    for (const language of ['en', 'zh-CN']) {
      const visitor = new Visitor()
      visitor.language = language
      const page = await ask(visitor, host, { [name]: MARKUP })
      if (page.location === null) {
        expectPage(page, page.status)
        expect(page.html).not.toContain('<img')
        expect(page.html).not.toContain('<!--')
      } else expectAnswer(page)
    }
  })

  test('client and person too, on the way through', async () => {
    await host.addClient('markup', 'openid-connect', {
      client_name: MARKUP,
      purpose: MARKUP,
      contact: MARKUP,
      recipient: MARKUP,
    })
    await host.addUser('markup', { profile: { displayName: MARKUP } })
    const visitor = new Visitor()
    for (const page of [
      await ask(visitor, host, { client_id: 'markup' }),
      await signIn(visitor, await ask(visitor, host, { client_id: 'markup' }), 'markup'),
      await ask(visitor, host, { client_id: 'markup', prompt: 'select_account' }),
      await visitor.get(`${host.issuer}/sso/end-session?client_id=markup`),
    ]) {
      expectPage(page)
      expect(page.html).toContain('&lt;img')
      expect(page.html).not.toContain('<img')
    }
  })
})
