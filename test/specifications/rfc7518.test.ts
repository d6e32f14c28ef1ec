// RFC 7518, RFC 8037 and RFC 9864: the algorithms that ID tokens are signed with, and the keys they are verified with.

import { createPublicKey } from 'node:crypto'
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, type JWK, jwtVerify } from 'jose'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ASYMMETRIC_ALGORITHMS } from '../../src/protocol/jwk.ts'
import { RelyingParty, walk } from '../support/relying-party.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const KEY_TYPES = {
  RS256: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
}
/** RFC 7518 §3.3, §3.4, §3.5, RFC 8037 §3.1. */
const SIGNATURE_BYTES = { RS256: 256, PS256: 256, ES256: 64, ES384: 96, EdDSA: 64, Ed25519: 64 }

let host: TestServer
const idTokens = new Map<string, string>()

beforeAll(async () => {
  host = await startServer({ keys: { algorithms: ASYMMETRIC_ALGORITHMS } })
  await host.addUser('alice')
  for (const algorithm of ASYMMETRIC_ALGORITHMS) {
    const settings = { consent: 'implied', id_token_signed_response_alg: algorithm }
    await host.addClient(algorithm, 'openid-connect', settings)
    idTokens.set(algorithm, (await new RelyingParty({ host, clientId: algorithm }).tokens()).idToken)
  }
})
afterAll(() => host.close())

async function jwks(at = host): Promise<JSONWebKeySet> {
  return (await (await fetch(`${at.origin}/sso/jwks`)).json()) as JSONWebKeySet
}

async function keyOf(algorithm: string): Promise<JWK> {
  const found = (await jwks()).keys.filter(({ alg }) => alg === algorithm)
  expect(found).toHaveLength(1)
  return found[0] as JWK
}

async function metadata(at = host): Promise<Readonly<Record<string, unknown>>> {
  return (await (await fetch(`${at.origin}/.well-known/openid-configuration`)).json()) as Record<string, unknown>
}

describe.each(ASYMMETRIC_ALGORITHMS)('RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2 %s', (algorithm) => {
  const idToken = () => idTokens.get(algorithm) ?? ''

  test('an ID token is signed as the client is registered, with a key of that algorithm alone', async () => {
    const key = await keyOf(algorithm)
    expect(decodeProtectedHeader(idToken())).toMatchObject({ alg: algorithm, kid: key.kid })
    const rules = { algorithms: [algorithm], audience: algorithm, currentDate: new Date(host.clock.now() * 1000) }
    const alone = createLocalJWKSet({ keys: [key] })
    expect((await jwtVerify(idToken(), alone, rules)).payload.sub).toBe('user-alice')
    const others = (await jwks()).keys.filter(({ kid }) => kid !== key.kid)
    await expect(jwtVerify(idToken(), createLocalJWKSet({ keys: others }), rules)).rejects.toThrow()
  })

  test('§3.3, §3.4, §3.5 the signature has the one length that the algorithm has', () => {
    const signature = idToken().split('.')[2] ?? ''
    expect(Buffer.from(signature, 'base64url')).toHaveLength(SIGNATURE_BYTES[algorithm])
  })

  test('§3.3, §3.5 the published key is of the right type, and as strong as it has to be', async () => {
    const key = await keyOf(algorithm)
    expect(key).toMatchObject({ ...KEY_TYPES[algorithm], use: 'sig', alg: algorithm })
    const members = key.kty === 'RSA' ? ['n', 'e'] : key.kty === 'EC' ? ['crv', 'x', 'y'] : ['crv', 'x']
    expect(Object.keys(key).sort()).toEqual(['kty', 'kid', 'alg', 'use', ...members].sort())
    // RFC 7518 §3.3 and §3.5.
    if (key.kty === 'RSA') {
      const { asymmetricKeyDetails } = createPublicKey({ key: { ...key }, format: 'jwk' })
      expect(asymmetricKeyDetails?.modulusLength).toBeGreaterThanOrEqual(2048)
    }
  })

  test('our own ID token is a hint that is understood', async () => {
    const app = new RelyingParty({ host, clientId: algorithm })
    await app.code()
    expect((await app.authorize({ id_token_hint: idToken(), prompt: 'none' })).searchParams.get('code')).not.toBeNull()
    const [head, body, signature = ''] = idToken().split('.')
    const zeros = Buffer.alloc(Buffer.from(signature, 'base64url').length).toString('base64url')
    const forged = await app.authorize({ id_token_hint: `${head}.${body}.${zeros}`, prompt: 'none' })
    expect(forged.searchParams.get('error')).toBe('invalid_request')
  })

  test('openid-client takes it', async () => {
    const known = { id_token_signed_response_alg: algorithm, client_secret: TEST_SECRET }
    const execute = [openid.allowInsecureRequests]
    const config = await openid.discovery(new URL(host.issuer), algorithm, known, undefined, { execute })
    const url = openid.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: 'openid', state: 'xyz' })
    const answer = await walk(new Visitor(), url.href, 'alice')
    const tokens = await openid.authorizationCodeGrant(config, answer, { expectedState: 'xyz', idTokenExpected: true })
    expect(tokens.claims()?.sub).toBe('user-alice')
  })
})

