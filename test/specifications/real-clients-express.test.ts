// express-openid-connect guards an Express application: with its default (an ID token by form post), and with a code.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import guard, { type ConfigParams } from 'express-openid-connect'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { walk } from '../support/relying-party.ts'
import { startServer, TEST_PASSWORD, TEST_SECRET, type TestServer } from '../support/server.ts'
import { formWith, type Page, Visitor } from '../support/visitor.ts'

let host: TestServer
let sockets: Server[] = []

beforeAll(async () => {
  host = await startServer({ implicitAndHybrid: true })
  await host.addUser('alice')
})
afterAll(() => host.close())
afterEach(() => {
  for (const socket of sockets) {
    socket.closeAllConnections()
    socket.close()
  }
  sockets = []
})

/** An application at a free port, whose addresses are registered for this client. */
async function startSite(clientId: string, settings: Record<string, unknown>, config: ConfigParams): Promise<string> {
  const app = express()
  const socket = createServer(app)
  sockets.push(socket)
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(socket.address() as AddressInfo).port}`
  await host.addClient(clientId, 'openid-connect', {
    redirect_uris: [`${origin}/callback`],
    post_logout_redirect_uris: [origin],
    ...settings,
  })
  app.use(
    guard.auth({
      issuerBaseURL: host.issuer,
      baseURL: origin,
      clientID: clientId,
      secret: 'a secret of this application, for tests only',
      idpLogout: true,
      ...config,
    }),
  )
  app.get('/', (request, response) => {
    response.json({ user: request.oidc.user, refreshes: request.oidc.refreshToken !== undefined })
  })
  return origin
}

const INSIDE = { sub: 'user-alice' }

function inside(page: Page): Record<string, unknown> {
  expect(page.status, page.html).toBe(200)
  return JSON.parse(page.html) as Record<string, unknown>
}

describe('express-openid-connect', () => {
  test('signs in with an ID token by form post, its default', async () => {
    const alone = { grant_types: ['implicit'], response_types: ['id_token'], application_type: 'native' }
    const site = await startSite('express-id-token', alone, { idTokenSigningAlg: 'RS256' })
    const visitor = new Visitor()
    const door = await visitor.get(`${site}/`)
    expect(door.status).toBe(302)
    expect(new URL(door.location ?? '').searchParams.get('response_mode')).toBe('form_post')
    let page = await visitor.follow(await visitor.get(door.location ?? ''))
    page = await visitor.follow(
      await visitor.submit(page, 'login-submit', { username: 'alice', password: TEST_PASSWORD }),
    )
    if (page.html.includes('id="consent-allow"'))
      page = await visitor.follow(await visitor.submit(page, 'consent-allow'))
    const { action, fields } = formWith(page, 'form-post-submit')
    const answered = await visitor.post(action, fields)
    expect(answered.status, answered.html).toBe(302)
    expect(inside(await visitor.get(`${site}/`))['user']).toMatchObject(INSIDE)
    // In another browser the same answer lets nobody in.
    expect((await new Visitor().post(action, fields)).status).toBe(400)
  })

  test.each(['client_secret_basic', 'client_secret_post', 'client_secret_jwt'] as const)(
    'signs in with a code and %s, and out again',
    async (clientAuthMethod) => {
      const settings = { token_endpoint_auth_method: clientAuthMethod, strictAuthMethod: true }
      const site = await startSite(`express-${clientAuthMethod}`, settings, {
        clientSecret: TEST_SECRET,
        clientAuthMethod,
        authorizationParams: { response_type: 'code', scope: 'openid profile offline_access', prompt: 'consent' },
      })
      const visitor = new Visitor()
      const door = await visitor.get(`${site}/`)
      const answer = await walk(visitor, door.location ?? '', 'alice')
      const answered = await visitor.get(answer.href)
      expect(answered.status, answered.html).toBe(302)
      expect(inside(await visitor.get(`${site}/`))).toMatchObject({ user: INSIDE, refreshes: true })
      const out = await visitor.get(`${site}/logout`)
      let page = await visitor.follow(await visitor.get(out.location ?? ''))
      if (page.html.includes('id="logout-confirm"')) page = await visitor.submit(page, 'logout-confirm')
      expect(new URL(page.location ?? '').origin).toBe(site)
      expect((await visitor.get(`${site}/`)).status).toBe(302)
    },
  )
})

describe('express-openid-connect and Back-Channel Logout', () => {
  test('a sign-out elsewhere ends the session at the application, as soon as it is told', async () => {
    const app = express()
    const socket = createServer(app)
    sockets.push(socket)
    await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve))
    const place = `127.0.0.1:${(socket.address() as AddressInfo).port}`
    const site = `http://${place}`
    const telling = await startServer({ outboundAllow: [place] })
    try {
      await telling.addUser('alice')
      await telling.addClient('shop', 'openid-connect', {
        consent: 'implied',
        redirect_uris: [`${site}/callback`],
        backchannel_logout_uri: `${site}/backchannel-logout`,
      })
      const kept = new Map<string, unknown>()
      const store = {
        get: (id: string, done: (error: unknown, value?: unknown) => void) => done(null, kept.get(id)),
        set: (id: string, value: unknown, done?: (error?: unknown) => void) => {
          kept.set(id, value)
          done?.()
        },
        destroy: (id: string, done?: (error?: unknown) => void) => {
          kept.delete(id)
          done?.()
        },
      }
      app.use(
        guard.auth({
          issuerBaseURL: telling.issuer,
          baseURL: site,
          clientID: 'shop',
          clientSecret: TEST_SECRET,
          secret: 'a secret of this application, for tests only',
          authorizationParams: { response_type: 'code', scope: 'openid profile' },
          backchannelLogout: { store } as NonNullable<ConfigParams['backchannelLogout']>,
        }),
      )
      app.get('/', (request, response) => void response.json({ user: request.oidc.user }))
      const visitor = new Visitor()
      const door = await visitor.get(`${site}/`)
      const answer = await walk(visitor, door.location ?? '', 'alice')
      expect((await visitor.get(answer.href)).status).toBe(302)
      expect(inside(await visitor.get(`${site}/`))['user']).toMatchObject(INSIDE)
      const asked = await visitor.get(`${telling.issuer}/sso/end-session`)
      await visitor.submit(asked, 'logout-confirm')
      await telling.server.logout.settled()
      const [delivery] = await telling.server.parts.store.listDeliveries({}, 10)
      expect(delivery).toMatchObject({ state: 'delivered', attempts: 1 })
      // The door again: the application knows that nobody is signed in.
      expect((await visitor.get(`${site}/`)).status).toBe(302)
    } finally {
      await telling.close()
    }
  })
})
