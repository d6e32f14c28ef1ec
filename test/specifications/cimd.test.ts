// draft-ietf-oauth-client-id-metadata-document: a client that nobody registered is known by the address of a document
// about it. Off by default, under an operator's ceilings, and never trusted for more than it says.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { approveClient, removeClient, setClientEnabled } from '../../src/administration/clients.ts'
import { removeUnusedClients } from '../../src/issuer/registration/unused.ts'
import { asserted, assertion, type ClientKey, newClientKey } from '../support/assertions.ts'
import { ask, authorizeQuery, authorizeUrl, countRecords, expectErrorPage, isAt, signIn } from '../support/authorize.ts'
import { type DocumentHost, startDocumentHost } from '../support/document-host.ts'
import { countClients, register } from '../support/registration.ts'
import { expectInvalidClient, PKCE, RelyingParty, tokensOf, VERIFIER } from '../support/relying-party.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

let documents: DocumentHost
let host: TestServer
let key: ClientKey
let visitor: Visitor

const OTHER = 'https://other.test/callback'
const at = (path: string) => `${documents.origin}${path}`
const put = (path: string, body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  documents.replace(at(path), (_, reply) => void reply.writeHead(200, headers).end(body))
const said = (path: string, changes: object = {}) => ({
  client_id: at(path),
  client_name: 'Tool of a stranger',
  redirect_uris: [CALLBACK],
  grant_types: ['authorization_code', 'refresh_token'],
  scope: 'openid profile offline_access',
  ...changes,
})
const publish = (path: string, changes: object = {}, headers: Record<string, string> = {}) => {
  put(path, JSON.stringify(said(path, changes)), { 'content-type': 'application/json', ...headers })
  return at(path)
}
const parameters = (client_id: string, changes: object = {}) => ({
  client_id,
  scope: 'openid profile offline_access',
  ...PKCE,
  ...changes,
})
const enter = (client_id: string, changes: object = {}) => ask(visitor, host, parameters(client_id, changes))
/** Through sign-in and consent. */
const codeFrom = async (client_id: string, changes: object = {}) => {
  let page = await enter(client_id, changes)
  if (isAt(page, 'sign-in')) page = await signIn(visitor, page, 'alice')
  expect(isAt(page, 'consent'), page.html.slice(0, 300)).toBe(true)
  const answer = await visitor.submit(page, 'consent-allow')
  return new URL(answer.location ?? '').searchParams.get('code') ?? ''
}
const party = (clientId: string) => new RelyingParty({ host, clientId, secret: null })

beforeAll(async () => {
  key = await newClientKey()
  documents = await startDocumentHost()
  host = await startServer({
    outboundAllow: [documents.hostAndPort],
    outboundAllowStrangers: true,
    registration: { documents: true, perAddress: 1_000 },
  })
  await host.addUser('alice')
})
beforeEach(() => {
  visitor = new Visitor()
})
afterAll(async () => {
  await host.close()
  await documents.close()
})

/** Shown here, nothing sent anywhere, nobody added. */
async function expectUnusable(client_id: string, on = host) {
  const before = [await countRecords(on), (await on.server.parts.store.listClients()).length]
  const page = await new Visitor().get(authorizeUrl(on, parameters(client_id)))
  expectErrorPage(page)
  expect([await countRecords(on), (await on.server.parts.store.listClients()).length]).toEqual(before)
}

describe('§4 the document', () => {
  test('makes a client that signs people in, refreshes and asks for user info', async () => {
    const client_id = publish('/tool')
    const client = party(client_id)
    const { access, refresh } = tokensOf(await client.redeem(await codeFrom(client_id)))
    expect((await client.userinfo(access)).body).toMatchObject({ sub: 'user-alice' })
    expect((await client.refresh(refresh)).status).toBe(200)
    const record = await host.server.parts.store.findClient(client_id)
    expect(record?.client).toMatchObject({ preset: 'document', verified: false, token_endpoint_auth_method: 'none' })
    expect(record?.client.authorize.pkce).toBe('required')
  })

  test('RFC 9126 §2 a client that nobody has met before may push its request; one without a document may not', async () => {
    const push = async (client_id: string) => {
      const body = authorizeQuery(parameters(client_id))
      const reply = await fetch(`${host.origin}/sso/par`, { method: 'POST', body })
      return { status: reply.status, body: (await reply.json()) as Record<string, string> }
    }
    const client_id = publish('/pushing')
    const { status, body } = await push(client_id)
    expect(status).toBe(201)
    const query = new URLSearchParams({ client_id, request_uri: body['request_uri'] ?? '' }).toString()
    const page = await visitor.follow(await visitor.get(`${host.origin}/sso/authorize?${query}`))
    expect(isAt(page, 'sign-in')).toBe(true)
    expect(page.html).toContain('Tool of a stranger')
    const count = (await host.server.parts.store.listClients()).length
    expect(await push(at('/nothing-here'))).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(await host.server.parts.store.listClients()).toHaveLength(count)
  })

  test('§4.1 may give a public key, and never a secret', async () => {
    const keyed = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.publicJwk] } }
    const client_id = publish('/keyed', keyed)
    const code = await codeFrom(client_id)
    const client = party(client_id)
    const fields = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER }
    expectInvalidClient(await client.token(fields))
    const proof = await assertion({ host, clientId: client_id, key })
    expect((await client.token({ ...fields, ...asserted(proof) })).status).toBe(200)
  })

  test.each([
    ['another client_id', { client_id: 'https://elsewhere.test/tool' }],
    ['no client_id', { client_id: undefined }],
    ['a secret', { client_secret: 'x'.repeat(40) }],
    ['a method with a secret', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['a method that signs with a secret', { token_endpoint_auth_method: 'client_secret_jwt' }],
    ['no redirect URI', { redirect_uris: [] }],
    ['a name with characters that nobody sees', { client_name: 'Your\u200B Bank' }],
    ['a name that turns itself around', { client_name: 'Your \u202EknaB' }],
    ['a redirect URI that is none', { redirect_uris: ['javascript:alert(1)'] }],
    ['another flow', { response_types: ['id_token'], grant_types: ['implicit'] }],
    ['a grant for itself', { grant_types: ['client_credentials', 'authorization_code'] }],
    ['keys at a private address', { jwks_uri: 'https://10.0.0.1/keys' }],
  ])('§4.1 with %s is refused; without it accepted', async (_, changes) => {
    await expectUnusable(publish('/refused', changes))
    host.clock.advance(11)
    expect(isAt(await enter(publish('/refused')), 'sign-in')).toBe(true)
    await removeClient({ ...host.server.parts }, at('/refused'))
    host.clock.advance(4_000)
  })

  test.each([
    ['no JSON', '{', 'application/json'],
    ['a list', '[]', 'application/json'],
    ['another media type', '{}', 'text/html'],
    ['eleven kilobytes', JSON.stringify({ filler: 'x'.repeat(11_000) }), 'application/json'],
  ])('§5.1 that is %s is refused', async (_, body, type) => {
    put('/broken', body, { 'content-type': type })
    await expectUnusable(at('/broken'))
    host.clock.advance(11)
  })

  test('§6.6 of more than ten kilobytes is refused, of the five that are advised accepted', async () => {
    await expectUnusable(publish('/large', { filler: 'x'.repeat(10_300) }))
    expect(isAt(await enter(publish('/usual', { filler: 'x'.repeat(4_500) })), 'sign-in')).toBe(true)
  })

  test('D03 says nothing that is the operator’s to say', async () => {
    const client_id = publish('/greedy', {
      consent: 'implied',
      verified: true,
      introspection: 'all',
      servesResources: ['https://api.test'],
      resources: ['https://api.test'],
      preset: 'zhizuoyun',
      scope: 'openid profile email admin',
    })
    await enter(client_id)
    const record = await host.server.parts.store.findClient(client_id)
    expect(record?.client).toMatchObject({
      consent: 'ask',
      verified: false,
      introspection: 'own',
      servesResources: [],
      resources: [],
      preset: 'document',
      scope: 'openid profile email',
    })
  })
})

