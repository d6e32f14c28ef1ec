// The account page as a page: its headers, its size, where it is linked, and that it can be switched off.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountPage, type Locale } from '../../src/pages/index.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'
import { type Page, Visitor } from '../support/visitor.ts'

const opened: TestServer[] = []
async function serve(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const host = await startServer({ frontPage: true, ...options })
  opened.push(host)
  await host.addClient('shop', 'openid-connect', { client_name: 'Shop' })
  await host.addUser('alice')
  await host.server.parts.frontPage?.look()
  return host
}
afterAll(async () => {
  for (const host of opened) await host.close()
})

const party = (host: TestServer) => new RelyingParty({ host, clientId: 'shop' })

/** The consent page, which alice is shown the first time. */
async function consentPage({ visitor }: RelyingParty, url: string): Promise<Page> {
  const signIn = await visitor.follow(await visitor.get(url))
  return visitor.follow(await visitor.submit(signIn, 'login-submit', { username: 'alice', password: TEST_PASSWORD }))
}

describe('a server with the account page', () => {
  let host: TestServer
  let shop: RelyingParty
  beforeAll(async () => {
    host = await serve()
    shop = party(host)
    await shop.tokens()
  })

  test('has the headers of its sibling pages on each of its own: no script, no frame, never kept', async () => {
    const sibling = await new Visitor().get(`${host.issuer}/sso/start/nobody`)
    const names = ['x-frame-options', 'x-content-type-options', 'referrer-policy', 'permissions-policy', 'pragma']
    for (const path of ['account', 'account/withdraw?client_id=shop', 'account/sign-in']) {
      const { status, headers } = await shop.visitor.get(`${host.issuer}/sso/${path}`)
      expect(status, path).toBe(200)
      for (const name of [...names, 'cross-origin-opener-policy', 'cache-control', 'content-type']) {
        expect(headers.get(name), `${path} ${name}`).toBe(sibling.headers.get(name))
      }
      expect(headers.get('cache-control')).toBe('no-store')
      const policy = headers.get('content-security-policy') ?? ''
      for (const rule of ["script-src 'none'", "frame-ancestors 'none'", "form-action 'self';", "default-src 'none'"]) {
        expect(policy, path).toContain(rule)
      }
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test('answers each address by the methods it is for', async () => {
    const asked = async (path: string, method: string) => (await fetch(`${host.issuer}/sso/${path}`, { method })).status
    expect(await asked('account', 'POST')).toBe(405)
    expect(await asked('account/sign-out', 'GET')).toBe(405)
    expect(await asked('account/nothing', 'GET')).toBe(404)
  })

  test('is linked where it helps: on the consent page, when signing out, and at the front', async () => {
    const link = /<a id="account" href="\/sso\/account">/
    const other = party(host)
    const { html } = await consentPage(other, other.authorizeUrl({ prompt: 'consent' }))
    expect(html).toContain('id="consent-allow"')
    expect(html).toMatch(link)
    expect((await shop.visitor.get(`${host.issuer}/sso/end-session`)).html).toMatch(link)
    expect((await new Visitor().get(`${host.issuer}/`)).html).toMatch(link)
  })

  test('a language that is picked holds through the sign-in', async () => {
    const visitor = new Visitor()
    const page = await visitor.follow(await visitor.get(`${host.issuer}/sso/account?ui_locales=zh-CN`))
    expect(page.html).toContain('<html lang="zh-CN">')
    const back = await visitor.submit(page, 'login-submit', { username: 'alice', password: TEST_PASSWORD })
    expect((await visitor.follow(back)).html).toContain('您已授权的应用')
  })

  test('with a hundred applications it is one page that can be gone through', async () => {
    await host.addUser('busy')
    const visitor = new Visitor()
    for (let each = 0; each < 100; each++) {
      await host.addClient(`app-${each}`, 'openid-connect', { client_name: `Application ${each}` })
      await new RelyingParty({ host, clientId: `app-${each}`, username: 'busy', visitor }).code()
    }
    const { status, html } = await visitor.get(`${host.issuer}/sso/account`)
    expect(status).toBe(200)
    expect(Buffer.byteLength(html)).toBeLessThan(100 * 1024)
    // Each button says which application it is about, and a link leads past them all.
    const said = [...html.matchAll(/Withdraw<span class="hidden">([^<]*)<\/span>/g)].map((match) => match[1])
    expect(new Set(said).size).toBe(100)
    expect(html).toContain('<a href="#sessions">')
  })
})

test('switched off, it is nowhere, and nothing leads to it', async () => {
  const host = await serve({ accountPage: 'off' })
  const shop = party(host)
  const consent = await consentPage(shop, shop.authorizeUrl())
  expect(consent.html).toContain('id="consent-allow"')
  const signOut = await shop.visitor.get(`${host.issuer}/sso/end-session`)
  expect(signOut.html).toContain('id="logout-confirm"')
  const front = await new Visitor().get(`${host.issuer}/`)
  for (const { html } of [consent, signOut, front]) expect(html).not.toContain('/sso/account')
  for (const path of ['account', 'account/sign-in', 'account/withdraw?client_id=shop']) {
    expect((await shop.visitor.get(`${host.issuer}/sso/${path}`)).status, path).toBe(404)
  }
  expect((await shop.visitor.post(`${host.issuer}/sso/account/sign-out`, {})).status).toBe(404)
})

describe('instants', () => {
  const view = (zone: string | null, lastUsed: number) => ({
    user: { name: 'n', username: 'u' },
    done: null,
    now: 1_764_400_000,
    zone,
    applications: [{ client: { name: 'c' }, since: 1_764_374_400, kinds: [], resources: [], withdrawHref: '/x' }],
    sessions: [
      { value: 's', isHere: true, since: 1_764_374_400, lastUsed, applications: [] },
      { value: 't', isHere: false, since: 1_764_374_400, lastUsed, applications: [] },
    ],
    signOutThere: { action: '/x', csrf: 'c' },
    signOutHref: '/x',
    anotherHref: '/x',
    passwordHref: '/x',
  })
  const frame = (locale: Locale) => ({ locale, brand: { productName: 'p' }, languageHrefs: {} })
  const shown = (zone: string | null, lastUsed = 1_764_400_000, locale: Locale = 'en') =>
    accountPage(view(zone, lastUsed), frame(locale)).html.replaceAll(
      /<time datetime="([^"]*)">([^<]*)<\/time>/g,
      '$2 [$1]',
    )

  test.each([
    ['Asia/Shanghai', '29 Nov 2025, 08:00 (UTC+8)', '2025年11月29日 08:00（UTC+8）'],
    ['America/New_York', '28 Nov 2025, 19:00 (UTC-5)', '2025年11月28日 19:00（UTC-5）'],
    ['Asia/Kolkata', '29 Nov 2025, 05:30 (UTC+5:30)', '2025年11月29日 05:30（UTC+5:30）'],
    ['Europe/London', '29 Nov 2025, 00:00 (UTC)', '2025年11月29日 00:00（UTC）'],
  ])('are in the zone of the profile, which is named: %s', (zone, en, zhCn) => {
    const [now, machine] = [1_764_400_000, '[2025-11-29T00:00:00.000Z]']
    expect(shown(zone)).toContain(`Signed in ${en} ${machine}`)
    expect(shown(zone, now, 'zh-CN')).toContain(`登录于 ${zhCn} ${machine}`)
    expect(shown(zone)).toContain(`Since ${en} ${machine}`)
    expect(shown(zone, now, 'zh-CN')).toContain(`授权于 ${zhCn} ${machine}`)
    // What a reader of the screen hears on the button tells two sessions apart by the same words.
    expect(shown(zone)).toContain(`, signed in ${en}<`)
  })

  test('are in the zone of the server, named as well, where the profile says none or one that there is not', () => {
    const own = shown(null)
    expect(own).toMatch(/Signed in 2[89] Nov 2025, \d\d:\d\d \(UTC([+-]\d{1,2}(:\d\d)?)?\) \[/)
    for (const zone of ['', 'Middle-earth/Shire', 'Asia/Shanghai"><b>', '\0', '../../etc/passwd', 'x'.repeat(10_000)]) {
      expect(shown(zone) === own, zone.slice(0, 40)).toBe(true)
    }
  })

  test.each([
    [0, 'just now'],
    [59, 'just now'],
    [60, '1 minute ago'],
    [3_599, '59 minutes ago'],
    [7_200, '2 hours ago'],
    // Not yesterday: two midnights may lie between.
    [86_400, '1 day ago'],
    [172_799, '1 day ago'],
    [172_800, '2 days ago'],
    [-5, 'just now'],
  ])('%i seconds ago is %s', (passed, words) => {
    expect(shown(null, 1_764_400_000 - passed)).toContain(`Last used ${words} [`)
  })
})
