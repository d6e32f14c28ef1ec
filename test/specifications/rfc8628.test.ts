// RFC 8628, the device authorization grant: a television shows a code, somebody answers on a phone, and the television
// fetches its tokens.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statement } from '../../src/store/database/driver.ts'
import { newClientKey } from '../support/assertions.ts'
import { proof } from '../support/proofs.ts'
import {
  ask,
  basic,
  expectInvalidClient,
  expectInvalidGrant,
  expectInvalidRequest,
  type Fields,
  form,
  type Reply,
  type Tokens,
  tokensOf,
} from '../support/relying-party.ts'
import { startServer, TEST_PASSWORD, TEST_SECRET, type TestServer } from '../support/server.ts'
import { type Page, Visitor } from '../support/visitor.ts'

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
const API = 'https://api.test'
const DEVICE = {
  token_endpoint_auth_method: 'none',
  grant_types: [DEVICE_CODE, 'refresh_token'],
  response_types: [],
  redirect_uris: [],
  scope: 'openid profile offline_access',
}

const rows = statement<object, { tokens: number; devices: number; grants: number }>(
  'count_tokens_and_devices',
  `SELECT CAST((SELECT count(*) FROM access_token) AS BIGINT) AS tokens,
     CAST((SELECT count(*) FROM device_request) AS BIGINT) AS devices,
     CAST((SELECT count(*) FROM "grant") AS BIGINT) AS grants`,
)

interface Shown {
  readonly deviceCode: string
  readonly userCode: string
  readonly complete: string
}