describe('§3 the client_id', () => {
  test.each([
    ['/tool#part', 'a fragment'],
    ['/', 'no path'],
    ['', 'no path at all'],
    ['/a/../tool', 'dot segments'],
    [`/${'x'.repeat(600)}`, 'six hundred characters'],
  ])('%.20s has %s and is refused', async (path) => {
    publish('/tool')
    await expectUnusable(`${at('')}${path}`)
  })

  test.each([
    'https://127.0.0.1/client',
    'https://[::1]/client',
    'https://169.254.169.254/latest/meta-data',
    'https://10.1.2.3/client',
    'https://0x7f000001/client',
    'https://user:password@app.test/client',
    'https://printer.internal/client',
    'http://app.test/client',
    'HTTPS://APP.TEST/client',
  ])('D04 %s is refused before anybody is asked', async (client_id) => {
    const asked = documents.asked.length
    await expectUnusable(client_id)
    expect(documents.asked.length).toBe(asked)
  })

  test('D05 a redirect is not followed', async () => {
    publish('/target')
    documents.replace(at('/moved'), (_, reply) => void reply.writeHead(302, { location: at('/target') }).end())
    await expectUnusable(at('/moved'))
  })

  test('a redirect URI counts character by character, as the document has it', async () => {
    const client_id = publish('/exact')
    expectErrorPage(await visitor.get(authorizeUrl(host, parameters(client_id, { redirect_uri: `${CALLBACK}/x` }))))
    expect(isAt(await enter(client_id), 'sign-in')).toBe(true)
  })
})

