// Strangers can open sign-ins: what they can fill is bounded, per browser, per address and in all; and guesses sent to
// two servers at once are counted as one.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { statement } from '../../src/store/database/driver.ts'
import {
  ask,
  authorizeUrl,
  countRecords,
  expectCode,
  expectErrorPage,
  expectPage,
  isAt,
  signIn,
} from '../support/authorize.ts'
import { startServer, TEST_PASSWORD, type TestServer, type TestServerOptions } from '../support/server.ts'
import { formWith, Visitor } from '../support/visitor.ts'

describe('open sign-ins', () => {
  const running: TestServer[] = []
  afterEach(async () => {
    for (const host of running.splice(0)) await host.close()
  })

  async function start(options: TestServerOptions = {}): Promise<TestServer> {
    const host = await startServer({ issuer: 'http://sso.client.test', trustedProxies: ['127.0.0.1'], ...options })
    running.push(host)
    await host.addClient('web')
    await host.addUser('alice')
    return host
  }

  const from = (address: string) => ({ headers: { 'x-forwarded-host': 'sso.client.test', 'x-forwarded-for': address } })
  const openCount = async (host: TestServer) => (await countRecords(host))['interaction'] ?? 0

  /** Opens one and gives its page's address. */
  async function open(host: TestServer, address: string, visitor = new Visitor(), state = 's'): Promise<string> {
    const page = await visitor.get(authorizeUrl(host, { state }), from(address))
    expect(page.status).toBe(303)
    return host.origin + new URL(page.location ?? '').pathname
  }

  const isOpen = async (visitor: Visitor, url: string, address: string) =>
    (await visitor.get(url, from(address))).status === 200

  test('50 a browser: the oldest is lost, the newest and those of other browsers stay', async () => {
    const host = await start()
    const [visitor, other] = [new Visitor(), new Visitor()]
    const address = '203.0.113.1'
    const theirs = await open(host, address, other)
    const urls: string[] = []
    for (let at = 0; at < 52; at++) {
      if (at === 2) host.clock.advance(1)
      urls.push(await open(host, address, visitor))
    }
    expect(await openCount(host)).toBe(51)
    const found = await Promise.all(urls.map((url) => isOpen(visitor, url, address)))
    expect(found.slice(0, 2)).toEqual([false, false])
    expect(found.slice(2)).toEqual(Array(50).fill(true))
    expect(await isOpen(other, theirs, address)).toBe(true)
  })

  test('within one second, too, the newest is not the one that is lost', async () => {
    const host = await start({ limits: { interactions: { perBrowser: 1, perAddress: 1 } } })
    const visitor = new Visitor()
    for (let at = 0; at < 20; at++) {
      const url = await open(host, '203.0.113.1', visitor)
      expect(await isOpen(visitor, url, '203.0.113.1')).toBe(true)
      expect(await openCount(host)).toBe(1)
    }
  })

  test('1,000 an address, an IPv6 /48 counting as one; other addresses lose nothing', async () => {
    const host = await start()
    const neighbour = new Visitor()
    const theirs = await open(host, '203.0.113.9', neighbour)
    for (let at = 0; at < 1_030; at += 10) {
      await Promise.all(
        Array.from({ length: 10 }, (_, more) => open(host, `2001:db8:7:${(at + more).toString(16)}::1`)),
      )
    }
    expect(await openCount(host)).toBe(1_001)
    expect(await isOpen(neighbour, theirs, '203.0.113.9')).toBe(true)
  })

  test.each(['sqlite', 'postgres'] as const)(
    'H13 all together: when full, the address that holds most loses its oldest, on %s',
    async (database) => {
      const host = await start({ database, limits: { interactions: { totalBytes: 400 * 1_024 } } })
      const neighbour = new Visitor()
      const theirs = await open(host, '203.0.113.9', neighbour)
      const attacker = '198.51.100.7'
      let newest: { readonly visitor: Visitor; readonly url: string } | null = null
      for (let at = 0; at < 600; at++) {
        if (at % 100 === 0) host.clock.advance(1)
        const visitor = new Visitor()
        newest = { visitor, url: await open(host, attacker, visitor, 'x'.repeat(2_000)) }
      }
      const count = await openCount(host)
      // Between two looks at most 200 are added.
      expect(count).toBeLessThan(600)
      expect(count).toBeGreaterThan(100)
      expect(await isOpen(neighbour, theirs, '203.0.113.9')).toBe(true)
      expect(newest !== null && (await isOpen(newest.visitor, newest.url, attacker))).toBe(true)
      const late = new Visitor()
      expect(await isOpen(late, await open(host, '203.0.113.10', late), '203.0.113.10')).toBe(true)
    },
  )

  test('nothing is stored for what is refused, answered silently, or larger than 16 KiB', async () => {
    const host = await start()
    for (const parameters of [
      { client_id: 'nobody' },
      { redirect_uri: 'https://evil.test/' },
      { scope: '"' },
      { prompt: 'none' },
      { code_challenge: 'x' },
      { id_token_hint: 'x' },
    ]) {
      await new Visitor().get(authorizeUrl(host, parameters), from('203.0.113.1'))
    }
    const large = { ...Object.fromEntries(new URL(authorizeUrl(host)).searchParams), nonce: '令'.repeat(5_500) }
    await new Visitor().post(`${host.origin}/sso/authorize`, large, from('203.0.113.1'))
    expect(await openCount(host)).toBe(0)
    await open(host, '203.0.113.1')
    expect(await openCount(host)).toBe(1)
  })

  test('a sign-in is open for 30 minutes', async () => {
    const host = await start()
    const visitor = new Visitor()
    const url = await open(host, '203.0.113.1', visitor)
    host.clock.advance(1_799)
    expect(await isOpen(visitor, url, '203.0.113.1')).toBe(true)
    host.clock.advance(1)
    expectErrorPage(await visitor.get(url, from('203.0.113.1')))
  })
})

