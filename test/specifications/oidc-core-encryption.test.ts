// OpenID Connect Core 1.0 §10: ID tokens and user info that are signed in other ways, unsigned, or encrypted, and
// request objects that are encrypted for this server.

import {
  createCipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import fc from 'fast-check'
import {
  type CompactDecryptResult,
  CompactEncrypt,
  type CryptoKey,
  compactDecrypt,
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  jwtVerify,
} from 'jose'
import * as openid from 'openid-client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { rotateDecryptionKeys } from '../../src/issuer/keys/decryption-keys.ts'
import { InvalidClient } from '../../src/model/client/settings.ts'
import { CONTENT_ALGORITHMS, isJwe, KEY_ALGORITHMS, readJweHeader } from '../../src/protocol/jwe.ts'
import { type ClientKey, newClientKey } from '../support/assertions.ts'
import { authorizeUrl, expectCode, expectRefusal, STATE, signedIn } from '../support/authorize.ts'
import { type DocumentHost, startDocumentHost } from '../support/document-host.ts'
import { countClients, PLAIN, register } from '../support/registration.ts'
import { RelyingParty, tokensOf, walk } from '../support/relying-party.ts'
import { BARE, INNER_STATE, requestObject } from '../support/request-objects.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const PUBLIC_KEY = KEY_ALGORITHMS.filter((each) => /^(RSA|ECDH)/.test(each))
const BY_SECRET = KEY_ALGORITHMS.filter((each) => !/^(RSA|ECDH)/.test(each))

let host: TestServer
let lenient: TestServer
let documents: DocumentHost
let rsa: EncryptionKey
let ec: EncryptionKey
let jwks: { readonly keys: readonly JWK[] }
let number = 0

interface EncryptionKey {
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

async function encryptionKey(algorithm: string, kid: string): Promise<EncryptionKey> {
  const pair = await generateKeyPair(algorithm, { extractable: true })
  return { privateKey: pair.privateKey, publicJwk: { ...(await exportJWK(pair.publicKey)), kid, use: 'enc' } }
}

beforeAll(async () => {
  documents = await startDocumentHost()
  ;[rsa, ec] = await Promise.all([encryptionKey('RSA-OAEP', 'rsa-enc'), encryptionKey('ECDH-ES', 'ec-enc')])
  const signing = await newClientKey()
  jwks = { keys: [signing.publicJwk, rsa.publicJwk, ec.publicJwk] }
  host = await startServer({
    implicitAndHybrid: true,
    encryptedRequests: true,
    outboundAllow: [documents.hostAndPort],
    keys: { algorithms: ['RS256', 'ES256', 'ES384', 'EdDSA'] },
  })
  lenient = await startServer({ unsignedJwt: true, outboundAllow: [documents.hostAndPort] })
  for (const each of [host, lenient]) await each.addUser('alice', { email: 'alice@example.com' })
})
afterAll(() => Promise.all([host.close(), lenient.close(), documents.close()]))

async function client(settings: Record<string, unknown>, at = host): Promise<string> {
  const id = `client-${++number}`
  await at.addClient(id, 'openid-connect', { consent: 'implied', ...settings })
  return id
}
const party = (clientId: string, at = host) =>
  new RelyingParty({ host: at, clientId, scope: 'openid email offline_access' })
const published = async (at = host) => (await (await fetch(`${at.issuer}/sso/jwks`)).json()) as JSONWebKeySet

/** The key that §10.2 makes of a client secret. */
function secretKey(bytes: number): Uint8Array {
  return createHash(bytes > 32 ? 'sha512' : 'sha256')
    .update(TEST_SECRET)
    .digest()
    .subarray(0, bytes)
}
const SECRET_BYTES: Readonly<Record<string, number>> = {
  A128KW: 16,
  A256KW: 32,
  'A128CBC-HS256': 32,
  'A256CBC-HS512': 64,
  A128GCM: 16,
  A256GCM: 32,
}

async function decrypted(text: string): Promise<CompactDecryptResult & { readonly plain: string }> {
  const { alg = '', enc = '' } = decodeProtectedHeader(text) as { alg?: string; enc?: string }
  const key = alg.startsWith('RSA')
    ? await importJWK(await exportJWK(rsa.privateKey), alg)
    : alg.startsWith('ECDH')
      ? await importJWK(await exportJWK(ec.privateKey), alg)
      : secretKey(SECRET_BYTES[alg === 'dir' ? enc : alg] ?? 0)
  const result = await compactDecrypt(text, key)
  return { ...result, plain: new TextDecoder().decode(result.plaintext) }
}

async function verified(idToken: string, clientId: string, at = host) {
  const currentDate = new Date(at.clock.now() * 1_000)
  const options = { issuer: at.issuer, audience: clientId, currentDate }
  return (await jwtVerify(idToken, createLocalJWKSet(await published(at)), options)).payload
}

async function userinfo(accessToken: string, at = host) {
  const reply = await fetch(`${at.issuer}/sso/userinfo`, { headers: { authorization: `Bearer ${accessToken}` } })
  return {
    status: reply.status,
    type: reply.headers.get('content-type'),
    headers: reply.headers,
    text: await reply.text(),
  }
}

describe('§10.2 an encrypted ID token', () => {
  test.each([
    ...PUBLIC_KEY.map((alg) => [alg, 'A128CBC-HS256'] as const),
    ...BY_SECRET.map((alg) => [alg, 'A256GCM'] as const),
    ...CONTENT_ALGORITHMS.map((enc) => ['RSA-OAEP-256', enc] as const),
    ...CONTENT_ALGORITHMS.map((enc) => ['dir', enc] as const),
  ])('%s with %s opens with the key of the client alone, and holds a signed one', async (alg, enc) => {
    const id = await client({ jwks, id_token_encrypted_response_alg: alg, id_token_encrypted_response_enc: enc })
    const { idToken, reply } = await party(id).tokens()
    expect(reply.body['access_token']).toBeTypeOf('string')
    const { protectedHeader, plain } = await decrypted(idToken)
    expect(protectedHeader).toMatchObject({ alg, enc, cty: 'JWT' })
    if (PUBLIC_KEY.includes(alg)) expect(protectedHeader.kid).toBe(alg.startsWith('RSA') ? 'rsa-enc' : 'ec-enc')
    expect(await verified(plain, id)).toMatchObject({ sub: 'user-alice', auth_time: expect.any(Number) })
  })

  test('Registration §2 is A128CBC-HS256 inside when only the first algorithm is registered', async () => {
    const id = await client({ jwks, id_token_encrypted_response_alg: 'RSA-OAEP' })
    expect(decodeProtectedHeader((await party(id).tokens()).idToken)).toMatchObject({ enc: 'A128CBC-HS256' })
  })

  test('comes encrypted at every refresh, at a repeat, and from the authorization endpoint', async () => {
    const id = await client({
      jwks,
      id_token_encrypted_response_alg: 'ECDH-ES',
      grant_types: ['authorization_code', 'implicit', 'refresh_token'],
      response_types: ['code', 'code id_token'],
    })
    const app = party(id)
    const { refresh } = await app.tokens()
    for (const repeat of ['first', 'again']) {
      const { idToken } = tokensOf(await app.refresh(refresh))
      expect(isJwe(idToken), repeat).toBe(true)
      expect(await verified((await decrypted(idToken)).plain, id)).toMatchObject({ sub: 'user-alice' })
    }
    const answer = await app.authorize({ response_type: 'code id_token', nonce: 'n' })
    const { plain } = await decrypted(new URLSearchParams(answer.hash.slice(1)).get('id_token') ?? '')
    expect(await verified(plain, id)).toMatchObject({ nonce: 'n', c_hash: expect.any(String) })
  })

  test('§10.2.1 takes the key from jwks_uri, the new one after five minutes', async () => {
    const address = documents.publish(JSON.stringify(jwks))
    const id = await client({ jwks_uri: address, id_token_encrypted_response_alg: 'RSA-OAEP-256' })
    expect(decodeProtectedHeader((await party(id).tokens()).idToken).kid).toBe('rsa-enc')
    const next = await encryptionKey('RSA-OAEP-256', 'next')
    documents.replace(address, JSON.stringify({ keys: [next.publicJwk] }))
    host.clock.advance(301)
    const { idToken } = await party(id).tokens()
    expect(decodeProtectedHeader(idToken).kid).toBe('next')
    expect((await compactDecrypt(idToken, next.privateKey)).plaintext.length).toBeGreaterThan(100)
  })

  test('O16 a client whose keys cannot be read gets no token, and its code stays good', async () => {
    const address = documents.publish((_, reply) => void reply.writeHead(500).end())
    const id = await client({ jwks_uri: address, id_token_encrypted_response_alg: 'RSA-OAEP' })
    const app = party(id)
    const code = await app.code()
    const refused = await fetch(`${host.issuer}/sso/token`, {
      method: 'POST',
      headers: app.credentials,
      body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK }),
    })
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ error: 'temporarily_unavailable' })
    documents.replace(address, JSON.stringify(jwks))
    const { idToken } = tokensOf(await app.redeem(code))
    expect(isJwe(idToken)).toBe(true)
    documents.replace(address, JSON.stringify({ keys: [ec.publicJwk] }))
    host.clock.advance(301)
    const without = await app.redeem(await app.code())
    expect(without.body['error']).toBe('unauthorized_client')
  })

  test('Registration §2 is refused for a client that has no key for it', async () => {
    for (const settings of [
      { id_token_encrypted_response_alg: 'RSA-OAEP' },
      { id_token_encrypted_response_alg: 'RSA-OAEP', jwks: { keys: [ec.publicJwk] } },
      { userinfo_encrypted_response_alg: 'ECDH-ES', jwks: { keys: [rsa.publicJwk] } },
      { id_token_encrypted_response_alg: 'ECDH-ES', jwks: { keys: [{ ...ec.publicJwk, use: 'sig' }] } },
      { id_token_encrypted_response_enc: 'A128GCM', jwks },
      { id_token_encrypted_response_alg: 'RSA1_5', jwks },
      { id_token_encrypted_response_alg: 'PBES2-HS256+A128KW' },
      { id_token_encrypted_response_alg: 'dir', token_endpoint_auth_method: 'private_key_jwt', jwks },
    ]) {
      await expect(client(settings)).rejects.toThrow(InvalidClient)
    }
  })
})

