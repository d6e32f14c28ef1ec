// A matrix: everything that was ever issued, and every way in which its ground is taken away. What has died stays dead
// when the user or client is enabled again.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestClientSecret, sha256 } from '../../src/credentials/digest.ts'
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

interface Case {
  readonly host: TestServer
  readonly userId: string
  readonly clientId: string
  readonly sessionId: string
}

interface Cause {
  readonly name: string
  readonly clientIsGone: boolean
  /** Without it an offline grant lives on. */
  readonly endsOffline: boolean
  readonly endsSession: boolean
  happen(of: Case): Promise<void>
  /** Gives back what can be given back. */
  undo?(of: Case): Promise<void>
}

const at = (host: TestServer) => host.clock.now()

async function setClientEnabled({ host, clientId }: Case, enabled: boolean): Promise<void> {
  const { store } = host.server.parts
  const record = await store.findClient(clientId)
  if (record === null) throw new Error('no client')
  const state = { enabled, version: record.version, killIssued: !enabled }
  const event = { type: enabled ? 'client_enabled' : 'client_disabled', at: at(host), clientId } as const
  expect(await store.updateClient(record.client, state, event)).toBe('updated')
}

const CAUSES: readonly Cause[] = [
  {
    name: 'the user is disabled',
    clientIsGone: false,
    endsOffline: true,
    endsSession: true,
    async happen({ host, userId }) {
      const event = { type: 'user_disabled', at: at(host), userId } as const
      expect(await host.server.parts.store.setUserEnabled(userId, false, event)).toBe('done')
    },
    async undo({ host, userId }) {
      const event = { type: 'user_enabled', at: at(host), userId } as const
      expect(await host.server.parts.store.setUserEnabled(userId, true, event)).toBe('done')
    },
  },
  {
    name: 'the user is removed',
    clientIsGone: false,
    endsOffline: true,
    endsSession: true,
    async happen({ host, userId }) {
      const event = { type: 'user_removed', at: at(host), userId } as const
      expect(await host.server.parts.store.removeUser(userId, event)).toBe(true)
    },
  },
  {
    name: 'an operator sets another password',
    clientIsGone: false,
    endsOffline: true,
    endsSession: true,
    async happen({ host, userId }) {
      const event = { type: 'user_password_set', at: at(host), userId } as const
      expect(await host.server.parts.store.setPassword(userId, '$argon2id$never', event)).toBe(true)
    },
  },
  {
    name: 'the client is disabled',
    clientIsGone: true,
    endsOffline: true,
    endsSession: false,
    happen: (of) => setClientEnabled(of, false),
    undo: (of) => setClientEnabled(of, true),
  },
  {
    name: 'the client is removed',
    clientIsGone: true,
    endsOffline: true,
    endsSession: false,
    async happen({ host, clientId }) {
      const event = { type: 'client_removed', at: at(host), clientId } as const
      expect(await host.server.parts.store.removeClient(clientId, event)).toBe(true)
    },
  },
  {
    name: 'the consent is withdrawn',
    clientIsGone: false,
    endsOffline: true,
    endsSession: false,
    async happen({ host, userId, clientId }) {
      const event = { type: 'consent_denied', at: at(host), userId, clientId } as const
      expect(await host.server.parts.store.withdrawConsent(userId, clientId, event)).toBe(true)
    },
  },
  {
    name: 'the session is ended',
    clientIsGone: false,
    endsOffline: false,
    endsSession: true,
    async happen({ host, userId, sessionId }) {
      const event = { type: 'session_ended', at: at(host), userId } as const
      expect(await host.server.parts.store.endSession(sessionId, event)).toBe(true)
    },
  },
]

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
