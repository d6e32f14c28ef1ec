// What people end by themselves: what they have let in, and where they are signed in. From outside, on both databases.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statement, step } from '../../src/store/database/driver.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'
import { formWith, type Page, Visitor } from '../support/visitor.ts'

const forgetSession = statement<{ session_id: string }>(
  'forget_session',
  'DELETE FROM session WHERE session_id = :session_id',
)

describe.each(['sqlite', 'postgres'] as const)('the account page on %s', (database) => {
  let host: TestServer
  beforeAll(async () => {
    host = await startServer({ database, sessionManagement: true })
    await host.addResource('https://api.test', { name: 'Archive', scope: 'read', clients: 'all' })
    const names = { names: { 'zh-CN': '商店' } }
    await host.addClient('shop', 'openid-connect', { client_name: 'Shop', contact: 'privacy@shop.test', ...names })
    await host.addClient('wiki', 'openid-connect', { client_name: 'Wiki & <b>more</b>' })
    await host.addClient('given', 'openid-connect', { client_name: 'Given', consent: 'implied' })
  })
  afterAll(() => host.close())

  const account = () => `${host.issuer}/sso/account`
  const party = (username: string, clientId = 'shop', visitor = new Visitor()) =>
    new RelyingParty({ host, clientId, username, visitor })
  const store = () => host.server.parts.store
  const open = async (visitor: Visitor) => visitor.follow(await visitor.get(account()))
  const consentsOf = async (userId: string) => (await store().listConsents(userId)).map(({ clientId }) => clientId)
  const sessionsOf = async (userId: string) => store().listSessions(userId, host.clock.now(), 0)
  const eventCount = async () => (await store().listEvents(5000)).length
  const eventsOf = async (userId: string, type: string) =>
    (await store().listEvents(100, { userId })).filter((event) => event.type === type)

  /** Presses the link that asks before anything is withdrawn. */
  async function askToWithdraw(visitor: Visitor, clientId: string): Promise<Page> {
    return visitor.get(`${account()}/withdraw?client_id=${clientId}`)
  }

  test('asks a stranger to sign in with the ordinary page, and leads back', async () => {
    await host.addUser('ann')
    const visitor = new Visitor()
    const first = await visitor.get(account())
    expect([first.status, first.location]).toEqual([303, `${account()}/sign-in`])
    const page = await visitor.follow(first)
    expect(page.html).toContain('with your <strong>Lingpai 令牌</strong> account')
    const wrong = await visitor.submit(page, 'login-submit', { username: 'ann', password: 'wrong' })
    expect(wrong.html).toContain('id="sign-in-error"')
    expect((await open(visitor)).url).toBe(`${account()}/sign-in`)
    const right = await visitor.submit(wrong, 'login-submit', { username: 'ann', password: TEST_PASSWORD })
    expect([right.status, right.location]).toEqual([303, account()])
    // The cookie by which pages of clients notice that somebody has signed in.
    expect([...visitor.cookies.keys()]).toContain('lingpai-browser-state')
    const there = await open(visitor)
    expect(there.status).toBe(200)
    expect(there.html).toContain('Signed in as <strong>Name of ann</strong> (ann)')
    expect(there.html).toContain('You have not let in any application.')
    expect(there.html).toContain('You are signed in nowhere else.')
  })

  test('RFC 6819 §4.4.3.6 guesses here are held up as they are at every sign-in', async () => {
    await host.addUser('gil')
    const visitor = new Visitor()
    let page = await open(visitor)
    for (let guess = 0; guess < 7; guess++) {
      page = await visitor.submit(page, 'login-submit', { username: 'gil', password: `guess ${guess}` })
    }
    expect([page.status, page.headers.get('retry-after') !== null]).toEqual([429, true])
    expect(page.html).toContain('id="sign-in-wait"')
  })

  test('tells browsers apart by their own names, this one first and the one used last before the others', async () => {
    await host.addUser('una')
    const enter = async (userAgent: string) => {
      const visitor = new Visitor()
      visitor.userAgent = userAgent
      const page = await open(visitor)
      await visitor.submit(page, 'login-submit', { username: 'una', password: TEST_PASSWORD })
      host.clock.advance(60)
      return visitor
    }
    const wechat =
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.61'
    const edge =
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/137.0.0.0 Safari/537.36 Edg/137.0.0.0'
    const here = await enter(edge)
    await enter('<b>some</b> tool')
    const phone = await enter(wechat)
    const names = (page: Page) =>
      [...page.html.matchAll(/<h3>([^<]*)<\/h3>(<span class="tag">[^<]*)?/g)].map(([, name, tag]) => [
        name,
        tag !== undefined,
      ])
    const english = await open(here)
    expect(names(english)).toEqual([
      ['Edge on Windows', true],
      ['WeChat on iPhone', false],
      ['Another browser', false],
    ])
    expect(english.html).toMatch(/Sign out there<span class="hidden">, WeChat on iPhone, signed in /)
    expect(english.html).not.toContain('some')
    here.language = 'zh-CN'
    expect(names(await open(here)).map(([name]) => name)).toEqual([
      'Windows 上的 Edge',
      'iPhone 上的微信',
      '其他浏览器',
    ])
    here.language = 'en'
    // The one that was chosen is signed out, and no other.
    await here.submit(await open(here), 'sign-out-2')
    expect(names(await open(here)).map(([name]) => name)).toEqual(['Edge on Windows', 'Another browser'])
    expect((await open(phone)).url).toBe(`${account()}/sign-in`)
    // The same browser under another name, as after an upgrade: signing in again says so.
    here.userAgent = wechat
    await here.submit(await here.get(`${account()}/sign-in`), 'login-submit', {
      username: 'una',
      password: TEST_PASSWORD,
    })
    expect(names(await open(here))[0]).toEqual(['WeChat on iPhone', true])
  })

  test('shows each application that was let in, with the kinds of data in the words of the consent page', async () => {
    await host.addUser('bea')
    const shop = party('bea')
    await shop.tokens({ resource: 'https://api.test', scope: 'openid profile phone offline_access read' })
    await party('bea', 'wiki', shop.visitor).tokens({ scope: 'openid' })
    await party('bea', 'given', shop.visitor).tokens({ scope: 'openid' })
    const { html } = await open(shop.visitor)
    for (const word of ['Your identifier', 'Name', 'Phone number', 'Access while you are away'])
      expect(html).toContain(word)
    expect(html).toContain('Archive (read)')
    // R37: what somebody typed stays text.
    expect(html).toContain('<h3>Wiki &amp; &lt;b&gt;more&lt;/b&gt;</h3>')
    // Nobody was asked about it, so there is no yes to take back; but the session names it.
    expect(html).not.toContain('<h3>Given</h3>')
    expect(html).toMatch(/Used for Given, Shop, Wiki/)
    shop.visitor.language = 'zh-CN'
    const chinese = await open(shop.visitor)
    expect(chinese.html).toContain('<h3>商店</h3>')
    expect(chinese.html).toContain('您的标识、姓名')
  })

  test('PIPL art. 15 a permission is withdrawn with two presses: its tokens end at once, and it asks again', async () => {
    const userId = await host.addUser('cid')
    const shop = party('cid')
    const { access, refresh } = await shop.tokens()
    await party('cid', 'wiki', shop.visitor).tokens()
    const list = await open(shop.visitor)
    expect(list.html).toContain('href="/sso/account/withdraw?client_id=shop"')
    const asked = await askToWithdraw(shop.visitor, 'shop')
    expect(asked.html).toContain('Withdraw your permission for Shop?')
    expect(asked.html).toContain('privacy@shop.test')
    // Looking at it has changed nothing.
    expect(await consentsOf(userId)).toContain('shop')
    expect((await shop.userinfo(access)).status).toBe(200)
    const answer = await shop.visitor.submit(asked, 'withdraw-confirm')
    expect(answer.status).toBe(303)
    const after = await shop.visitor.follow(answer)
    expect(after.html).toContain('You have withdrawn your permission for <strong>Shop</strong>.')
    expect(after.html).toContain('<title>Permission withdrawn')
    expect([(await shop.userinfo(access)).status, (await shop.refresh(refresh)).status]).toEqual([401, 400])
    expect(await consentsOf(userId)).toEqual(['wiki'])
    expect(await eventsOf(userId, 'consent_withdrawn')).toMatchObject([{ clientId: 'shop', detail: { by: 'person' } }])
    // RFC 9110 §15.4.4: a reload repeats nothing.
    const events = await eventCount()
    expect((await shop.visitor.get(after.url)).status).toBe(200)
    expect(await eventCount()).toEqual(events)
    const again = await shop.visitor.follow(await shop.visitor.get(shop.authorizeUrl()))
    expect(again.html).toContain('id="consent-allow"')
  })

  test('what was withdrawn already, or never given, is said kindly and changes nothing', async () => {
    const userId = await host.addUser('dan')
    const shop = party('dan')
    await shop.tokens()
    const asked = await askToWithdraw(shop.visitor, 'shop')
    await shop.visitor.submit(asked, 'withdraw-confirm')
    const events = await eventCount()
    for (const page of [
      await shop.visitor.follow(await shop.visitor.submit(asked, 'withdraw-confirm')),
      await shop.visitor.follow(await askToWithdraw(shop.visitor, 'shop')),
      await shop.visitor.follow(await askToWithdraw(shop.visitor, 'nobody')),
    ]) {
      expect(page.html).toContain('There was nothing to withdraw')
    }
    expect(await eventCount()).toEqual(events)
    expect(await consentsOf(userId)).toEqual([])
  })

  test('signs out one other browser, and then all others; what is here goes on', async () => {
    const userId = await host.addUser('eve')
    const [here, there, third] = [party('eve'), party('eve'), party('eve')]
    const kept = await here.tokens({ scope: 'openid' })
    host.clock.advance(5)
    const gone = await there.tokens({ scope: 'openid' })
    const away = await third.tokens()
    host.clock.advance(5)
    const page = await open(here.visitor)
    expect(page.html.match(/Another browser/g)).toHaveLength(2)
    const [, first = ''] = /name="session" value="([^"]+)"/.exec(page.html) ?? []
    const one = await here.visitor.follow(
      await here.visitor.submit(page, 'sign-out-elsewhere', { elsewhere: '', session: first }),
    )
    expect(one.html).toContain('The other browser is signed out.')
    expect(await sessionsOf(userId)).toHaveLength(2)
    expect(await eventsOf(userId, 'session_ended')).toMatchObject([{ detail: { by: 'person' } }])
    // Its session has been cleared away meanwhile, which ends nothing by itself.
    const cleared = party('eve')
    const old = await cleared.tokens({ scope: 'openid' })
    const [newest] = await sessionsOf(userId)
    await host.driver.atomic([step(forgetSession, { session_id: newest?.sessionId ?? '' })])
    expect((await cleared.userinfo(old.access)).status).toBe(200)
    const all = await here.visitor.follow(await here.visitor.submit(one, 'sign-out-elsewhere'))
    expect(all.html).toContain('One other browser was signed out.')
    expect(await eventsOf(userId, 'sessions_ended')).toMatchObject([{ detail: { by: 'person', elsewhere: true } }])
    expect((await here.userinfo(kept.access)).status).toBe(200)
    expect((await there.userinfo(gone.access)).status).toBe(401)
    expect((await cleared.userinfo(old.access)).status).toBe(401)
    // The person has allowed access while they are away.
    expect((await third.userinfo(away.access)).status).toBe(200)
    expect((await open(there.visitor)).html).toContain('id="login-submit"')
    expect((await open(here.visitor)).html).toContain('You are signed in nowhere else.')
    // Pressed again on the page as it was: nothing is left to end, and nothing is noted.
    const again = async () => here.visitor.follow(await here.visitor.submit(one, 'sign-out-elsewhere'))
    expect((await again()).html).toContain('You were signed in nowhere else.')
    expect(await eventsOf(userId, 'sessions_ended')).toHaveLength(1)
    // What is left of a session that has been cleared away is enough to be ended, and noted.
    const late = await cleared.tokens({ scope: 'openid' })
    const newer = (await sessionsOf(userId)).find(({ authenticatedAt }) => authenticatedAt === host.clock.now())
    await host.driver.atomic([step(forgetSession, { session_id: newer?.sessionId ?? '' })])
    expect((await cleared.userinfo(late.access)).status).toBe(200)
    for (let press = 0; press < 2; press++) {
      expect((await again()).html).toContain('You were signed in nowhere else.')
      expect((await cleared.userinfo(late.access)).status).toBe(401)
      expect(await eventsOf(userId, 'sessions_ended')).toHaveLength(2)
    }
  })

  test('its own browser is signed out by the page that takes its cookies too', async () => {
    const userId = await host.addUser('fay')
    const [here, there] = [party('fay'), party('fay')]
    await here.tokens()
    await there.tokens()
    const page = await open(here.visitor)
    expect(page.html).toContain('id="sign-out-here" href="/sso/end-session"')
    const { fields } = formWith(page, 'sign-out-elsewhere')
    const own = { elsewhere: '', session: fields['account'] ?? '' }
    const answer = await here.visitor.submit(page, 'sign-out-elsewhere', own)
    expect(answer.location).toBe(`${host.issuer}/sso/end-session`)
    expect(await sessionsOf(userId)).toHaveLength(2)
    expect(await eventsOf(userId, 'session_ended')).toEqual([])
    await here.visitor.submit(await here.visitor.get(answer.location ?? ''), 'logout-confirm')
    expect(await sessionsOf(userId)).toHaveLength(1)
    expect(await eventsOf(userId, 'session_ended')).toMatchObject([{ detail: { by: 'person' } }])
  })

  describe('what belongs to somebody else', () => {
    test('is out of reach: a consent, a session, all sessions', async () => {
      const [victimId] = [await host.addUser('hal'), await host.addUser('ida')]
      const victim = party('hal')
      const { access } = await victim.tokens()
      const attacker = party('ida', 'wiki')
      await attacker.tokens()
      await party('ida', 'wiki').tokens()
      const [session] = await sessionsOf(victimId)
      const events = await eventCount()
      const page = await open(attacker.visitor)
      const target = { elsewhere: '', session: session?.sessionId ?? '' }
      const refused = await attacker.visitor.follow(await attacker.visitor.submit(page, 'sign-out-elsewhere', target))
      expect(refused.html).toContain('That browser was signed out already.')
      const asked = await askToWithdraw(attacker.visitor, 'wiki')
      const none = await attacker.visitor.follow(
        await attacker.visitor.submit(asked, 'withdraw-confirm', { client_id: 'shop' }),
      )
      expect(none.html).toContain('There was nothing to withdraw')
      // Saying to be the other person is no form of ours.
      const asOther = { account: session?.sessionId ?? '' }
      for (const [at, id] of [
        [page, 'sign-out-elsewhere'],
        [asked, 'withdraw-confirm'],
      ] as const) {
        expect((await attacker.visitor.submit(at, id, asOther)).status).toBe(403)
      }
      expect(await eventCount()).toEqual(events)
      expect([await consentsOf(victimId), (await sessionsOf(victimId)).length]).toEqual([['shop'], 1])
      expect((await victim.userinfo(access)).status).toBe(200)
      // The same presses, made with one's own, do their work.
      const own = await attacker.visitor.follow(await attacker.visitor.submit(asked, 'withdraw-confirm'))
      expect(own.html).toContain('You have withdrawn')
      const ended = await attacker.visitor.follow(await attacker.visitor.submit(page, 'sign-out-elsewhere'))
      expect(ended.html).toContain('One other browser was signed out.')
    })

    test('stays so when somebody else has signed in here meanwhile: a form acts for whom it was shown', async () => {
      const [firstId, secondId] = [await host.addUser('jim'), await host.addUser('kim')]
      const shop = party('jim')
      await shop.tokens()
      const asked = await askToWithdraw(shop.visitor, 'shop')
      const signIn = await shop.visitor.get(`${account()}/sign-in`)
      await shop.visitor.submit(signIn, 'login-submit', { username: 'kim', password: TEST_PASSWORD })
      expect((await open(shop.visitor)).html).toContain('(kim)')
      await party('kim', 'shop', shop.visitor).tokens()
      await shop.visitor.submit(asked, 'withdraw-confirm')
      expect([await consentsOf(firstId), await consentsOf(secondId)]).toEqual([[], ['shop']])
      const stale = await askToWithdraw(shop.visitor, 'shop')
      const [session] = await sessionsOf(secondId)
      await store().endSession(session?.sessionId ?? '', { type: 'session_ended', at: host.clock.now() })
      const answer = await shop.visitor.submit(stale, 'withdraw-confirm')
      expect([answer.status, answer.location]).toEqual([303, account()])
      expect(await consentsOf(secondId)).toEqual(['shop'])
    })
  })

  test('RFC 6749 §10.12 a form without our proof, or from another site, changes nothing', async () => {
    const userId = await host.addUser('lea')
    const shop = party('lea')
    await shop.tokens()
    await party('lea').tokens()
    const page = await open(shop.visitor)
    const asked = await askToWithdraw(shop.visitor, 'shop')
    const events = await eventCount()
    for (const [at, id] of [
      [asked, 'withdraw-confirm'],
      [page, 'sign-out-elsewhere'],
    ] as const) {
      const { action, fields } = formWith(at, id)
      const url = new URL(action, host.issuer).href
      const { csrf: _, ...bare } = fields
      const other = formWith(
        id === 'withdraw-confirm' ? page : asked,
        id === 'withdraw-confirm' ? 'sign-out-elsewhere' : 'withdraw-confirm',
      )
      expect((await shop.visitor.post(url, bare)).status).toBe(403)
      expect((await shop.visitor.post(url, { ...fields, csrf: other.fields['csrf'] ?? '' })).status).toBe(403)
      for (const headers of [{ origin: 'https://evil.test' }, { 'sec-fetch-site': 'cross-site' }]) {
        expect((await shop.visitor.post(url, fields, { headers })).status).toBe(403)
      }
      expect((await new Visitor().post(url, fields)).status).toBe(403)
    }
    expect(await eventCount()).toEqual(events)
    expect([await consentsOf(userId), (await sessionsOf(userId)).length]).toEqual([['shop'], 2])
    expect((await shop.visitor.submit(asked, 'withdraw-confirm')).location).toContain('done=withdrawn')
    expect((await shop.visitor.submit(page, 'sign-out-elsewhere')).location).toContain('done=signed_out_elsewhere')
  })

  test('a session that ended in between leads to the sign-in page and back, and nothing is done', async () => {
    const userId = await host.addUser('max')
    const shop = party('max')
    await shop.tokens()
    const asked = await askToWithdraw(shop.visitor, 'shop')
    await store().endSessionsOfUser(userId, false, { type: 'sessions_ended', at: host.clock.now(), userId })
    for (const answer of [
      await shop.visitor.submit(asked, 'withdraw-confirm'),
      await askToWithdraw(shop.visitor, 'shop'),
      await shop.visitor.get(account()),
    ]) {
      expect([answer.status, answer.location]).toEqual([303, `${account()}/sign-in`])
    }
    expect(await consentsOf(userId)).toEqual(['shop'])
    const page = await open(shop.visitor)
    const back = await shop.visitor.submit(page, 'login-submit', { username: 'max', password: TEST_PASSWORD })
    expect((await shop.visitor.follow(back)).html).toContain('<h3>Shop</h3>')
  })

  test('a link of a stranger cannot say that something was done', async () => {
    await host.addUser('ned')
    const shop = party('ned')
    await shop.tokens()
    const asked = await askToWithdraw(shop.visitor, 'shop')
    const done = (await shop.visitor.submit(asked, 'withdraw-confirm')).location ?? ''
    expect((await shop.visitor.get(done)).html).toContain('id="done"')
    const other = party('ned')
    await other.tokens()
    for (const [visitor, url] of [
      [other.visitor, done],
      [shop.visitor, done.replace('about=shop', 'about=wiki')],
      [shop.visitor, `${account()}?done=signed_out_elsewhere&about=9`],
    ] as const) {
      const { status, html } = await visitor.get(url)
      expect([status, html.includes('id="done"')]).toEqual([200, false])
    }
  })
})
