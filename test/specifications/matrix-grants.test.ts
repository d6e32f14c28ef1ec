// A matrix: everything that was ever issued, and every way in which its ground is taken away. What has died stays dead
// when the user or client is enabled again.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { updateClient } from '../../src/administration/clients.ts'
import { digestClientSecret } from '../../src/credentials/client-secret.ts'
import { sha256 } from '../../src/credentials/digest.ts'
import { CAUSES, type Case } from '../support/causes.ts'
import {
  basic,
  expectInvalidClient,
  expectInvalidGrant,
  expectInvalidToken,
  RelyingParty,
  type Tokens,
  tokensOf,
} from '../support/relying-party.ts'
import { startServer, TEST_SECRET, type TestServer } from '../support/server.ts'

const ONLINE = 'openid profile'
const OFFLINE = 'openid profile offline_access'

describe.each(['sqlite', 'postgres'] as const)('what was issued, on %s', (database) => {
  let host: TestServer
  let api: RelyingParty
  let count = 0

  beforeAll(async () => {
    host = await startServer({ database })
    await host.addClient('api', 'openid-connect', { introspection: 'all' })
    api = new RelyingParty({ host, clientId: 'api' })
  })
  afterAll(() => host.close())

  interface Issued {
    readonly of: Case
    readonly client: RelyingParty
    /** Not redeemed yet. */
    readonly code: string
    readonly tokens: Tokens
    /** Second in its family. */
    readonly rotated: Tokens
    /** From client credentials. */
    readonly machine: string
  }

  async function issue(scope: string): Promise<Issued> {
    count++
    const clientId = `client-${count}`
    const username = `person-${count}`
    const settings = {
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      scope: `${OFFLINE} read`,
      reply: { refreshToken: 'always' },
    }
    await host.addClient(clientId, 'openid-connect', settings)
    const userId = await host.addUser(username)
    const client = new RelyingParty({ host, clientId, username, scope })
    const rotated = tokensOf(await client.refresh((await client.tokens()).refresh))
    const tokens = await client.tokens()
    const machine = tokensOf(await client.token({ grant_type: 'client_credentials', scope: 'read' })).access
    const secret = client.visitor.cookies.get('lingpai-session') ?? ''
    const now = host.clock.now()
    const [signedIn] = await host.server.parts.store.findSessions([sha256(secret)], now, now - 3600)
    if (signedIn === undefined) throw new Error('no session')
    const of = { host, userId, clientId, sessionId: signedIn.session.sessionId }
    return { of, client, code: await client.code(), tokens, rotated, machine }
  }

  async function expectAlive({ client, code, tokens, rotated }: Issued): Promise<void> {
    for (const { access, refresh } of [tokens, rotated]) {
      expect((await client.userinfo(access)).status).toBe(200)
      expect((await api.introspect(access)).body['active']).toBe(true)
      expect((await client.refresh(refresh)).status).toBe(200)
    }
    expect((await client.redeem(code)).status).toBe(200)
  }

  async function expectDead({ client, code, tokens, rotated }: Issued, clientIsGone: boolean): Promise<void> {
    const refused = clientIsGone ? expectInvalidClient : expectInvalidGrant
    refused(await client.redeem(code))
    for (const { access, refresh } of [tokens, rotated]) {
      expectInvalidToken(await client.userinfo(access))
      expect((await api.introspect(access)).body).toEqual({ active: false })
      refused(await client.refresh(refresh))
      const own = await client.introspect(refresh)
      if (clientIsGone) expectInvalidClient(own)
      else expect(own.body).toEqual({ active: false })
    }
  }

  async function expectSession({ client, of }: Issued, live: boolean): Promise<void> {
    const watcher = `watcher-${of.clientId}`
    if ((await host.server.parts.store.findClient(watcher)) === null) {
      await host.addClient(watcher, 'openid-connect', { consent: 'implied' })
    }
    const { redirectUri, username } = client
    const asking = new RelyingParty({ host, clientId: watcher, redirectUri, username })
    const page = await client.visitor.get(asking.authorizeUrl({ prompt: 'none' }))
    const answer = new URL(page.location ?? '').searchParams
    expect(answer.get('error')).toBe(live ? null : 'login_required')
    expect(answer.has('code')).toBe(live)
  }

  test.each([ONLINE, OFFLINE])('lives while nothing happens: %s', async (scope) => {
    const issued = await issue(scope)
    await expectSession(issued, true)
    await expectAlive(issued)
  })

  describe.each(CAUSES)('when $name', (cause) => {
    test.each([ONLINE, OFFLINE])('%s', async (scope) => {
      const issued = await issue(scope)
      const bystander = await issue(scope)
      await cause.happen(issued.of)
      await expectSession(issued, !cause.endsSession)
      if (scope === OFFLINE && !cause.endsOffline) await expectAlive(issued)
      else await expectDead(issued, cause.clientIsGone)

      const forClient = await api.introspect(issued.machine)
      expect(forClient.body['active']).toBe(!cause.clientIsGone)
      if (cause.clientIsGone) {
        expectInvalidClient(await issued.client.token({ grant_type: 'client_credentials' }))
        expectInvalidClient(await issued.client.revoke(issued.tokens.refresh))
        const asked = await fetch(issued.client.authorizeUrl(), { redirect: 'manual' })
        expect([asked.status, asked.headers.get('location')]).toEqual([400, null])
      }

      await cause.undo?.(issued.of)
      if (cause.undo !== undefined) {
        await expectDead(issued, false)
        expect((await api.introspect(issued.machine)).body['active']).toBe(!cause.clientIsGone)
        await expectSession(issued, !cause.endsSession)
        // What is issued from now on is good.
        expect((await issued.client.tokens()).access).not.toBe('')
      }
      await expectAlive(bystander)
    })
  })

  test('a client that is made public leaves nothing behind for whoever holds it', async () => {
    const issued = await issue(OFFLINE)
    const { clientId } = issued.of
    const settings = (assignments: readonly string[]) => updateClient(host.server.parts, clientId, { assignments })
    // Any other change leaves what was issued alone.
    await settings(['client_name=Renamed'])
    expect((await issued.client.userinfo(issued.tokens.access)).status).toBe(200)
    const grants = 'grant_types=["authorization_code","refresh_token"]'
    await settings(['token_endpoint_auth_method=none', 'authorize.pkce=required', grants])
    const anybody = new RelyingParty({ host, clientId, secret: null, username: issued.client.username })
    expectInvalidGrant(await anybody.refresh(issued.tokens.refresh))
    expectInvalidGrant(await anybody.redeem(issued.code, { code_verifier: undefined }))
    expectInvalidToken(await anybody.userinfo(issued.tokens.access))
    expect((await anybody.tokens()).refresh).not.toBe('')
  })

  test('what is taken away at one node is gone at the other, at once', async () => {
    // SQLite has one node: there it is the same server that is asked.
    const beside = database === 'postgres' ? await startServer({ beside: host }) : host
    try {
      for (const cause of CAUSES.filter(({ endsOffline }) => endsOffline)) {
        const issued = await issue(OFFLINE)
        const there = issued.client.through(beside)
        expect((await there.userinfo(issued.tokens.access)).status).toBe(200)
        await cause.happen(issued.of)
        expectInvalidToken(await there.userinfo(issued.tokens.access))
        const refused = cause.clientIsGone ? expectInvalidClient : expectInvalidGrant
        refused(await there.refresh(issued.tokens.refresh))
        refused(await there.redeem(issued.code))
      }
    } finally {
      if (beside !== host) await beside.close()
    }
  })

  test('a rotated client secret ends at once, and what was issued lives on', async () => {
    const issued = await issue(OFFLINE)
    const { store, master } = host.server.parts
    const fresh = 'test1111111111111111111111111111'
    const event = { type: 'client_secret_rotated', at: host.clock.now(), clientId: issued.of.clientId } as const
    expect(await store.setClientSecret(issued.of.clientId, digestClientSecret(master, fresh), event)).toBe(true)
    expectInvalidClient(await issued.client.refresh(issued.tokens.refresh))
    expectInvalidClient(
      await issued.client.redeem(issued.code, {}, { authorization: basic(issued.of.clientId, TEST_SECRET) }),
    )
    const authorization = basic(issued.of.clientId, fresh)
    expect((await issued.client.refresh(issued.tokens.refresh, {}, { authorization })).status).toBe(200)
    expect((await issued.client.redeem(issued.code, {}, { authorization })).status).toBe(200)
  })
})