describe('failed sign-ins', () => {
  let host: TestServer
  beforeAll(async () => {
    host = await startServer({ limits: { guessing: { addressFailures: 10 } } })
    await host.addClient('web')
  })
  afterAll(() => host.close())

  const fail = async (username: string, password = 'wrong') => {
    const visitor = new Visitor()
    expectPage(await visitor.submit(await ask(visitor, host), 'login-submit', { username, password }), 200)
  }
  const count = async (type: string) =>
    (await host.server.parts.store.listEvents(1_000)).filter((event) => event.type === type).length

  test('H13 made-up names from fresh browsers leave a bounded number of events, and that there are more is said once', async () => {
    for (let at = 0; at < 15; at++) await fail(`made-up-${at}`)
    expect(await count('sign_in_failed')).toBe(10)
    expect(await count('sign_in_limited')).toBe(1)
    host.clock.advance(60)
    await fail('made-up-once-more')
    expect(await count('sign_in_limited')).toBe(2)
    // An ordinary failure is listed again once the flood is over.
    host.clock.advance(600)
    await fail('made-up-later')
    expect(await count('sign_in_failed')).toBe(11)
  })

  test('H13 L31 what can be no password costs no hash, so it leaves nothing in the store', async () => {
    const attempts = statement<object, { n: number }>(
      'count_attempts',
      'SELECT CAST(count(*) AS BIGINT) AS n FROM attempt',
    )
    const stored = async () => ({
      attempts: (await host.driver.rows(attempts, {}))[0]?.n ?? 0,
      events: (await host.server.parts.store.listEvents(1_000)).length,
    })
    const before = await stored()
    for (let at = 0; at < 5; at++) await fail(`nobody-${at}`, 'x'.repeat(1_025))
    expect(await stored()).toEqual(before)
    await fail('nobody', 'x'.repeat(1_024))
    const after = await stored()
    expect(after.attempts).toBeGreaterThan(before.attempts)
    expect(after.events).toBe(before.events + 1)
  })
})

describe('two servers on one PostgreSQL', () => {
  let one: TestServer
  let two: TestServer
  beforeAll(async () => {
    one = await startServer({ database: 'postgres' })
    two = await startServer({ beside: one })
    await one.addClient('web')
    await one.addUser('alice')
  })
  afterAll(async () => {
    await two.close()
    await one.close()
  })

  test('L08 a hundred wrong passwords at once: five are checked, the others wait on a page that says how long', async () => {
    const visitor = new Visitor()
    const page = await ask(visitor, one)
    const { action, fields } = formWith(page, 'login-submit')
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, at) => {
        const host = at % 2 === 0 ? one : two
        const sent = { ...fields, username: 'alice', password: `wrong ${at}` }
        return visitor.post(host.origin + action, sent, { headers: { origin: host.origin } })
      }),
    )
    const waiting = replies.filter(({ status }) => status === 429)
    expect(waiting).toHaveLength(95)
    for (const reply of waiting) {
      expectPage(reply, 429)
      expect(reply.headers.get('retry-after')).toBe('1')
      expect(reply.html).toContain('Please wait 1 second')
    }
    const events = await one.server.parts.store.listEvents(500)
    expect(events.filter(({ type }) => type === 'sign_in_failed')).toHaveLength(5)
    const right = { ...fields, username: 'alice', password: TEST_PASSWORD }
    const late = await visitor.post(two.origin + action, right, { headers: { origin: two.origin } })
    expectPage(late, 429)
    one.clock.advance(1)
    expect((await visitor.post(two.origin + action, right, { headers: { origin: two.origin } })).status).toBe(303)
  })

  test('a sign-in begun at one ends at the other', async () => {
    const visitor = new Visitor()
    const page = await ask(visitor, one)
    const consent = await signIn(visitor, { ...page, url: page.url.replace(one.origin, two.origin) }, 'alice')
    expect(isAt(consent, 'consent')).toBe(true)
    const there = { ...consent, url: consent.url.replace(two.origin, one.origin) }
    expectCode(await visitor.submit(there, 'consent-allow'))
    expectCode(await visitor.get(authorizeUrl(two, { prompt: 'none' })))
  })
})
