// A language that is picked on a page without a form holds for the next ones, also where the page stands at an address to
// which clients send people. What a client or another site has wished for is shown, and changes nothing for later.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Locale } from '../../src/pages/index.ts'
import { ask, authorizeUrl } from '../support/authorize.ts'
import { CALLBACK, startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'
import { type Page, Visitor } from '../support/visitor.ts'

const COOKIE = 'lingpai-locale'

let host: TestServer
beforeAll(async () => {
  host = await startServer({ frontPage: true })
  await host.addUser('alice')
  await host.addClient('web', 'openid-connect', { post_logout_redirect_uris: [CALLBACK] })
  const begun = {
    verified: false,
    initiate_login_uri: 'https://client.test/begin',
    post_logout_redirect_uris: [CALLBACK],
  }
  await host.addClient('self-made', 'openid-connect', begun)
  await host.addClient('local', 'openid-connect', { errorDisplay: 'local' })
})
afterAll(() => host.close())

interface Row {
  readonly what: string
  readonly status: number
  readonly url: () => string
  readonly signedIn?: true
}

const at = (path: string) => () => `${host.issuer}${path}`

const rows: readonly Row[] = [
  { what: 'a client that is not known', status: 400, url: () => authorizeUrl(host, { client_id: 'nobody' }) },
  {
    what: 'a redirect URI that is not registered',
    status: 400,
    url: () => authorizeUrl(host, { redirect_uri: 'https://client.test/elsewhere' }),
  },
  {
    what: 'an error that is shown here',
    status: 400,
    url: () => authorizeUrl(host, { client_id: 'local', response_type: 'strange' }),
  },
  {
    what: 'an error of a client that nobody has verified',
    status: 400,
    url: () => authorizeUrl(host, { client_id: 'self-made', response_type: 'strange' }),
  },
  { what: 'a sign-in that is no longer open', status: 400, url: at(`/sso/sign-in/${'x'.repeat(43)}`) },
  { what: 'nothing at this address', status: 404, url: at('/sso/nothing') },
  { what: 'a method that is not taken', status: 405, url: at('/sso/account/sign-out') },
  { what: 'nothing that could be started', status: 404, url: at('/sso/start/nobody') },
  { what: 'leaving for a client that nobody has verified', status: 200, url: at('/sso/start/self-made') },
  { what: 'a sign-out that cannot be', status: 400, url: at('/sso/end-session?post_logout_redirect_uri=x') },
  { what: 'a sign-out of nobody', status: 200, url: at('/sso/end-session') },
  {
    what: 'leaving after a sign-out',
    status: 200,
    url: at(`/sso/end-session?client_id=self-made&post_logout_redirect_uri=${encodeURIComponent(CALLBACK)}`),
  },
  { what: 'the question before a sign-out', status: 200, url: at('/sso/end-session?client_id=web'), signedIn: true },
]

async function visitorOf({ signedIn }: Row, language: Locale): Promise<Visitor> {
  const visitor = new Visitor()
  visitor.language = language
  if (signedIn !== true) return visitor
  const page = await visitor.get(`${host.issuer}/sso/account/sign-in`)
  await visitor.submit(page, 'login-submit', { username: 'alice', password: TEST_PASSWORD })
  return visitor
}

function expectIn(page: Page, locale: Locale, status: number): void {
  expect(page.status, page.html.slice(-1_000)).toBe(status)
  expect(page.html).toContain(`<html lang="${locale}">`)
}

const ways = rows.flatMap((row) => [
  { ...row, locale: 'en' as const, other: 'zh-CN' as const },
  { ...row, locale: 'zh-CN' as const, other: 'en' as const },
])

describe('a language that is picked on the page about', () => {
  it.each(ways)('$what holds for the next pages: from $locale to $other', async (row) => {
    const visitor = await visitorOf(row, row.locale)
    const page = await visitor.get(row.url())
    expectIn(page, row.locale, row.status)
    expectIn(await visitor.switchLanguage(page), row.other, row.status)
    expect(visitor.cookies.get(COOKIE)).toBe(row.other)
    expectIn(await visitor.get(`${host.issuer}/`), row.other, 200)
    expectIn(await visitor.get(row.url()), row.other, row.status)
  })

  it.each(rows)('$what is not what somebody else wishes for: that is shown, and nothing is kept', async (row) => {
    const elsewhere = 'https://client.test/page'
    const led = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      // Typed, or a link of a message, or what a typed address of another site was sent on to.
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'cross-site', referer: row.url() },
      { referer: elsewhere },
      { referer: `${elsewhere}?${host.issuer}/` },
      { referer: 'no address' },
      {},
    ]
    for (const headers of led) {
      const visitor = await visitorOf(row, 'en')
      const url = new URL(row.url())
      url.searchParams.set('ui_locales', 'zh-CN')
      expectIn(await visitor.get(url.href, { headers }), 'zh-CN', row.status)
      expect(visitor.cookies.has(COOKIE), JSON.stringify(headers)).toBe(false)
    }
  })

  it.each(rows)('$what outweighs what a client wishes for later, there too', async (row) => {
    const visitor = await visitorOf(row, 'en')
    await visitor.switchLanguage(await visitor.get(`${host.issuer}/`))
    const url = new URL(row.url())
    url.searchParams.set('ui_locales', 'en')
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { referer: 'https://client.test/page' }]) {
      expectIn(await visitor.get(url.href, { headers }), 'zh-CN', row.status)
    }
    // The switch on that very page works all the same, also in a browser that says nothing about where it comes from.
    const page = await visitor.get(url.href, { headers: { 'sec-fetch-site': 'cross-site' } })
    expectIn(await visitor.switchLanguage(page), 'en', row.status)
    visitor.cookies.set(COOKIE, 'zh-CN')
    expectIn(await visitor.get(url.href), 'en', row.status)
  })

  it('holds too where the browser only says which page led there', async () => {
    const visitor = new Visitor()
    const url = authorizeUrl(host, { client_id: 'nobody' })
    await visitor.get(`${url}&ui_locales=zh-CN`, { headers: { referer: url } })
    expect(visitor.cookies.get(COOKIE)).toBe('zh-CN')
  })

  it('a sign-in that ends with an error said here stays in the language that the client wished for', async () => {
    const visitor = new Visitor()
    const page = await ask(visitor, host, { client_id: 'local', ui_locales: 'zh-CN' })
    expectIn(page, 'zh-CN', 200)
    expectIn(await visitor.submit(page, 'login-cancel'), 'zh-CN', 400)
    expect(visitor.cookies.has(COOKIE)).toBe(false)
  })

  it('an unreadable request is shown in the language of the browser, and keeps nothing', async () => {
    const visitor = new Visitor()
    const headers = { 'sec-fetch-site': 'same-origin' }
    const page = await visitor.get(`${host.issuer}/sso/authorize?ui_locales=zh-CN&x=%ff`, { headers })
    expectIn(page, 'en', 400)
    expect(visitor.cookies.has(COOKIE)).toBe(false)
  })
})
