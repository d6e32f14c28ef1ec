// OpenID Connect Front-Channel Logout 1.0: which frames the page after a sign-out holds, what they are told, and the way
// on from there. Off unless the operator wants it.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { query, RelyingParty } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { type Page, Visitor } from '../support/visitor.ts'

const AFTERWARDS = 'https://shop.test/signed-out?lang=en'

let host: TestServer
let visitor: Visitor

const SETTINGS = {
  shop: { uri: 'https://shop.test/logout?tenant=1', origin: 'https://shop.test' },
  mail: { uri: 'https://mail.test:8443/logout', origin: 'https://mail.test:8443' },
} as const

async function addClients(to: TestServer): Promise<void> {
  for (const [id, { uri, origin }] of Object.entries(SETTINGS)) {
    await to.addClient(id, 'openid-connect', {
      consent: 'implied',
      redirect_uris: [`${origin}/cb`],
      post_logout_redirect_uris: [AFTERWARDS],
      frontchannel_logout_uri: uri,
      frontchannel_logout_session_required: true,
    })
  }
  await to.addClient('silent', 'openid-connect', { consent: 'implied', post_logout_redirect_uris: [AFTERWARDS] })
  await to.addUser('alice')
}

beforeAll(async () => {
  host = await startServer({ frontChannelLogout: true })
  await addClients(host)
})
afterAll(() => host.close())
beforeEach(() => {
  visitor = new Visitor()
})

async function signInTo(clientId: string, { at = host, browser = visitor } = {}): Promise<string> {
  const redirectUri = clientId === 'silent' ? undefined : `${SETTINGS[clientId as 'shop' | 'mail'].origin}/cb`
  const party = new RelyingParty({ host: at, clientId, visitor: browser, ...(redirectUri && { redirectUri }) })
  return (await party.tokens()).idToken
}

function sidOf(idToken: string): string {
  const claims: unknown = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString())
  return (claims as { sid: string }).sid
}

const signOut = (parameters: Record<string, string>, at = host, browser = visitor) =>
  browser.get(`${at.issuer}/sso/end-session?${query(parameters)}`)

function framesOf(page: Page): readonly URL[] {
  return [...page.html.matchAll(/<iframe src="([^"]*)"/g)].map(([, src = '']) => new URL(src.replaceAll('&amp;', '&')))
}

function frameSourceOf(page: Page): string | undefined {
  return /frame-src ([^;]*)/.exec(page.headers.get('content-security-policy') ?? '')?.[1]
}

describe('§2 the settings of a client', () => {
  test.each([
    ['another origin', 'https://elsewhere.test/logout'],
    ['another port', 'https://client.test:444/logout'],
    ['another scheme', 'http://client.test/logout'],
    ['a fragment', 'https://client.test/logout#x'],
    ['a script', 'javascript:alert(1)'],
  ])('%s than a redirect URI has is refused', async (_, frontchannel_logout_uri) => {
    await expect(host.addClient('refused', 'openid-connect', { frontchannel_logout_uri })).rejects.toThrow(
      'frontchannel_logout_uri',
    )
  })
})

