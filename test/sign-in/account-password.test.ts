// A person chooses another password on the account page. From outside, on both databases; each refusal is seen to have
// changed nothing: the former password still works, and what was issued still holds.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RelyingParty } from '../support/relying-party.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'
import { formWith, type Page, Visitor } from '../support/visitor.ts'

const NEXT = 'a quiet river under seven bridges'

describe.each(['sqlite', 'postgres'] as const)('the page for another password on %s', (database) => {
  let host: TestServer
  beforeAll(async () => {
    host = await startServer({ database, sessionManagement: true })
    await host.addClient('shop', 'openid-connect', { client_name: 'Shop', consent: 'implied' })
  })
  afterAll(() => host.close())

  const account = () => `${host.issuer}/sso/account`
  const store = () => host.server.parts.store
  const hashOf = async (userId: string) => (await store().findUser(userId))?.passwordHash
  const eventsOf = async (type: string) => (await store().listEvents(1000)).filter((event) => event.type === type)

  async function signIn(username: string, password: string, visitor = new Visitor()): Promise<Page> {
    const page = await visitor.follow(await visitor.get(`${account()}/sign-in`))
    return visitor.follow(await visitor.submit(page, 'login-submit', { username, password }))
  }
  const getsIn = async (username: string, password: string) => (await signIn(username, password)).url === account()

  /** Signed in at a client, and before the page. */
  async function before(username: string) {
    const userId = await host.addUser(username)
    const shop = new RelyingParty({ host, clientId: 'shop', username })
    const issued = await shop.tokens()
    const { visitor } = shop
    const page = await visitor.get(`${account()}/password`)
    const change = (fields: Record<string, string>, at = page) =>
      visitor.submit(at, 'password-submit', {
        'current-password': TEST_PASSWORD,
        'new-password': NEXT,
        'new-password-again': NEXT,
        ...fields,
      })
    return { userId, shop, issued, visitor, page, change, former: await hashOf(userId) }
  }

  test('is a link of the account page, tells a password manager whose it is, and says what will end', async () => {
    const { visitor, page } = await before('ada')
    expect((await visitor.get(account())).html).toContain('<a id="password" href="/sso/account/password">')
    expect(page.html).toMatch(/<input [^>]*name="username" value="ada" autocomplete="username"/)
    expect(page.html.match(/autocomplete="new-password"/g)).toHaveLength(2)
    expect(page.html).toContain('autocomplete="current-password"')
    expect(page.html).toContain('Everywhere else you are signed out')
    // W3C, A Well-Known URL for Changing Passwords: where a password manager leads people.
    const wellKnown = await visitor.get(`${host.issuer}/.well-known/change-password`)
    expect([wellKnown.status, wellKnown.location]).toEqual([303, `${account()}/password`])
    const stranger = new Visitor()
    expect((await stranger.get(`${account()}/password`)).location).toBe(`${account()}/sign-in`)
  })

  test('with the present password and a good new one: it is changed, all from before ends, and here it goes on', async () => {
    const { userId, shop, issued, visitor, change, former } = await before('bo')
    const elsewhere = new Visitor()
    expect((await signIn('bo', TEST_PASSWORD, elsewhere)).url).toBe(account())
    const secret = visitor.cookies.get('lingpai-session')
    const answer = await change({})
    expect(answer.status).toBe(303)
    const after = await visitor.follow(answer)
    expect(after.html).toContain('Your password is changed. Everywhere else you are signed out now.')
    expect(after.html).toContain('You are signed in nowhere else.')
    expect(visitor.cookies.get('lingpai-session')).not.toBe(secret)
    expect(await hashOf(userId)).not.toBe(former)
    // The session cookie from before, in the hands of somebody else, opens nothing.
    const thief = new Visitor()
    for (const [name, value] of visitor.cookies)
      thief.cookies.set(name, name === 'lingpai-session' ? (secret ?? '') : value)
    for (const other of [elsewhere, thief]) expect((await other.get(account())).location).toBe(`${account()}/sign-in`)
    expect([(await shop.userinfo(issued.access)).status, (await shop.refresh(issued.refresh)).status]).toEqual([
      401, 400,
    ])
    expect([await getsIn('bo', TEST_PASSWORD), await getsIn('bo', NEXT)]).toEqual([false, true])
    const changed = (await eventsOf('user_password_changed')).filter((event) => event.userId === userId)
    expect(changed).toMatchObject([{ detail: { address: '127.0.0.1' } }])
    // A reload says it again and does nothing.
    expect((await visitor.get(after.url)).html).toContain('Your password is changed.')
    // Signed in here as before: no page of ours stands between the person and a client.
    const answered = await visitor.get(shop.authorizeUrl())
    expect(new URL(answered.location ?? '').searchParams.get('code')).toBeTruthy()
  })

  const tooLong = 'long '.repeat(300)
  const twice = (typed: string) => ({ 'new-password': typed, 'new-password-again': typed })
  let people = 0
  test.each<[string, (username: string) => Record<string, string>, string]>([
    ['no present password', () => ({ 'current-password': '' }), 'Please type your present password.'],
    ['a wrong present password', () => ({ 'current-password': 'not mine' }), 'This is not your present password.'],
    ['one that can be none', () => ({ 'current-password': tooLong }), 'This is not your present password.'],
    ['no new password', () => twice(''), 'Please type a new password.'],
    ['a short one', () => twice('seven77'), 'needs at least 8 characters'],
    ['a very long one', () => twice(tooLong), 'far too long'],
    ['the user name', (username) => twice(username.toUpperCase()), 'differ from your user name'],
    ['a common one', () => twice('password1'), 'first that anybody would try'],
    ['the present one', () => twice(TEST_PASSWORD), 'This is your present password.'],
    ['two that differ', () => ({ 'new-password-again': `${NEXT}!` }), 'The two new passwords are not the same.'],
    ['the second left out', () => ({ 'new-password-again': '' }), 'The two new passwords are not the same.'],
  ])('refuses %s: says so at its field, and changes nothing', async (_, fieldsFor, said) => {
    const username = `cy-the-cat-${people++}`
    const { userId, shop, issued, visitor, change, former } = await before(username)
    const fields = fieldsFor(username)
    const answer = await change(fields)
    expect(answer.status).toBe(200)
    expect(answer.html).toContain(said)
    expect(answer.html).toMatch(/<input id="(current|new)-password[^>]*aria-invalid="true"/)
    // What was typed never comes back, not even sealed into the switch of language.
    for (const typed of [NEXT, TEST_PASSWORD, ...Object.values(fields)]) {
      if (typed !== '') expect(answer.html).not.toContain(typed)
    }
    expect(await hashOf(userId)).toBe(former)
    expect((await shop.userinfo(issued.access)).status).toBe(200)
    visitor.language = 'zh-CN'
    const chinese = await visitor.switchLanguage(answer)
    expect(chinese.html).toContain('<html lang="zh-CN">')
    expect(chinese.html).toContain('id="password-error"')
    // The page that says what is wrong is the page to mend it on.
    expect((await visitor.follow(await change({}, chinese))).html).toContain('密码已修改')
  })

  test('RFC 6819 §4.4.3.6 guesses at the present password are held up as those at sign-in, the right one too', async () => {
    const { userId, visitor, page, change, former } = await before('dov')
    let answer = page
    for (let guess = 0; guess < 16; guess++) answer = await change({ 'current-password': `guess ${guess}` })
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(answer.html).toContain('Nothing was changed.')
    const right = await change({})
    expect(right.status).toBe(429)
    expect(await hashOf(userId)).toBe(former)
    host.clock.advance(3_600)
    const fresh = await visitor.get(`${account()}/password`)
    expect((await visitor.follow(await change({}, fresh))).html).toContain('Your password is changed.')
  })

  test('what is not looked at costs no attempt: many slips in the new one, and the change goes through', async () => {
    const { visitor, change } = await before('eli')
    for (let slip = 0; slip < 20; slip++) await change({ 'new-password-again': `slip ${slip}` })
    expect((await visitor.follow(await change({}))).html).toContain('Your password is changed.')
  })

  test('R22 a form of another origin, browser, person or purpose is refused, and changes nothing', async () => {
    const { userId, visitor, page, former } = await before('fia')
    const { action, fields } = formWith(page, 'password-submit')
    const typed = { 'current-password': TEST_PASSWORD, 'new-password': NEXT, 'new-password-again': NEXT }
    const whole = { ...fields, ...typed }
    const at = new URL(action, page.url).href
    const post = (body: Record<string, string>, origin = host.issuer, by = visitor) =>
      by.post(at, body, { headers: { origin } })
    const stranger = new Visitor()
    await signIn('fia', TEST_PASSWORD, stranger)
    const other = formWith(await visitor.get(account()), 'sign-out-elsewhere').fields['csrf'] ?? ''
    const refused = [
      await post(whole, 'https://evil.test'),
      await post({ ...whole, csrf: '' }),
      await post({ ...whole, csrf: other }),
      await post({ ...whole, account: `${fields['account']}x` }),
      await post(whole, host.issuer, stranger),
    ]
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403])
    expect(await hashOf(userId)).toBe(former)
    expect((await post(whole)).status).toBe(303)
    expect(await hashOf(userId)).not.toBe(former)
  })

  test('of two at once one is taken, and the other changes nothing', async () => {
    const { userId, visitor, page } = await before('gus')
    const { action, fields } = formWith(page, 'password-submit')
    const news = ['the first of two rivers', 'the second of two rivers', 'the third of two rivers']
    const post = (next: string) =>
      visitor.post(
        new URL(action, page.url).href,
        { ...fields, 'current-password': TEST_PASSWORD, 'new-password': next, 'new-password-again': next },
        { headers: { origin: host.issuer } },
      )
    const answers = await Promise.all(news.map(post))
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303])
    const done = answers.map(({ location }) => location?.includes('done=password_changed'))
    expect(done.filter(Boolean)).toHaveLength(1)
    const works = []
    for (const next of news) works.push(await getsIn('gus', next))
    expect(works).toEqual(done)
    expect((await eventsOf('user_password_changed')).filter((event) => event.userId === userId)).toHaveLength(1)
  })

  test('a person disabled meanwhile changes nothing, and is signed in nowhere', async () => {
    const { userId, change, former } = await before('hal')
    await store().setUserEnabled(userId, false, { type: 'user_disabled', at: host.clock.now(), userId })
    expect((await change({})).location).toBe(`${account()}/sign-in`)
    expect(await hashOf(userId)).toBe(former)
  })

  test('others who are signed in in the same browser stay so', async () => {
    const { visitor, change } = await before('ida')
    await host.addUser('jan')
    const page = await visitor.get(`${account()}/sign-in`)
    await visitor.submit(page, 'login-submit', { username: 'jan', password: TEST_PASSWORD })
    // The form still acts for whom it was made for.
    const after = await visitor.follow(await change({}))
    expect(after.html).toContain('Signed in as <strong>Name of ida</strong>')
    expect(visitor.cookies.get('lingpai-session')?.split('.')).toHaveLength(2)
    expect([await getsIn('ida', NEXT), await getsIn('jan', TEST_PASSWORD)]).toEqual([true, true])
  })

  test('the browser is remembered only where that was asked for', async () => {
    for (const [username, remember, lasts] of [
      ['kim', {}, false],
      ['lee', { remember: 'yes' }, true],
    ] as const) {
      const { change } = await before(username)
      const line = (await change(remember)).headers.getSetCookie().find((each) => each.startsWith('lingpai-session='))
      expect(/max-age=/i.test(line ?? '')).toBe(lasts)
    }
  })
})

test('where there is no account page, there is none for passwords', async () => {
  const host = await startServer({ accountPage: 'off' })
  for (const path of ['/sso/account/password', '/.well-known/change-password']) {
    expect((await new Visitor().get(`${host.issuer}${path}`)).status).toBe(404)
  }
  await host.close()
})
