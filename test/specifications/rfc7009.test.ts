// RFC 7009: a refresh token takes its family along, an access token only itself; what is unknown is as good as revoked.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../../src/store/database/driver.ts'
import {
  ask,
  basic,
  eventTypes,
  expectInvalidClient,
  expectInvalidGrant,
  expectInvalidRequest,
  expectInvalidToken,
  query,
  RelyingParty,
  tokensOf,
} from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

const OTHER_SECRET = 'test0000000000000000000000000000'

describe.each(['sqlite', 'postgres'] as const)('revocation on %s', (database) => {
  let host: TestServer
  let app: RelyingParty
  let other: RelyingParty
  let page: RelyingParty

  beforeAll(async () => {
    host = await startServer({ database })
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addClient('other', 'openid-connect', { consent: 'implied' }, OTHER_SECRET)
    await host.addClient('page', 'spa', { consent: 'implied' })
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app' })
    other = new RelyingParty({ host, clientId: 'other', secret: OTHER_SECRET })
    page = new RelyingParty({ host, clientId: 'page', secret: null })
  })
  afterAll(() => host.close())

  test('§2.1 a revoked refresh token takes every token of its family along', async () => {
    const first = await app.tokens()
    const second = tokensOf(await app.refresh(first.refresh))
    expect((await app.userinfo(second.access)).status).toBe(200)
    expect((await app.revoke(second.refresh)).status).toBe(200)
    for (const { access, refresh } of [first, second]) {
      expectInvalidToken(await app.userinfo(access))
      expectInvalidGrant(await app.refresh(refresh))
      expect((await app.introspect(access)).body).toEqual({ active: false })
    }
    expect(await eventTypes(host)).toContain('token_revoked')
  })

  test('§2.1 a refresh token that was rotated away still ends its family', async () => {
    const first = await app.tokens()
    const second = tokensOf(await app.refresh(first.refresh))
    expect((await app.revoke(first.refresh)).status).toBe(200)
    expectInvalidToken(await app.userinfo(second.access))
    expectInvalidGrant(await app.refresh(second.refresh))
  })

  test('§2.1 a revoked access token leaves its refresh token alone', async () => {
    const { access, refresh } = await app.tokens()
    expect((await app.revoke(access)).status).toBe(200)
    expectInvalidToken(await app.userinfo(access))
    expect((await app.refresh(refresh)).status).toBe(200)
  })

  test('H13 what is revoked again leaves no further event', async () => {
    const count = async () => (await eventTypes(host)).filter((type) => type === 'token_revoked').length
    const { access, refresh } = await app.tokens()
    for (const token of [access, refresh]) {
      const before = await count()
      for (let at = 0; at < 3; at++) expect((await app.revoke(token)).status).toBe(200)
      expect(await count()).toBe(before + 1)
    }
    expectInvalidToken(await app.userinfo(access))
    expectInvalidGrant(await app.refresh(refresh))
  })

  test('§2.1 other grants of the same user and client stay', async () => {
    const one = await app.tokens()
    const two = await app.tokens()
    expect((await app.revoke(one.refresh)).status).toBe(200)
    expectInvalidToken(await app.userinfo(one.access))
    expect((await app.userinfo(two.access)).status).toBe(200)
  })

  test.each(['access_token', 'refresh_token', 'urn:example:unknown', ''])(
    '§2.1 the hint %j does not decide what is found',
    async (token_type_hint) => {
      const { access, refresh } = await app.tokens()
      expect((await app.revoke(access, { token_type_hint })).status).toBe(200)
      expectInvalidToken(await app.userinfo(access))
      expect((await app.revoke(refresh, { token_type_hint })).status).toBe(200)
      expectInvalidGrant(await app.refresh(refresh))
    },
  )

  test('§2.2 an unknown token is 200, and so is one that was revoked before', async () => {
    const { access, refresh } = await app.tokens()
    for (const unknown of ['nothing', access.slice(0, -1), 'x'.repeat(5000), '中文']) {
      expect((await app.revoke(unknown)).status).toBe(200)
    }
    expect((await app.userinfo(access)).status).toBe(200)
    // A logout as real clients do it: the refresh token, then its access token.
    for (const token of [refresh, access, refresh]) expect((await app.revoke(token)).status).toBe(200)
    expectInvalidToken(await app.userinfo(access))
  })

  test('§2.1 the token of another client stays as it is', async () => {
    const { access, refresh } = await app.tokens()
    for (const token of [access, refresh]) {
      expect((await other.revoke(token)).status).toBe(200)
      expect((await page.revoke(token)).status).toBe(200)
    }
    expect((await app.userinfo(access)).status).toBe(200)
    expect((await app.refresh(refresh)).status).toBe(200)
  })

  test('§2.1 a confidential client must authenticate', async () => {
    const { access } = await app.tokens()
    expectInvalidClient(await app.revoke(access, {}, { authorization: basic('app', 'wrong') }))
    expectInvalidClient(await app.revoke(access, { client_id: 'app' }, {}))
    expectInvalidClient(await app.revoke(access, {}, {}))
    expect((await app.userinfo(access)).status).toBe(200)
    expect((await app.revoke(access, { client_id: 'app', client_secret: app.secret ?? '' }, {})).status).toBe(200)
    expectInvalidToken(await app.userinfo(access))
  })

  test('§2.1 a public client names itself', async () => {
    const { access, refresh } = await page.tokens()
    expect((await page.revoke(refresh)).status).toBe(200)
    expectInvalidToken(await page.userinfo(access))
  })

  test('§2.1 token is required, once, in a form body', async () => {
    const { access } = await app.tokens()
    expectInvalidRequest(await app.revoke(''))
    const url = `${host.origin}/sso/revoke`
    const twice = new URLSearchParams([
      ['token', access],
      ['token', access],
    ])
    expectInvalidRequest(await ask(url, { method: 'POST', headers: app.credentials, body: twice }))
    expectInvalidRequest(await ask(`${url}?${query({ token: access })}`, { method: 'POST', headers: app.credentials }))
    expect((await ask(`${url}?${query({ token: access })}`, { headers: app.credentials })).status).toBe(405)
    expect((await app.userinfo(access)).status).toBe(200)
    expect((await app.revoke(access)).status).toBe(200)
    expectInvalidToken(await app.userinfo(access))
  })
})

test('§2.2.1 while the database cannot write the answer is 503 with Retry-After, never 200, and the token stays', async () => {
  let down = false
  const host = await startServer({
    wrap: (driver) => ({
      ...driver,
      dialect: driver.dialect,
      rows: (statement, bind) => driver.rows(statement, bind),
      script: (sql) => driver.script(sql),
      close: () => driver.close(),
      atomic: (steps) => (down ? Promise.reject(new StoreUnavailable('down')) : driver.atomic(steps)),
    }),
  })
  try {
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addUser('alice')
    const app = new RelyingParty({ host, clientId: 'app' })
    const { access, refresh } = await app.tokens()
    const revoke = async (token: string) => {
      const body = new URLSearchParams({ token })
      const reply = await fetch(`${host.origin}/sso/revoke`, { method: 'POST', headers: app.credentials, body })
      return [reply.status, Number(reply.headers.get('retry-after')) > 0]
    }
    down = true
    expect([await revoke(access), await revoke(refresh)]).toEqual([
      [503, true],
      [503, true],
    ])
    down = false
    expect((await app.userinfo(access)).status).toBe(200)
    expect(await revoke(refresh)).toEqual([200, false])
    expectInvalidToken(await app.userinfo(access))
  } finally {
    await host.close()
  }
})
