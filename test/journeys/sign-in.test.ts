// The way of a person through a real browser, with and without scripts, in both languages: every host but ours and the
// client's callback is blocked, and nobody asks for one.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Page as Tab } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { authorizeUrl } from '../support/authorize.ts'
import { launchBrowser } from '../support/browser.ts'
import { takePicture } from '../support/journey.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'

const STATE = 'anchor=livepush&platform=1500004462'

const WORDS = {
  en: {
    signIn: 'Sign in',
    wrong: 'do not belong together',
    share: 'Share your data with 制作云?',
    recipient: 'Tencent Cloud, 制作云',
    out: 'Sign out?',
  },
  'zh-CN': { signIn: '登录', wrong: '不正确', share: '制作云', recipient: '腾讯云 制作云', out: '退出' },
} as const

let browser: Browser
let host: TestServer
let people = 0

/** The client: another site than ours, so that cookies and policies are put to the test. */
let callback: string
let signedOut: string
let callbacks: URL[] = []
const client = createServer((req, res) => {
  const url = new URL(req.url ?? '/', callback)
  if (url.pathname !== '/favicon.ico') callbacks.push(url)
  res.writeHead(200, { 'content-type': 'text/html' }).end('<link rel="icon" href="data:,"><p id="at-the-client">')
})

beforeAll(async () => {
  browser = await launchBrowser()
  await new Promise<void>((resolve) => client.listen(0, '127.0.0.1', resolve))
  const { port } = client.address() as AddressInfo
  callback = `http://localhost:${port}/Oauth/Login/Callback`
  signedOut = `http://localhost:${port}/signed-out`
  host = await startServer({ defaultLocale: 'zh-CN' })
  await host.addClient('tenant', 'zhizuoyun', {
    client_name: '制作云',
    redirect_uris: [callback],
    post_logout_redirect_uris: [signedOut],
  })
})
afterAll(async () => {
  await browser.close()
  client.closeAllConnections()
  client.close()
  await host.close()
})

const ways = (['zh-CN', 'en'] as const).flatMap((locale) =>
  [true, false].map((javaScriptEnabled) => ({
    locale,
    javaScriptEnabled,
    scripts: javaScriptEnabled ? 'with' : 'without',
  })),
)

