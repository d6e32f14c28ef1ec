// OpenID Connect Core: ID tokens as a relying party sees them, verified with jose against the published keys.

import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyEvent } from '../../src/issuer/keys/ring.ts'
import { planSuccessor } from '../../src/issuer/keys/rotation.ts'
import { createSigningKey } from '../../src/issuer/keys/signing.ts'
import { ASYMMETRIC_ALGORITHMS } from '../../src/protocol/jwk.ts'
import { leftHalf } from '../support/answers.ts'
import { RelyingParty, tokensOf } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

const ALGORITHMS = ASYMMETRIC_ALGORITHMS

describe.each(ALGORITHMS)('ID tokens signed %s', (algorithm) => {
  let host: TestServer
  let app: RelyingParty

  beforeAll(async () => {
    host = await startServer({ keys: { algorithms: ALGORITHMS } })
    await host.addClient('app', 'openid-connect', { consent: 'implied', id_token_signed_response_alg: algorithm })
    await host.addUser('alice', { email: 'alice@example.com' })
    await host.addUser('bob', { profile: { displayName: 'Bob', custom: { iss: 'https://evil.test', sub: 'other' } } })
    app = new RelyingParty({ host, clientId: 'app' })
  })
  afterAll(() => host.close())

  const keys = async () => (await (await fetch(`${host.issuer}/sso/jwks`)).json()) as JSONWebKeySet
  async function verify(idToken: string, audience = 'app'): Promise<JWTPayload> {
    const currentDate = new Date(host.clock.now() * 1000)
    const rules = { issuer: host.issuer, audience, algorithms: [algorithm], currentDate }
    return (await jwtVerify(idToken, createLocalJWKSet(await keys()), rules)).payload
  }

  test('§2, §3.1.3.6 the claims of an ID token, at_hash among them', async () => {
    const visited = host.clock.now()
    const { idToken, access } = await app.tokens({ nonce: 'n-0S6_WzA2Mj' })
    expect(await verify(idToken)).toEqual({
      iss: host.issuer,
      sub: 'user-alice',
      aud: 'app',
      exp: visited + 3600,
      iat: visited,
      auth_time: visited,
      amr: ['pwd'],
      // Back-Channel Logout §2.1
      sid: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      nonce: 'n-0S6_WzA2Mj',
      // §3.1.3.6
      at_hash: leftHalf(access, algorithm),
    })
  })

  test('§10.1 the header names the algorithm and a published key, and no access token type', async () => {
    const header = decodeProtectedHeader((await app.tokens()).idToken)
    expect(header).toMatchObject({ alg: algorithm, kid: expect.any(String) })
    expect(header.typ ?? 'JWT').toBe('JWT')
    const { keys: published } = await keys()
    const key = published.find(({ kid }) => kid === header.kid)
    expect(key).toMatchObject({ alg: algorithm, use: 'sig' })
    for (const each of published) {
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(each).not.toHaveProperty(secret)
    }
  })

  test('§3.1.2.1 without a nonce there is none', async () => {
    expect(await verify((await app.tokens()).idToken)).not.toHaveProperty('nonce')
  })

  test('§3.1.3.3 no openid, no ID token', async () => {
    expect((await app.tokens({ scope: 'profile' })).reply.body).not.toHaveProperty('id_token')
    expect((await app.tokens({ scope: 'openid' })).idToken).not.toBe('')
  })

  test('§12.2 at a refresh: same iss, sub, aud and auth_time, a new iat and at_hash, no nonce', async () => {
    const first = await app.tokens({ nonce: 'once' })
    const before = await verify(first.idToken)
    host.clock.advance(1800)
    const second = tokensOf(await app.refresh(first.refresh))
    const after = await verify(second.idToken)
    for (const name of ['iss', 'sub', 'aud', 'auth_time', 'amr', 'sid']) expect(after[name]).toEqual(before[name])
    expect(after.iat).toBe(host.clock.now())
    expect(after).not.toHaveProperty('nonce')
    expect(after['at_hash']).toBe(leftHalf(second.access, algorithm))
  })

  test('§5.3.2 user info has the sub of the ID token', async () => {
    const { access, idToken } = await app.tokens()
    expect((await app.userinfo(access)).body['sub']).toBe((await verify(idToken)).sub)
  })

  test('§2 a changed payload, header or signature is not genuine', async () => {
    const { idToken } = await app.tokens()
    const [header = '', payload = '', signature = ''] = idToken.split('.')
    const other = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'x' }))
    for (const forged of [
      `${header}.${other.toString('base64url')}.${signature}`,
      `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      `${header}.${payload}.`,
    ]) {
      await expect(verify(forged)).rejects.toThrow()
    }
    await expect(verify(idToken, 'another-client')).rejects.toThrow()
    expect((await verify(idToken)).sub).toBe('user-alice')
  })

  test('§2 no claim map can stand in for what the protocol itself says', async () => {
    const add = (claims: object) => host.addClient('mapped', 'openid-connect', { consent: 'implied', claims })
    for (const name of ['iss', 'aud', 'exp', 'nonce', 'auth_time', 'at_hash', 'cnf', 'act', 'sub']) {
      await expect(add({ [name]: 'username' })).rejects.toThrow()
    }
    await add({ team: 'custom.iss', role: 'custom.sub' })
    const bob = new RelyingParty({ host, clientId: 'mapped', username: 'bob' })
    const { idToken, access } = await bob.tokens()
    const rules = { algorithms: [...ALGORITHMS], currentDate: new Date(host.clock.now() * 1000) }
    const { payload } = await jwtVerify(idToken, createLocalJWKSet(await keys()), rules)
    expect(payload).toMatchObject({ iss: host.issuer, sub: 'user-bob', aud: 'mapped' })
    const claims = (await bob.userinfo(access)).body
    expect(claims).toMatchObject({ sub: 'user-bob', team: 'https://evil.test', role: 'other' })
    expect(claims).not.toHaveProperty('iss')
  })

  test('§10.1.1 after a rotation old tokens verify until they expire, and new ones carry the new key', async () => {
    const { store, master, keys: ring } = host.server.parts
    const old = (await app.tokens()).idToken
    const now = host.clock.now()
    const plan = planSuccessor(await store.listSigningKeys(), algorithm, now)
    const key = await createSigningKey(plan, now, master)
    await store.addSigningKey(key, plan.endings, keyEvent(key, now))
    await ring.refresh()
    // Published first, used later.
    expect((await keys()).keys.map(({ kid }) => kid)).toContain(key.keyId)
    expect(decodeProtectedHeader((await app.tokens()).idToken).kid).toBe(decodeProtectedHeader(old).kid)
    host.clock.advance(86_400 - 60)
    const last = (await app.tokens()).idToken
    host.clock.advance(60)
    await ring.refresh()
    const fresh = (await app.tokens()).idToken
    expect(decodeProtectedHeader(fresh).kid).toBe(key.keyId)
    expect((await verify(last)).sub).toBe('user-alice')
    expect((await verify(fresh)).sub).toBe('user-alice')
    host.clock.advance(3600)
    await ring.refresh()
    const left = (await keys()).keys.map(({ kid }) => kid)
    expect(left).not.toContain(decodeProtectedHeader(last).kid)
    expect(left).toContain(key.keyId)
  })
})

test('§3.1.2.1 max_age and prompt=login ask for a new sign-in, and auth_time tells of it', async () => {
  const host = await startServer()
  try {
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addUser('alice')
    const app = new RelyingParty({ host, clientId: 'app' })
    const authTime = async (parameters: Record<string, string>) => {
      const { idToken } = await app.tokens(parameters)
      const payload = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) as JWTPayload
      return payload['auth_time']
    }
    const first = host.clock.now()
    expect(await authTime({})).toBe(first)
    host.clock.advance(100)
    expect(await authTime({ max_age: '100' })).toBe(first)
    expect(await authTime({ max_age: '99' })).toBe(first + 100)
    host.clock.advance(10)
    expect(await authTime({})).toBe(first + 100)
    expect(await authTime({ prompt: 'login' })).toBe(first + 110)
  } finally {
    await host.close()
  }
})
