// RFC 9068: access tokens that a resource server verifies by itself, recognised here as every other token is.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removeResource, updateResource } from '../../src/administration/resources.ts'
import { statement } from '../../src/store/database/driver.ts'
import { freshDatabase } from '../support/postgres.ts'
import { expectInvalidToken, RelyingParty, tokensOf } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

const API = 'https://api.test'
const LEGACY = 'https://legacy.test'
const DAY = 86_400
const SCOPE = 'openid offline_access read'

describe.each(['sqlite', 'postgres'] as const)('JWT access tokens on %s', (database) => {
  let host: TestServer
  let app: RelyingParty
  let machine: RelyingParty
  let api: RelyingParty
  const scope = 'openid profile offline_access read write'

  beforeAll(async () => {
    host = await startServer({ database })
    const jwt = { tokenFormat: 'jwt', scope: 'read write', signingAlgorithm: 'ES256' }
    await host.addResource(API, { ...jwt, tokenLifetime: 900 })
    await host.addResource(LEGACY, { ...jwt, typ: 'JWT', signingAlgorithm: 'RS256' })
    const resources = [API, LEGACY]
    await host.addClient('app', 'openid-connect', { consent: 'implied', scope, resources })
    await host.addClient('page', 'spa', { consent: 'implied', scope, resources })
    const own = { grant_types: ['client_credentials'], response_types: [] }
    await host.addClient('machine', 'openid-connect', { ...own, scope: 'read', resources })
    await host.addClient('api', 'openid-connect', { ...own, servesResources: [API] })
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app', scope })
    machine = new RelyingParty({ host, clientId: 'machine' })
    api = new RelyingParty({ host, clientId: 'api' })
  })
  afterAll(() => host.close())

  const verified = async (token: string, audience = API, typ = 'at+jwt') =>
    jwtVerify(token, createRemoteJWKSet(new URL(`${host.origin}/sso/jwks`)), {
      issuer: host.issuer,
      audience,
      typ,
      currentDate: new Date(host.clock.now() * 1000),
    })
  const tokenRows = async () => {
    const sql = 'SELECT CAST(count(*) AS BIGINT) AS n FROM access_token WHERE revoked_at IS NULL'
    return (await host.driver.rows(statement<object, { n: number }>('count_tokens', sql), {}))[0]?.n
  }

  test('§2.1, §2.2 the token verifies with the published keys and holds what the profile asks for', async () => {
    const now = host.clock.now()
    const { access, reply } = await app.tokens({ resource: API })
    expect(reply.body).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'read write' })
    const { payload, protectedHeader } = await verified(access)
    expect(protectedHeader).toMatchObject({ typ: 'at+jwt', alg: 'ES256', kid: expect.any(String) })
    expect(payload).toEqual({
      iss: host.issuer,
      aud: API,
      sub: 'user-alice',
      client_id: 'app',
      exp: now + 900,
      iat: now,
      jti: expect.stringMatching(/^at_[a-z0-9]{24}$/),
      scope: 'read write',
      auth_time: expect.any(Number),
      acr: expect.any(String),
      amr: ['pwd'],
    })
    const again = await app.tokens({ resource: API })
    expect((await verified(again.access)).payload.jti).not.toBe(payload.jti)
  })

  test('O01 §5 one of the type JWT is no ID token: it hints at nobody, and signs nobody out', async () => {
    const party = new RelyingParty({ host, clientId: 'app', scope, visitor: app.visitor })
    const { access, idToken } = await party.tokens({ resource: LEGACY })
    expect(decodeProtectedHeader(access)).toMatchObject({ typ: 'JWT' })
    const hinted = async (id_token_hint: string) =>
      (await party.authorize({ prompt: 'none', id_token_hint })).searchParams.get('error')
    expect(await hinted(access)).toBe('invalid_request')
    expect(await hinted(idToken)).toBeNull()
    const out = (hint: string) => party.visitor.get(`${host.issuer}/sso/end-session?id_token_hint=${hint}`)
    expect((await out(access)).status).toBe(400)
    expect(await hinted(idToken)).toBeNull()
    expect((await out(idToken)).status).toBe(200)
    expect(await hinted(idToken)).toBe('login_required')
  })

  test('§2.1 a resource may ask for the type JWT and another algorithm', async () => {
    const { access } = await app.tokens({ resource: LEGACY })
    expect(decodeProtectedHeader(access)).toMatchObject({ typ: 'JWT', alg: 'RS256' })
    expect((await verified(access, LEGACY, 'JWT')).payload.sub).toBe('user-alice')
  })

  test('§2.2 a client that acts for itself is the subject, and nobody has signed in', async () => {
    const { access } = tokensOf(await machine.token({ grant_type: 'client_credentials', resource: API }))
    const { payload } = await verified(access)
    expect(payload).toMatchObject({ sub: 'machine', client_id: 'machine', scope: 'read', aud: API })
    for (const member of ['auth_time', 'acr', 'amr']) expect(payload).not.toHaveProperty(member)
  })

  test('§4 a resource server refuses one that was meant for another', async () => {
    const { access } = await app.tokens({ resource: LEGACY })
    await expect(verified(access, API, 'JWT')).rejects.toThrow('aud')
    expect((await verified(access, LEGACY, 'JWT')).payload.aud).toBe(LEGACY)
  })

  test('§2.2.1 nothing about the person is in it but how they signed in', async () => {
    const { access } = await app.tokens({ resource: API })
    const text = Buffer.from(access.split('.')[1] ?? '', 'base64url').toString()
    expect(text).not.toContain('Name of alice')
    expect(text).not.toContain('username')
  })

  test('RFC 7662 §2.2 introspection tells of it, to its client and its resource server', async () => {
    const { access } = await app.tokens({ resource: API })
    const { payload } = await verified(access)
    for (const asker of [app, api]) {
      const { body } = await asker.introspect(access)
      expect(body).toMatchObject({ active: true, aud: API, jti: payload.jti, iat: payload.iat, exp: payload.exp })
    }
    const opaque = await app.tokens()
    expect((await app.introspect(opaque.access)).body).not.toHaveProperty('jti')
  })

  test('RFC 8725 §2 whatever was changed about it is no token', async () => {
    const { access } = await app.tokens({ resource: API })
    const [head = '', body = '', tail = ''] = access.split('.')
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    const flipped = `${tail.startsWith('A') ? 'B' : 'A'}${tail.slice(1)}`
    for (const forged of [`${none}.${body}.`, `${head}.${body}.${flipped}`, `${head}.${body}`, access.slice(0, -1)]) {
      expect((await app.introspect(forged)).body).toEqual({ active: false })
      expectInvalidToken(await app.userinfo(forged))
    }
    expect((await app.introspect(access)).body['active']).toBe(true)
  })

  test('RFC 8707 §3 user info refuses it', async () => {
    const { access } = await app.tokens({ resource: API })
    expectInvalidToken(await app.userinfo(access))
    expect((await app.userinfo((await app.tokens()).access)).status).toBe(200)
  })

  test('RFC 8707 §3 a JWT for this server itself opens user info, where an operator wants one', async () => {
    await host.addResource(host.issuer, { tokenFormat: 'jwt', scope: 'openid profile', signingAlgorithm: 'ES256' })
    const { access, refresh } = await app.tokens({ resource: host.issuer })
    expect((await verified(access, host.issuer)).payload).toMatchObject({ sub: 'user-alice', scope: 'openid profile' })
    expect((await app.userinfo(access)).body).toMatchObject({ sub: 'user-alice', name: 'Name of alice' })
    expectInvalidToken(await app.userinfo(access.slice(0, -1)))
    expect((await app.revoke(refresh)).status).toBe(200)
    expectInvalidToken(await app.userinfo(access))
    expectInvalidToken(await app.userinfo((await app.tokens({ resource: API })).access))
    await removeResource({ store: host.server.parts.store, clock: host.clock }, host.issuer)
  })

  test('RFC 7009 §2.1 it can be revoked, with a right hint, a wrong one or none', async () => {
    for (const token_type_hint of ['access_token', 'refresh_token', undefined]) {
      const { access, refresh } = await app.tokens({ resource: API })
      expect((await app.revoke(access, { token_type_hint })).status).toBe(200)
      expect((await api.introspect(access)).body).toEqual({ active: false })
      expect((await app.refresh(refresh)).status).toBe(200)
    }
  })

  test('RFC 7009 §2.1 the refresh token takes it along', async () => {
    const { access, refresh } = await app.tokens({ resource: API })
    expect((await app.revoke(refresh)).status).toBe(200)
    expect((await api.introspect(access)).body).toEqual({ active: false })
  })

  test.each([API, LEGACY])(
    'RFC 6749 §6 a refresh for %s that is repeated gets the very same tokens',
    async (resource) => {
      const { refresh } = await app.tokens({ resource })
      const one = tokensOf(await app.refresh(refresh))
      const rows = await tokenRows()
      host.clock.advance(2)
      const again = tokensOf(await app.refresh(refresh))
      expect([again.access, again.refresh]).toEqual([one.access, one.refresh])
      expect(Number(again.reply.body['expires_in'])).toBe(Number(one.reply.body['expires_in']) - 2)
      expect(await tokenRows()).toBe(rows)
      expect((await app.introspect(again.access)).body['active']).toBe(true)
    },
  )

  test('RFC 6749 §6 twenty refreshes at once give one line of descent', async () => {
    const { refresh } = await app.tokens({ resource: API })
    const rows = (await tokenRows()) ?? 0
    const replies = await Promise.all(Array.from({ length: 20 }, () => app.refresh(refresh)))
    const made = replies.map(tokensOf)
    expect(new Set(made.map(({ access }) => access)).size).toBe(1)
    expect(new Set(made.map((each) => each.refresh)).size).toBe(1)
    expect(await tokenRows()).toBe(rows + 1)
    expect((await verified(made[0]?.access ?? '')).payload.sub).toBe('user-alice')
  })

  test('RFC 6749 §6 a resource that changes its tokens meanwhile changes nothing about a repeat', async () => {
    const { refresh } = await app.tokens({ resource: API })
    const one = tokensOf(await app.refresh(refresh))
    const parts = { store: host.server.parts.store, clock: host.clock }
    await updateResource(parts, API, ['tokenFormat=opaque'])
    expect(tokensOf(await app.refresh(refresh)).access).toBe(one.access)
    const opaque = tokensOf(await app.refresh(one.refresh))
    expect(opaque.access).toMatch(/^[A-Za-z0-9]{50}$/)
    await updateResource(parts, API, ['tokenFormat=jwt'])
    expect(tokensOf(await app.refresh(one.refresh)).access).toBe(opaque.access)
  })

  test('§5 what the database keeps of a repeatable token opens to nobody without the refresh token', async () => {
    const { refresh } = await app.tokens({ resource: API })
    const { access } = tokensOf(await app.refresh(refresh))
    const kept = statement<object, { kept: Uint8Array }>(
      'kept_tokens',
      'SELECT rotation_access_token AS kept FROM "grant" WHERE rotation_access_token IS NOT NULL',
    )
    const rows = await host.driver.rows(kept, {})
    expect(rows.length).toBeGreaterThan(0)
    const signature = access.split('.')[2] ?? ''
    for (const row of rows) expect(Buffer.from(row.kept).toString('latin1')).not.toContain(signature)
  })
})