describe.each(ways)('in $locale, $scripts scripts', ({ locale, javaScriptEnabled, scripts }) => {
  const words = WORDS[locale]
  let context: BrowserContext
  let tab: Tab
  let complaints: string[]
  let username: string
  /** How many visits to the client this test has looked at. */
  let met: number

  beforeEach(async () => {
    username = `person${++people}`
    await host.addUser(username, {
      profile: { displayName: '张三' },
      phone: `+86138001380${10 + people}`,
      phoneVerified: true,
    })
    complaints = []
    callbacks = []
    met = 0
    context = await browser.newContext({ locale, javaScriptEnabled, viewport: { width: 390, height: 844 } })
    tab = await context.newPage()
    tab.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('status of 4')) complaints.push(message.text())
    })
    tab.on('pageerror', (error) => complaints.push(error.message))
    const known = [`${host.issuer}/`, callback, signedOut, 'https://client.test/']
    tab.on('request', (request) => {
      if (!known.some((begin) => request.url().startsWith(begin))) complaints.push(`asked for ${request.url()}`)
    })
  })
  afterEach(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })

  const request = () => ({ client_id: 'tenant', redirect_uri: callback, scope: 'openid profile phone', state: STATE })

  const begin = (parameters: Parameters<typeof authorizeUrl>[1] = {}) =>
    tab.goto(authorizeUrl(host, { ...request(), ...parameters }))

  async function fillIn(name = username, password = TEST_PASSWORD): Promise<void> {
    await tab.fill('#username', name)
    await tab.fill('#password', password)
    await tab.click('#login-submit')
  }

  async function arrive(): Promise<URL> {
    await expect.poll(() => callbacks.length, { timeout: 10_000 }).toBeGreaterThan(met)
    met = callbacks.length
    await tab.waitForSelector('#at-the-client', { state: 'attached' })
    const last = callbacks.at(-1)
    if (last === undefined) throw new Error('the client was not reached')
    return last
  }

  async function firstSignIn(): Promise<URL> {
    await begin()
    await fillIn()
    await tab.click('#consent-allow')
    return arrive()
  }

  const picture = (name: string) => takePicture(tab, `${name}-${locale}-${scripts}`)

  test('after a wrong password the language is switched by keyboard, and the user name is still there', async () => {
    const other = locale === 'en' ? 'zh-CN' : 'en'
    await begin()
    await fillIn(username, 'wrong')
    await tab.focus('header nav button')
    await tab.keyboard.press('Enter')
    await tab.waitForSelector(`html[lang="${other}"]`)
    expect(await tab.textContent('#sign-in-error')).toContain(WORDS[other].wrong)
    expect(await tab.inputValue('#username')).toBe(username)
    expect(await tab.inputValue('#password')).toBe('')
    await picture('switched-after-error')
    await fillIn()
    await tab.click('#consent-allow')
    expect((await arrive()).searchParams.get('state')).toBe(STATE)
  })

  test('a first sign-in with consent, then a silent second one', async () => {
    await begin()
    expect(await tab.getAttribute('html', 'lang')).toBe(locale)
    expect(await tab.textContent('h1')).toBe(words.signIn)
    expect(await tab.locator('#username:focus').count()).toBe(1)
    await picture('sign-in')
    await fillIn()
    expect(await tab.textContent('h1')).toContain(words.share)
    const text = (await tab.textContent('main')) ?? ''
    for (const shown of ['张三', words.recipient, '138****']) expect(text).toContain(shown)
    expect(text).not.toContain(`138001380${10 + people}`)
    await picture('consent')
    await tab.click('#consent-allow')
    const answer = await arrive()
    expect(answer.searchParams.get('code')).toMatch(/^[A-Za-z0-9]{50}$/)
    expect(answer.search).toContain('state=anchor%3Dlivepush%26platform%3D1500004462')
    expect(callbacks).toHaveLength(1)
    await begin()
    expect((await arrive()).searchParams.get('code')).not.toBe(answer.searchParams.get('code'))
    expect(callbacks).toHaveLength(2)
  })

  test('a wrong password is said, the name stays, the right one goes on', async () => {
    await begin({ login_hint: username })
    expect(await tab.inputValue('#username')).toBe(username)
    await fillIn(username, 'not the password')
    expect(await tab.textContent('[role=alert]')).toContain(words.wrong)
    expect(await tab.inputValue('#username')).toBe(username)
    expect(await tab.inputValue('#password')).toBe('')
    await picture('wrong-password')
    await tab.fill('#password', TEST_PASSWORD)
    await tab.keyboard.press('Enter')
    await tab.waitForSelector('#consent-allow')
    expect(callbacks).toEqual([])
  })

  test('consent denied is told to the client, and asked again the next time', async () => {
    await begin()
    await fillIn()
    await tab.click('#consent-deny')
    const answer = await arrive()
    expect(answer.searchParams.get('error')).toBe('access_denied')
    expect(answer.searchParams.get('state')).toBe(STATE)
    expect(answer.searchParams.has('code')).toBe(false)
    await begin()
    await tab.waitForSelector('#consent-allow')
  })

  test('choosing an account, and another one', async () => {
    await firstSignIn()
    const first = username
    username = `person${++people}`
    await host.addUser(username, { profile: { displayName: '李四' } })
    await begin({ prompt: 'select_account' })
    await picture('choose-account')
    await tab.click('#account-other')
    await fillIn()
    await tab.click('#consent-allow')
    await arrive()
    await begin({ prompt: 'select_account' })
    expect(await tab.textContent('#account-1')).toContain('李四')
    expect(await tab.textContent('#account-2')).toContain(first)
    await tab.click('#account-2')
    await arrive()
    expect(callbacks).toHaveLength(3)
    expect(callbacks.every((url) => url.searchParams.has('code'))).toBe(true)
  })

  test('signing out, and not', async () => {
    await firstSignIn()
    const url = `${host.issuer}/sso/end-session?client_id=tenant&state=x&post_logout_redirect_uri=${encodeURIComponent(signedOut)}`
    await tab.goto(url)
    expect(await tab.textContent('h1')).toContain(words.out)
    await picture('sign-out')
    await tab.click('#logout-cancel')
    await tab.waitForSelector('h1')
    await begin({ prompt: 'none' })
    expect((await arrive()).searchParams.has('code')).toBe(true)
    await tab.goto(url)
    await tab.click('#logout-confirm')
    expect((await arrive()).href).toBe(`${signedOut}?state=x`)
    await begin({ prompt: 'none' })
    expect((await arrive()).searchParams.get('error')).toBe('login_required')
  })

  test('a request that is refused says so here, with a number to tell the operator', async () => {
    await begin({ redirect_uri: `${callback}/` })
    expect(await tab.textContent('#error-code')).toBe('invalid_request')
    expect(await tab.textContent('#trace-id')).toMatch(/^tr_/)
    await picture('refused')
    expect(callbacks).toEqual([])
  })

  // One language with scripts and the other without will do: these depend on neither.
  if ((locale === 'en') === javaScriptEnabled) {
    test('too many wrong passwords: the page says how long to wait', async () => {
      await begin()
      for (let at = 0; at < 6; at++) await fillIn(username, `wrong ${at}`)
      await tab.waitForSelector('#sign-in-wait')
      await picture('wait')
      host.clock.advance(1)
      await fillIn()
      await tab.waitForSelector('#consent-allow')
    })

    test('a form of another site signs nobody in, and a POST of the client finds the session', async () => {
      await firstSignIn()
      const inputs = Object.entries({ response_type: 'code', ...request() })
        .map(([name, value]) => `<input type="hidden" name="${name}" value="${value.replaceAll('&', '&amp;')}">`)
        .join('')
      const body = `<form method="post" action="${host.issuer}/sso/authorize">${inputs}<button id="go">go</button></form>`
      await context.route('https://client.test/start', (route) => route.fulfill({ contentType: 'text/html', body }))
      await tab.goto('https://client.test/start')
      await tab.click('#go')
      expect((await arrive()).searchParams.get('code')).toMatch(/^[A-Za-z0-9]{50}$/)
      const before = (await context.cookies()).map(({ name, value }) => `${name}=${value}`)
      const signOut = `<form method="post" action="${host.issuer}/sso/end-session"><button id="go">go</button></form>`
      await context.route('https://client.test/out', (route) =>
        route.fulfill({ contentType: 'text/html', body: signOut }),
      )
      await tab.goto('https://client.test/out')
      await tab.click('#go')
      await tab.waitForSelector('#logout-confirm')
      expect((await context.cookies()).map(({ name, value }) => `${name}=${value}`)).toEqual(before)
    })
  }
})
