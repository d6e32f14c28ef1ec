// RFC 6749 §4.4: a client acts for itself. No person, no refresh token, no ID token.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/credentials/digest.ts'
import { basic, expectInvalidClient, expectInvalidRequest, RelyingParty, tokensOf } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

const MACHINE = { grant_types: ['client_credentials'], response_types: [], scope: 'read write openid profile' }

describe.each(['sqlite', 'postgres'] as const)('client credentials on %s', (database) => {
  let host: TestServer
  let machine: RelyingParty

  beforeAll(async () => {
    host = await startServer({ database })
    await host.addClient('machine', 'openid-connect', MACHINE)
    await host.addClient('picky', 'openid-connect', { ...MACHINE, authorize: { unknownScopes: 'refuse' } })
    await host.addClient('page', 'spa')
    await host.addClient('app', 'openid-connect')
    machine = new RelyingParty({ host, clientId: 'machine' })
  })
  afterAll(() => host.close())

  const ask = (client: RelyingParty, fields = {}, headers = client.credentials) =>
    client.token({ grant_type: 'client_credentials', ...fields }, headers)

  test('§4.4.3 the reply holds an access token and no refresh token', async () => {
    expect((await ask(machine, { scope: 'read' })).body).toEqual({
      access_token: expect.stringMatching(/^[A-Za-z0-9]{50}$/),
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'read',
    })
  })

  test('RFC 7662 §2.2 a token of a release whose tokens told no instant is as good as a new one', async () => {
    const { store } = host.server.parts
    const now = host.clock.now()
    const record = await store.findClient('machine')
    const kept = {
      grant: null,
      clientId: 'machine',
      clientGeneration: record?.generation ?? 0,
      resource: null,
      keyThumbprint: null,
    }
    const token = 'T'.repeat(43)
    const life = { scope: 'read', issuedAt: now, expiresAt: now + 3_600 }
    expect(await store.issueClientToken({ ...kept, ...life, hash: sha256(token) })).toBe(true)
    const asked = (text: string) => machine.introspect(text)
    expect((await asked(token)).body).toMatchObject({ active: true, scope: 'read' })
    expect((await asked('U'.repeat(43))).body).toEqual({ active: false })
    expect((await asked((await ask(machine)).body['access_token'] as string)).body).toMatchObject({ active: true })
  })

  test('§3.3 without a scope all that the client may have; scopes about people never', async () => {
    expect((await ask(machine)).body['scope']).toBe('read write')
    const { body } = await ask(machine, { scope: 'openid profile read offline_access' })
    expect(body['scope']).toBe('read')
    expect(body).not.toHaveProperty('id_token')
    expect(body).not.toHaveProperty('refresh_token')
  })

  test('§4.4.2 a scope that is not allowed is dropped, or refused where the client asks for that', async () => {
    expect((await ask(machine, { scope: 'read admin' })).body['scope']).toBe('read')
    const picky = new RelyingParty({ host, clientId: 'picky' })
    for (const scope of ['read admin', 'read "']) {
      const refused = await ask(picky, { scope })
      expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_scope'])
    }
    expect((await ask(picky, { scope: 'read' })).status).toBe(200)
  })

  test('§4.4.2 the client must authenticate', async () => {
    expectInvalidClient(await ask(machine, {}, {}))
    expectInvalidClient(await ask(machine, { client_id: 'machine' }, {}))
    expectInvalidClient(await ask(machine, {}, { authorization: basic('machine', '') }))
    expectInvalidClient(await ask(machine, {}, { authorization: basic('machine', 'wrong') }))
    expect((await ask(machine)).status).toBe(200)
  })

  test('§4.4 only confidential clients that are registered for it', async () => {
    const page = new RelyingParty({ host, clientId: 'page', secret: null })
    const app = new RelyingParty({ host, clientId: 'app' })
    for (const client of [page, app]) {
      const refused = await ask(client)
      expect([refused.status, refused.body['error']]).toEqual([400, 'unauthorized_client'])
    }
    expect((await ask(machine)).status).toBe(200)
  })

  test('§4.4 nothing of a person is behind the token', async () => {
    const { access } = tokensOf(await ask(machine))
    const reply = await machine.userinfo(access)
    expect([reply.status, reply.body['error']]).toEqual([403, 'insufficient_scope'])
    expect((await machine.introspect(access)).body).toMatchObject({ active: true, sub: 'machine' })
  })

  test('§4.4 the token expires and can be revoked', async () => {
    const one = tokensOf(await ask(machine))
    const two = tokensOf(await ask(machine))
    expect((await machine.revoke(one.access)).status).toBe(200)
    expect((await machine.introspect(one.access)).body).toEqual({ active: false })
    expect((await machine.introspect(two.access)).body['active']).toBe(true)
    host.clock.advance(3600)
    expect((await machine.introspect(two.access)).body).toEqual({ active: false })
  })

  test('§3.2 a repeated scope is refused', async () => {
    const twice = new URLSearchParams('grant_type=client_credentials&scope=read&scope=write')
    const url = `${host.origin}/sso/token`
    const reply = await fetch(url, { method: 'POST', headers: machine.credentials, body: twice })
    expect(reply.status).toBe(400)
    expectInvalidRequest(await ask(machine, { grant_type: '' }))
    expect((await ask(machine, { scope: 'read write' })).body['scope']).toBe('read write')
  })
})
