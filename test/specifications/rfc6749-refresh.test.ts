// RFC 6749 §6 and RFC 9700 §4.14.2: refresh tokens rotate; a repeat inside the window gets the same successor, a replay
// after it ends the family.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROTATIONS_COUNTED, readRefreshToken } from '../../src/credentials/refresh-token.ts'
import { statement, step } from '../../src/store/database/driver.ts'
import { freshDatabase } from '../support/postgres.ts'
import {
  basic,
  eventTypes,
  expectInvalidClient,
  expectInvalidGrant,
  expectInvalidRequest,
  expectInvalidToken,
  RelyingParty,
  type Reply,
  type Tokens,
  tokensOf,
} from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

const OTHER_SECRET = 'test0000000000000000000000000000'
const DAY = 86_400

/** Everything but the ID token, whose signature is made anew. */
function plain({ body }: Reply): object {
  const { id_token: _, ...rest } = body
  return rest
}

describe.each(['sqlite', 'postgres'] as const)('refresh on %s', (database) => {
  let host: TestServer
  let beside: TestServer | null = null
  let app: RelyingParty
  let other: RelyingParty
  let page: RelyingParty

  beforeAll(async () => {
    host = await startServer({ database, trustedProxies: ['127.0.0.1'] })
    if (database === 'postgres') beside = await startServer({ beside: host })
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addClient('other', 'openid-connect', { consent: 'implied' }, OTHER_SECRET)
    await host.addClient('page', 'spa', { consent: 'implied' })
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app' })
    other = new RelyingParty({ host, clientId: 'other', secret: OTHER_SECRET })
    page = new RelyingParty({ host, clientId: 'page', secret: null })
  })
  afterAll(async () => {
    await beside?.close()
    await host.close()
  })

  const events = async (type: string) =>
    (await host.server.parts.store.listEvents(500)).filter((event) => event.type === type)
  async function expectLive({ access, refresh }: Tokens): Promise<void> {
    expect((await app.userinfo(access)).status).toBe(200)
    expect((await app.introspect(refresh)).body['active']).toBe(true)
  }
  async function expectDead({ access, refresh }: Tokens): Promise<void> {
    expectInvalidToken(await app.userinfo(access))
    expectInvalidGrant(await app.refresh(refresh))
  }

  test('§6 a refresh gives new tokens, and the former refresh token is spent', async () => {
    const first = await app.tokens()
    const second = tokensOf(await app.refresh(first.refresh))
    expect(second.refresh).not.toBe(first.refresh)
    expect(second.access).not.toBe(first.access)
    expect(second.reply.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'openid profile offline_access',
    })
    expect((await app.introspect(first.refresh)).body).toEqual({ active: false })
    await expectLive(second)
    // RFC 6749 does not end the former access token.
    expect((await app.userinfo(first.access)).status).toBe(200)
  })

  test('§6 a client with two methods may use Basic for the code and the body for the refresh', async () => {
    const { refresh } = await app.tokens()
    const body = { client_id: 'app', client_secret: app.secret ?? '' }
    expect((await app.refresh(refresh, body, {})).status).toBe(200)
  })

  describe('RFC 9700 §4.14.2 the repeat window', () => {
    test('twenty parallel refreshes have one identical answer', async () => {
      const first = await app.tokens()
      const nodes = beside === null ? [app] : [app, app.through(beside)]
      const replies = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (nodes[index % nodes.length] ?? app).refresh(first.refresh)),
      )
      const [answer] = replies
      if (answer === undefined) throw new Error('no reply')
      for (const reply of replies) {
        expect(reply.status, reply.text).toBe(200)
        expect(plain(reply)).toEqual(plain(answer))
      }
      await expectLive(tokensOf(answer))
    })

    test('a repeat within thirty seconds gets the same strings, with the lifetime that remains', async () => {
      const first = await app.tokens()
      const answer = await app.refresh(first.refresh)
      const before = (await events('refresh_token_repeated')).length
      host.clock.advance(30)
      const again = await app.refresh(first.refresh)
      expect(plain(again)).toEqual({ ...plain(answer), expires_in: 3570 })
      await expectLive(tokensOf(again))
      const repeated = await events('refresh_token_repeated')
      expect(repeated).toHaveLength(before + 1)
      for (const event of repeated) expect(event).toMatchObject({ clientId: 'app', userId: 'user-alice' })
    })

    test('the event names both addresses', async () => {
      const first = await app.tokens()
      const from = (address: string) =>
        app.refresh(first.refresh, {}, { ...app.credentials, 'x-forwarded-for': address })
      expect((await from('192.0.2.1')).status).toBe(200)
      expect((await from('192.0.2.2')).status).toBe(200)
      const details = (await events('refresh_token_repeated')).map(({ detail }) => detail)
      expect(details).toContainEqual(
        expect.objectContaining({ firstAddress: '192.0.2.1', address: '192.0.2.2', grantId: expect.any(String) }),
      )
    })

    test('a replay after the window kills the family, newest access token included', async () => {
      const first = await app.tokens()
      const second = tokensOf(await app.refresh(first.refresh))
      host.clock.advance(31)
      const third = tokensOf(await app.refresh(second.refresh))
      await expectLive(third)
      const before = (await events('refresh_token_replayed')).length
      expectInvalidGrant(await app.refresh(first.refresh))
      for (const tokens of [first, second, third]) await expectDead(tokens)
      expect((await app.introspect(third.access)).body).toEqual({ active: false })
      expect(await events('refresh_token_replayed')).toHaveLength(before + 1)
    })

    test('a replay is noticed for as long as the replayed token would have lived', async () => {
      const first = await app.tokens()
      let last = tokensOf(await app.refresh(first.refresh))
      host.clock.advance(20 * DAY)
      last = tokensOf(await app.refresh(last.refresh))
      host.clock.advance(10 * DAY - 1)
      last = tokensOf(await app.refresh(last.refresh))
      await expectLive(last)
      expectInvalidGrant(await app.refresh(first.refresh))
      await expectDead(last)
    })

    test('once the successor was used, a repeat is refused and nothing is revoked', async () => {
      const first = await app.tokens()
      const second = tokensOf(await app.refresh(first.refresh))
      const third = tokensOf(await app.refresh(second.refresh))
      const before = (await events('refresh_token_repeated')).length
      expectInvalidGrant(await app.refresh(first.refresh))
      await expectLive(third)
      expect(await events('refresh_token_repeated')).toHaveLength(before + 1)
    })

    test('a repeat with another scope is refused and nothing is revoked', async () => {
      const first = await app.tokens()
      const answer = await app.refresh(first.refresh)
      expectInvalidGrant(await app.refresh(first.refresh, { scope: 'openid' }))
      await expectLive(tokensOf(answer))
      expect(plain(await app.refresh(first.refresh))).toEqual(plain(answer))
    })

    test('another client that repeats is refused and nothing is revoked', async () => {
      const first = await app.tokens()
      const second = tokensOf(await app.refresh(first.refresh))
      host.clock.advance(31)
      expectInvalidGrant(await other.refresh(first.refresh))
      expectInvalidClient(await app.refresh(first.refresh, {}, { authorization: basic('app', 'wrong') }))
      await expectLive(second)
    })

    test('a confidential client may repeat from another address with another user agent', async () => {
      const first = await app.tokens()
      const from = (address: string, agent: string) =>
        app.refresh(first.refresh, {}, { ...app.credentials, 'x-forwarded-for': address, 'user-agent': agent })
      const answer = await from('192.0.2.1', 'one')
      expect(plain(await from('198.51.100.7', 'two'))).toEqual(plain(answer))
    })
  })

  test('H13 of a long user agent only the beginning is kept with a rotated token', async () => {
    const first = await app.tokens()
    const agent = 'a'.repeat(8_000)
    expect((await app.refresh(first.refresh, {}, { ...app.credentials, 'user-agent': agent })).status).toBe(200)
    const found = await host.server.parts.store.findClientWithRefreshToken('app', readRefreshToken(first.refresh))
    expect(found?.refresh?.last).toMatchObject({ userAgent: 'a'.repeat(256) })
  })

  describe('RFC 9700 §4.14.2 a public client', () => {
    const refreshFrom = (token: string, address: string, agent: string) =>
      page.refresh(token, {}, { 'x-forwarded-for': address, 'user-agent': agent })

    test('may repeat for ten seconds', async () => {
      const first = await page.tokens()
      const answer = await page.refresh(first.refresh)
      host.clock.advance(10)
      const again = await page.refresh(first.refresh)
      expect(plain(again)).toEqual({ ...plain(answer), expires_in: 3590 })
      host.clock.advance(1)
      expectInvalidGrant(await page.refresh(first.refresh))
      await expectDeadForPage(tokensOf(again))
    })

    test.each([
      ['another address', '198.51.100.7', 'one'],
      ['another user agent', '192.0.2.1', 'two'],
    ])('may repeat from %s', async (_, address, agent) => {
      const first = await page.tokens()
      const answer = await refreshFrom(first.refresh, '192.0.2.1', 'one')
      const again = await refreshFrom(first.refresh, address, agent)
      expect(plain(again)).toEqual(plain(answer))
    })

    test('ends its family when it repeats from another address and another user agent', async () => {
      const first = await page.tokens()
      const second = tokensOf(await refreshFrom(first.refresh, '192.0.2.1', 'one'))
      const before = (await events('refresh_token_replayed')).length
      expectInvalidGrant(await refreshFrom(first.refresh, '198.51.100.7', 'two'))
      await expectDeadForPage(second)
      expect(await events('refresh_token_replayed')).toHaveLength(before + 1)
    })

    async function expectDeadForPage({ access, refresh }: Tokens): Promise<void> {
      expectInvalidToken(await page.userinfo(access))
      expectInvalidGrant(await page.refresh(refresh))
    }
  })

  test('§6 a refresh token of one client is nothing to another, and stays good', async () => {
    const first = await app.tokens()
    expectInvalidGrant(await other.refresh(first.refresh))
    expectInvalidGrant(await page.refresh(first.refresh))
    expect((await app.refresh(first.refresh)).status).toBe(200)
  })

  test('§6 a confidential client must authenticate to refresh', async () => {
    const first = await app.tokens()
    expectInvalidClient(await app.refresh(first.refresh, {}, {}))
    expectInvalidClient(await app.refresh(first.refresh, { client_id: 'app' }, {}))
    expectInvalidClient(await app.refresh(first.refresh, {}, { authorization: basic('app', '') }))
    expect((await app.refresh(first.refresh)).status).toBe(200)
  })

  test('§6 a narrower scope works and does not shrink the grant', async () => {
    const first = await app.tokens({ scope: 'openid profile email offline_access' })
    const narrow = tokensOf(await app.refresh(first.refresh, { scope: 'openid' }))
    expect(narrow.reply.body['scope']).toBe('openid')
    expect((await app.userinfo(narrow.access)).body).toEqual({ sub: 'user-alice' })
    const whole = tokensOf(await app.refresh(narrow.refresh))
    expect(whole.reply.body['scope']).toBe('openid profile email offline_access')
  })

  test('§6 a scope never asked for is invalid_scope; one asked for and dropped is ignored', async () => {
    const first = await app.tokens({ scope: 'openid profile offline_access groups' })
    for (const scope of ['openid email', 'openid "', 'openid admin']) {
      const wider = await app.refresh(first.refresh, { scope })
      expect([wider.status, wider.body['error']]).toEqual([400, 'invalid_scope'])
    }
    const again = await app.refresh(first.refresh, { scope: 'openid profile offline_access groups' })
    expect(again.body['scope']).toBe('openid profile offline_access')
  })

  test('§6 a damaged or missing refresh token is refused and the right one stays good', async () => {
    const { refresh } = await app.tokens()
    const flipped = refresh.startsWith('A') ? `B${refresh.slice(1)}` : `A${refresh.slice(1)}`
    for (const damaged of [refresh.slice(0, -1), `${refresh}A`, `${refresh}=`, flipped, refresh.slice(0, 22)]) {
      expectInvalidGrant(await app.refresh(damaged))
    }
    expectInvalidRequest(await app.refresh(''))
    expect((await app.refresh(refresh)).status).toBe(200)
  })

  test('RFC 9700 §4.14.2 only a token that was one of a family ends it: one with another letter anywhere is unknown', async () => {
    const first = await app.tokens()
    const second = tokensOf(await app.refresh(first.refresh))
    host.clock.advance(31)
    const before = (await events('refresh_token_replayed')).length
    for (const genuine of [first.refresh, second.refresh]) {
      for (let at = 0; at < genuine.length; at++) {
        const letter = genuine[at] === 'a' ? 'b' : 'a'
        const madeUp = genuine.slice(0, at) + letter + genuine.slice(at + 1)
        expectInvalidGrant(await app.refresh(madeUp))
        expect((await app.introspect(madeUp)).body).toEqual({ active: false })
        expect((await app.revoke(madeUp)).status).toBe(200)
      }
    }
    expect(await events('refresh_token_replayed')).toHaveLength(before)
    await expectLive(second)
    expectInvalidGrant(await app.refresh(first.refresh))
    await expectDead(second)
  })

  test('RFC 9700 §4.14.2 a replay is noticed however many tokens came after the replayed one', async () => {
    const count = statement<{ many: number }>(
      'count_rotations',
      'UPDATE "grant" SET refresh_rotations = :many WHERE refresh_rotations = 1',
    )
    for (const many of [
      ROTATIONS_COUNTED / 2 + 1,
      ROTATIONS_COUNTED - 1,
      ROTATIONS_COUNTED,
      2 * ROTATIONS_COUNTED + 7,
    ]) {
      const first = await app.tokens()
      const second = tokensOf(await app.refresh(first.refresh))
      await host.driver.atomic([step(count, { many })])
      const last = tokensOf(await app.refresh(second.refresh))
      host.clock.advance(3_600)
      expectInvalidGrant(await app.refresh(first.refresh))
      await expectDead(last)
    }
  })

  test('RFC 9700 §4.14.2 whoever refreshes without a pause hides no replay of long ago', async () => {
    const first = await app.tokens()
    let last = tokensOf(await app.refresh(first.refresh))
    host.clock.advance(DAY)
    for (let at = 0; at < 70; at++) last = tokensOf(await app.refresh(last.refresh))
    const before = (await events('refresh_token_replayed')).length
    expectInvalidGrant(await app.refresh(first.refresh))
    expect(await events('refresh_token_replayed')).toHaveLength(before + 1)
    await expectDead(last)
  })

  test('RFC 7009 §2.1 a refresh token that was replaced still revokes its family', async () => {
    const first = await app.tokens()
    const second = tokensOf(await app.refresh(first.refresh))
    const third = tokensOf(await app.refresh(second.refresh))
    expect((await other.revoke(first.refresh)).status).toBe(200)
    await expectLive(third)
    expect((await app.revoke(first.refresh)).status).toBe(200)
    await expectDead(third)
  })

  test('§6 a family is one row, however often it is refreshed', async () => {
    const rows = async () => {
      const table = statement<object, { many: number }>('count_grants', 'SELECT count(*) AS many FROM "grant"')
      return Number((await host.driver.rows(table, {}))[0]?.many)
    }
    let last = await app.tokens()
    const before = await rows()
    for (let at = 0; at < 40; at++) last = tokensOf(await app.refresh(last.refresh))
    expect(await rows()).toBe(before)
    await expectLive(last)
  })

  test('RFC 10017 idle and absolute time: rotation renews the one and not the other', async () => {
    const idle = await app.tokens()
    host.clock.advance(30 * DAY - 1)
    let last = tokensOf(await app.refresh(idle.refresh))
    host.clock.advance(30 * DAY)
    expectInvalidGrant(await app.refresh(last.refresh))

    last = await app.tokens()
    for (let passed = 0; passed < 175; passed += 25) {
      host.clock.advance(25 * DAY)
      last = tokensOf(await app.refresh(last.refresh))
    }
    host.clock.advance(5 * DAY - 1)
    last = tokensOf(await app.refresh(last.refresh))
    host.clock.advance(1)
    expectInvalidGrant(await app.refresh(last.refresh))
  })

  test('RFC 9700 §4.14 a client that lost the grant type, or offline_access, may refresh no more', async () => {
    const { store } = host.server.parts
    const { client } = await host.addClient('fading', 'openid-connect', { consent: 'implied' }).then(async () => {
      const record = await store.findClient('fading')
      if (record === null) throw new Error('no client')
      return record
    })
    const fading = new RelyingParty({ host, clientId: 'fading' })
    const { refresh } = await fading.tokens()
    const update = async (change: Partial<typeof client>) => {
      const version = (await store.findClient('fading'))?.version ?? 0
      const at = host.clock.now()
      const state = { enabled: true, version, killIssued: false }
      expect(await store.updateClient({ ...client, ...change }, state, { type: 'client_updated', at })).toBe('updated')
    }
    await update({ grant_types: ['authorization_code'] })
    const denied = await fading.refresh(refresh)
    expect([denied.status, denied.body['error']]).toEqual([400, 'unauthorized_client'])
    await update({ scope: 'openid profile' })
    expectInvalidGrant(await fading.refresh(refresh))
    await update({ reply: { ...client.reply, refreshToken: 'never' } })
    expectInvalidGrant(await fading.refresh(refresh))
    await update({})
    expect((await fading.refresh(refresh)).status).toBe(200)
  })

  test('§1.5 without offline_access there is no refresh token, unless the client always has one', async () => {
    const { reply } = await app.tokens({ scope: 'openid profile' })
    expect(reply.body).not.toHaveProperty('refresh_token')
    await host.addClient(`always-${database}`, 'zhizuoyun', {
      consent: 'implied',
      redirect_uris: ['https://client.test/callback'],
    })
    const always = new RelyingParty({ host, clientId: `always-${database}`, scope: 'openid' })
    expect((await always.tokens()).refresh).not.toBe('')
  })

  test('RFC 9700 §4.14.2 events tell of repeats and replays', async () => {
    expect(await eventTypes(host)).toEqual(expect.arrayContaining(['refresh_token_repeated', 'refresh_token_replayed']))
  })
})

