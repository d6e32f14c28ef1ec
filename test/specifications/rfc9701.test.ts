// RFC 9701: a resource server may ask for its answer as a JWT, which it can keep as proof of what it was told.

import { compactDecrypt, createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectInvalidClient, form, RelyingParty } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

const API = 'https://api.test'
const JWT = 'application/token-introspection+jwt'
const own = { grant_types: ['client_credentials'], response_types: [], servesResources: [API] }
const { publicKey, privateKey } = await generateKeyPair('RSA-OAEP-256')

let host: TestServer
let app: RelyingParty
let api: RelyingParty

beforeAll(async () => {
  host = await startServer()
  await host.addResource(API, { scope: 'read' })
  const scope = 'openid profile offline_access read'
  await host.addClient('app', 'openid-connect', { consent: 'implied', scope, resources: [API] })
  await host.addClient('api', 'openid-connect', { ...own, introspection_signed_response_alg: 'ES256' })
  await host.addClient('rsa', 'openid-connect', own)
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), use: 'enc', kid: 'for-us' }] }
  const encrypted = { introspection_encrypted_response_alg: 'RSA-OAEP-256' }
  await host.addClient('closed', 'openid-connect', { ...own, ...encrypted, jwks })
  await host.addUser('alice')
  app = new RelyingParty({ host, clientId: 'app', scope })
  api = new RelyingParty({ host, clientId: 'api' })
})
afterAll(() => host.close())

const asked = async (client: RelyingParty, token: string, accept: string) => {
  const headers = { ...client.credentials, accept }
  const reply = await fetch(`${host.origin}/sso/introspect`, { method: 'POST', headers, body: form({ token }) })
  return { status: reply.status, headers: reply.headers, text: await reply.text() }
}
const verified = async (text: string, audience: string) =>
  jwtVerify(text, createRemoteJWKSet(new URL(`${host.origin}/sso/jwks`)), {
    issuer: host.issuer,
    audience,
    typ: 'token-introspection+jwt',
    currentDate: new Date(host.clock.now() * 1000),
  })
const tokens = () => app.tokens({ resource: API })

describe('§5 the answer', () => {
  test('is signed for the one who asked, and says what the plain answer says', async () => {
    const { access } = await tokens()
    const { status, headers, text } = await asked(api, access, JWT)
    expect([status, headers.get('content-type')]).toEqual([200, JWT])
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache'])
    const { payload, protectedHeader } = await verified(text, 'api')
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'token-introspection+jwt' })
    const plain = await api.introspect(access)
    expect(plain.body).toMatchObject({ active: true, aud: API, sub: 'user-alice' })
    expect(payload).toEqual({ iss: host.issuer, aud: 'api', iat: host.clock.now(), token_introspection: plain.body })
  })

  test('§6 is signed with RS256 unless the client says otherwise', async () => {
    const { access } = await tokens()
    const { text } = await asked(new RelyingParty({ host, clientId: 'rsa' }), access, JWT)
    expect((await verified(text, 'rsa')).protectedHeader.alg).toBe('RS256')
  })

  test('tells nothing about a token that is not live, or not for the one who asks', async () => {
    const { access, refresh } = await tokens()
    const plain = await app.tokens()
    for (const token of ['nothing', refresh, plain.access]) {
      const { payload } = await verified((await asked(api, token, JWT)).text, 'api')
      expect(payload['token_introspection']).toEqual({ active: false })
    }
    const { payload } = await verified((await asked(api, access, JWT)).text, 'api')
    expect(payload['token_introspection']).toMatchObject({ active: true })
  })

  test('§6 is encrypted too where the client is registered so', async () => {
    const { access } = await tokens()
    const closed = new RelyingParty({ host, clientId: 'closed' })
    const { text } = await asked(closed, access, JWT)
    const { plaintext, protectedHeader } = await compactDecrypt(text, privateKey)
    expect(protectedHeader).toMatchObject({ alg: 'RSA-OAEP-256', enc: 'A128CBC-HS256', cty: 'JWT', kid: 'for-us' })
    const { payload } = await verified(new TextDecoder().decode(plaintext), 'closed')
    expect(payload['token_introspection']).toMatchObject({ active: true, aud: API })
    expect((await closed.introspect(access)).body['active']).toBe(true)
  })
})

describe('§4 the request', () => {
  test.each(['application/json', '*/*', `${JWT};q=0`, 'application/jwt'])(
    '§4, RFC 9110 §12.4.2 that accepts %s gets plain JSON',
    async (accept) => {
      const { access } = await tokens()
      const { headers, text } = await asked(api, access, accept)
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
      expect(JSON.parse(text)).toMatchObject({ active: true })
    },
  )

  test.each([JWT.toUpperCase(), `application/json;q=0.5, ${JWT}`, `${JWT};q=0.9`])(
    'that accepts %s gets a JWT',
    async (accept) => {
      const { access } = await tokens()
      expect((await asked(api, access, accept)).headers.get('content-type')).toBe(JWT)
    },
  )

  test('§8.1 nobody gets one without authentication', async () => {
    const { access } = await tokens()
    const headers = { accept: JWT, authorization: 'Basic YXBpOndyb25n' }
    expectInvalidClient(await api.introspect(access, {}, headers))
    expect((await asked(api, access, JWT)).status).toBe(200)
  })

  test('§8.1 an answer is no access token', async () => {
    const { access } = await tokens()
    const { text } = await asked(api, access, JWT)
    const { payload } = await verified(text, 'api')
    expect([payload.sub, payload.exp]).toEqual([undefined, undefined])
    expect((await app.userinfo(text)).status).toBe(401)
    expect((await api.introspect(text)).body).toEqual({ active: false })
  })
})

test('§7 the metadata lists how answers are signed and encrypted', async () => {
  const reply = await fetch(`${host.origin}/.well-known/oauth-authorization-server`)
  expect(await reply.json()).toMatchObject({
    introspection_signing_alg_values_supported: expect.arrayContaining(['RS256', 'ES256']),
    introspection_encryption_alg_values_supported: expect.arrayContaining(['RSA-OAEP-256']),
    introspection_encryption_enc_values_supported: expect.arrayContaining(['A128CBC-HS256']),
  })
})