describe('§3 the page after the sign-out', () => {
  test('the metadata says so, where it is on', async () => {
    const metadata = (await (await fetch(`${host.issuer}/.well-known/openid-configuration`)).json()) as object
    expect(metadata).toMatchObject({ frontchannel_logout_supported: true, frontchannel_logout_session_supported: true })
  })

  test('holds a frame for each client of the session, told iss and sid, and a plain link onward', async () => {
    const idToken = await signInTo('shop')
    const mail = await signInTo('mail')
    await signInTo('silent')
    await signInTo('shop', { browser: new Visitor() })
    const state = 'a b&"c'
    const page = await signOut({ id_token_hint: idToken, post_logout_redirect_uri: AFTERWARDS, state })
    expect([page.status, page.location]).toEqual([200, null])
    expect(page.html).toContain('Signed out')
    const frames = framesOf(page)
    expect(frames.map(({ origin, pathname }) => origin + pathname)).toEqual([
      'https://mail.test:8443/logout',
      'https://shop.test/logout',
    ])
    expect(frames.map(({ searchParams }) => Object.fromEntries(searchParams))).toEqual([
      { iss: host.issuer, sid: sidOf(mail) },
      { tenant: '1', iss: host.issuer, sid: sidOf(idToken) },
    ])
    const [, href = ''] = /<a [^>]*id="logout-continue" href="([^"]*)"/.exec(page.html) ?? []
    expect(href.replaceAll('&amp;', '&')).toBe(`${AFTERWARDS}&state=a%20b%26%22c`)
    expect(page.html).not.toMatch(/<script|http-equiv/)
  })

  test('may frame these origins only, and is framed by none', async () => {
    const idToken = await signInTo('shop')
    await signInTo('mail')
    const page = await signOut({ id_token_hint: idToken })
    expect(frameSourceOf(page)?.split(' ').sort()).toEqual(['https://mail.test:8443', 'https://shop.test'])
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("script-src 'none'")
    expect(page.html).not.toContain('logout-continue')
    for (const [frame] of page.html.matchAll(/<iframe [^>]*>/g)) {
      expect(frame).toContain('referrerpolicy="no-referrer"')
      expect(frame).toMatch(/sandbox="(?!.*(top-navigation|popups))/)
      expect(frame).toContain('title="')
    }
  })

  test('comes after the confirmation as well, and after it the session is over', async () => {
    await signInTo('shop')
    const asked = await signOut({ client_id: 'shop', post_logout_redirect_uri: AFTERWARDS })
    expect(framesOf(asked)).toEqual([])
    const page = await visitor.submit(asked, 'logout-confirm')
    expect(page.status).toBe(200)
    expect(framesOf(page)).toHaveLength(1)
    expect(page.html).toContain('logout-continue')
    expect(visitor.cookies.has('lingpai-session')).toBe(false)
  })

  test('there is none without clients to tell: the browser goes on as ever', async () => {
    const idToken = await signInTo('silent')
    const page = await signOut({ id_token_hint: idToken, post_logout_redirect_uri: AFTERWARDS })
    expect([page.status, page.location]).toEqual([302, AFTERWARDS])
  })

  test('nobody is told when the person stays, or when nobody was signed in', async () => {
    await signInTo('shop')
    const stayed = await visitor.submit(await signOut({ client_id: 'shop' }), 'logout-cancel')
    expect(framesOf(stayed)).toEqual([])
    expect(frameSourceOf(stayed)).toBeUndefined()
    expect(framesOf(await signOut({ client_id: 'shop' }, host, new Visitor()))).toEqual([])
  })

  test('a revoked grant is not told', async () => {
    const party = new RelyingParty({ host, clientId: 'mail', redirectUri: 'https://mail.test:8443/cb', visitor })
    await party.revoke((await party.tokens()).refresh)
    const page = await signOut({ id_token_hint: await signInTo('shop') })
    expect(framesOf(page).map(({ origin }) => origin)).toEqual(['https://shop.test'])
  })
})

describe('where the operator has not switched it on', () => {
  test('the metadata is silent, no frame is loaded, and the browser is sent on', async () => {
    const plain = await startServer()
    try {
      await addClients(plain)
      const metadata = (await (await fetch(`${plain.issuer}/.well-known/openid-configuration`)).json()) as object
      expect(Object.keys(metadata).filter((name) => name.startsWith('frontchannel'))).toEqual([])
      const idToken = await signInTo('shop', { at: plain })
      const page = await signOut({ id_token_hint: idToken, post_logout_redirect_uri: AFTERWARDS }, plain)
      expect([page.status, page.location]).toEqual([302, AFTERWARDS])
    } finally {
      await plain.close()
    }
  })
})