test.each(['sqlite', 'postgres'] as const)(
  '§2.2 exp of a token made after lifetimes were raised is no later than what is kept of its grant, on %s',
  async (database) => {
    const folder = mkdtempSync(join(tmpdir(), 'lingpai-jwt-lifetimes-'))
    const fresh = database === 'postgres' ? await freshDatabase() : null
    const at = fresh?.url ?? join(folder, 'lingpai.db')
    const short = { accessToken: 600, refreshIdle: DAY, refreshAbsolute: DAY }
    const before = await startServer({ database, at, lifetimes: short })
    let running = before
    try {
      await before.addResource(API, { tokenFormat: 'jwt', scope: 'read' })
      await before.addClient('app', 'openid-connect', { consent: 'implied', scope: SCOPE, resources: [API] })
      await before.addClient('api', 'openid-connect', { servesResources: [API], grant_types: ['client_credentials'] })
      await before.addUser('alice')
      const asked = { resource: API }
      const grantedAt = before.clock.now()
      const first = await new RelyingParty({ host: before, clientId: 'app', scope: SCOPE }).tokens(asked)
      expect(decodeJwt(first.access).exp).toBe(grantedAt + 600)
      await before.close()
      before.clock.advance(DAY - 60)
      running = await startServer({ database, at, beside: before, lifetimes: { ...short, accessToken: 30 * DAY } })
      const app = new RelyingParty({ host: running, clientId: 'app', scope: SCOPE })
      const api = new RelyingParty({ host: running, clientId: 'api' })
      // A grant for an API is kept for a day after its last refresh token, the longest that an API may set for its tokens.
      const [end, left] = [grantedAt + 2 * DAY, DAY + 60]
      const last = tokensOf(await app.refresh(first.refresh))
      expect(last.reply.body['expires_in']).toBe(left)
      expect(decodeJwt(last.access).exp).toBe(end)
      expect(tokensOf(await app.refresh(first.refresh)).access).toBe(last.access)
      expect((await api.introspect(last.access)).body).toMatchObject({ active: true, exp: end })
      // Whoever signs in anew has all of it.
      const anew = await app.tokens(asked)
      expect(decodeJwt(anew.access).exp).toBe(running.clock.now() + 30 * DAY)
      running.clock.advance(left - 1)
      expect((await api.introspect(last.access)).body['active']).toBe(true)
      running.clock.advance(1)
      expect((await api.introspect(last.access)).body).toEqual({ active: false })
      expect((await api.introspect(anew.access)).body['active']).toBe(true)
    } finally {
      await running.close()
      await fresh?.drop()
      rmSync(folder, { recursive: true })
    }
  },
)