describe('§5.3.2 user info', () => {
  test.each(['RS256', 'ES256', 'ES384', 'EdDSA'])('signed by %s names issuer and client', async (algorithm) => {
    const id = await client({ userinfo_signed_response_alg: algorithm })
    const { access, idToken } = await party(id).tokens()
    const reply = await userinfo(access)
    expect(reply).toMatchObject({ status: 200, type: 'application/jwt' })
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect(decodeProtectedHeader(reply.text).alg).toBe(algorithm)
    const claims = await verified(reply.text, id)
    expect(claims).toEqual({
      iss: host.issuer,
      aud: id,
      sub: decodeJwt(idToken).sub,
      email: 'alice@example.com',
      email_verified: false,
    })
  })

  test('signed by the secret of the client', async () => {
    const id = await client({ userinfo_signed_response_alg: 'HS256' })
    const reply = await userinfo((await party(id).tokens()).access)
    const { payload } = await jwtVerify(reply.text, new TextEncoder().encode(TEST_SECRET), { algorithms: ['HS256'] })
    expect(payload).toMatchObject({ iss: host.issuer, aud: id, sub: 'user-alice' })
  })

  test('RFC 7519 §5.2 encrypted alone is JSON inside; signed and encrypted, a JWT', async () => {
    const encrypted = { jwks, userinfo_encrypted_response_alg: 'RSA-OAEP-256' }
    const plain = await client({ ...encrypted, userinfo_encrypted_response_enc: 'A256GCM' })
    const reply = await userinfo((await party(plain).tokens()).access)
    expect(reply).toMatchObject({ status: 200, type: 'application/jwt' })
    const opened = await decrypted(reply.text)
    expect(opened.protectedHeader).toMatchObject({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
    expect(opened.protectedHeader.cty).toBeUndefined()
    expect(JSON.parse(opened.plain)).toMatchObject({ iss: host.issuer, aud: plain, sub: 'user-alice' })
    const both = await client({ ...encrypted, userinfo_signed_response_alg: 'ES256' })
    const nested = await decrypted((await userinfo((await party(both).tokens()).access)).text)
    expect(nested.protectedHeader.cty).toBe('JWT')
    expect(await verified(nested.plain, both)).toMatchObject({ sub: 'user-alice' })
  })

  test('O19 a claim map cannot stand in for iss and aud', async () => {
    const claims = { iss: { constant: 'https://evil.test' }, aud: { constant: 'other' }, email: 'email' }
    await expect(client({ userinfo_signed_response_alg: 'ES256', claims })).rejects.toThrow(InvalidClient)
    await client({ userinfo_signed_response_alg: 'ES256', claims: { email: 'email' } })
  })

  test('refusals stay as they are: JSON, with the challenge', async () => {
    await client({ userinfo_signed_response_alg: 'ES256' })
    const reply = await userinfo('unknown')
    expect(reply.status).toBe(401)
    expect(reply.headers.get('www-authenticate')).toContain('invalid_token')
  })

  test('a signed answer of user info is no id_token_hint', async () => {
    const id = await client({ userinfo_signed_response_alg: 'RS256' })
    const app = party(id)
    const { access, idToken } = await app.tokens()
    const { text } = await userinfo(access)
    const hinted = (id_token_hint: string) => authorizeUrl(host, { client_id: id, id_token_hint, prompt: 'none' })
    expectRefusal(await app.visitor.get(hinted(text)), host, 'invalid_request')
    expectCode(await app.visitor.get(hinted(idToken)))
  })

  test('for all others is JSON as before', async () => {
    const reply = await userinfo((await party(await client({})).tokens()).access)
    expect(reply.type).toBe('application/json; charset=utf-8')
    expect(JSON.parse(reply.text)).toEqual({ sub: 'user-alice', email: 'alice@example.com', email_verified: false })
  })
})

describe('§10.1 an ID token signed with the secret of the client', () => {
  test('verifies with it, and its at_hash is of SHA-256', async () => {
    const id = await client({ id_token_signed_response_alg: 'HS256' })
    const { idToken, access } = await party(id).tokens()
    const key = new TextEncoder().encode(TEST_SECRET)
    const currentDate = new Date(host.clock.now() * 1_000)
    const { payload } = await jwtVerify(idToken, key, { algorithms: ['HS256'], audience: id, currentDate })
    const half = createHash('sha256').update(access).digest().subarray(0, 16).toString('base64url')
    expect(payload).toMatchObject({ iss: host.issuer, sub: 'user-alice', at_hash: half })
    await expect(jwtVerify(idToken, new TextEncoder().encode(`${TEST_SECRET}x`), { currentDate })).rejects.toThrow()
  })

  test('§3.1.2.1 is an id_token_hint of its own client, at authorize and at sign-out, and of no other', async () => {
    const bySecret = { id_token_signed_response_alg: 'HS256', post_logout_redirect_uris: ['https://client.test/bye'] }
    const [id, other] = [await client(bySecret), await client(bySecret)]
    const app = party(id)
    const { idToken } = await app.tokens()
    const hinted = (client_id: string, id_token_hint = idToken) =>
      authorizeUrl(host, { client_id, id_token_hint, prompt: 'none' })
    expectCode(await app.visitor.get(hinted(id)))
    expectRefusal(await new Visitor().get(hinted(id)), host, 'login_required')
    const forged = `${idToken.split('.').slice(0, 2).join('.')}.${'A'.repeat(43)}`
    for (const url of [hinted(other), hinted(await client({})), hinted(id, forged)]) {
      expectRefusal(await app.visitor.get(url), host, 'invalid_request')
    }
    const bye = (id_token_hint: string) =>
      `${host.origin}/sso/end-session?${new URLSearchParams({ id_token_hint, post_logout_redirect_uri: 'https://client.test/bye' }).toString()}`
    expect((await app.visitor.get(bye(forged))).status).toBe(400)
    expectCode(await app.visitor.get(hinted(id)))
    expect((await app.visitor.get(bye(idToken))).location).toBe('https://client.test/bye')
    expectRefusal(await app.visitor.get(hinted(id)), host, 'login_required')
  })

  test('is refused for a client without a secret', async () => {
    for (const settings of [
      { token_endpoint_auth_method: 'none', authorize: { pkce: 'required' } },
      { token_endpoint_auth_method: 'private_key_jwt', jwks },
    ]) {
      await expect(client({ ...settings, id_token_signed_response_alg: 'HS256' })).rejects.toThrow(InvalidClient)
    }
  })
})

describe('§2 an unsigned ID token', () => {
  test('O10 is given by the code flow to a client that is registered so, where the operator lets it', async () => {
    const id = await client({ id_token_signed_response_alg: 'none' }, lenient)
    const { idToken } = await party(id, lenient).tokens()
    expect(decodeProtectedHeader(idToken)).toMatchObject({ alg: 'none' })
    expect(idToken.endsWith('.')).toBe(true)
    expect(decodeJwt(idToken)).toMatchObject({ iss: lenient.issuer, aud: id, sub: 'user-alice' })
    expect(decodeJwt(idToken)).not.toHaveProperty('at_hash')
    // Others keep their signature.
    const signed = await client({}, lenient)
    expect(await verified((await party(signed, lenient).tokens()).idToken, signed, lenient)).toBeTruthy()
  })

  test('O10 is refused elsewhere, with no code', async () => {
    const id = await client({ id_token_signed_response_alg: 'none' })
    expectRefusal(await new Visitor().get(authorizeUrl(host, { client_id: id })), host, 'unauthorized_client')
  })

  test('O10 is refused at registration where an ID token comes through the browser', async () => {
    const flows = { grant_types: ['authorization_code', 'implicit'], response_types: ['code id_token'] }
    await expect(client({ ...flows, id_token_signed_response_alg: 'none' })).rejects.toThrow(InvalidClient)
    await client({ ...flows, id_token_signed_response_alg: 'RS256' })
  })
})

describe('Back-Channel Logout §2.4 a logout token', () => {
  const told = async (settings: Record<string, unknown>, at = host) => {
    let body = ''
    const address = documents.publish((request, reply) => {
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      request.on('end', () => reply.writeHead(200).end())
    })
    const id = await client({ jwks, backchannel_logout_uri: address, ...settings }, at)
    await party(id, at).tokens()
    const { store } = at.server.parts
    await store.setUserEnabled('user-alice', false, { type: 'user_disabled', at: at.clock.now() })
    await store.setUserEnabled('user-alice', true, { type: 'user_enabled', at: at.clock.now() })
    at.clock.advance(10)
    at.server.logout.wake()
    await at.server.logout.settled()
    return { id, token: new URLSearchParams(body).get('logout_token') ?? '' }
  }

  test('is encrypted and signed as the ID tokens of its client are', async () => {
    const encrypted = await told({ id_token_encrypted_response_alg: 'ECDH-ES', id_token_signed_response_alg: 'ES256' })
    const { plain } = await decrypted(encrypted.token)
    expect(decodeProtectedHeader(plain)).toMatchObject({ alg: 'ES256', typ: 'logout+jwt' })
    expect(await verified(plain, encrypted.id)).toMatchObject({ sub: 'user-alice' })
    const bySecret = await told({ id_token_signed_response_alg: 'HS256' })
    const currentDate = new Date(host.clock.now() * 1_000)
    const { payload } = await jwtVerify(bySecret.token, new TextEncoder().encode(TEST_SECRET), { currentDate })
    expect(payload).toMatchObject({ aud: bySecret.id, sub: 'user-alice' })
  })

  test('Back-Channel Logout §2.6 is signed also for a client whose ID tokens are not', async () => {
    const { id, token } = await told({ id_token_signed_response_alg: 'none' }, lenient)
    expect(decodeProtectedHeader(token)['alg']).not.toBe('none')
    expect(await verified(token, id, lenient)).toMatchObject({ sub: 'user-alice' })
  })
})

describe('§6.1 an encrypted request object', () => {
  let signing: ClientKey
  let alice: Visitor
  let id: string

  beforeAll(async () => {
    signing = await newClientKey()
    id = await client({ jwks: { keys: [signing.publicJwk] } })
    await host.addClient('web', 'openid-connect', { consent: 'implied' })
  })
  beforeEach(async () => {
    alice = await signedIn(host, 'alice')
  })

  const ours = async (kty: string) => {
    const jwk = (await published()).keys.find((each) => each.kty === kty && each['use'] === 'enc')
    if (jwk === undefined) throw new Error(`no ${kty} key is published`)
    return jwk
  }
  const encrypted = async (plain: string, alg: string, enc: string, header: Record<string, unknown> = {}) => {
    const jwk = /^(RSA|ECDH)/.test(alg) ? await ours(alg.startsWith('RSA') ? 'RSA' : 'EC') : null
    const key = jwk === null ? secretKey(SECRET_BYTES[alg === 'dir' ? enc : alg] ?? 0) : await importJWK(jwk, alg)
    return new CompactEncrypt(new TextEncoder().encode(plain))
      .setProtectedHeader({ alg, enc, cty: 'JWT', ...(jwk !== null && { kid: jwk.kid }), ...header })
      .encrypt(key)
  }
  const signed = (claims: object = {}, clientId = id) =>
    requestObject({ host, clientId, key: signing, claims: { ...claims } })
  const send = (request: string, more: Record<string, string | undefined> = {}) =>
    alice.get(authorizeUrl(host, { client_id: id, ...BARE, request, ...more }))
  const refused = async (request: string) => {
    const began = process.cpuUsage()
    const page = await send(request, { redirect_uri: CALLBACK, state: STATE })
    const { user, system } = process.cpuUsage(began)
    const answer = new URL(page.location ?? '')
    expect(answer.searchParams.get('error'), answer.href).toBe('invalid_request_object')
    // Of this whole process, in microseconds.
    expect(user + system).toBeLessThan(1_000_000)
  }

  test.each(PUBLIC_KEY.flatMap((alg) => ['A128CBC-HS256', 'A256GCM'].map((enc) => [alg, enc] as const)))(
    'RFC 7518 §4, §5 %s with %s is opened and is the request',
    async (alg, enc) => {
      const answer = expectCode(await send(await encrypted(await signed(), alg, enc)))
      expect(answer.searchParams.get('state')).toBe(INNER_STATE)
    },
  )

  test.each(BY_SECRET)(
    'RFC 7518 §4.4, §4.5 %s is opened with the secret of a client that is registered so, and of no other',
    async (alg) => {
      const own = await client({ jwks: { keys: [signing.publicJwk] }, request_object_encryption_alg: alg })
      const request = await encrypted(await signed({}, own), alg, 'A128CBC-HS256')
      expectCode(await send(request, { client_id: own }))
      await refused(await encrypted(await signed(), alg, 'A128CBC-HS256'))
    },
  )

  test('must be encrypted as it is registered', async () => {
    const own = await client({ jwks: { keys: [signing.publicJwk] }, request_object_encryption_alg: 'RSA-OAEP-256' })
    const object = await signed({}, own)
    expectCode(await send(await encrypted(object, 'RSA-OAEP-256', 'A128CBC-HS256'), { client_id: own }))
    for (const [alg, enc] of [
      ['RSA-OAEP', 'A128CBC-HS256'],
      ['RSA-OAEP-256', 'A128GCM'],
    ] as const) {
      const page = await send(await encrypted(object, alg, enc), {
        client_id: own,
        redirect_uri: CALLBACK,
        state: STATE,
      })
      expectRefusal(page, host, 'invalid_request_object')
    }
  })

  test('RFC 9101 §6.1 J10 a JWE around bare JSON, or around an unsigned request, proves nothing', async () => {
    const claims = { client_id: id, response_type: 'code', redirect_uri: CALLBACK, scope: 'openid', state: STATE }
    await refused(await encrypted(JSON.stringify(claims), 'RSA-OAEP-256', 'A128GCM'))
    await refused(await encrypted(await requestObject({ host, clientId: id, key: null }), 'ECDH-ES', 'A128GCM'))
    await refused(await encrypted(await encrypted(await signed(), 'ECDH-ES', 'A128GCM'), 'ECDH-ES', 'A128GCM'))
    expectCode(await send(await encrypted(await signed(), 'ECDH-ES', 'A128GCM')))
  })

  test('RFC 7516 §4.1.3, §4.1.13, RFC 8725 §3.2 O11 zip, crit, RSA1_5, PBES2, an unknown enc, a foreign key, and empty parts', async () => {
    const good = await encrypted(await signed(), 'RSA-OAEP-256', 'A128GCM')
    const [head = '', key = '', iv = '', text = '', tag = ''] = good.split('.')
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>
    const withHeader = (changes: object) =>
      [Buffer.from(JSON.stringify({ ...header, ...changes })).toString('base64url'), key, iv, text, tag].join('.')
    for (const request of [
      withHeader({ zip: 'DEF' }),
      await encrypted('x'.repeat(100), 'RSA-OAEP-256', 'A128GCM', { zip: 'DEF' }),
      withHeader({ alg: 'RSA1_5' }),
      withHeader({ alg: 'PBES2-HS512+A256KW', p2c: 10_000_000, p2s: 'AAAAAAAAAAA' }),
      withHeader({ enc: 'XC20P' }),
      withHeader({ crit: ['exp'] }),
      withHeader({ kid: 'another' }),
      withHeader({ alg: 'ECDH-ES' }),
      withHeader({ alg: 'dir' }),
      withHeader({ alg: 'A128GCMKW', iv: 'AAAAAAAAAAAAAAAA', tag: 'AAAAAAAAAAAAAAAAAAAAAA' }),
      withHeader({}),
      [head, '', iv, text, tag].join('.'),
      [head, key, '', text, tag].join('.'),
      [head, key, iv, '', tag].join('.'),
      [head, key, iv, text, ''].join('.'),
      '....',
      `${good}A`,
      [head, key, iv, `${text.slice(0, -2)}AA`, tag].join('.'),
      [head, key.slice(0, -4), iv, text, tag].join('.'),
    ]) {
      if (request !== good) await refused(request)
    }
    expectCode(await send(good))
  })

  test('RFC 8725 §3.4 O11 an ephemeral key off the curve, by which the private one could be found out, is refused', async () => {
    const jwk = await ours('EC')
    // RFC 7518 §4.6.2: by hand, since no library encrypts with such a key.
    const derived = (secret: Buffer) => {
      const sized = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)])
      const about = [sized('A128GCM'), sized(''), sized(''), Buffer.from([0, 0, 0, 128])]
      const hashed = createHash('sha256').update(Buffer.concat([Buffer.from([0, 0, 0, 1]), secret, ...about]))
      return hashed.digest().subarray(0, 16)
    }
    const sealed = (epk: object, secret: Buffer, plain: string) => {
      const header = { alg: 'ECDH-ES', enc: 'A128GCM', kid: jwk.kid, epk }
      const head = Buffer.from(JSON.stringify(header)).toString('base64url')
      const cipher = createCipheriv('aes-128-gcm', derived(secret), Buffer.alloc(12)).setAAD(Buffer.from(head))
      const text = Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64url')
      return [head, '', Buffer.alloc(12).toString('base64url'), text, cipher.getAuthTag().toString('base64url')].join(
        '.',
      )
    }
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const shared = (publicKey: KeyObject) => diffieHellman({ privateKey: own.privateKey, publicKey })
    // Of order 2 on another curve: twice itself is nothing, so the secret would be its x where the private key is odd.
    const x = Buffer.alloc(32, 9)
    const off = { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: Buffer.alloc(32).toString('base64url') }
    await refused(sealed(off, x, await signed()))
    await refused(sealed(off, Buffer.alloc(32), await signed()))
    const theirs = createPublicKey({ key: { ...jwk }, format: 'jwk' })
    const good = sealed(own.publicKey.export({ format: 'jwk' }), shared(theirs), await signed())
    expectCode(await send(good))
  })

  test('O11 whatever has the form of a JWE is read without a fault, and answered in bounded time', async () => {
    const part = fc.oneof(
      fc.string(),
      fc.base64String().map((text) => text.replace(/=+$/, '')),
      fc.constant(''),
    )
    const head = fc
      .record(
        {
          alg: fc.oneof(fc.constantFrom(...KEY_ALGORITHMS), fc.string()),
          enc: fc.oneof(fc.constantFrom(...CONTENT_ALGORITHMS), fc.string()),
          kid: fc.jsonValue(),
          epk: fc.jsonValue(),
          p2c: fc.integer(),
        },
        { requiredKeys: ['alg', 'enc'] },
      )
      .map((header) => Buffer.from(JSON.stringify(header)).toString('base64url'))
    const text = fc.tuple(fc.oneof(head, part), part, part, part, part).map((parts) => parts.join('.'))
    fc.assert(
      fc.property(text, (jwe) => {
        const read = readJweHeader(jwe)
        expect('problem' in read || KEY_ALGORITHMS.includes(read.alg)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
    await fc.assert(
      fc.asyncProperty(text, async (jwe) => {
        const page = await send(jwe, { redirect_uri: CALLBACK, state: STATE })
        expect(page.status).toBeLessThan(500)
        expect(page.location ?? '').not.toContain('code=')
      }),
      { numRuns: 150 },
    )
  }, 30_000)

  test('is not taken where the option is off, and no key for it is published there', async () => {
    const own = await client({ jwks: { keys: [signing.publicJwk] } }, lenient)
    const visitor = new Visitor()
    const request = await encrypted(
      await requestObject({ host: lenient, clientId: own, key: signing }),
      'RSA-OAEP',
      'A128GCM',
    )
    const page = await visitor.get(
      authorizeUrl(lenient, { client_id: own, ...BARE, request, redirect_uri: CALLBACK, state: STATE }),
    )
    expectRefusal(page, lenient, 'invalid_request_object')
    expect((await published(lenient)).keys.every((each) => each['use'] === 'sig')).toBe(true)
  })

  test('§10.2.1 the keys for it are rotated: new ones are published, former ones open for a day', async () => {
    const { store, master, decryption } = host.server.parts
    const before = await encrypted(await signed(), 'ECDH-ES', 'A128GCM')
    const former = (await published()).keys.slice(-2).map(({ kid }) => kid)
    expect(await rotateDecryptionKeys({ store, master, clock: host.clock })).toHaveLength(2)
    await decryption?.refresh()
    const { keys } = await published()
    expect(keys.filter(({ use }) => use === 'enc')).toHaveLength(2)
    expect(keys.some(({ kid }) => former.includes(kid))).toBe(false)
    const after = await encrypted(await signed(), 'ECDH-ES', 'A128GCM')
    for (const request of [before, after]) expectCode(await send(request))
    host.clock.advance(86_401)
    alice = await signedIn(host, 'alice')
    await refused(before)
    const late = { iat: host.clock.now(), exp: host.clock.now() + 60 }
    expectCode(await send(await encrypted(await signed(late), 'RSA-OAEP', 'A128GCM')))
    const none = await rotateDecryptionKeys({ ...lenient.server.parts, clock: host.clock })
    expect(none).toBeNull()
  })

  test('two nodes on one database have the same keys for it, and take up what one of them rotates', async () => {
    const one = await startServer({ database: 'postgres', encryptedRequests: true })
    const two = await startServer({ beside: one, encryptedRequests: true })
    const kids = (at: TestServer) => at.server.parts.decryption?.published().map(({ kid }) => kid)
    expect(kids(two)).toEqual(kids(one))
    const former = kids(one)
    await rotateDecryptionKeys({ ...one.server.parts, clock: one.clock })
    for (const { server } of [one, two]) await server.parts.decryption?.refresh()
    expect(kids(two)).toEqual(kids(one))
    expect(kids(one)).not.toEqual(former)
    await two.close()
    await one.close()
  })

  test('the keys for it are published last, public alone, and the same after a restart', async () => {
    const { keys } = await published()
    expect(keys.slice(-2).map(({ kty, use }) => [kty, use])).toEqual([
      ['RSA', 'enc'],
      ['EC', 'enc'],
    ])
    expect(JSON.stringify(keys)).not.toMatch(/"(d|p|q|dp|dq|qi|k)":/)
    expect((await published()).keys).toEqual(keys)
  })
})

describe('Registration §2 by a client itself', () => {
  let open: TestServer
  beforeAll(async () => {
    open = await startServer({ registration: { access: 'open', perAddress: 1_000 } })
    await open.addUser('alice')
  })
  afterAll(() => open.close())

  test('what it registers it gets: encrypted for its key, or signed with its secret', async () => {
    const keyed = { jwks, id_token_encrypted_response_alg: 'RSA-OAEP-256', userinfo_signed_response_alg: 'RS256' }
    for (const metadata of [keyed, { id_token_signed_response_alg: 'HS256' }]) {
      const made = await register(open, { ...PLAIN, redirect_uris: [CALLBACK], ...metadata })
      expect(made.status, made.text).toBe(201)
      expect(made.body).toMatchObject(metadata)
      const [id, secret] = [String(made.body['client_id']), String(made.body['client_secret'])]
      const app = new RelyingParty({ host: open, clientId: id, secret, scope: 'openid' })
      const { idToken } = await app.tokens()
      if (metadata === keyed) expect(await verified((await decrypted(idToken)).plain, id, open)).toBeTruthy()
      else expect((await jwtVerify(idToken, new TextEncoder().encode(secret))).payload.aud).toBe(id)
    }
  })

  test('O10 none is refused where the operator has not let it', async () => {
    const before = await countClients(open)
    for (const metadata of [{ id_token_signed_response_alg: 'none' }, { request_object_signing_alg: 'none' }]) {
      const refused = await register(open, { ...PLAIN, redirect_uris: [CALLBACK], ...metadata })
      expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } })
    }
    expect(await countClients(open)).toBe(before)
  })
})