describe.each(['sqlite', 'postgres'] as const)('on %s', (database) => {
  let host: TestServer

  beforeAll(async () => {
    host = await startServer({ database })
    await host.addClient('tv', 'device', { redirect_uris: [] })
    await host.addClient('other', 'native', DEVICE)
    await host.addClient('implied', 'native', { ...DEVICE, consent: 'implied' })
    await host.addClient('box', 'openid-connect', { ...DEVICE, token_endpoint_auth_method: 'client_secret_basic' })
    await host.addClient('web', 'openid-connect')
    await host.addClient('unknown', 'native', { ...DEVICE, verified: false })
    await host.addResource(API, { scope: 'read', clients: 'all' })
    await host.addUser('alice')
    await host.addUser('bob')
  })
  afterAll(() => host.close())

  const headersOf = (clientId: string): Record<string, string> =>
    clientId === 'box' || clientId === 'web' ? { authorization: basic(clientId, TEST_SECRET) } : {}
  const named = (clientId: string, fields: Fields) => (clientId === 'box' ? fields : { client_id: clientId, ...fields })
  const counted = async () => (await host.driver.rows(rows, {}))[0]

  const begin = (clientId = 'tv', fields: Fields = {}, headers = headersOf(clientId)): Promise<Reply> =>
    ask(`${host.origin}/sso/device-authorization`, {
      method: 'POST',
      headers,
      body: form(named(clientId, { scope: 'openid profile offline_access', ...fields })),
    })

  async function begun(clientId?: string, fields?: Fields): Promise<Shown> {
    const { status, body, text } = await begin(clientId, fields)
    expect(status, text).toBe(200)
    return {
      deviceCode: String(body['device_code']),
      userCode: String(body['user_code']),
      complete: String(body['verification_uri_complete']),
    }
  }

  const poll = (deviceCode: string | undefined, clientId = 'tv', fields: Fields = {}, headers = {}): Promise<Reply> =>
    ask(`${host.origin}/sso/token`, {
      method: 'POST',
      headers: { ...headersOf(clientId), ...headers },
      body: form(named(clientId, { grant_type: DEVICE_CODE, device_code: deviceCode, ...fields })),
    })

  function expectError({ status, body, text }: Reply, error: string): void {
    expect([status, body['error']], text).toEqual([400, error])
  }

  /** From the code to the last page of ours. */
  async function answer(
    userCode: string,
    { visitor = new Visitor(), username = 'alice', allow = true } = {},
  ): Promise<Page> {
    const enter = await visitor.get(`${host.origin}/sso/device`)
    const confirm = await visitor.follow(await visitor.submit(enter, 'device-continue', { user_code: userCode }))
    expect(confirm.html).toContain('id="device-allow"')
    let page = await visitor.follow(await visitor.submit(confirm, allow ? 'device-allow' : 'device-deny'))
    for (let step = 0; step < 4 && !page.url.includes('/device/done'); step++) {
      const next = page.html.includes('id="login-submit"')
        ? await visitor.submit(page, 'login-submit', { username, password: TEST_PASSWORD })
        : await visitor.submit(page, 'consent-allow')
      page = await visitor.follow(next)
    }
    return page
  }

  async function signedIn(clientId = 'tv', fields: Fields = {}): Promise<{ tokens: Tokens; shown: Shown }> {
    const shown = await begun(clientId, fields)
    await answer(shown.userCode)
    return {
      tokens: tokensOf(await poll(shown.deviceCode, clientId, fields['resource'] ? { resource: API } : {})),
      shown,
    }
  }

  test('§4 the metadata name the endpoint and the grant', async () => {
    const reply = await fetch(`${host.origin}/.well-known/oauth-authorization-server`)
    const metadata = (await reply.json()) as Record<string, unknown>
    expect(metadata['device_authorization_endpoint']).toBe(`${host.issuer}/sso/device-authorization`)
    expect(metadata['grant_types_supported']).toContain(DEVICE_CODE)
  })

  describe('§3.2 what a device gets', () => {
    test('codes, addresses and times', async () => {
      const { body } = await begin()
      expect(body).toEqual({
        device_code: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
        verification_uri: `${host.issuer}/sso/device`,
        verification_uri_complete: `${host.issuer}/sso/device?user_code=${String(body['user_code'])}`,
        expires_in: 600,
        interval: 5,
      })
    })

    test.each<[string, () => Promise<Reply>, (reply: Reply) => void]>([
      ['an unknown client', () => begin('nobody'), expectInvalidClient],
      ['a wrong secret', () => begin('box', {}, { authorization: basic('box', 'wrong') }), expectInvalidClient],
      ['a client without the grant', () => begin('web'), (reply) => expectError(reply, 'unauthorized_client')],
      [
        'a client that nobody has verified',
        () => begin('unknown'),
        (reply) => expectError(reply, 'unauthorized_client'),
      ],
      ['a malformed scope', () => begin('tv', { scope: '"' }), (reply) => expectError(reply, 'invalid_scope')],
      [
        'an unknown resource',
        () => begin('tv', { resource: 'https://no.test' }),
        (reply) => expectError(reply, 'invalid_target'),
      ],
    ])('§3.1, §5.4 nothing is begun for %s', async (_, asking, check) => {
      const before = await counted()
      check(await asking())
      expect(await counted()).toEqual(before)
      expect((await begin('box')).status).toBe(200)
    })
  })

  describe('§3.3 somebody answers', () => {
    test('signs in, allows, and goes back to the device, which fetches its tokens', async () => {
      const shown = await begun()
      expectError(await poll(shown.deviceCode), 'authorization_pending')
      const page = await answer(shown.userCode)
      expect(page.html).toContain('Back to your device')
      const tokens = tokensOf(await poll(shown.deviceCode))
      expect(tokens.reply.body).toMatchObject({ token_type: 'Bearer', scope: 'openid profile offline_access' })
      const told = await ask(`${host.origin}/sso/userinfo`, { headers: { authorization: `Bearer ${tokens.access}` } })
      expect(told.body['sub']).toBe('user-alice')
      const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh, client_id: 'tv' }
      tokensOf(await ask(`${host.origin}/sso/token`, { method: 'POST', body: form(refresh) }))
    })

    test.each([
      ['with its secret', 'box'],
      ['without a consent page', 'implied'],
    ])('for a client %s', async (_, clientId) => {
      const { tokens } = await signedIn(clientId)
      expect(tokens.idToken).not.toBe('')
    })

    test('§3.3.1 the link leads to the same question, and loading it changes nothing', async () => {
      const shown = await begun('implied')
      const visitor = new Visitor()
      await visitor.get(shown.complete.replace(host.issuer, host.origin))
      const page = await visitor.get(shown.complete.replace(host.issuer, host.origin))
      expect(page.html).toContain(shown.userCode)
      expectError(await poll(shown.deviceCode, 'implied'), 'authorization_pending')
      const next = await visitor.follow(await visitor.submit(page, 'device-allow'))
      const done = await visitor.follow(
        await visitor.submit(next, 'login-submit', { username: 'alice', password: TEST_PASSWORD }),
      )
      expect(done.html).toContain('Back to your device')
      tokensOf(await poll(shown.deviceCode, 'implied'))
    })

    test('§6.1 the code in small letters, without its hyphen, with blanks', async () => {
      for (const write of [
        (code: string) => code.toLowerCase(),
        (code: string) => code.replace('-', ''),
        (code: string) => ` ${code.replace('-', ' – ')} `,
      ]) {
        const shown = await begun('implied')
        await answer(write(shown.userCode))
        tokensOf(await poll(shown.deviceCode, 'implied'))
      }
    })

    test('a no is told to the device, whether it is said before or after the sign-in', async () => {
      const first = await begun()
      expect((await answer(first.userCode, { allow: false })).html).toContain('The device gets nothing')
      expectError(await poll(first.deviceCode), 'access_denied')
      const shown = await begun('other')
      const visitor = new Visitor()
      const confirm = await visitor.get(`${host.origin}/sso/device?user_code=${shown.userCode}`)
      const login = await visitor.follow(await visitor.submit(confirm, 'device-allow'))
      const consent = await visitor.follow(
        await visitor.submit(login, 'login-submit', { username: 'alice', password: TEST_PASSWORD }),
      )
      const page = await visitor.follow(await visitor.submit(consent, 'consent-deny'))
      expect(page.html).toContain('The device gets nothing')
      expectError(await poll(shown.deviceCode, 'other'), 'access_denied')
      const again = await visitor.get(`${host.origin}/sso/device?user_code=${shown.userCode}`)
      expect(again.html).toContain('id="device-error"')
    })

    test.each(['', 'AAAA-AAAA', 'BCDF-GHJ', 'BCDF-GHJKL', 'BCDF-GHJK', '<script>', 'B'.repeat(80)])(
      'a code that is none is told on the page, and nothing changes: %s',
      async (code) => {
        const before = await counted()
        const visitor = new Visitor()
        const enter = await visitor.get(`${host.origin}/sso/device`)
        const page = await visitor.follow(await visitor.submit(enter, 'device-continue', { user_code: code }))
        expect(page.html).toContain('id="device-error"')
        expect(page.html).not.toContain('<script>')
        expect(await counted()).toEqual(before)
      },
    )

    test('RFC 6749 §10.12 a form that is not ours answers nothing', async () => {
      const shown = await begun('implied')
      const visitor = new Visitor()
      await visitor.get(`${host.origin}/sso/device?user_code=${shown.userCode}`)
      const letters = shown.userCode.replace('-', '')
      const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      for (const decision of ['allow', 'deny']) {
        const body = form({ user_code: letters, decision, csrf: 'guessed' })
        const reply = await fetch(`${host.origin}/sso/device`, { method: 'POST', body, headers: { cookie } })
        expect(reply.status).toBe(403)
      }
      expectError(await poll(shown.deviceCode, 'implied'), 'authorization_pending')
      await answer(shown.userCode)
      tokensOf(await poll(shown.deviceCode, 'implied'))
    })

    test('of two windows one answers', async () => {
      const shown = await begun('implied')
      const [one, two] = [new Visitor(), new Visitor()]
      const pages = await Promise.all(
        [one, two].map(async (visitor) => {
          const confirm = await visitor.get(`${host.origin}/sso/device?user_code=${shown.userCode}`)
          return visitor.follow(await visitor.submit(confirm, 'device-allow'))
        }),
      )
      const before = await counted()
      const done = await Promise.all(
        [one, two].map(async (visitor, at) => {
          const username = at === 0 ? 'alice' : 'bob'
          const next = await visitor.submit(pages[at] as Page, 'login-submit', { username, password: TEST_PASSWORD })
          return visitor.follow(next)
        }),
      )
      expect(done.filter(({ html }) => html.includes('Back to your device'))).toHaveLength(1)
      expect((await counted())?.grants).toBe((before?.grants ?? 0) + 1)
      tokensOf(await poll(shown.deviceCode, 'implied'))
    })
  })

  describe('§3.5 what the device is told', () => {
    test('its code is good once, also at twenty times at once', async () => {
      const { shown } = await signedIn()
      expectInvalidGrant(await poll(shown.deviceCode))
      const next = await begun('implied')
      await answer(next.userCode)
      const replies = await Promise.all(Array.from({ length: 20 }, () => poll(next.deviceCode, 'implied')))
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
      for (const reply of replies.filter(({ status }) => status !== 200)) expectInvalidGrant(reply)
    })

    test('asking too often: ask less often', async () => {
      const shown = await begun('implied')
      expectError(await poll(shown.deviceCode, 'implied'), 'authorization_pending')
      host.clock.advance(2)
      expectError(await poll(shown.deviceCode, 'implied'), 'slow_down')
      host.clock.advance(6)
      expectError(await poll(shown.deviceCode, 'implied'), 'slow_down')
      host.clock.advance(15)
      expectError(await poll(shown.deviceCode, 'implied'), 'authorization_pending')
      await answer(shown.userCode)
      tokensOf(await poll(shown.deviceCode, 'implied'))
    })

    test('five seconds between is what it was told', async () => {
      const shown = await begun('implied')
      for (let asked = 0; asked < 4; asked++) {
        expectError(await poll(shown.deviceCode, 'implied'), 'authorization_pending')
        host.clock.advance(5)
      }
    })

    test('too late for the device, and for whoever answers', async () => {
      const shown = await begun('implied')
      host.clock.advance(600)
      expectError(await poll(shown.deviceCode, 'implied'), 'expired_token')
      const page = await new Visitor().get(`${host.origin}/sso/device?user_code=${shown.userCode}`)
      expect(page.html).toContain('id="device-error"')
      const late = await begun('implied')
      host.clock.advance(599)
      await answer(late.userCode)
      tokensOf(await poll(late.deviceCode, 'implied'))
    })

    test('§3.4 no code, one of nobody, and one of another client', async () => {
      expectInvalidRequest(await poll(undefined))
      expectInvalidGrant(await poll('A'.repeat(43)))
      const shown = await begun('implied')
      await answer(shown.userCode)
      expectInvalidGrant(await poll(shown.deviceCode, 'tv'))
      expectInvalidGrant(await poll(shown.userCode, 'implied'))
      tokensOf(await poll(shown.deviceCode, 'implied'))
    })

    test('nothing, when the person has been disabled meanwhile', async () => {
      const shown = await begun('implied')
      await answer(shown.userCode, { username: 'bob' })
      const { store, clock } = host.server.parts
      const user = await store.findUser('user-bob')
      if (user === null) throw new Error('nobody')
      await store.setUserEnabled('user-bob', false, { type: 'user_disabled', at: clock.now(), userId: 'user-bob' })
      expectInvalidGrant(await poll(shown.deviceCode, 'implied'))
    })
  })

  test.each([
    ['ends what the device has', 'openid', 401],
    ['leaves it what it may have while the person is away', 'openid offline_access', 200],
  ])('OpenID Connect Core §11 a sign-out where somebody answered %s', async (_, scope, status) => {
    const shown = await begun('implied', { scope })
    const visitor = new Visitor()
    await answer(shown.userCode, { visitor })
    const { access } = tokensOf(await poll(shown.deviceCode, 'implied'))
    const told = async () =>
      (await ask(`${host.origin}/sso/userinfo`, { headers: { authorization: `Bearer ${access}` } })).status
    expect(await told()).toBe(200)
    const page = await visitor.get(`${host.origin}/sso/end-session`)
    await visitor.submit(page, 'logout-confirm')
    expect(await told()).toBe(status)
  })

  test('RFC 8707 §2.2 with a resource', async () => {
    const { tokens } = await signedIn('box', { scope: 'openid read', resource: API })
    const { body } = await ask(`${host.origin}/sso/introspect`, {
      method: 'POST',
      headers: headersOf('box'),
      body: form({ token: tokens.access }),
    })
    expect(body).toMatchObject({ active: true, aud: API, scope: 'read' })
  })

  test('RFC 9449 §5 with a proof of a key', async () => {
    const key = await newClientKey()
    const shown = await begun()
    await answer(shown.userCode)
    const { reply } = tokensOf(await poll(shown.deviceCode, 'tv', {}, { dpop: await proof({ host, key }) }))
    expect(reply.body['token_type']).toBe('DPoP')
  })

  test('what strangers begin is bounded for each address; clients that have proven themselves are not counted', async () => {
    const small = await startServer({ database, limits: { interactions: { perAddress: 5 } } })
    await small.addClient('tv', 'native', DEVICE)
    await small.addClient('box', 'openid-connect', { ...DEVICE, token_endpoint_auth_method: 'client_secret_basic' })
    const beginAt = async (fields: Fields, headers: Record<string, string> = {}) => {
      const body = form(fields)
      const reply = await fetch(`${small.origin}/sso/device-authorization`, { method: 'POST', body, headers })
      expect(reply.status).toBe(200)
      return ((await reply.json()) as { user_code: string }).user_code
    }
    const mine = await beginAt({}, { authorization: basic('box', TEST_SECRET) })
    const all: string[] = []
    for (let at = 0; at < 8; at++) {
      small.clock.advance(1)
      all.push(await beginAt({ client_id: 'tv' }))
    }
    const isThere = async (code: string) =>
      (await new Visitor().get(`${small.origin}/sso/device?user_code=${code}`)).html.includes('id="device-allow"')
    expect(await Promise.all(all.map(isThere))).toEqual([false, false, false, true, true, true, true, true])
    expect(await isThere(mine)).toBe(true)
    await small.close()
  })

  test('§5.1 whoever tries many codes has to wait, and then is heard again', async () => {
    const guarded = await startServer({ database })
    await guarded.addClient('tv', 'native', DEVICE)
    const look = (code: string) => new Visitor().get(`${guarded.origin}/sso/device?user_code=${code}`)
    const begunAt = await ask(`${guarded.origin}/sso/device-authorization`, {
      method: 'POST',
      body: form({ client_id: 'tv' }),
    })
    const good = String(begunAt.body['user_code'])
    for (let guess = 0; guess < 30; guess++) expect((await look('BCDF-GHJK')).status).toBe(200)
    const held = await look(good)
    expect([held.status, held.html.includes('id="device-wait"')]).toEqual([429, true])
    guarded.clock.advance(600)
    const other = await ask(`${guarded.origin}/sso/device-authorization`, {
      method: 'POST',
      body: form({ client_id: 'tv' }),
    })
    expect((await look(String(other.body['user_code']))).html).toContain('id="device-allow"')
    await guarded.close()
  })
})

test('§3.5 two nodes: begun at one, answered at the other, fetched once', async () => {
  const one = await startServer({ database: 'postgres' })
  await one.addClient('tv', 'native', { ...DEVICE, consent: 'implied' })
  await one.addUser('alice')
  const two = await startServer({ database: 'postgres', beside: one })
  try {
    const body = form({ client_id: 'tv', scope: 'openid' })
    const begun = await ask(`${one.origin}/sso/device-authorization`, { method: 'POST', body })
    const visitor = new Visitor()
    const confirm = await visitor.get(`${two.origin}/sso/device?user_code=${String(begun.body['user_code'])}`)
    const login = await visitor.follow(await visitor.submit(confirm, 'device-allow'))
    await visitor.submit(login, 'login-submit', { username: 'alice', password: TEST_PASSWORD })
    const fetched = form({ grant_type: DEVICE_CODE, client_id: 'tv', device_code: String(begun.body['device_code']) })
    const replies = await Promise.all(
      [one, two, one, two].map(({ origin }) => ask(`${origin}/sso/token`, { method: 'POST', body: fetched })),
    )
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400])
  } finally {
    await two.close()
    await one.close()
  }
})