describe('§5.2 the cache', () => {
  test('is as old as its headers allow, never less than a minute or more than an hour', async () => {
    for (const [path, header, kept, gone] of [
      ['/none', 'no-store', 59, 2],
      ['/week', 'max-age=604800', 3_599, 2],
      ['/some', 'max-age=120', 119, 2],
    ] as const) {
      const client_id = publish(path, {}, { 'cache-control': header })
      await enter(client_id)
      const asked = documents.asked.length
      host.clock.advance(kept)
      await enter(client_id)
      expect(documents.asked.length, path).toBe(asked)
      host.clock.advance(gone)
      await enter(client_id)
      expect(documents.asked.length, path).toBe(asked + 1)
    }
  })

  test('D17 an error is forgotten within seconds, and asked for once meanwhile', async () => {
    put('/late', '{')
    const client_id = at('/late')
    const asked = documents.asked.length
    await expectUnusable(client_id)
    await expectUnusable(client_id)
    expect(documents.asked.length).toBe(asked + 1)
    publish('/late')
    host.clock.advance(11)
    expect(isAt(await enter(client_id), 'sign-in')).toBe(true)
  })

  test('a document that is taken away is the end of new sign-ins', async () => {
    const client_id = publish('/gone')
    const { refresh } = tokensOf(await party(client_id).redeem(await codeFrom(client_id)))
    documents.replace(at('/gone'), (_, reply) => void reply.writeHead(404).end())
    host.clock.advance(301)
    expectErrorPage(await visitor.get(authorizeUrl(host, parameters(client_id))))
    expect((await party(client_id).refresh(refresh)).status).toBe(200)
  })
})