describe('Discovery §3', () => {
  const metadata = async (at: TestServer) =>
    (await (await fetch(`${at.issuer}/.well-known/openid-configuration`)).json()) as Record<string, unknown>

  test('H07 metadata lists what works: none and encrypted requests only where they are on', async () => {
    expect(await metadata(host)).toMatchObject({
      id_token_signing_alg_values_supported: ['RS256', 'ES256', 'ES384', 'EdDSA', 'HS256'],
      id_token_encryption_alg_values_supported: KEY_ALGORITHMS,
      id_token_encryption_enc_values_supported: CONTENT_ALGORITHMS,
      userinfo_signing_alg_values_supported: ['RS256', 'ES256', 'ES384', 'EdDSA', 'HS256'],
      userinfo_encryption_alg_values_supported: KEY_ALGORITHMS,
      userinfo_encryption_enc_values_supported: CONTENT_ALGORITHMS,
      request_object_encryption_alg_values_supported: KEY_ALGORITHMS,
      request_object_encryption_enc_values_supported: CONTENT_ALGORITHMS,
    })
    const other = await metadata(lenient)
    expect(other).not.toHaveProperty('request_object_encryption_alg_values_supported')
    expect(other['id_token_signing_alg_values_supported']).toContain('none')
    expect(other['userinfo_signing_alg_values_supported']).not.toContain('none')
  })
})

