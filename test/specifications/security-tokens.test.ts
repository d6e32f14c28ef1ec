// Group O of the security cases: a token is good for what it was made for, as it was made, and for nothing else.

import { decodeJwt, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newClientKey } from '../support/assertions.ts'
import { expectInvalidGrant, expectInvalidToken, RelyingParty } from '../support/relying-party.ts'
import { requestObject } from '../support/request-objects.ts'
import { startServer, type TestServer } from '../support/server.ts'

let host: TestServer
let strangers: Readonly<Record<string, string>>
let app: RelyingParty

beforeAll(async () => {
  const [signing, reading] = await Promise.all([newClientKey(), newClientKey('ECDH-ES')])
  host = await startServer({ unsignedJwt: true, encryptedRequests: true })
  await host.addUser('alice')
  const jwks = { keys: [signing.publicJwk, { ...reading.publicJwk, use: 'enc' }] }
  const idTokenOf = async (id: string, settings: Record<string, unknown>) => {
    await host.addClient(id, 'openid-connect', { consent: 'implied', jwks, ...settings })
    return (await new RelyingParty({ host, clientId: id }).tokens()).idToken
  }
  await host.addClient('app', 'openid-connect', { consent: 'implied' })
  app = new RelyingParty({ host, clientId: 'app' })
  const plain = (await app.tokens()).idToken
  await host.addClient('jwt', 'openid-connect', { consent: 'implied', userinfo_signed_response_alg: 'RS256' })
  const { access } = await new RelyingParty({ host, clientId: 'jwt' }).tokens()
  const userinfo = await fetch(`${host.issuer}/sso/userinfo`, { headers: { authorization: `Bearer ${access}` } })
  strangers = {
    'an ID token': plain,
    'an encrypted ID token': await idTokenOf('sealed', { id_token_encrypted_response_alg: 'ECDH-ES' }),
    'an ID token of a secret': await idTokenOf('secret', { id_token_signed_response_alg: 'HS256' }),
    'an unsigned ID token': await idTokenOf('unsigned', { id_token_signed_response_alg: 'none' }),
    'a signed answer of user info': await userinfo.text(),
    'a request object': await requestObject({ host, clientId: 'app', key: signing }),
    'an unsigned JWT with the claims of an ID token': new UnsecuredJWT(decodeJwt(plain)).encode(),
  }
})
afterAll(() => host.close())

// biome-ignore format: a list is read in lines
const KINDS = [
  'an ID token', 'an encrypted ID token', 'an ID token of a secret', 'an unsigned ID token',
  'a signed answer of user info', 'a request object', 'an unsigned JWT with the claims of an ID token',
]

describe('O01 what is no access token, refresh token or code', () => {
  test.each(KINDS)('%s opens nothing', async (kind) => {
    const token = strangers[kind] ?? ''
    expect(token.length).toBeGreaterThan(100)
    expectInvalidToken(await app.userinfo(token))
    expect((await app.introspect(token)).body).toEqual({ active: false })
    expectInvalidGrant(await app.refresh(token))
    expectInvalidGrant(await app.redeem(token))
    expect((await app.revoke(token)).status).toBe(200)
  })

  test('an access token, a refresh token and a code open what they are for, and nothing of each other', async () => {
    const code = await app.code()
    expectInvalidToken(await app.userinfo(code))
    expectInvalidGrant(await app.refresh(code))
    const tokens = await app.redeem(code)
    const [access, refresh] = [String(tokens.body['access_token']), String(tokens.body['refresh_token'])]
    expectInvalidToken(await app.userinfo(refresh))
    expectInvalidGrant(await app.refresh(access))
    expectInvalidGrant(await app.redeem(access))
    expect((await app.userinfo(access)).status).toBe(200)
    expect((await app.refresh(refresh)).status).toBe(200)
  })
})

test('O02 an access token with one letter changed, cut short, longer, or in another case is none', async () => {
  const { access } = await app.tokens()
  const other = (text: string) => (text === 'A' ? 'B' : 'A')
  const changed = [0, 20, access.length - 1].map(
    (at) => access.slice(0, at) + other(access[at] ?? '') + access.slice(at + 1),
  )
  for (const token of [
    ...changed,
    access.slice(1),
    access.slice(0, -1),
    `${access}A`,
    `${access}.`,
    access.toLowerCase(),
  ]) {
    expectInvalidToken(await app.userinfo(token))
    expect((await app.introspect(token)).body).toEqual({ active: false })
  }
  expect((await app.userinfo(access)).status).toBe(200)
})

test('O04 an access token that has expired or was revoked is told from one that lacks the scope', async () => {
  const { access } = await app.tokens()
  expect((await app.userinfo(access)).status).toBe(200)
  await app.revoke(access)
  expectInvalidToken(await app.userinfo(access))
  const old = (await app.tokens()).access
  host.clock.advance(3_601)
  expectInvalidToken(await app.userinfo(old))
  const reply = await app.userinfo((await app.tokens({ scope: 'profile' })).access)
  expect(reply.status).toBe(403)
  expect(reply.body['error']).toBe('insufficient_scope')
  expect(reply.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
})

test('O07 user info is about the person of the ID token, and tells no more than was granted', async () => {
  const { access, idToken } = await app.tokens({ scope: 'openid' })
  expect((await app.userinfo(access)).body).toEqual({ sub: decodeJwt(idToken).sub })
})