describe('§6 a document that changes', () => {
  test('D17 leaves a code bound to what it was issued for', async () => {
    const client_id = publish('/moving', { redirect_uris: [CALLBACK] })
    const code = await codeFrom(client_id)
    publish('/moving', { redirect_uris: [OTHER] })
    host.clock.advance(301)
    expectErrorPage(await visitor.get(authorizeUrl(host, parameters(client_id))))
    const fresh = publish('/moving2', { redirect_uris: [CALLBACK] })
    const second = await codeFrom(fresh)
    publish('/moving2', { redirect_uris: [OTHER] })
    const client = party(fresh)
    const elsewhere = await client.redeem(second, { redirect_uri: OTHER })
    expect([elsewhere.status, elsewhere.body['error']]).toEqual([400, 'invalid_grant'])
    expect((await client.redeem(second)).status).toBe(200)
    expect((await party(client_id).redeem(code)).body['error']).toBe('invalid_grant')
  })

  test('is asked about again: a yes is for one sign-in', async () => {
    const client_id = publish('/asking')
    await codeFrom(client_id)
    const page = await enter(client_id)
    expect(isAt(page, 'consent')).toBe(true)
    expect(page.html).toContain(documents.hostAndPort)
    expect(page.html).toContain('Tool of a stranger')
    const silent = await visitor.get(authorizeUrl(host, parameters(client_id, { prompt: 'none' })))
    expect(new URL(silent.location ?? '').searchParams.get('error')).toBe('consent_required')
  })

  test('is another client than the one that an operator approved', async () => {
    const client_id = publish('/approved')
    await codeFrom(client_id)
    await approveClient({ ...host.server.parts }, client_id)
    expect((await enter(client_id)).location).toContain('code=')
    publish('/approved', { client_name: 'Somebody else' })
    host.clock.advance(301)
    const page = await enter(client_id)
    expect(isAt(page, 'consent')).toBe(true)
    expect(page.html).toContain('Somebody else')
  })

  test('does not bring back a client that an operator has disabled', async () => {
    const client_id = publish('/off')
    const { refresh } = tokensOf(await party(client_id).redeem(await codeFrom(client_id)))
    await setClientEnabled({ ...host.server.parts }, client_id, false)
    publish('/off', { client_name: 'Again' })
    host.clock.advance(301)
    expectErrorPage(await visitor.get(authorizeUrl(host, parameters(client_id))))
    expectInvalidClient(await party(client_id).refresh(refresh))
    expect((await host.server.parts.store.findClient(client_id))?.enabled).toBe(false)
  })

  test('a client that was removed for disuse comes back, and nothing from before does', async () => {
    const client_id = publish('/unused')
    const { refresh } = tokensOf(await party(client_id).redeem(await codeFrom(client_id)))
    host.clock.advance(100)
    await removeUnusedClients(host.server.parts.store, host.clock, 50)
    expect(await host.server.parts.store.findClient(client_id)).toBeNull()
    host.clock.advance(301)
    expect((await party(client_id).redeem(await codeFrom(client_id))).status).toBe(200)
    expect((await party(client_id).refresh(refresh)).body['error']).toBe('invalid_grant')
  })

  test('the scripts of a client that comes back may read replies again, and not while it is away', async () => {
    const origin = 'https://tool.test'
    const allowed = async () => {
      const headers = { origin, 'access-control-request-method': 'POST' }
      const reply = await fetch(`${host.origin}/sso/token`, { method: 'OPTIONS', headers })
      return reply.headers.get('access-control-allow-origin')
    }
    const client_id = publish('/scripts', { redirect_uris: [`${origin}/callback`] })
    const met = { redirect_uri: `${origin}/callback` }
    await enter(client_id, met)
    expect(await allowed()).toBe(origin)
    host.clock.advance(100)
    await removeUnusedClients(host.server.parts.store, host.clock, 50)
    expect(await allowed()).toBeNull()
    host.clock.advance(301)
    await enter(client_id, met)
    expect(await allowed()).toBe(origin)
  })
})

