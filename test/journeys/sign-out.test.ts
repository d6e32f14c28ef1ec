// Signing out in a real browser: clients that are told in frames, the way on from there, and a page of a client that
// notices it by itself. With scripts and without, where it makes a difference.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { authorizeUrl } from '../support/authorize.ts'
import { launchBrowser, visitQuietly } from '../support/browser.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'

interface Asked {
  readonly host: string
  readonly url: URL
  readonly referer: string | undefined
}

let browser: Browser
let host: TestServer
let port = 0
let asked: Asked[] = []
/** One client is another site than the server, the other is the same site at another port. */
const shop = () => `http://localhost:${port}`
const mail = () => `http://127.0.0.1:${port}`

/** A page of a client that asks the frame of the server every now and then, as libraries do. */
const WATCHING = (frame: string) => `<!doctype html><title>Client</title><link rel="icon" href="data:,">
<ol id="answers"></ol><iframe id="op" src="${frame}"></iframe><script>
const op = document.getElementById('op')
const state = new URLSearchParams(location.search).get('session_state')
addEventListener('message', ({ data, origin }) => {
  if (origin !== new URL(op.src).origin) return
  const item = document.createElement('li')
  item.textContent = data
  document.getElementById('answers').append(item)
})
op.onload = () => setInterval(() => op.contentWindow.postMessage('mail ' + state, op.src), 100)
</script>`

const answer = (request: IncomingMessage, reply: ServerResponse) => {
  const url = new URL(request.url ?? '', `http://${request.headers.host}`)
  asked.push({ host: request.headers.host ?? '', url, referer: request.headers.referer })
  reply.writeHead(200, { 'content-type': 'text/html' })
  reply.end(
    url.pathname === '/watch'
      ? WATCHING(`${host.issuer}/sso/check-session`)
      : `<!doctype html><link rel="icon" href="data:,"><p id="arrived">${url.pathname}</p>`,
  )
}
const client = createServer(answer)
/** The same pages at an origin that no client has. */
const stranger = createServer(answer)
let strangerPort = 0

beforeAll(async () => {
  browser = await launchBrowser()
  await new Promise<void>((resolve) => client.listen(0, '127.0.0.1', resolve))
  port = (client.address() as AddressInfo).port
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  strangerPort = (stranger.address() as AddressInfo).port
  host = await startServer({ frontChannelLogout: true, sessionManagement: true })
  for (const [id, origin] of [
    ['shop', shop()],
    ['mail', mail()],
  ] as const) {
    await host.addClient(id, 'openid-connect', {
      consent: 'implied',
      redirect_uris: [`${origin}/cb`, `${origin}/watch`],
      post_logout_redirect_uris: [`${origin}/bye`],
      frontchannel_logout_uri: `${origin}/front?client=${id}`,
    })
  }
  await host.addUser('alice')
}, 300_000)
afterAll(async () => {
  await browser?.close()
  for (const server of [client, stranger]) {
    server.closeAllConnections()
    server.close()
  }
  await host.close()
})
beforeEach(() => {
  asked = []
})

const inBrowser = (javaScriptEnabled: boolean, visit: (tab: Tab) => Promise<void>) =>
  visitQuietly(browser, { javaScriptEnabled }, visit)

async function signInTo(tab: Tab, clientId: string, callback: string): Promise<void> {
  await tab.goto(authorizeUrl(host, { client_id: clientId, redirect_uri: callback }))
  if ((await tab.locator('#username').count()) > 0) {
    await tab.fill('#username', 'alice')
    await tab.fill('#password', TEST_PASSWORD)
    await tab.click('#login-submit')
  }
  await tab.waitForURL(`${callback}?**`)
}

const endSession = (parameters: Record<string, string>) =>
  `${host.issuer}/sso/end-session?${new URLSearchParams(parameters).toString()}`

describe.each([true, false])('signing out with scripts: %s', (scripts) => {
  test('every client is asked in a frame, and a link leads onward with state', async () => {
    await inBrowser(scripts, async (tab) => {
      await signInTo(tab, 'shop', `${shop()}/cb`)
      await signInTo(tab, 'mail', `${mail()}/cb`)
      const afterwards = `${shop()}/bye`
      await tab.goto(endSession({ client_id: 'shop', post_logout_redirect_uri: afterwards, state: 'a "b"&c' }))
      await tab.click('#logout-confirm')
      await tab.waitForSelector('text=Signed out')
      await expect.poll(() => asked.filter(({ url }) => url.pathname === '/front').length).toBe(2)
      const told = asked.filter(({ url }) => url.pathname === '/front')
      expect(told.map(({ url }) => [url.origin, url.searchParams.get('client')]).sort()).toEqual([
        [mail(), 'mail'],
        [shop(), 'shop'],
      ])
      for (const { url, referer } of told) {
        expect(url.searchParams.get('iss')).toBe(host.issuer)
        expect(url.searchParams.get('sid')).toMatch(/^[A-Za-z0-9_-]{43}$/)
        expect(referer).toBeUndefined()
      }
      expect(tab.url().startsWith(host.issuer)).toBe(true)
      await tab.click('#logout-continue')
      await tab.waitForSelector('#arrived')
      expect(tab.url()).toBe(`${afterwards}?state=a%20%22b%22%26c`)
    })
  })
})

test('the question and the page with frames can be read and used by everyone', async () => {
  await inBrowser(true, async (tab) => {
    const problems = async () => {
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
      const { violations } = await new AxeBuilder({ page: tab }).withTags(tags).setLegacyMode(true).analyze()
      return violations.map(({ id }) => id)
    }
    await signInTo(tab, 'shop', `${shop()}/cb`)
    await tab.goto(endSession({ client_id: 'shop' }))
    expect(await problems()).toEqual([])
    await tab.check('#everywhere')
    await tab.click('#logout-confirm')
    await tab.waitForSelector('text=Signed out')
    expect(await tab.locator('iframe').count()).toBe(1)
    expect(await tab.locator('iframe').isVisible()).toBe(false)
    expect(await problems()).toEqual([])
  })
})

describe('a page that watches the session', () => {
  const answers = async (tab: Tab) => [...new Set(await tab.locator('#answers li').allTextContents())]

  test('hears that nothing has changed, and then of the sign-out in another tab', async () => {
    await inBrowser(true, async (tab) => {
      await signInTo(tab, 'mail', `${mail()}/watch`)
      await expect.poll(() => answers(tab)).toEqual(['unchanged'])
      const other = await tab.context().newPage()
      await other.goto(endSession({}))
      await other.click('#logout-confirm')
      await other.waitForSelector('text=Signed out')
      await expect.poll(() => answers(tab)).toEqual(['unchanged', 'changed'])
      await other.close()
    })
  })

  test('a page of a stranger cannot show the frame', async () => {
    const context = await browser.newContext()
    try {
      const tab = await context.newPage()
      const refused = tab.waitForEvent('console', (message) => message.text().includes('frame-ancestors'))
      await tab.goto(`http://127.0.0.1:${strangerPort}/watch?session_state=x`)
      expect((await refused).text()).toContain('frame-ancestors')
      expect(await answers(tab)).toEqual([])
    } finally {
      await context.close()
    }
  })
})
