// A page with oidc-client-ts in a real browser: signs in, renews in silence (by its refresh token, and in a hidden frame),
// reads user info from the script, and signs out.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'

const bundle = readFileSync(
  join(createRequire(import.meta.url).resolve('oidc-client-ts/package.json'), '../dist/browser/oidc-client-ts.min.js'),
  'utf8',
)

let host: TestServer
let browser: Browser
let context: BrowserContext
let tab: Tab
let site: string
let complaints: string[]

/** The whole application: what its buttons would call stands on `window`. */
const PAGE = (settings: object) => `<!doctype html><title>App</title><link rel="icon" href="data:,">
<p id="state">loading</p><script src="/oidc.js"></script><script>
const show = (text) => { document.getElementById('state').textContent = text }
const manager = new oidc.UserManager({ ...${JSON.stringify(settings)}, userStore: new oidc.WebStorageStateStore({ store: localStorage }) })
window.manager = manager
const go = async () => {
  if (location.pathname === '/silent') return manager.signinSilentCallback()
  if (location.pathname === '/callback') { await manager.signinRedirectCallback(); history.replaceState({}, '', '/') }
  if (location.pathname === '/signed-out') { await manager.signoutRedirectCallback(); return show('signed out') }
  const user = await manager.getUser()
  show(user ? 'signed in as ' + user.profile.sub : 'nobody')
}
go().catch((error) => show('failed: ' + error.message))
</script>`

const application = createServer((req, res) => {
  if (req.url === '/oidc.js') res.writeHead(200, { 'content-type': 'text/javascript' }).end(bundle)
  else res.writeHead(200, { 'content-type': 'text/html' }).end(PAGE(settings()))
})

const settings = () => ({
  authority: host.issuer,
  client_id: 'page',
  redirect_uri: `${site}/callback`,
  silent_redirect_uri: `${site}/silent`,
  post_logout_redirect_uri: `${site}/signed-out`,
  scope: 'openid profile offline_access',
  loadUserInfo: true,
  automaticSilentRenew: false,
})

beforeAll(async () => {
  browser = await launchBrowser()
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
  // The same site as the server's, for browsers keep the cookies of other sites out of frames.
  site = `http://127.0.0.1:${(application.address() as AddressInfo).port}`
  host = await startServer({ sessionManagement: true })
  await host.addClient('page', 'spa', {
    redirect_uris: [`${site}/callback`, `${site}/silent`],
    post_logout_redirect_uris: [`${site}/signed-out`],
  })
  await host.addUser('alice')
}, 300_000)
afterAll(async () => {
  await browser?.close()
  application.closeAllConnections()
  application.close()
  await host?.close()
})

beforeEach(async () => {
  context = await browser.newContext({ locale: 'en-US' })
  tab = await context.newPage()
  complaints = []
  tab.on('pageerror', (error) => complaints.push(error.message))
  return () => context.close()
})

async function signIn(): Promise<void> {
  await tab.goto(site)
  await tab.getByText('nobody').waitFor()
  await tab.evaluate('void manager.signinRedirect()')
  await tab.fill('#username', 'alice')
  await tab.fill('#password', TEST_PASSWORD)
  await tab.click('#login-submit')
  await Promise.race([tab.waitForURL(`${site}/**`), tab.locator('#consent-allow').waitFor()])
  if (!tab.url().startsWith(site)) await tab.click('#consent-allow')
  await tab.getByText('signed in as user-alice').waitFor()
}

interface Held {
  readonly access: string
  readonly refresh: string | null
  readonly name: string
}

const held = (expression: string) =>
  tab.evaluate<Held>(
    `(async () => { const user = ${expression}; return { access: user.access_token, refresh: user.refresh_token ?? null, name: user.profile.name } })()`,
  )

describe('oidc-client-ts', () => {
  test('signs in, renews with its refresh token, and reads user info across origins', async () => {
    await signIn()
    const first = await held('await manager.getUser()')
    expect(first.name).toBe('Name of alice')
    expect(first.refresh).toMatch(/^[A-Za-z0-9]{64}$/)
    const second = await held('await manager.signinSilent()')
    expect(second.access).not.toBe(first.access)
    expect(second.refresh).not.toBe(first.refresh)
    expect(complaints).toEqual([])
  })

  test('renews in a hidden frame without a word, as long as the person is signed in', async () => {
    await signIn()
    const first = await held('await manager.getUser()')
    // Without a refresh token it takes the frame.
    await tab.evaluate(
      '(async () => { const user = await manager.getUser(); user.refresh_token = undefined; await manager.storeUser(user) })()',
    )
    const second = await held('await manager.signinSilent()')
    expect(second.access).not.toBe(first.access)
    expect(second.name).toBe('Name of alice')
    expect(complaints).toEqual([])
  })

  test('notices by itself that the person has signed out in another tab', async () => {
    await signIn()
    await tab.evaluate(`
      window.watching = new oidc.UserManager({ ...${JSON.stringify(settings())}, monitorSession: true,
        checkSessionIntervalInSeconds: 1, userStore: new oidc.WebStorageStateStore({ store: localStorage }) })
      window.heard = new Promise((resolve) => watching.events.addUserSignedOut(() => resolve('signed out')))
      void watching.getUser()`)
    const other = await context.newPage()
    await other.goto(`${host.issuer}/sso/end-session`)
    await other.click('#logout-confirm')
    await other.getByRole('heading', { name: 'Signed out' }).waitFor()
    expect(await tab.evaluate('heard')).toBe('signed out')
    expect(complaints).toEqual([])
  })

  test('signs out here and there, and comes back', async () => {
    await signIn()
    await tab.evaluate('void manager.signoutRedirect()')
    await Promise.race([tab.getByText('signed out').waitFor(), tab.locator('#logout-confirm').waitFor()])
    if (!tab.url().startsWith(site)) await tab.click('#logout-confirm')
    await tab.waitForURL(`${site}/signed-out**`)
    await tab.getByText('signed out').waitFor()
    await tab.goto(site)
    await tab.getByText('nobody').waitFor()
    const refused = await tab.evaluate<string>(
      "manager.signinSilent().then(() => 'renewed', (error) => error.error ?? error.message)",
    )
    expect(refused).toBe('login_required')
    expect(complaints).toEqual([])
  })
})