describe('RFC 7517 §4.4 keys and algorithms', () => {
  test('no two algorithms share a key, RS256 and PS256 neither', async () => {
    const { keys } = await jwks()
    for (const member of ['kid', 'n', 'x'] as const) {
      const values = keys.flatMap((key) => key[member] ?? [])
      expect(new Set(values).size).toBe(values.length)
    }
  })

  test('OpenID Discovery §3 what the server signs with is what it lists', async () => {
    // HS256 signs with the client's own secret: no key of ours.
    const listed = (await metadata())['id_token_signing_alg_values_supported']
    expect(listed).toEqual([...ASYMMETRIC_ALGORITHMS, 'HS256'])
  })

  test('OpenID Discovery §3 RS256 cannot be left out, nor can what is no algorithm of ours be added', async () => {
    for (const algorithms of [['ES256'], [], ['RS256', 'HS256'], ['RS256', 'none']]) {
      const settings = { keys: { algorithms: algorithms as ['RS256'] } }
      await expect(startServer(settings)).rejects.toThrow(/^keys\.algorithms /)
    }
    const only = await startServer({ keys: { algorithms: ['RS256'] } })
    expect((await jwks(only)).keys.map(({ alg }) => alg)).toEqual(['RS256'])
    await only.close()
  })
})

describe('OpenID Registration §2 id_token_signed_response_alg', () => {
  test('a client registered for what the server does not sign with is refused before anybody signs in', async () => {
    const plain = await startServer()
    try {
      await plain.addUser('alice')
      await plain.addClient('app', 'openid-connect', { id_token_signed_response_alg: 'PS256', consent: 'implied' })
      const app = new RelyingParty({ host: plain, clientId: 'app' })
      const answer = await app.visitor.get(app.authorizeUrl())
      expect(new URL(answer.location ?? '').searchParams.get('error')).toBe('unauthorized_client')
      // Without an ID token nothing stands in the way.
      expect((await app.tokens({ scope: 'profile' })).access).not.toBe('')
    } finally {
      await plain.close()
    }
  })

  test('an algorithm that is added is published at once, and signs when clients may know it', async () => {
    const before = await startServer({ database: 'postgres' })
    const settings = { algorithms: ['RS256', 'EdDSA'] as const }
    const after = await startServer({ beside: before, keys: settings })
    try {
      await before.addUser('alice')
      await before.addClient('app', 'openid-connect', { id_token_signed_response_alg: 'EdDSA', consent: 'implied' })
      const app = new RelyingParty({ host: after, clientId: 'app' })
      const error = async () => (await app.authorize()).searchParams.get('error')
      const waiting = (await jwks(after)).keys.find(({ alg }) => alg === 'EdDSA')
      expect(waiting).toBeDefined()
      expect(await error()).toBe('temporarily_unavailable')
      // The other node publishes it too.
      await before.server.parts.keys.refresh()
      expect((await jwks(before)).keys.map(({ kid }) => kid)).toContain(waiting?.kid)
      after.clock.advance(299)
      expect(await error()).toBe('temporarily_unavailable')
      after.clock.advance(1)
      const { idToken } = await app.tokens()
      expect(decodeProtectedHeader(idToken)).toMatchObject({ alg: 'EdDSA', kid: waiting?.kid })
    } finally {
      await after.close()
      await before.close()
    }
  })

  test('one that is taken away signs no more; the key stays, so that it can come back', async () => {
    const both = await startServer({ database: 'postgres', keys: { algorithms: ['RS256', 'ES384'] } })
    try {
      await both.addUser('alice')
      await both.addClient('app', 'openid-connect', { id_token_signed_response_alg: 'ES384', consent: 'implied' })
      const app = new RelyingParty({ host: both, clientId: 'app' })
      const { idToken, refresh } = await app.tokens()
      const fewer = await startServer({ beside: both, keys: { algorithms: ['RS256'] } })
      const refused = await app.through(fewer).refresh(refresh)
      expect(refused).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } })
      expect((await jwks(fewer)).keys.map(({ kid }) => kid)).toContain(decodeProtectedHeader(idToken).kid)
      await fewer.close()
      // The refresh token was not spent on the refusal.
      expect((await app.refresh(refresh)).status).toBe(200)
    } finally {
      await both.close()
    }
  })
})
