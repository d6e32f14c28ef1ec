// No page is an end: where nothing is at an address, and after a sign-out, a link leads on, to a page of ours that is there.

import { afterAll, describe, expect, test } from 'vitest'
import { LOCALES, type Locale } from '../../src/pages/index.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'
import { type Page, Visitor } from '../support/visitor.ts'

type Options = Parameters<typeof startServer>[0]

const opened: TestServer[] = []
async function serve(options: Options): Promise<TestServer> {
  const host = await startServer(options)
  opened.push(host)
  await host.addUser('alice')
  return host
}
afterAll(async () => {
  for (const host of opened) await host.close()
})

/** Where the links between the heading and the footer lead, with what they say. */
const linksOf = ({ html }: Page) =>
  [...html.slice(html.indexOf('<main'), html.indexOf('</main>')).matchAll(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)</g)].map(
    ([, href = '', text = '']) => [href, text],
  )

async function nowhere(host: TestServer, language: Locale): Promise<Page> {
  const visitor = new Visitor()
  visitor.language = language
  const page = await visitor.get(`${host.origin}/sso/nothing//evil.test/?next=https://evil.test/`)
  expect(page.status).toBe(404)
  expect(page.html).toContain(`<html lang="${language}">`)
  return page
}

async function signedIn(host: TestServer, language: Locale): Promise<Visitor> {
  const visitor = new Visitor()
  visitor.language = language
  await host.addClient('web', 'openid-connect', { consent: 'implied' })
  const query = 'response_type=code&client_id=web&scope=openid&redirect_uri=https%3A%2F%2Fclient.test%2Fcallback'
  const page = await visitor.follow(await visitor.get(`${host.origin}/sso/authorize?${query}`))
  await visitor.submit(page, 'login-submit', { username: 'alice', password: TEST_PASSWORD })
  return visitor
}

async function afterSignOut(host: TestServer, language: Locale, id: 'logout-confirm' | 'logout-cancel') {
  const visitor = await signedIn(host, language)
  const page = await visitor.submit(await visitor.get(`${host.origin}/sso/end-session`), id)
  expect(page.status).toBe(200)
  return { visitor, page }
}

const FRONT = { en: 'Go to the front page', 'zh-CN': '前往首页' }
const ACCOUNT = { en: 'Go to your account', 'zh-CN': '前往我的账号' }
const AGAIN = { en: 'Sign in again', 'zh-CN': '重新登录' }

describe.each(LOCALES)('%s', (locale) => {
  test('with a front page that is where to go from nowhere, and it is there', async () => {
    const host = await serve({ frontPage: true })
    const page = await nowhere(host, locale)
    expect(linksOf(page)).toEqual([['/', FRONT[locale]]])
    expect((await new Visitor().get(`${host.origin}/`)).status).toBe(200)
  })

  test('without one it is the account, and without that nothing is promised', async () => {
    const host = await serve({})
    expect(linksOf(await nowhere(host, locale))).toEqual([['/sso/account', ACCOUNT[locale]]])
    expect(linksOf(await nowhere(await serve({ accountPage: 'off' }), locale))).toEqual([])
  })

  test('after a sign-out one can sign in again, and comes to the account', async () => {
    const { visitor, page } = await afterSignOut(await serve({ frontPage: true }), locale, 'logout-confirm')
    expect(linksOf(page)).toEqual([['/sso/account', AGAIN[locale]]])
    const form = await visitor.follow(await visitor.get(new URL('/sso/account', page.url).href))
    const account = await visitor.submit(form, 'login-submit', { username: 'alice', password: TEST_PASSWORD })
    expect(account.location).toBe(new URL('/sso/account', page.url).href)
    // The other language says the same.
    const other = locale === 'en' ? 'zh-CN' : 'en'
    expect(linksOf(await visitor.switchLanguage(page))).toEqual([['/sso/account', AGAIN[other]]])
  })

  test('without an account page the front page is left, and without both nothing is promised', async () => {
    for (const id of ['logout-confirm', 'logout-cancel'] as const) {
      const front = await afterSignOut(await serve({ frontPage: true, accountPage: 'off' }), locale, id)
      expect(linksOf(front.page), id).toEqual([['/', FRONT[locale]]])
      const none = await afterSignOut(await serve({ accountPage: 'off' }), locale, id)
      expect(linksOf(none.page), id).toEqual([])
    }
  })

  test('whoever stays signed in is led to the account alone', async () => {
    const { page } = await afterSignOut(await serve({ frontPage: true }), locale, 'logout-cancel')
    expect(linksOf(page).map(([href]) => href)).toEqual(['/sso/account'])
  })
})

test('nothing that a stranger writes into an address is a way on', async () => {
  const host = await serve({ frontPage: true })
  const visitor = new Visitor()
  const addresses = [
    '//evil.test/',
    '/%2f%2fevil.test',
    '/sso/account/https://evil.test',
    '/?/../nothing',
    '/x?next=//evil.test',
  ]
  for (const address of addresses) {
    const page = await visitor.get(`${host.origin}${address}`)
    for (const [href] of linksOf(page)) expect(['/', '/sso/account'], address).toContain(href)
  }
  const out = await visitor.get(`${host.origin}/sso/end-session?next=https%3A%2F%2Fevil.test&state=x`)
  expect(linksOf(out)).toEqual([['/sso/account', AGAIN.en]])
})