test.each(['sqlite', 'postgres'] as const)(
  '§5.1 a token made after lifetimes were raised ends with what is kept of its grant, and says so, on %s',
  async (database) => {
    const folder = mkdtempSync(join(tmpdir(), 'lingpai-lifetimes-'))
    const fresh = database === 'postgres' ? await freshDatabase() : null
    const at = fresh?.url ?? join(folder, 'lingpai.db')
    const short = { accessToken: 600, refreshIdle: DAY, refreshAbsolute: DAY }
    const before = await startServer({ database, at, lifetimes: short })
    let running = before
    try {
      await before.addClient('app', 'openid-connect', { consent: 'implied' })
      await before.addUser('alice')
      const first = await new RelyingParty({ host: before, clientId: 'app' }).tokens()
      await before.close()
      before.clock.advance(DAY - 60)
      running = await startServer({ database, at, beside: before, lifetimes: { ...short, accessToken: 30 * DAY } })
      const app = new RelyingParty({ host: running, clientId: 'app' })
      const last = tokensOf(await app.refresh(first.refresh))
      expect(last.reply.body['expires_in']).toBe(660)
      const exp = before.clock.now() + 660
      expect((await app.introspect(last.access)).body).toMatchObject({ active: true, exp })
      expect((await app.refresh(first.refresh)).body).toMatchObject({ access_token: last.access, expires_in: 660 })
      before.clock.advance(659)
      expect((await app.userinfo(last.access)).status).toBe(200)
      before.clock.advance(1)
      expectInvalidToken(await app.userinfo(last.access))
      expect((await app.introspect(last.access)).body).toEqual({ active: false })
      // Whoever signs in anew has all of it.
      expect((await app.tokens()).reply.body['expires_in']).toBe(30 * DAY)
    } finally {
      await running.close()
      await fresh?.drop()
      rmSync(folder, { recursive: true })
    }
  },
)
