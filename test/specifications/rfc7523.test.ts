// RFC 7523 and OpenID Connect Core §9: clients that prove themselves by what they sign. Every refusal stands beside an
// assertion that differs in nothing else and is accepted.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asserted, assertion, type ClientKey, type Crafted, JWT_BEARER, newClientKey } from '../support/assertions.ts'
import {
  ask,
  basic,
  expectInvalidClient,
  expectInvalidRequest,
  type Fields,
  form,
  RelyingParty,
  type Reply,
  tokensOf,
} from '../support/relying-party.ts'
import { startServer, TEST_SECRET, type TestServer } from '../support/server.ts'

const MACHINE = { grant_types: ['client_credentials'], response_types: [], scope: 'read' }
const signsWith = (...keys: ClientKey[]) => ({
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: keys.map(({ publicJwk }) => publicJwk) },
})

describe.each(['sqlite', 'postgres'] as const)('assertions on %s', (database) => {
  let host: TestServer
  let key: ClientKey
  let rsa: ClientKey
  let foreign: ClientKey

  beforeAll(async () => {
    host = await startServer({ database })
    ;[key, rsa, foreign] = await Promise.all([newClientKey(), newClientKey('RS256'), newClientKey()])
    await host.addClient('signer', 'openid-connect', { ...MACHINE, ...signsWith(key, rsa) })
    await host.addClient('other', 'openid-connect', { ...MACHINE, ...signsWith(foreign) })
    await host.addClient('strict', 'openid-connect', { ...MACHINE, ...signsWith(key), assertionAudience: 'issuer' })
    await host.addClient('fixed', 'openid-connect', {
      ...MACHINE,
      ...signsWith(key, rsa),
      token_endpoint_auth_signing_alg: 'RS256',
    })
    await host.addClient('hmac', 'openid-connect', { ...MACHINE, token_endpoint_auth_method: 'client_secret_jwt' })
    await host.addClient('basic', 'openid-connect', MACHINE)
    await host.addClient('app', 'openid-connect', { ...signsWith(key), consent: 'implied' })
    await host.addUser('alice')
  })
  afterAll(() => host.close())

  const token = (fields: Fields, headers: Record<string, string> = {}, at = host): Promise<Reply> =>
    ask(`${at.origin}/sso/token`, {
      method: 'POST',
      headers,
      body: form({ grant_type: 'client_credentials', ...fields }),
    })
  const signed = (crafted: Partial<Crafted> = {}) => assertion({ host, clientId: 'signer', key, ...crafted })
  const hmacked = (crafted: Partial<Crafted> = {}) => assertion({ host, clientId: 'hmac', ...crafted })
  const send = async (crafted: Partial<Crafted> = {}) => token(asserted(await signed(crafted)))

  /** The rule that decided, as the trace would name it. */
  async function ruleOf(fields: Fields): Promise<string | undefined> {
    const reply = await host.server.handle({
      method: 'POST',
      path: '/sso/token',
      query: '',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(form({ grant_type: 'client_credentials', ...fields }).toString()),
      peer: { address: '192.0.2.7', secure: false, host: new URL(host.origin).host },
    })
    return reply.outcome?.rule
  }

  test('§2.2 a client signs with its key, or with its secret, and gets a token', async () => {
    for (const text of [await signed(), await signed({ key: rsa }), await hmacked()]) {
      expect((await token(asserted(text))).status).toBe(200)
    }
    expect(await ruleOf(asserted(await signed()))).toBe('token_issued')
  })

  const later = (seconds: number) => () => host.clock.now() + seconds
  const at = (path: string) => () => `${host.issuer}${path}`
  const wrongClaims: readonly (readonly [string, string, Record<string, unknown>])[] = [
    ['§3.1 iss that is another', 'assertion_issuer', { iss: 'other' }],
    ['§3.1 no iss', 'assertion_issuer', { iss: undefined }],
    ['§3.2 no sub', 'assertion_issuer', { sub: undefined }],
    ['§3.2 sub that is no text', 'assertion_issuer', { sub: 7 }],
    ['§3.2 sub with U+0000', 'assertion_issuer', { sub: 'signer\0' }],
    ['§3.2 A12 sub of another client', 'assertion_issuer', { sub: 'other' }],
    ['§3.2 A12 iss and sub of another client', 'assertion_key_unknown', { iss: 'other', sub: 'other' }],
    ['§3.2 a client that does not exist', 'client_unknown', { iss: 'nobody', sub: 'nobody' }],
    ['§3.3 A09 aud of another server', 'assertion_audience', { aud: 'https://other.test' }],
    ['§3.3 A09 aud of an endpoint that takes none', 'assertion_audience', { aud: at('/sso/userinfo') }],
    ['§3.3 A09 a foreign aud among ours', 'assertion_audience', { aud: () => [host.issuer, 'https://other.test'] }],
    ['§3.3 A09 an empty aud', 'assertion_audience', { aud: [] }],
    ['§3.3 A09 our aud one level too deep', 'assertion_audience', { aud: () => [[host.issuer]] }],
    ['§3.3 A09 our aud with a slash', 'assertion_audience', { aud: () => `${host.issuer}/` }],
    ['§3.3 A09 no aud', 'assertion_audience', { aud: undefined }],
    ['§3.4 no exp', 'assertion_expiry', { exp: undefined }],
    ['§3.4 exp that is text', 'assertion_expiry', { exp: '9999999999' }],
    ['§3.4 exp that is a list', 'assertion_expiry', { exp: () => [host.clock.now() + 60] }],
    ['§3.4 exp beyond all time', 'assertion_expiry', { exp: 1e300 }],
    ['§3.4 exp that has passed long ago', 'assertion_expired', { exp: -1 }],
    ['§3.4 exp that has passed', 'assertion_expired', { exp: later(-11) }],
    ['§3.4 exp far ahead', 'assertion_expiry', { exp: later(311) }],
    ['§3.5 nbf ahead', 'assertion_early', { nbf: later(11) }],
    ['§3.5 nbf that is text', 'assertion_expiry', { nbf: 'now' }],
    ['§3.6 iat ahead', 'assertion_early', { iat: later(11) }],
    ['§3.7 A11 no jti', 'assertion_jti', { jti: undefined }],
    ['§3.7 A11 an empty jti', 'assertion_jti', { jti: '' }],
    ['§3.7 A11 a jti that is a number', 'assertion_jti', { jti: 12 }],
    ['§3.7 A11 a jti of 257 characters', 'assertion_jti', { jti: 'j'.repeat(257) }],
    ['§3.7 A11 a jti of 100 KiB', 'assertion_malformed', { jti: 'j'.repeat(40_000) }],
  ]
  const resolved = (claims: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(claims).map(([name, value]) => [name, typeof value === 'function' ? value() : value]),
    ) as Record<string, unknown>

  test.each(wrongClaims)('%s is refused', async (_, rule, claims) => {
    const text = await signed({ claims: resolved(claims) })
    expect(await ruleOf(asserted(text))).toBe(rule)
    expectInvalidClient(await token(asserted(text)))
    expect((await send()).status).toBe(200)
  })

  test.each<readonly [string, Record<string, unknown>]>([
    ['§3.3 aud as the token endpoint', { aud: at('/sso/token') }],
    ['§3.3 aud as a list of ours', { aud: () => [host.issuer, `${host.issuer}/sso/token`] }],
    ['§3.4 exp of five minutes', { exp: later(300) }],
    ['§3.4 exp that has just passed, by the skew of clocks', { exp: later(-9) }],
    ['§3.5 iat and nbf a little ahead', { iat: later(9), nbf: later(9) }],
    ['§3.6 no iat', { iat: undefined }],
    ['§3.7 the longest jti', { jti: 'j'.repeat(256) }],
    ['§3 claims of no meaning here', { scope: 'everything', azp: 'other' }],
  ])('%s is accepted', async (_, claims) => {
    const changed = resolved(claims)
    // A jti may be used once; the second database has one of its own.
    expect((await send({ claims: changed })).status).toBe(200)
  })

  test('RFC 7523bis: assertionAudience=issuer takes the issuer as one string, and nothing else', async () => {
    for (const aud of [`${host.issuer}/sso/token`, [host.issuer], `${host.issuer}/`]) {
      expectInvalidClient(await send({ clientId: 'strict', claims: { aud } }))
    }
    expect((await send({ clientId: 'strict' })).status).toBe(200)
  })

  test('§3.7 A10 an assertion is good once, also at other endpoints and after a request that failed', async () => {
    const text = await signed()
    const access = tokensOf(await token(asserted(text))).access
    expect(await ruleOf(asserted(text))).toBe('assertion_replayed')
    const at = (name: string, proof: string) =>
      ask(`${host.origin}/sso/${name}`, { method: 'POST', body: form({ token: access, ...asserted(proof) }) })
    for (const name of ['introspect', 'revoke']) expectInvalidClient(await at(name, text))
    const fresh = await signed({ claims: { aud: `${host.issuer}/sso/introspect` } })
    expect((await at('introspect', fresh)).body['active']).toBe(true)
    expectInvalidClient(await at('introspect', fresh))
    expect((await at('revoke', await signed())).status).toBe(200)
    expect((await at('introspect', await signed())).body).toEqual({ active: false })
    const spent = await signed()
    expect((await token({ ...asserted(spent), scope: '"' })).body['error']).toBe('invalid_scope')
    expect(await ruleOf(asserted(spent))).toBe('assertion_replayed')
  })

  test('§3.7 A10 of twenty uses at once exactly one works', async () => {
    for (const text of [await signed(), await hmacked()]) {
      const replies = await Promise.all(Array.from({ length: 20 }, () => token(asserted(text))))
      expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 19 }, () => 401)])
    }
  })

  test('§3.7 A11 another client may choose the same jti', async () => {
    const claims = { jti: `same-${database}` }
    expect((await send({ claims })).status).toBe(200)
    expect((await send({ clientId: 'other', key: foreign, claims })).status).toBe(200)
    expectInvalidClient(await send({ claims }))
  })

  test('what was used is forgotten only when it has long expired', async () => {
    const { store } = host.server.parts
    const text = await signed()
    expect((await token(asserted(text))).status).toBe(200)
    await store.prune(host.clock.now() + 60, { events: 1e9, endedSessions: 1e9, most: 500 })
    expect(await ruleOf(asserted(text))).toBe('assertion_replayed')
    const hash = new Uint8Array(32).fill(database.length)
    expect(await store.consumeAssertion(hash, 10)).toBe(true)
    expect(await store.consumeAssertion(hash, 10)).toBe(false)
    await store.prune(11, { events: 1e9, endedSessions: 1e9, most: 500 })
    expect(await store.consumeAssertion(hash, 10)).toBe(true)
  })

  test('RFC 7521 §4.2 A16 type and assertion belong together', async () => {
    const text = await signed()
    expectInvalidRequest(await token({ client_assertion: text }))
    expectInvalidRequest(await token({ client_assertion_type: JWT_BEARER }))
    const saml = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'
    expectInvalidClient(await token({ client_assertion: text, client_assertion_type: saml }))
    expect((await token(asserted(text))).status).toBe(200)
  })

  test('A06 client_id in the body must name the same client, and is not needed', async () => {
    expectInvalidRequest(await token({ ...asserted(await signed()), client_id: 'other' }))
    expect((await token({ ...asserted(await signed()), client_id: 'signer' })).status).toBe(200)
  })

  test('RFC 6749 §2.3 A02 an assertion beside a secret is refused, even if both are right', async () => {
    const both = { authorization: basic('hmac', TEST_SECRET) }
    expectInvalidRequest(await token(asserted(await hmacked()), both))
    expectInvalidRequest(await token({ ...asserted(await hmacked()), client_id: 'hmac', client_secret: TEST_SECRET }))
    expect((await token(asserted(await hmacked()))).status).toBe(200)
  })

  test('A04 an assertion in the query does nothing', async () => {
    const text = await signed()
    const query = form({ grant_type: 'client_credentials', ...asserted(text) })
    const reply = await ask(`${host.origin}/sso/token?${query.toString()}`, { method: 'POST' })
    expectInvalidClient(reply)
    expect((await token(asserted(text))).status).toBe(200)
  })

  test('OpenID Connect Core §9 A18 each client uses the method it is registered for, and no other', async () => {
    const secret = { client_secret: TEST_SECRET }
    expectInvalidClient(await token({ client_id: 'hmac', ...secret }))
    expectInvalidClient(await token({}, { authorization: basic('hmac', TEST_SECRET) }))
    expectInvalidClient(await token({ client_id: 'signer', client_secret: 'anything' }))
    expectInvalidClient(await token({ client_id: 'signer' }))
    expectInvalidClient(await token(asserted(await hmacked({ clientId: 'basic' }))))
    expectInvalidClient(await send({ clientId: 'basic' }))
    expectInvalidClient(await token(asserted(await hmacked({ clientId: 'signer' }))))
    expectInvalidClient(await send({ clientId: 'hmac' }))
    expect((await token(asserted(await hmacked()))).status).toBe(200)
    expect((await token({ client_id: 'basic', ...secret })).status).toBe(200)
  })

  test('A18 only the registered algorithm', async () => {
    expect(await ruleOf(asserted(await signed({ clientId: 'fixed' })))).toBe('assertion_algorithm')
    expect((await send({ clientId: 'fixed', key: rsa })).status).toBe(200)
  })

  test('client_secret_jwt: the secret of another client does not do, nor a wrong one', async () => {
    await host.addClient(
      'hmac2',
      'openid-connect',
      { ...MACHINE, token_endpoint_auth_method: 'client_secret_jwt' },
      'another-secret-of-32-characters!',
    )
    expectInvalidClient(await token(asserted(await hmacked({ clientId: 'hmac2' }))))
    expect((await token(asserted(await hmacked()))).status).toBe(200)
  })

  test('a code is redeemed and refreshed by a client that signs; a bad assertion leaves the code alone', async () => {
    const app = new RelyingParty({ host, clientId: 'app', secret: TEST_SECRET })
    const code = await app.code()
    const redeem = async (text: string) => app.redeem(code, asserted(text), {})
    expectInvalidClient(await redeem(await signed({ clientId: 'app', key: foreign })))
    const tokens = tokensOf(await redeem(await signed({ clientId: 'app' })))
    expect(tokens.idToken).not.toBe('')
    const refreshed = await app.refresh(tokens.refresh, asserted(await signed({ clientId: 'app' })), {})
    expect(refreshed.status).toBe(200)
    // A17: what we have signed for somebody else's eyes proves nothing.
    expectInvalidClient(await token(asserted(tokens.idToken)))
  })

  test('A26 a disabled client is refused whatever it signs', async () => {
    const client = await host.addClient('off', 'openid-connect', { ...MACHINE, ...signsWith(key) })
    const event = { type: 'client_disabled' as const, at: host.clock.now(), clientId: 'off' }
    expect((await send({ clientId: 'off' })).status).toBe(200)
    await host.server.parts.store.updateClient(client, { enabled: false, version: 1, killIssued: true }, event)
    expectInvalidClient(await send({ clientId: 'off' }))
  })
})

test('§3.7 A10 of twenty uses at two nodes exactly one works', async () => {
  const host = await startServer({ database: 'postgres' })
  const beside = await startServer({ beside: host })
  try {
    const key = await newClientKey()
    await host.addClient('signer', 'openid-connect', { ...MACHINE, ...signsWith(key) })
    for (let round = 0; round < 3; round++) {
      const proof = asserted(await assertion({ host, clientId: 'signer', key }))
      const replies = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          ask(`${(at % 2 === 0 ? host : beside).origin}/sso/token`, {
            method: 'POST',
            body: form({ grant_type: 'client_credentials', ...proof }),
          }),
        ),
      )
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(replies.filter(({ status }) => status === 401)).toHaveLength(19)
    }
  } finally {
    await beside.close()
    await host.close()
  }
})