describe('openid-client', () => {
  // The clock of this one was not moved: the client has the real time.
  let prompt: TestServer
  beforeAll(async () => {
    prompt = await startServer()
    await prompt.addUser('alice', { email: 'alice@example.com' })
  })
  afterAll(() => prompt.close())

  test.each([
    ['RSA-OAEP-256', 'A256CBC-HS512'],
    ['ECDH-ES+A256KW', 'A128GCM'],
  ] as const)('sends a signed request object and reads answers encrypted by %s, %s', async (alg, enc) => {
    const signing = await newClientKey()
    const pair = await generateKeyPair(alg, { extractable: true })
    const own = { ...(await exportJWK(pair.publicKey)), kid: 'own', use: 'enc' }
    const id = await client(
      {
        jwks: { keys: [signing.publicJwk, own] },
        require_signed_request_object: true,
        id_token_signed_response_alg: 'ES256',
        id_token_encrypted_response_alg: alg,
        id_token_encrypted_response_enc: enc,
        userinfo_signed_response_alg: 'ES256',
        userinfo_encrypted_response_alg: alg,
        userinfo_encrypted_response_enc: enc,
      },
      prompt,
    )
    const config = await openid.discovery(
      new URL(prompt.issuer),
      id,
      { client_secret: TEST_SECRET, id_token_signed_response_alg: 'ES256', userinfo_signed_response_alg: 'ES256' },
      openid.ClientSecretBasic(TEST_SECRET),
      { execute: [openid.allowInsecureRequests] },
    )
    openid.enableDecryptingResponses(config, [enc], { key: pair.privateKey, alg, kid: 'own' })
    const verifier = openid.randomPKCECodeVerifier()
    const url = await openid.buildAuthorizationUrlWithJAR(
      config,
      {
        redirect_uri: CALLBACK,
        scope: 'openid email',
        state: 'xyz',
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      },
      { key: signing.privateKey, kid: signing.kid },
    )
    const answer = await walk(new Visitor(), url.href, 'alice')
    const tokens = await openid.authorizationCodeGrant(config, answer, {
      pkceCodeVerifier: verifier,
      expectedState: 'xyz',
    })
    expect(tokens.claims()).toMatchObject({ sub: 'user-alice', aud: id })
    expect(await openid.fetchUserInfo(config, tokens.access_token, 'user-alice')).toMatchObject({
      email: 'alice@example.com',
    })
  })
})
