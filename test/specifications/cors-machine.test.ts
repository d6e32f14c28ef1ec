// Which pages' scripts may read the machine endpoints: those at the origins of public clients, compared whole, and
// only replies to that client. OAuth 2.0 for browser-based applications; RFC 9700 §2.6.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RelyingParty, tokensOf } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

const PAGE = 'https://page.test'
const NEIGHBOUR = 'https://neighbour.test'
const LOOKALIKES = [
  'http://page.test',
  'https://page.test.evil.test',
  'https://evil-page.test',
  'https://sub.page.test',
  'https://page.test:8443',
  'https://page.tes',
  'https://PAGE.test',
  'null',
  '*',
]

describe('scripts of other origins', () => {
  let host: TestServer
  let page: RelyingParty
  let neighbour: RelyingParty
  let app: RelyingParty

  beforeAll(async () => {
    host = await startServer()
    await host.addClient('page', 'spa', { consent: 'implied', redirect_uris: [`${PAGE}/callback`] })
    await host.addClient('neighbour', 'spa', { consent: 'implied', redirect_uris: [`${NEIGHBOUR}/callback`] })
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addUser('alice')
    page = new RelyingParty({ host, clientId: 'page', secret: null, redirectUri: `${PAGE}/callback` })
    neighbour = new RelyingParty({ host, clientId: 'neighbour', secret: null, redirectUri: `${NEIGHBOUR}/callback` })
    app = new RelyingParty({ host, clientId: 'app' })
  })
  afterAll(() => host.close())

  const allowed = (reply: { readonly headers: Headers }) => reply.headers.get('access-control-allow-origin')

  test('a public client reads tokens, user info and refusals', async () => {
    const redeemed = await page.redeem(await page.code(), {}, { origin: PAGE })
    expect([redeemed.status, allowed(redeemed)]).toEqual([200, PAGE])
    expect(redeemed.headers.get('access-control-allow-credentials')).toBeNull()
    expect(redeemed.headers.get('vary')).toContain('Origin')
    const { access } = tokensOf(redeemed)
    const headers = { origin: PAGE, authorization: `Bearer ${access}` }
    expect(allowed(await fetch(`${host.origin}/sso/userinfo`, { headers }))).toBe(PAGE)
    const refused = await page.redeem('unknown', {}, { origin: PAGE })
    expect([refused.status, allowed(refused)]).toEqual([400, PAGE])
  })

  test.each(LOOKALIKES)('%s is not the origin of a client', async (origin) => {
    const { refresh } = await page.tokens()
    const reply = await page.refresh(refresh, {}, { origin })
    expect([reply.status, allowed(reply)]).toEqual([200, null])
    expect(allowed(await page.redeem('unknown', {}, { origin }))).toBeNull()
  })

  test('the page of one client cannot read what another receives', async () => {
    const tokens = await neighbour.tokens()
    const theirs = await neighbour.refresh(tokens.refresh, {}, { origin: PAGE })
    expect([theirs.status, allowed(theirs)]).toEqual([200, null])
    const own = await neighbour.redeem(await neighbour.code(), {}, { origin: NEIGHBOUR })
    expect([own.status, allowed(own)]).toEqual([200, NEIGHBOUR])
  })

  test('what a confidential client receives is for no page at all', async () => {
    const reply = await app.redeem(await app.code(), {}, { ...app.credentials, origin: 'https://client.test' })
    expect([reply.status, allowed(reply)]).toEqual([200, null])
  })

  test.each(['/sso/token', '/sso/userinfo', '/sso/revoke'])(
    'a preflight to %s is answered for clients only',
    async (path) => {
      const preflight = (origin: string) =>
        fetch(`${host.origin}${path}`, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'authorization',
          },
        })
      const good = await preflight(PAGE)
      expect([good.status, allowed(good)]).toEqual([204, PAGE])
      expect(good.headers.get('access-control-allow-headers')).toMatch(/authorization/i)
      for (const origin of LOOKALIKES) expect(allowed(await preflight(origin))).toBeNull()
    },
  )

  test.each(['/sso/authorize', '/sso/end-session', '/sso/introspect'])('%s has no CORS', async (path) => {
    const method = path.endsWith('introspect') ? 'POST' : 'GET'
    const reply = await fetch(`${host.origin}${path}`, { method, headers: { origin: PAGE }, redirect: 'manual' })
    expect(allowed(reply)).toBeNull()
    const tokens = await fetch(`${host.origin}/sso/token`, { method: 'POST', headers: { origin: PAGE } })
    expect(allowed(tokens)).toBe(PAGE)
  })
})

test('a public client that has registered itself is one of them, where it is and where it moves', async () => {
  const host = await startServer({ registration: { access: 'open' } })
  try {
    const metadata = (origin: string) => ({
      client_name: 'Page of its own',
      redirect_uris: [`${origin}/callback`],
      token_endpoint_auth_method: 'none',
    })
    const send = async (url: string, method: string, body: object, token?: string) => {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
      const reply = await fetch(url, { method, headers, body: JSON.stringify(body) })
      expect(reply.ok).toBe(true)
      return (await reply.json()) as Record<string, string>
    }
    const mayRead = async (origin: string) => {
      const headers = { origin, 'access-control-request-method': 'POST' }
      const reply = await fetch(`${host.origin}/sso/token`, { method: 'OPTIONS', headers })
      return reply.headers.get('access-control-allow-origin')
    }
    const made = await send(`${host.origin}/sso/register`, 'POST', metadata(PAGE))
    expect([await mayRead(PAGE), await mayRead(NEIGHBOUR)]).toEqual([PAGE, null])
    const { client_id } = made
    const moved = { client_id, ...metadata(NEIGHBOUR) }
    await send(made['registration_client_uri'] ?? '', 'PUT', moved, made['registration_access_token'])
    expect([await mayRead(PAGE), await mayRead(NEIGHBOUR)]).toEqual([null, NEIGHBOUR])
  } finally {
    await host.close()
  }
})