describe('an operator’s ceilings', () => {
  const metadataOf = async (on: TestServer) =>
    (await (await fetch(`${on.origin}/.well-known/oauth-authorization-server`)).json()) as Record<string, unknown>

  test('§5 off is the default: nothing is fetched, and metadata says nothing of it', async () => {
    const off = await startServer({ outboundAllow: [documents.hostAndPort], outboundAllowStrangers: true })
    try {
      const client_id = publish('/tool')
      const asked = documents.asked.length
      await expectUnusable(client_id, off)
      expect(documents.asked.length).toBe(asked)
      expect(await metadataOf(off)).not.toHaveProperty('client_id_metadata_document_supported')
      expect(await metadataOf(host)).toMatchObject({ client_id_metadata_document_supported: true })
    } finally {
      await off.close()
    }
  })

  test.each([
    ['documents are switched off', { documents: false }],
    ['their hosts are narrowed', { documents: true, documentHosts: ['other.test'] }],
  ])('§6 what such clients were given holds no longer when %s, and answers say so', async (_, narrowed) => {
    const folder = mkdtempSync(join(tmpdir(), 'lingpai-documents-'))
    const same = { at: join(folder, 'data.sqlite'), acceptNewIssuer: true }
    const known = { outboundAllow: [documents.hostAndPort], outboundAllowStrangers: true }
    const client_id = publish('/given')
    const first = await startServer({ ...same, ...known, registration: { documents: true } })
    await first.addUser('alice')
    await first.addClient('api', 'openid-connect', { introspection: 'all' })
    await first.addClient('plain', 'openid-connect', { consent: 'implied' })
    const others = await new RelyingParty({ host: first, clientId: 'plain' }).tokens()
    const before = new RelyingParty({ host: first, clientId: client_id, secret: null })
    const { access, refresh } = await before.tokens()
    const code = await before.code()
    await first.close()
    const off = await startServer({ ...same, ...known, registration: narrowed })
    try {
      const at = new RelyingParty({ host: off, clientId: client_id, secret: null })
      for (const refused of [await at.redeem(code), await at.refresh(refresh), await at.userinfo(access)]) {
        expect(refused.status).toBe(401)
        expect(refused.body['error_description']).toContain('client ID metadata document')
      }
      const api = new RelyingParty({ host: off, clientId: 'api' })
      expect((await api.introspect(access)).body).toEqual({ active: false })
      // Everybody else's work on.
      const plain = new RelyingParty({ host: off, clientId: 'plain' })
      expect((await plain.userinfo(others.access)).status).toBe(200)
      expect((await plain.refresh(others.refresh)).status).toBe(200)
      expect((await api.introspect(others.access)).body).toMatchObject({ active: true })
    } finally {
      await off.close()
    }
    // Nothing was taken away: switched on again, they work on.
    const again = await startServer({ ...same, ...known, registration: { documents: true } })
    try {
      const at = new RelyingParty({ host: again, clientId: client_id, secret: null })
      expect((await at.userinfo(access)).status).toBe(200)
      expect((await at.refresh(refresh)).status).toBe(200)
      expect((await at.redeem(code)).status).toBe(200)
    } finally {
      await again.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('D02 hosts are compared whole', async () => {
    const withHosts = (...documentHosts: readonly string[]) =>
      startServer({
        outboundAllow: [documents.hostAndPort],
        outboundAllowStrangers: true,
        registration: { documents: true, documentHosts },
      })
    const client_id = publish('/hosted')
    const asked = documents.asked.length
    for (const entry of ['127.0.0.10', '7.0.0.1', '*.0.0.1', '127.0.0.1.evil.test', '127.0.0.1:1']) {
      const narrow = await withHosts(entry)
      try {
        await expectUnusable(client_id, narrow)
      } finally {
        await narrow.close()
      }
    }
    expect(documents.asked.length).toBe(asked)
    const right = await withHosts('127.0.0.1')
    try {
      expect(isAt(await ask(new Visitor(), right, parameters(client_id)), 'sign-in')).toBe(true)
    } finally {
      await right.close()
    }
  })

  test('RFC 7591 §5 such clients and registered ones are counted apart: neither keeps the other out', async () => {
    const registration = { access: 'open', documents: true, most: 1, mostDocuments: 1 } as const
    const small = await startServer({
      outboundAllow: [documents.hostAndPort],
      outboundAllowStrangers: true,
      registration,
    })
    try {
      expect(isAt(await ask(new Visitor(), small, parameters(publish('/counted-1'))), 'sign-in')).toBe(true)
      await expectUnusable(publish('/counted-2'), small)
      expect((await register(small)).status).toBe(201)
      const refused = await register(small)
      expect([refused.status, await countClients(small)]).toEqual([429, 2])
    } finally {
      await small.close()
    }
  })

  test('D15 one network brings so many new clients in an hour, and no more are asked for', async () => {
    const registration = { documents: true, perAddress: 2 }
    const limited = await startServer({
      outboundAllow: [documents.hostAndPort],
      outboundAllowStrangers: true,
      registration,
    })
    try {
      for (const path of ['/one', '/two']) {
        expect(isAt(await ask(new Visitor(), limited, parameters(publish(path))), 'sign-in')).toBe(true)
      }
      const third = publish('/three')
      const asked = documents.asked.length
      await expectUnusable(third, limited)
      expect(documents.asked.length).toBe(asked)
      limited.clock.advance(3_700)
      expect(isAt(await ask(new Visitor(), limited, parameters(third)), 'sign-in')).toBe(true)
    } finally {
      await limited.close()
    }
  })
})
