// An answer that travels as a form, in a real browser: with scripts the person notices nothing, without them there is a
// button. The client is another site, and sends its people on to a third.

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { authorizeUrl } from '../support/authorize.ts'
import { analyze } from '../support/axe.ts'
import { launchBrowser, visitQuietly } from '../support/browser.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'

const STATE = 'a "quoted" <state> & more'

interface Posted {
  readonly method: string
  readonly fields: Readonly<Record<string, string>>
  readonly headers: IncomingMessage['headers']
}

let browser: Browser
let host: TestServer
let callback: string
let posted: Posted[] = []

const client = createServer((req, res) => {
  const { port } = client.address() as AddressInfo
  if (req.url !== '/cb') {
    res.writeHead(200, { 'content-type': 'text/html' }).end('<link rel="icon" href="data:,"><p id="arrived">ok')
    return
  }
  let body = ''
  req.setEncoding('utf8').on('data', (text: string) => {
    body += text
  })
  req.on('end', () => {
    const fields = Object.fromEntries(new URLSearchParams(body))
    posted.push({ method: req.method ?? '', fields, headers: req.headers })
    // Another site than the callback's: `form-action` applies to this hop too.
    res.writeHead(303, { location: `http://127.0.0.1:${port}/home` }).end()
  })
})

beforeAll(async () => {
  browser = await launchBrowser()
  await new Promise<void>((resolve) => client.listen(0, '127.0.0.1', resolve))
  callback = `http://localhost:${(client.address() as AddressInfo).port}/cb`
  host = await startServer({ implicitAndHybrid: true })
  await host.addClient('web', 'openid-connect', { redirect_uris: [callback], consent: 'implied' })
  await host.addClient('hybrid', 'openid-connect', {
    redirect_uris: [callback],
    application_type: 'native',
    grant_types: ['authorization_code', 'implicit'],
    response_types: ['code id_token'],
  })
  await host.addUser('alice')
}, 300_000)
afterAll(async () => {
  await browser?.close()
  client.closeAllConnections()
  client.close()
  await host.close()
})
beforeEach(() => {
  posted = []
})

const url = (parameters: Record<string, string> = {}) =>
  authorizeUrl(host, { redirect_uri: callback, response_mode: 'form_post', state: STATE, ...parameters })

const inBrowser = (javaScriptEnabled: boolean, visit: (tab: Tab) => Promise<void>) =>
  visitQuietly(browser, { javaScriptEnabled }, visit)

async function signIn(tab: Tab): Promise<void> {
  await tab.fill('#username', 'alice')
  await tab.fill('#password', TEST_PASSWORD)
  await tab.click('#login-submit')
}

describe.each([true, false])('with scripts: %s', (scripts) => {
  const sendOn = async (tab: Tab) => {
    if (!scripts) await tab.click('#form-post-submit')
    await tab.waitForSelector('#arrived')
  }

  test('a person signs in and arrives, the answer in the body of one POST that tells no referrer', async () => {
    await inBrowser(scripts, async (tab) => {
      await tab.goto(url())
      await signIn(tab)
      await sendOn(tab)
      expect(new URL(tab.url()).pathname).toBe('/home')
      const [answer, ...more] = posted
      expect(more).toEqual([])
      expect(answer?.method).toBe('POST')
      expect(answer?.headers['content-type']).toBe('application/x-www-form-urlencoded')
      expect(answer?.headers.referer).toBeUndefined()
      const code = expect.stringMatching(/^[A-Za-z0-9]{50}$/)
      expect(answer?.fields).toEqual({ code, state: STATE, iss: host.issuer })
      const app = new RelyingParty({ host, clientId: 'web', redirectUri: callback })
      expect((await app.redeem(answer?.fields['code'] ?? '')).status).toBe(200)

      // The same browser again: nobody is asked, and the page comes at once.
      await tab.goto(url({ prompt: 'none' }))
      await sendOn(tab)
      expect(posted[1]?.fields).toHaveProperty('code')
    })
  })

  test('a refusal arrives the same way', async () => {
    await inBrowser(scripts, async (tab) => {
      await tab.goto(url({ prompt: 'none' }))
      await sendOn(tab)
      expect(posted.map(({ fields }) => fields['error'])).toEqual(['login_required'])
      expect(posted[0]?.fields['state']).toBe(STATE)
    })
  })

  test('tokens of a hybrid client, after sign-in and consent', async () => {
    await inBrowser(scripts, async (tab) => {
      await tab.goto(url({ client_id: 'hybrid', response_type: 'code id_token', nonce: 'n' }))
      await signIn(tab)
      await tab.click('#consent-allow')
      await sendOn(tab)
      expect(Object.keys(posted[0]?.fields ?? {}).sort()).toEqual(['code', 'id_token', 'iss', 'state'])
    })
  })
})

test('without scripts the page can be read and used by everyone', async () => {
  await inBrowser(false, async (tab) => {
    await tab.goto(url({ prompt: 'none' }))
    expect(await tab.isVisible('#form-post-submit')).toBe(true)
    const html = (await tab.content()).replace(/<script>[^<]*<\/script>/, '')
    const context = await browser.newContext()
    try {
      const page = await context.newPage()
      await page.setContent(html)
      expect((await analyze(page)).violations).toEqual([])
    } finally {
      await context.close()
    }
  })
})
