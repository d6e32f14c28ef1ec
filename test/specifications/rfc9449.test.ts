// RFC 9449, Demonstrating Proof of Possession (DPoP): tokens that are of no use without the key they are bound to. Every
// refusal stands beside a request that differs in nothing else and is served.

import { decodeJwt, generateSecret } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statement } from '../../src/store/database/driver.ts'
import { type ClientKey, newClientKey } from '../support/assertions.ts'
import { type CraftedProof, proof, thumbprintOf } from '../support/proofs.ts'
import {
  ask,
  basic,
  expectInvalidGrant,
  expectInvalidRequest,
  type Fields,
  form,
  RelyingParty,
  type Reply,
  type Tokens,
  tokensOf,
} from '../support/relying-party.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'

const API = 'https://api.test'
const JWT_API = 'https://jwt-api.test'
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519']

const rows = statement<object, { tokens: number; used: number }>(
  'count_tokens_and_proofs',
  `SELECT CAST((SELECT count(*) FROM access_token) AS BIGINT) AS tokens,
     CAST((SELECT count(*) FROM assertion_jti) AS BIGINT) AS used`,
)

describe.each(['sqlite', 'postgres'] as const)('on %s', (database) => {
  let host: TestServer
  let key: ClientKey
  let other: ClientKey
  /** Confidential. */
  let app: RelyingParty
  /** Public. */
  let page: RelyingParty
  /** Must prove its key. */
  let bound: RelyingParty

  beforeAll(async () => {
    host = await startServer({ database })
    ;[key, other] = await Promise.all([newClientKey(), newClientKey()])
    const known = { consent: 'implied' }
    await host.addClient('app', 'openid-connect', known)
    await host.addClient('page', 'spa', known)
    await host.addClient('bound', 'openid-connect', { ...known, dpop_bound_access_tokens: true })
    const machine = { grant_types: ['client_credentials'], response_types: [], scope: 'read' }
    await host.addClient('machine', 'openid-connect', machine)
    await host.addClient('api', 'openid-connect', { ...machine, servesResources: [API, JWT_API] })
    await host.addResource(API, { scope: 'read', clients: 'all' })
    await host.addResource(JWT_API, { tokenFormat: 'jwt', scope: 'read', clients: 'all' })
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app' })
    page = new RelyingParty({ host, clientId: 'page', secret: null })
    bound = new RelyingParty({ host, clientId: 'bound' })
  })
  afterAll(() => host.close())

  const made = (crafted: Partial<CraftedProof> = {}) => proof({ host, key, ...crafted })
  const proven = async (party: RelyingParty, crafted: Partial<CraftedProof> = {}) => ({
    ...party.credentials,
    dpop: await made(crafted),
  })
  const counted = async () => (await host.driver.rows(rows, {}))[0]

  /** Tokens of the machine itself: the shortest way to one. */
  const machine = (dpop: string | undefined, fields: Fields = {}, at = host): Promise<Reply> =>
    ask(`${at.origin}/sso/token`, {
      method: 'POST',
      headers: { authorization: basic('machine', TEST_SECRET), ...(dpop !== undefined && { dpop }) },
      body: form({ grant_type: 'client_credentials', ...fields }),
    })

  async function boundTokens(
    party: RelyingParty,
    crafted: Partial<CraftedProof> = {},
    fields: Fields = {},
  ): Promise<Tokens> {
    const code = await party.code(fields)
    const tokens = tokensOf(await party.redeem(code, fields, await proven(party, crafted)))
    expect(tokens.reply.body['token_type']).toBe('DPoP')
    return tokens
  }

  const userinfo = (authorization: string, dpop?: string, init: RequestInit = {}): Promise<Reply> =>
    ask(`${host.origin}/sso/userinfo`, {
      ...init,
      headers: { authorization, ...(dpop !== undefined && { dpop }), ...(init.headers as Record<string, string>) },
    })
  const forUserinfo = (accessToken: string, crafted: Partial<CraftedProof> = {}) =>
    made({ path: '/sso/userinfo', method: 'GET', accessToken, ...crafted })

  const introspected = async (token: string) => {
    const headers = { authorization: basic('api', TEST_SECRET) }
    return (await ask(`${host.origin}/sso/introspect`, { method: 'POST', headers, body: form({ token }) })).body
  }

  /** At the token endpoint; nothing is issued, and no proof is used up. */
  async function refusedProof(asking: () => Promise<Reply>, words: RegExp): Promise<void> {
    const before = await counted()
    const reply = await asking()
    expect([reply.status, reply.body['error']], reply.text).toEqual([400, 'invalid_dpop_proof'])
    expect(reply.body['error_description']).toMatch(words)
    expect(await counted()).toEqual(before)
  }

  function expectChallenge(reply: Reply, error: string): void {
    expect([reply.status, reply.body['error']], reply.text).toEqual([401, error])
    const words = `DPoP error="${error}", error_description="${String(reply.body['error_description'])}"`
    expect(reply.headers.get('www-authenticate')).toBe(`${words}, algs="${ALGORITHMS.join(' ')}"`)
  }

  test('§5.1 the metadata name the algorithms', async () => {
    const reply = await fetch(`${host.origin}/.well-known/oauth-authorization-server`)
    expect(await reply.json()).toMatchObject({ dpop_signing_alg_values_supported: ALGORITHMS })
  })

  describe('§5 tokens are bound to the key that was proven', () => {
    test('§6.2 the answer and introspection say so, and without a proof everything is as ever', async () => {
      const reply = await machine(await made(), { resource: API })
      expect(reply.body['token_type']).toBe('DPoP')
      expect(await introspected(String(reply.body['access_token']))).toMatchObject({
        active: true,
        token_type: 'DPoP',
        cnf: { jkt: await thumbprintOf(key) },
      })
      const plain = await machine(undefined, { resource: API })
      expect(plain.body['token_type']).toBe('Bearer')
      const told = await introspected(String(plain.body['access_token']))
      expect(told).toMatchObject({ active: true, token_type: 'Bearer' })
      expect(told).not.toHaveProperty('cnf')
    })

    test('§6.1 a signed access token says which key', async () => {
      const reply = await machine(await made(), { resource: JWT_API })
      const token = String(reply.body['access_token'])
      expect(decodeJwt(token)['cnf']).toEqual({ jkt: await thumbprintOf(key) })
      expect(await introspected(token)).toMatchObject({ token_type: 'DPoP', cnf: { jkt: await thumbprintOf(key) } })
      const plain = await machine(undefined, { resource: JWT_API })
      expect(decodeJwt(String(plain.body['access_token']))).not.toHaveProperty('cnf')
    })

    test.each(ALGORITHMS)('§4.2 a key for %s', async (algorithm) => {
      const own = await newClientKey(algorithm)
      const reply = await machine(await made({ key: own }), { resource: API })
      expect(await introspected(String(reply.body['access_token']))).toMatchObject({
        cnf: { jkt: await thumbprintOf(own) },
      })
    })

    test('§5.2 a client that must prove a key gets nothing without', async () => {
      const code = await bound.code()
      await refusedProof(() => bound.redeem(code), /must send a DPoP proof/)
      const tokens = tokensOf(await bound.redeem(code, {}, await proven(bound)))
      expect(tokens.reply.body['token_type']).toBe('DPoP')
      await refusedProof(() => bound.refresh(tokens.refresh), /must send a DPoP proof/)
      tokensOf(await bound.refresh(tokens.refresh, {}, await proven(bound)))
    })
  })

  describe('§4.3 what a proof must be', () => {
    const now = () => host.clock.now()
    test.each<[string, () => Partial<CraftedProof> | Promise<Partial<CraftedProof>>, RegExp]>([
      ['another typ', () => ({ header: { typ: 'jwt' } }), /typ dpop\+jwt/],
      ['no typ', () => ({ header: { typ: undefined } }), /typ dpop\+jwt/],
      ['a critical header', () => ({ header: { crit: ['new'], new: 1 } }), /critical/],
      ['no jwk', () => ({ header: { jwk: undefined } }), /jwk that is no JWK/],
      ['another key than it is signed with', () => ({ signer: other }), /not signed with the key in it/],
      [
        'an algorithm of another kind of key',
        async () => ({ header: { jwk: (await newClientKey('RS256')).publicJwk } }),
        /is not for ES256/,
      ],
      [
        'a point that is on no curve',
        () => ({ header: { jwk: { ...key.publicJwk, x: key.publicJwk.y } } }),
        /no point of its curve/,
      ],
      ['another method', () => ({ method: 'GET' }), /htm POST/],
      ['the method in small letters', () => ({ method: 'post' }), /htm POST/],
      ['another path', () => ({ path: '/sso/par' }), /htu http/],
      ['another host', () => ({ claims: { htu: 'https://evil.test/sso/token' } }), /htu http/],
      [
        'another scheme',
        () => ({ claims: { htu: `${host.issuer}/sso/token`.replace('http:', 'https:') } }),
        /htu http/,
      ],
      [
        'a user in the address',
        () => ({ claims: { htu: `${host.issuer}/sso/token`.replace('//', '//me@') } }),
        /htu http/,
      ],
      ['an address that is none', () => ({ claims: { htu: '/sso/token' } }), /htu http/],
      ['no htu', () => ({ claims: { htu: undefined } }), /htu http/],
      ['no htm', () => ({ claims: { htm: undefined } }), /htm POST/],
      ['no iat', () => ({ claims: { iat: undefined } }), /no iat/],
      ['an iat that is text', () => ({ claims: { iat: String(now()) } }), /no iat/],
      ['no jti', () => ({ claims: { jti: undefined } }), /jti of 1 to 256/],
      ['an empty jti', () => ({ claims: { jti: '' } }), /jti of 1 to 256/],
      ['a jti that is too long', () => ({ claims: { jti: 'j'.repeat(257) } }), /jti of 1 to 256/],
    ])('%s is refused', async (_, crafted, words) => {
      const text = await made(await crafted())
      await refusedProof(() => machine(text), words)
    })

    test('no algorithm, a secret, a weak key, a private one', async () => {
      const parts = (await made()).split('.')
      const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'dpop+jwt', jwk: key.publicJwk })).toString(
        'base64url',
      )
      await refusedProof(async () => machine(`${unsigned}.${parts[1]}.${parts[2]}`), /must be signed with one of RS256/)
      const secret = await generateSecret('HS256', { extractable: true })
      const symmetric: ClientKey = { ...key, algorithm: 'HS256', privateKey: secret }
      await refusedProof(async () => machine(await made({ key: symmetric })), /must be signed with one of RS256/)
      const jwk = { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url') }
      await refusedProof(async () => machine(await made({ header: { jwk } })), /private or symmetric/)
      const given = { ...key.publicJwk, d: key.publicJwk.x }
      await refusedProof(async () => machine(await made({ header: { jwk: given } })), /private or symmetric/)
      const weak = { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(128, 0xff).toString('base64url') }
      await refusedProof(async () => machine(await made({ header: { jwk: weak } })), /RSA key of 1024 bits/)
    })

    test('a text that is no proof, two at once, and one that is too long', async () => {
      for (const text of ['no-proof', '', 'a.b', `${await made()}, ${await made()}`]) {
        await refusedProof(() => machine(text), /DPoP proof/)
      }
      await refusedProof(async () => machine(await made({ claims: { more: 'm'.repeat(6_000) } })), /longer than 6144/)
    })

    test('what is not said to be wrong is right', async () => {
      const address = `${host.issuer}/sso/token`
      for (const claims of [
        { iat: now() - 60 },
        { iat: now() + 60 },
        { iat: now() + 0.5 },
        { htu: `${address}?query=1#fragment` },
        { htu: address.replace('http:', 'HTTP:') },
        { jti: 'j'.repeat(256) },
        { ath: 'of no token here', exp: 1, unknown: true },
      ]) {
        expect((await machine(await made({ claims }))).body['token_type'], JSON.stringify(claims)).toBe('DPoP')
      }
      const marked = { ...key.publicJwk, use: 'sig', alg: 'ES256', key_ops: ['verify'] }
      expect((await machine(await made({ header: { jwk: marked } }))).status).toBe(200)
    })

    test('whoever does not prove to be the client learns nothing about the proof, and uses none up', async () => {
      const text = await made()
      const before = await counted()
      const headers = { authorization: basic('machine', 'wrong-secret'), dpop: text }
      const reply = await ask(`${host.origin}/sso/token`, {
        method: 'POST',
        headers,
        body: form({ grant_type: 'client_credentials' }),
      })
      expect([reply.status, reply.body['error']]).toEqual([401, 'invalid_client'])
      expect(await counted()).toEqual(before)
      expect((await machine(text)).status).toBe(200)
    })
  })

  describe('§11.1 a proof is good once', () => {
    test('again, and twenty times at once', async () => {
      const text = await made()
      expect((await machine(text)).status).toBe(200)
      await refusedProof(() => machine(text), /was used before/)
      const once = await made()
      const replies = await Promise.all(Array.from({ length: 20 }, () => machine(once)))
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(replies.filter(({ body }) => body['error'] === 'invalid_dpop_proof')).toHaveLength(19)
    })

    test('the same jti of another key, and at another address, is another proof', async () => {
      const claims = { jti: 'chosen-by-two' }
      expect((await machine(await made({ claims }))).status).toBe(200)
      expect((await machine(await made({ claims, key: other }))).status).toBe(200)
      await refusedProof(async () => machine(await made({ claims })), /was used before/)
      const { access } = await boundTokens(app)
      expect((await userinfo(`DPoP ${access}`, await forUserinfo(access, { claims }))).status).toBe(200)
    })

    test('for as long as any node would take it', async () => {
      const text = await made({ claims: { iat: host.clock.now() + 60 } })
      expect((await machine(text)).status).toBe(200)
      host.clock.advance(119)
      await host.server.parts.store.prune(host.clock.now(), { events: 86_400, endedSessions: 86_400, most: 500 })
      await refusedProof(() => machine(text), /was used before/)
      host.clock.advance(2)
      expect((await machine(text)).body['error']).toBe('use_dpop_nonce')
    })
  })

  describe('§8 a client whose clock is wrong gets a nonce, with which its proofs are good', () => {
    const hour = () => host.clock.now() + 3_600

    test.each([
      ['61 seconds behind', () => ({ iat: host.clock.now() - 61 }), /61 seconds ago/],
      ['61 seconds ahead', () => ({ iat: host.clock.now() + 61 }), /61 seconds from now/],
      ['an hour ahead', () => ({ iat: hour() }), /3600 seconds from now/],
      ['with a nonce that nobody gave out', () => ({ nonce: 'made-up' }), /nonce that is not ours/],
      ['with a nonce that is no text', () => ({ nonce: 7 }), /nonce that is not ours/],
    ])('%s', async (_, claims, words) => {
      const before = await counted()
      const reply = await machine(await made({ claims: claims() }))
      expect([reply.status, reply.body['error']]).toEqual([400, 'use_dpop_nonce'])
      expect(reply.body['error_description']).toMatch(words)
      const nonce = reply.headers.get('dpop-nonce') ?? ''
      expect(await counted()).toEqual(before)
      const text = await made({ claims: { iat: hour(), nonce } })
      expect((await machine(text)).body['token_type']).toBe('DPoP')
      await refusedProof(() => machine(text), /was used before/)
    })

    test('§9 at user info too', async () => {
      const { access } = await boundTokens(app)
      const refused = await userinfo(`DPoP ${access}`, await forUserinfo(access, { claims: { iat: hour() } }))
      expectChallenge(refused, 'use_dpop_nonce')
      const nonce = refused.headers.get('dpop-nonce')
      const text = await forUserinfo(access, { claims: { iat: hour(), nonce } })
      expect((await userinfo(`DPoP ${access}`, text)).status).toBe(200)
      expectChallenge(await userinfo(`DPoP ${access}`, text), 'invalid_dpop_proof')
    })

    test('a nonce is good for five minutes, and a proof with it is remembered for as long', async () => {
      const nonce = (await machine(await made({ claims: { iat: 0 } }))).headers.get('dpop-nonce')
      const text = await made({ claims: { iat: 0, nonce } })
      expect((await machine(text)).status).toBe(200)
      host.clock.advance(300)
      await host.server.parts.store.prune(host.clock.now(), { events: 86_400, endedSessions: 86_400, most: 500 })
      await refusedProof(() => machine(text), /was used before/)
      expect((await machine(await made({ claims: { nonce } }))).status).toBe(200)
      host.clock.advance(1)
      expect((await machine(await made({ claims: { nonce } }))).body['error']).toBe('use_dpop_nonce')
    })

    test('§8.1 a nonce has no characters but those it may have, and each of them counts', async () => {
      const nonce = (await machine(await made({ claims: { iat: 0 } }))).headers.get('dpop-nonce') ?? ''
      expect(nonce).toMatch(/^[\x21\x23-\x5B\x5D-\x7E]+$/)
      for (let at = 0; at < nonce.length; at++) {
        const changed = `${nonce.slice(0, at)}${nonce[at] === '0' ? '1' : '0'}${nonce.slice(at + 1)}`
        const reply = await machine(await made({ claims: { nonce: changed } }))
        expect(reply.body['error'], changed).toBe('use_dpop_nonce')
      }
    })
  })

  describe('§7 user info', () => {
    test('§7.1 is told to whoever has the key', async () => {
      const { access } = await boundTokens(app)
      for (const scheme of ['DPoP', 'dpop']) {
        const reply = await userinfo(`${scheme} ${access}`, await forUserinfo(access))
        expect([reply.status, reply.body['sub']], reply.text).toEqual([200, 'user-alice'])
      }
      const posted = await made({ path: '/sso/userinfo', accessToken: access })
      expect((await userinfo(`DPoP ${access}`, posted, { method: 'POST' })).status).toBe(200)
    })

    test('§7.2 a bound token opens nothing as a bearer token, wherever it stands', async () => {
      const { access } = await boundTokens(app)
      expectChallenge(await userinfo(`Bearer ${access}`), 'invalid_token')
      expectChallenge(await userinfo(`Bearer ${access}`, await forUserinfo(access)), 'invalid_token')
      const body = form({ access_token: access })
      const posted = await ask(`${host.origin}/sso/userinfo`, { method: 'POST', body })
      expectChallenge(posted, 'invalid_token')
      expect((await userinfo(`DPoP ${access}`, await forUserinfo(access))).status).toBe(200)
    })

    test('§7.1 a token that is bound to nothing is no DPoP token', async () => {
      const { access } = await app.tokens()
      const before = await counted()
      const refused = await userinfo(`DPoP ${access}`, await forUserinfo(access))
      expectChallenge(refused, 'invalid_token')
      expect(refused.body['error_description']).toBe('The access token is bound to no key: send it as Bearer')
      expect(await counted()).toEqual(before)
      expect((await userinfo(`Bearer ${access}`, await forUserinfo(access))).status).toBe(200)
    })

    test('§4.3 without a proof, with that of another key, token, method or address', async () => {
      const { access } = await boundTokens(app)
      const another = await boundTokens(app)
      const bad: Array<[string | undefined, string]> = [
        [undefined, 'invalid_dpop_proof'],
        [await forUserinfo(access, { key: other }), 'invalid_token'],
        [await forUserinfo(another.access), 'invalid_dpop_proof'],
        [await forUserinfo(access, { claims: { ath: undefined } }), 'invalid_dpop_proof'],
        [await forUserinfo(access, { method: 'POST' }), 'invalid_dpop_proof'],
        [await forUserinfo(access, { path: '/sso/token' }), 'invalid_dpop_proof'],
        [await forUserinfo(access, { claims: { iat: host.clock.now() - 61 } }), 'use_dpop_nonce'],
        [await forUserinfo(access, { signer: other }), 'invalid_dpop_proof'],
      ]
      for (const [text, error] of bad) expectChallenge(await userinfo(`DPoP ${access}`, text), error)
      const good = await forUserinfo(access)
      expect((await userinfo(`DPoP ${access}`, good)).status).toBe(200)
      expectChallenge(await userinfo(`DPoP ${access}`, good), 'invalid_dpop_proof')
      const once = await forUserinfo(access)
      const replies = await Promise.all(Array.from({ length: 20 }, () => userinfo(`DPoP ${access}`, once)))
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    })

    test('§7.1 refusals of the token come in the scheme of the request, and use no proof up', async () => {
      const { access } = await boundTokens(app)
      const text = await forUserinfo('no-such-token')
      const before = await counted()
      expectChallenge(await userinfo('DPoP no-such-token', text), 'invalid_token')
      await app.revoke(access)
      expectChallenge(await userinfo(`DPoP ${access}`, await forUserinfo(access)), 'invalid_token')
      expect(await counted()).toEqual(before)
    })

    test('RFC 6750 §2 the header and the form must not hold different tokens', async () => {
      const { access } = await boundTokens(app)
      const dpop = await made({ path: '/sso/userinfo', accessToken: access })
      const send = (access_token: string) =>
        userinfo(`DPoP ${access}`, dpop, { method: 'POST', body: form({ access_token }) })
      expectInvalidRequest(await send('another'))
      expect((await send(access)).status).toBe(200)
    })
  })

  describe('§5 refresh tokens', () => {
    test('of a public client are good with the key alone', async () => {
      const { refresh } = await boundTokens(page)
      const before = await counted()
      expectInvalidGrant(await page.refresh(refresh))
      expectInvalidGrant(await page.refresh(refresh, {}, await proven(page, { key: other })))
      expect((await counted())?.tokens).toBe(before?.tokens)
      const next = tokensOf(await page.refresh(refresh, {}, await proven(page)))
      expect(next.reply.body['token_type']).toBe('DPoP')
      // The successor is bound likewise, and a thief without the key does not even end the family.
      expectInvalidGrant(await page.refresh(next.refresh, {}, await proven(page, { key: other })))
      host.clock.advance(100)
      expectInvalidGrant(await page.refresh(refresh, {}, await proven(page, { key: other })))
      tokensOf(await page.refresh(next.refresh, {}, await proven(page)))
    })

    test('of a public client that has proven no key are bound by the first that it proves', async () => {
      const { refresh } = await page.tokens()
      const second = tokensOf(await page.refresh(refresh))
      expect(second.reply.body['token_type']).toBe('Bearer')
      const third = tokensOf(await page.refresh(second.refresh, {}, await proven(page)))
      expect(third.reply.body['token_type']).toBe('DPoP')
      expectInvalidGrant(await page.refresh(third.refresh))
      tokensOf(await page.refresh(third.refresh, {}, await proven(page)))
    })

    test('of a client that authenticates may come with another key, which the new token is bound to', async () => {
      const { refresh } = await boundTokens(app)
      const { access } = tokensOf(await app.refresh(refresh, {}, await proven(app, { key: other })))
      expect((await userinfo(`DPoP ${access}`, await forUserinfo(access, { key: other }))).status).toBe(200)
      expectChallenge(await userinfo(`DPoP ${access}`, await forUserinfo(access)), 'invalid_token')
    })

    test('a repeat with the same key gets the same tokens', async () => {
      for (const party of [app, page]) {
        const { refresh } = await boundTokens(party)
        const first = tokensOf(await party.refresh(refresh, {}, await proven(party)))
        const before = await counted()
        const again = tokensOf(await party.refresh(refresh, {}, await proven(party)))
        expect([again.access, again.refresh]).toEqual([first.access, first.refresh])
        expect(again.reply.body['token_type']).toBe('DPoP')
        expect((await counted())?.tokens).toBe(before?.tokens)
      }
    })

    test.each([
      ['', {}],
      [', for a signed access token', { resource: JWT_API }],
    ])('a client that authenticates may repeat with another key, and ends nothing by it%s', async (_, fields) => {
      const { refresh } = await boundTokens(app, {}, fields)
      const first = tokensOf(await app.refresh(refresh, fields, await proven(app)))
      const second = tokensOf(await app.refresh(refresh, fields, await proven(app, { key: other })))
      const plain = tokensOf(await app.refresh(refresh, fields))
      expect(new Set([first.access, second.access, plain.access]).size).toBe(3)
      expect(new Set([first.refresh, second.refresh, plain.refresh]).size).toBe(1)
      const keyOf = async ({ access }: Tokens) => {
        const { cnf, token_type } = (await app.introspect(access)).body
        return [token_type, (cnf as { jkt?: string } | undefined)?.jkt]
      }
      expect(await keyOf(first)).toEqual(['DPoP', await thumbprintOf(key)])
      expect(await keyOf(second)).toEqual(['DPoP', await thumbprintOf(other)])
      expect(await keyOf(plain)).toEqual(['Bearer', undefined])
      tokensOf(await app.refresh(first.refresh, {}, await proven(app)))
    })

    test('a public client repeats with the same key or not at all', async () => {
      const { refresh } = await page.tokens()
      tokensOf(await page.refresh(refresh))
      const before = await counted()
      expectInvalidGrant(await page.refresh(refresh, {}, await proven(page)))
      expect((await counted())?.tokens).toBe(before?.tokens)
    })

    test('what is revoked is not given again to another key', async () => {
      const { refresh } = await boundTokens(app)
      const { refresh: next } = tokensOf(await app.refresh(refresh, {}, await proven(app)))
      await app.revoke(next)
      expectInvalidGrant(await app.refresh(refresh, {}, await proven(app, { key: other })))
    })

    test('twenty at once, each with a proof of its own, give one answer', async () => {
      const { refresh } = await boundTokens(page)
      const headers = await Promise.all(Array.from({ length: 20 }, () => proven(page)))
      const replies = await Promise.all(headers.map((each) => page.refresh(refresh, {}, each)))
      expect(new Set(replies.map((reply) => tokensOf(reply).refresh)).size).toBe(1)
    })
  })

  describe('§10 codes', () => {
    test('that are bound to a key are redeemed with it alone', async () => {
      const dpop_jkt = await thumbprintOf(key)
      const code = await app.code({ dpop_jkt })
      expectInvalidGrant(await app.redeem(code))
      expectInvalidGrant(await app.redeem(code, {}, await proven(app, { key: other })))
      tokensOf(await app.redeem(code, {}, await proven(app)))
    })

    test.each(['short', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}+`])(
      'a dpop_jkt that is no thumbprint is refused: %s',
      async (dpop_jkt) => {
        const answer = await app.authorize({ dpop_jkt })
        expect(answer.searchParams.get('error')).toBe('invalid_request')
        expect(answer.searchParams.get('code')).toBeNull()
      },
    )

    test('§10.1 a pushed request is bound by a proof, or by the parameter, and by both if they agree', async () => {
      const push = async (crafted: Partial<CraftedProof> | null, fields: Fields = {}) =>
        ask(`${host.origin}/sso/par`, {
          method: 'POST',
          headers: crafted === null ? app.credentials : await proven(app, { path: '/sso/par', ...crafted }),
          body: form({ response_type: 'code', redirect_uri: CALLBACK, scope: 'openid', ...fields }),
        })
      const dpop_jkt = await thumbprintOf(key)
      for (const reply of [await push({}), await push(null, { dpop_jkt }), await push({}, { dpop_jkt })]) {
        expect(reply.status, reply.text).toBe(201)
        const url = `${host.origin}/sso/authorize?client_id=app&request_uri=${String(reply.body['request_uri'])}`
        const { location } = await app.visitor.follow(await app.visitor.get(url))
        const code = new URL(location ?? '').searchParams.get('code') ?? ''
        expectInvalidGrant(await app.redeem(code, {}, await proven(app, { key: other })))
        tokensOf(await app.redeem(code, {}, await proven(app)))
      }
      expectInvalidRequest(await push({ key: other }, { dpop_jkt }))
      const text = await made({ path: '/sso/par' })
      const send = () =>
        ask(`${host.origin}/sso/par`, {
          method: 'POST',
          headers: { ...app.credentials, dpop: text },
          body: form({ response_type: 'code', redirect_uri: CALLBACK, scope: 'openid' }),
        })
      expect((await send()).status).toBe(201)
      const again = await send()
      expect([again.status, again.body['error']]).toEqual([400, 'invalid_dpop_proof'])
    })
  })

  test('scripts of a registered page may send a proof', async () => {
    const origin = new URL(CALLBACK).origin
    for (const path of ['/sso/token', '/sso/userinfo', '/sso/par']) {
      const reply = await fetch(`${host.origin}${path}`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'dpop' },
      })
      expect(reply.headers.get('access-control-allow-headers')).toContain('DPoP')
      expect(reply.headers.get('access-control-allow-origin')).toBe(origin)
    }
    const headers = { origin, dpop: await made({ claims: { iat: 0 } }) }
    const refused = await page.redeem('no-code', {}, headers)
    expect(refused.headers.get('dpop-nonce')).not.toBeNull()
    expect(refused.headers.get('access-control-expose-headers')).toContain('DPoP-Nonce')
  })
})

test('§11.1 of two nodes one takes a proof, and what one has bound the other knows', async () => {
  const one = await startServer({ database: 'postgres' })
  await one.addClient('app', 'openid-connect', { consent: 'implied' })
  await one.addUser('alice')
  const two = await startServer({ database: 'postgres', beside: one })
  const key = await newClientKey()
  const app = new RelyingParty({ host: one, clientId: 'app' })
  const { refresh } = tokensOf(
    await app.redeem(await app.code(), {}, { ...app.credentials, dpop: await proof({ host: one, key }) }),
  )
  const headers = { ...app.credentials, dpop: await proof({ host: one, key }) }
  const replies = await Promise.all([app.refresh(refresh, {}, headers), app.through(two).refresh(refresh, {}, headers)])
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 400])
  const access = String(replies.find(({ status }) => status === 200)?.body['access_token'])
  const told = await ask(`${two.origin}/sso/userinfo`, { headers: { authorization: `Bearer ${access}` } })
  expect([told.status, told.body['error']]).toEqual([401, 'invalid_token'])
  const dpop = await proof({ host: one, key, path: '/sso/userinfo', method: 'GET', accessToken: access })
  const good = await ask(`${two.origin}/sso/userinfo`, { headers: { authorization: `DPoP ${access}`, dpop } })
  expect(good.status, good.text).toBe(200)
  await two.close()
  await one.close()
})
