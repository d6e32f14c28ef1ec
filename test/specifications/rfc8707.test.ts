// RFC 8707: clients say which API a token is for, and get tokens that are good there and nowhere else.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removeResource, setResourceEnabled, updateResource } from '../../src/administration/resources.ts'
import { newClientKey } from '../support/assertions.ts'
import { ask as askPage, authorizeUrl, countRecords, expectRefusal, isAt, signIn } from '../support/authorize.ts'
import {
  ask,
  expectInvalidToken,
  type Fields,
  form,
  RelyingParty,
  type Reply,
  tokensOf,
} from '../support/relying-party.ts'
import { requestObject } from '../support/request-objects.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import { type Page, Visitor } from '../support/visitor.ts'

const VIDEOS = 'https://videos.test/api'
const NOTES = 'https://notes.test'
const OPEN = 'https://open.test/mcp'
const HIDDEN = 'https://hidden.test'
const BOTH = [VIDEOS, NOTES]

function expectInvalidTarget(reply: Reply): void {
  expect(reply.status, reply.text).toBe(400)
  expect(reply.body['error']).toBe('invalid_target')
  expect(Object.keys(reply.body).sort()).toEqual(['error', 'error_description'])
}

describe.each(['sqlite', 'postgres'] as const)('resource indicators on %s', (database) => {
  let host: TestServer
  let app: RelyingParty
  let machine: RelyingParty
  let videos: RelyingParty

  beforeAll(async () => {
    host = await startServer({ database, implicitAndHybrid: true })
    const scope = 'openid profile offline_access read write note'
    await host.addResource(VIDEOS, { name: 'Videos', scope: 'read write' })
    await host.addResource(NOTES, { name: 'Notes', scope: 'note read', tokenLifetime: 600 })
    await host.addResource(OPEN, { name: 'Tools', scope: 'tools', clients: 'all' })
    await host.addResource(HIDDEN, { scope: 'read' })
    await host.addClient('app', 'openid-connect', { consent: 'implied', scope, resources: BOTH })
    await host.addClient('asks', 'openid-connect', { scope, resources: BOTH })
    const direct = { grant_types: ['authorization_code', 'implicit'], response_types: ['code', 'id_token token'] }
    await host.addClient('direct', 'openid-connect', { consent: 'implied', scope, resources: BOTH, ...direct })
    const own = { grant_types: ['client_credentials'], response_types: [] }
    await host.addClient('machine', 'openid-connect', { ...own, scope: 'read other', resources: [VIDEOS] })
    await host.addClient('videos', 'openid-connect', { ...own, servesResources: [VIDEOS] })
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app', scope: 'openid offline_access read write note' })
    machine = new RelyingParty({ host, clientId: 'machine' })
    videos = new RelyingParty({ host, clientId: 'videos' })
  })
  afterAll(() => host.close())

  const url = (resources: readonly string[], parameters: Fields = {}) =>
    `${app.authorizeUrl(parameters)}${resources.map((each) => `&resource=${encodeURIComponent(each)}`).join('')}`
  const answered = async (resources: readonly string[], parameters: Fields = {}): Promise<Page> => {
    if (app.visitor.cookies.size < 2) await app.authorize()
    return app.visitor.follow(await app.visitor.get(url(resources, parameters)))
  }
  const codeFor = async (...resources: readonly string[]) => {
    const page = await answered(resources)
    return new URL(page.location ?? '').searchParams.get('code') ?? ''
  }
  const several = (fields: Fields, resources: readonly string[]) => {
    const body = form(fields)
    for (const each of resources) body.append('resource', each)
    return ask(`${host.origin}/sso/token`, { method: 'POST', headers: app.credentials, body })
  }
  const described = async (token: string) => (await app.introspect(token)).body

  test('§2 a token is meant for the resource asked, and holds only what that resource knows', async () => {
    const { access, refresh, reply } = tokensOf(await app.redeem(await codeFor(VIDEOS)))
    expect(reply.body).toMatchObject({ scope: 'read write', expires_in: 3600, id_token: expect.any(String) })
    expect(access).toMatch(/^[A-Za-z0-9]{50}$/)
    expect(await described(access)).toMatchObject({ active: true, aud: VIDEOS, scope: 'read write', sub: 'user-alice' })
    expect(tokensOf(await app.refresh(refresh)).reply.body['scope']).toBe('read write')
  })

  test('§2 without the parameter nothing changes', async () => {
    const { access, reply } = await app.tokens()
    expect(reply.body['scope']).toBe('openid offline_access read write note')
    expect(await described(access)).not.toHaveProperty('aud')
    expect((await app.userinfo(access)).status).toBe(200)
  })

  test('§2 a token for an API opens user info to nobody; the issuer as resource gives one that does', async () => {
    const code = await codeFor(VIDEOS, host.issuer)
    const own = tokensOf(await app.redeem(code, { resource: host.issuer }))
    expect((await app.userinfo(own.access)).body['sub']).toBe('user-alice')
    expect(await described(own.access)).not.toHaveProperty('aud')
    const other = tokensOf(await app.refresh(own.refresh, { resource: VIDEOS }))
    expectInvalidToken(await app.userinfo(other.access))
    expect(await described(other.access)).toMatchObject({ active: true, aud: VIDEOS })
  })

  test.each([
    ['unknown', 'https://nowhere.test'],
    ['relative', '/api'],
    ['with a fragment', `${VIDEOS}#part`],
    ['no URI', 'videos'],
    ['of another path', `${VIDEOS}/`],
    ['not allowed to this client', HIDDEN],
    ['too long', `https://long.test/${'x'.repeat(600)}`],
  ])('§2, RFC 3986 §4.3 one that is %s is invalid_target everywhere, and nothing is kept', async (_, resource) => {
    await app.authorize()
    const before = await countRecords(host)
    const page = await app.visitor.get(url([resource]))
    expectRefusal(page, host, 'invalid_target')
    expect(await countRecords(host)).toEqual(before)
    const code = await codeFor(VIDEOS)
    expectInvalidTarget(await app.redeem(code, { resource }))
    const { refresh } = tokensOf(await app.redeem(code))
    expectInvalidTarget(await app.refresh(refresh, { resource }))
    expectInvalidTarget(await machine.token({ grant_type: 'client_credentials', resource }))
    expect(tokensOf(await app.refresh(refresh, { resource: VIDEOS })).reply.body['scope']).toBe('read write')
  })

  test('§2, RFC 3986 §6.2.2, §6.2.3 a slash after the host and the case of the host make no difference', async () => {
    const { access, refresh } = tokensOf(
      await app.redeem(await codeFor(`${NOTES.toUpperCase().replace('HTTPS', 'https')}/`)),
    )
    expect(await described(access)).toMatchObject({ aud: NOTES })
    expect(await described(tokensOf(await app.refresh(refresh, { resource: `${NOTES}/` })).access)).toMatchObject({
      aud: NOTES,
    })
  })

  test('§2.1 several may be named at the authorization endpoint, each token is for one of them', async () => {
    const code = await codeFor(...BOTH)
    expectInvalidTarget(await app.redeem(code))
    expectInvalidTarget(await several({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK }, BOTH))
    const first = tokensOf(await app.redeem(code, { resource: VIDEOS }))
    expect(await described(first.access)).toMatchObject({ aud: VIDEOS, scope: 'read write' })
    const second = tokensOf(await app.refresh(first.refresh, { resource: NOTES }))
    expect(second.reply.body).toMatchObject({ scope: 'read note', expires_in: 600 })
    expect(await described(second.access)).toMatchObject({ aud: NOTES, scope: 'read note' })
    // A narrower request does not shrink the grant (RFC 6749 §6).
    const third = tokensOf(await app.refresh(second.refresh, { resource: VIDEOS, scope: 'write' }))
    expect(third.reply.body['scope']).toBe('write')
    expect(tokensOf(await app.refresh(third.refresh, { resource: VIDEOS })).reply.body['scope']).toBe('read write')
  })

  test('§2.1 a request object names several in a list (RFC 9101 §4)', async () => {
    await app.authorize()
    const key = await newClientKey()
    const signed = { consent: 'implied', jwks: { keys: [key.publicJwk] }, scope: app.scope, resources: BOTH }
    await host.addClient('object', 'openid-connect', signed)
    const client = new RelyingParty({ host, clientId: 'object' })
    const send = async (resource: unknown) => {
      const claims = { resource, scope: client.scope }
      const request = await requestObject({ host, clientId: 'object', key, claims })
      const page = await app.visitor.get(authorizeUrl(host, { client_id: 'object', request }))
      return new URL(page.location ?? '').searchParams
    }
    const code = (await send(BOTH)).get('code') ?? ''
    expectInvalidTarget(await client.redeem(code))
    const given = tokensOf(await client.redeem(code, { resource: NOTES }))
    expect((await client.introspect(given.access)).body).toMatchObject({ active: true, aud: NOTES })
    expect((await send([VIDEOS, HIDDEN])).get('error')).toBe('invalid_target')
    expect((await send(VIDEOS)).get('code')).not.toBeNull()
  })

  test('§2.1 more than five are refused', async () => {
    await app.authorize()
    const many = Array.from({ length: 6 }, (_, index) => `${VIDEOS}/${index}`)
    expectRefusal(await app.visitor.get(url(many)), host, 'invalid_target')
    expect((await answered([VIDEOS, VIDEOS, NOTES])).location).toContain('code=')
  })

  test('§2.1 an access token of the authorization endpoint itself is for the one resource asked', async () => {
    await app.authorize()
    const implicit = { client_id: 'direct', response_type: 'id_token token', nonce: 'n' }
    const refused = await app.visitor.get(url(BOTH, implicit))
    expect(refused.location).toContain('error=invalid_target')
    const given = new URL((await app.visitor.get(url([NOTES], implicit))).location ?? '')
    const members = new URLSearchParams(given.hash.slice(1))
    expect(members.get('scope')).toBe('read note')
    expect(members.get('expires_in')).toBe('600')
    const direct = new RelyingParty({ host, clientId: 'direct' })
    expect((await direct.introspect(members.get('access_token') ?? '')).body).toMatchObject({
      active: true,
      aud: NOTES,
    })
  })

  test('§2.2 the token endpoint gives none for a resource that the authorization request did not name', async () => {
    const code = await codeFor(VIDEOS)
    expectInvalidTarget(await app.redeem(code, { resource: NOTES }))
    const { refresh } = tokensOf(await app.redeem(code, { resource: VIDEOS }))
    expectInvalidTarget(await app.refresh(refresh, { resource: NOTES }))
    const plain = await app.tokens()
    expectInvalidTarget(await app.refresh(plain.refresh, { resource: VIDEOS }))
    expect((await app.refresh(refresh, { resource: VIDEOS })).status).toBe(200)
    expect((await app.refresh(plain.refresh)).status).toBe(200)
  })

  test('§2.2 a repeated refresh must name the same resource, and then gets the same token', async () => {
    const { refresh } = tokensOf(await app.redeem(await codeFor(...BOTH), { resource: VIDEOS }))
    const one = tokensOf(await app.refresh(refresh, { resource: VIDEOS }))
    const other = await app.refresh(refresh, { resource: NOTES })
    expect([other.status, other.body['error']]).toEqual([400, 'invalid_grant'])
    const again = tokensOf(await app.refresh(refresh, { resource: VIDEOS }))
    expect([again.access, again.refresh]).toEqual([one.access, one.refresh])
  })

  test('§2.2 client credentials: the scopes that client and resource have in common', async () => {
    const { access, reply } = tokensOf(await machine.token({ grant_type: 'client_credentials', resource: VIDEOS }))
    expect(reply.body['scope']).toBe('read')
    expect((await machine.introspect(access)).body).toMatchObject({ active: true, aud: VIDEOS, sub: 'machine' })
    const plain = tokensOf(await machine.token({ grant_type: 'client_credentials' }))
    expect(plain.reply.body['scope']).toBe('read other')
    expectInvalidTarget(await machine.token({ grant_type: 'client_credentials', resource: NOTES }))
  })

  test('§2 a resource that is there for all gives its scopes to any client, and for itself only', async () => {
    const asked = { scope: 'openid tools read' }
    const page = await answered([OPEN, host.issuer], asked)
    const code = new URL(page.location ?? '').searchParams.get('code') ?? ''
    const tools = tokensOf(await app.redeem(code, { resource: OPEN }))
    expect(tools.reply.body['scope']).toBe('tools')
    const plain = new URL((await answered([], asked)).location ?? '').searchParams.get('code') ?? ''
    expect(tokensOf(await app.redeem(plain)).reply.body['scope']).toBe('openid read')
    const own = new URL((await answered([OPEN, host.issuer], asked)).location ?? '').searchParams.get('code') ?? ''
    expect(tokensOf(await app.redeem(own, { resource: host.issuer })).reply.body['scope']).toBe('openid read')
  })

  test('§3 consent names the resource; a remembered yes covers that resource and those scopes only', async () => {
    const visitor = new Visitor()
    const page = (resource: string | undefined, scope: string) =>
      askPage(visitor, host, { client_id: 'asks', scope, ...(resource !== undefined && { resource }) })
    const first = await signIn(visitor, await page(VIDEOS, 'openid read'), 'alice')
    expect(isAt(first, 'consent')).toBe(true)
    expect(first.html).toContain('Videos')
    expect(first.html).toContain(VIDEOS)
    expect(first.html).toContain('Rights: read')
    const before = await countRecords(host)
    expectRefusal(
      await visitor.get(
        authorizeUrl(host, { client_id: 'asks', scope: 'openid read', resource: VIDEOS, prompt: 'none' }),
      ),
      host,
      'consent_required',
    )
    expect(await countRecords(host)).toEqual(before)
    await visitor.submit(first, 'consent-allow')
    expect((await page(VIDEOS, 'openid read')).location).toContain('code=')
    const further = await page(VIDEOS, 'openid read write')
    expect(isAt(further, 'consent')).toBe(true)
    await visitor.submit(further, 'consent-allow')
    const elsewhere = await page(NOTES, 'openid read')
    expect(isAt(elsewhere, 'consent')).toBe(true)
    expect(elsewhere.html).toContain('Notes')
    await visitor.submit(elsewhere, 'consent-allow')
    expect((await page(NOTES, 'openid read')).location).toContain('code=')
    expect(isAt(await page(NOTES, 'openid read note'), 'consent')).toBe(true)
    const plain = await page(undefined, 'openid read')
    expect(plain.location).toContain('code=')
  })

  test('§3 a resource server learns about tokens for its resource, and about no others', async () => {
    const code = await codeFor(...BOTH)
    const { access, refresh } = tokensOf(await app.redeem(code, { resource: VIDEOS }))
    expect((await videos.introspect(access)).body).toMatchObject({ active: true, aud: VIDEOS, client_id: 'app' })
    expect((await videos.introspect(refresh)).body).toEqual({ active: false })
    const other = tokensOf(await app.refresh(refresh, { resource: NOTES }))
    expect((await videos.introspect(other.access)).body).toEqual({ active: false })
    expect((await app.introspect(other.access)).body['active']).toBe(true)
    const plain = await app.tokens()
    expect((await videos.introspect(plain.access)).body).toEqual({ active: false })
  })

  test('§2 what a client may ask for is asked again with every token', async () => {
    const late = 'https://late.test'
    await host.addResource(late, { scope: 'read' })
    const { store } = host.server.parts
    await host.addClient('late', 'openid-connect', {
      consent: 'implied',
      scope: 'openid offline_access read',
      resources: [late],
    })
    const client = new RelyingParty({ host, clientId: 'late', scope: 'openid offline_access read' })
    const { refresh, access } = tokensOf(await client.redeem(await client.code({ resource: late })))
    const record = await store.findClient('late')
    if (record === null) throw new Error('no client')
    const update = (resources: readonly string[], version: number) =>
      store.updateClient(
        { ...record.client, resources },
        { enabled: true, version, killIssued: false },
        { type: 'client_updated', at: host.clock.now() },
      )
    await update([], record.version)
    expectInvalidTarget(await client.refresh(refresh, { resource: late }))
    await update([late], record.version + 1)
    const again = tokensOf(await client.refresh(refresh, { resource: late }))
    const parts = { store, clock: host.clock }
    await updateResource(parts, late, ['scope=other'])
    expect(tokensOf(await client.refresh(again.refresh)).reply.body['scope']).toBe('')
    expect((await client.introspect(access)).body).toMatchObject({ active: true, aud: late })
  })

  test('§2 a disabled resource gives no tokens, and those it had are dead for good', async () => {
    const passing = 'https://passing.test'
    await host.addResource(passing, { scope: 'read', clients: 'all' })
    const { access, refresh } = tokensOf(await app.redeem(await codeFor(passing)))
    const parts = { store: host.server.parts.store, clock: host.clock }
    await setResourceEnabled(parts, passing, false)
    expect(await described(access)).toEqual({ active: false })
    expectInvalidTarget(await app.refresh(refresh))
    await setResourceEnabled(parts, passing, true)
    expect(await described(access)).toEqual({ active: false })
    const again = tokensOf(await app.refresh(refresh))
    expect(await described(again.access)).toMatchObject({ active: true, aud: passing })
    await removeResource(parts, passing)
    await host.addResource(passing, { scope: 'read', clients: 'all' })
    expect(await described(again.access)).toEqual({ active: false })
    expect(await described(tokensOf(await app.refresh(again.refresh)).access)).toMatchObject({ active: true })
  })
})

test('§2 a server without any resource ignores the parameter, and has no use for one that is malformed', async () => {
  const host = await startServer()
  try {
    const own = { grant_types: ['authorization_code', 'client_credentials', 'refresh_token'] }
    await host.addClient('app', 'openid-connect', { ...own, consent: 'implied' })
    await host.addUser('alice')
    const app = new RelyingParty({ host, clientId: 'app' })
    const { access, refresh } = await app.tokens({ resource: VIDEOS }, { resource: VIDEOS })
    expect((await app.userinfo(access)).status).toBe(200)
    const again = tokensOf(await app.refresh(refresh, { resource: VIDEOS }))
    expect((await app.userinfo(again.access)).status).toBe(200)
    expect((await app.token({ grant_type: 'client_credentials', resource: VIDEOS })).status).toBe(200)
    expectInvalidTarget(await app.token({ grant_type: 'client_credentials', resource: '/videos' }))
    await host.addResource(NOTES)
    expectInvalidTarget(await app.token({ grant_type: 'client_credentials', resource: VIDEOS }))
    expectInvalidTarget(await app.refresh(again.refresh, { resource: VIDEOS }))
    expect((await app.refresh(again.refresh)).status).toBe(200)
  } finally {
    await host.close()
  }
})
