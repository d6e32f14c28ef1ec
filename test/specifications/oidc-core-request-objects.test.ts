// OpenID Connect Core 1.0 §6: authorization requests as request objects, by value and by reference.

import { createHash } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { InvalidClient } from '../../src/model/client/settings.ts'
import { type ClientKey, newClientKey } from '../support/assertions.ts'
import {
  ask,
  authorizeUrl,
  countRecords,
  expectAnswer,
  expectCode,
  expectErrorPage,
  expectRefusal,
  isAt,
  STATE,
  signedIn,
} from '../support/authorize.ts'
import { type DocumentHost, startDocumentHost } from '../support/document-host.ts'
import { RelyingParty, tokensOf } from '../support/relying-party.ts'
import { BARE, type CraftedRequest, INNER_STATE, requestObject } from '../support/request-objects.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

let host: TestServer
let lenient: TestServer
let key: ClientKey
let foreign: ClientKey
let alice: Visitor
let documents: DocumentHost
let number = 0

beforeAll(async () => {
  ;[key, foreign] = await Promise.all([newClientKey(), newClientKey()])
  documents = await startDocumentHost()
  host = await startServer({ implicitAndHybrid: true, outboundAllow: [documents.hostAndPort] })
  lenient = await startServer({ unsignedJwt: true })
  for (const each of [host, lenient]) {
    await each.addUser('alice')
    await each.addClient('web', 'openid-connect', { consent: 'implied' })
    const keys = { consent: 'implied', jwks: { keys: [key.publicJwk] } }
    await each.addClient('app', 'openid-connect', keys)
    await each.addClient('unsigned', 'openid-connect', { ...keys, request_object_signing_alg: 'none' })
  }
  await host.addClient('secret', 'openid-connect', { consent: 'implied', request_object_signing_alg: 'HS256' })
  await host.addUser('bob')
})
beforeEach(async () => {
  alice = await signedIn(host, 'alice')
})
afterAll(() => Promise.all([host.close(), lenient.close(), documents.close()]))

const made = (crafted: Partial<CraftedRequest> = {}) => requestObject({ host, clientId: 'app', key, ...crafted })
const outer = (request: string, more: Record<string, string | undefined> = {}) => ({
  client_id: 'app',
  ...BARE,
  request,
  ...more,
})
/** What comes of it in the browser in which alice is signed in. */
const send = async (crafted: Partial<CraftedRequest> = {}, more: Record<string, string | undefined> = {}) =>
  alice.get(authorizeUrl(host, outer(await made(crafted), more)))

describe('§6.1 a signed request object', () => {
  test('is the request, with parameters that stand nowhere else', async () => {
    const answer = expectCode(await send({ claims: { nonce: 'nonce-inside' } }))
    expect(answer.href.startsWith(CALLBACK)).toBe(true)
    expect(answer.searchParams.get('state')).toBe(INNER_STATE)
    const app = new RelyingParty({ host, clientId: 'app' })
    const tokens = tokensOf(await app.redeem(answer.searchParams.get('code') ?? ''))
    expect(decodeJwt(tokens.idToken)['nonce']).toBe('nonce-inside')
    expect(tokens.reply.body['scope']).toBe('openid profile')
  })

  test('J08 wins over the same parameters outside, whatever they are', async () => {
    const page = await send(
      { claims: { nonce: 'inside', prompt: 'none' } },
      {
        redirect_uri: 'https://evil.test/callback',
        state: STATE,
        nonce: 'outside',
        scope: 'openid email',
        response_type: 'id_token',
        prompt: 'login',
        response_mode: 'fragment',
      },
    )
    // response_mode stands outside alone, and OpenID Connect lets it.
    const answer = new URL(page.location ?? '')
    const found = new URLSearchParams(answer.hash.slice(1))
    expect(found.get('state')).toBe(INNER_STATE)
    const app = new RelyingParty({ host, clientId: 'app' })
    const tokens = tokensOf(await app.redeem(found.get('code') ?? ''))
    expect(decodeJwt(tokens.idToken)['nonce']).toBe('inside')
    expect(tokens.reply.body['scope']).toBe('openid profile')
  })

  test('may leave parameters outside, which then count', async () => {
    const answer = expectCode(await send({ claims: { state: undefined } }, { state: STATE }))
    expect(answer.searchParams.get('state')).toBe(STATE)
  })

  test('carries claims as an object and max_age as a number', async () => {
    const claims = { claims: { id_token: { name: null } }, max_age: 100 }
    const answer = expectCode(await send({ claims }))
    const tokens = tokensOf(
      await new RelyingParty({ host, clientId: 'app' }).redeem(answer.searchParams.get('code') ?? ''),
    )
    expect(decodeJwt(tokens.idToken)['name']).toBe('Name of alice')
    host.clock.advance(101)
    expect(isAt(await alice.follow(await send({ claims })), 'sign-in')).toBe(true)
    const bound = { claims: { id_token: { sub: { value: 'user-bob' } } }, prompt: 'none' }
    expectRefusal(await send({ claims: bound }), host, 'login_required', { state: INNER_STATE })
  })

  test('travels by POST, and through sign-in and consent as it was', async () => {
    const visitor = new Visitor()
    await host.addClient('asking', 'openid-connect', { jwks: { keys: [key.publicJwk] } })
    const request = await made({ clientId: 'asking' })
    const app = new RelyingParty({ host, clientId: 'asking' })
    const body = new URLSearchParams({ client_id: 'asking', response_type: 'code', scope: 'openid', request })
    const first = await fetch(`${host.origin}/sso/authorize`, { method: 'POST', body, redirect: 'manual' })
    expect(first.status).toBe(303)
    const start = new URL(first.headers.get('location') ?? '', host.origin).href
    let page = await visitor.follow(await visitor.get(start))
    expect(isAt(page, 'sign-in')).toBe(true)
    page = await visitor.follow(
      await visitor.submit(page, 'login-submit', { username: 'alice', password: 'correct horse battery staple' }),
    )
    expect(isAt(page, 'consent')).toBe(true)
    const answer = expectCode(await visitor.submit(page, 'consent-allow'))
    expect(answer.searchParams.get('state')).toBe(INNER_STATE)
    expect((await app.redeem(answer.searchParams.get('code') ?? '')).status).toBe(200)
  })

  test.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])('may be signed by %s', async (algorithm) => {
    const own = await newClientKey(algorithm)
    const id = `signs-${algorithm}`
    const registered = { request_object_signing_alg: algorithm, jwks: { keys: [own.publicJwk] }, consent: 'implied' }
    await host.addClient(id, 'openid-connect', registered)
    expectCode(await send({ clientId: id, key: own }, { client_id: id }))
  })

  test('may be signed by HS256 by a client that is registered so, with its secret', async () => {
    const sent = { client_id: 'secret' }
    const request = await requestObject({ host, clientId: 'secret' })
    expectCode(await alice.get(authorizeUrl(host, outer(request, sent))))
    const forged = `${request.slice(0, -4)}AAAA`
    const page = await alice.get(authorizeUrl(host, outer(forged, { ...sent, redirect_uri: CALLBACK })))
    expectRefusal(page, host, 'invalid_request_object', { state: INNER_STATE })
  })
})

describe('§6.1, §6.3 refused, and nothing is stored', () => {
  const refused = async (crafted: Partial<CraftedRequest>, more: Record<string, string | undefined> = {}) => {
    const before = await countRecords(host)
    const page = await send(crafted, more)
    expectRefusal(page, host, 'invalid_request_object', { state: INNER_STATE })
    expect(await countRecords(host)).toEqual(before)
  }

  test('J10 another key, no signature, the secret as key, the public key as secret', async () => {
    await refused({ key: foreign })
    await refused({ key: foreign, header: { kid: key.kid } })
    await refused({ key: null })
    // A client that authenticates with a digest of its secret has no key for HS256.
    const bySecret = await requestObject({ host, clientId: 'app' })
    const page = await alice.get(authorizeUrl(host, outer(bySecret)))
    expectRefusal(page, host, 'invalid_request_object', { state: INNER_STATE })
    expectCode(await send())
  })

  test('J10 another algorithm than registered', async () => {
    const [p384, p256] = await Promise.all([newClientKey('ES384'), newClientKey('ES256')])
    const keys = { keys: [p384.publicJwk, p256.publicJwk] }
    const registered = { jwks: keys, request_object_signing_alg: 'ES384', consent: 'implied' }
    await host.addClient('es384', 'openid-connect', registered)
    await refused({ clientId: 'es384', key: p256 }, { client_id: 'es384' })
    expectCode(await send({ clientId: 'es384', key: p384 }, { client_id: 'es384' }))
  })

  test('O12 O13 an ECDSA signature of zeros, in DER, or cut short; a key for encryption, or of a doubled kid', async () => {
    const good = await made()
    const [head = '', body = '', tail = ''] = good.split('.')
    const signatures = [Buffer.alloc(64), Buffer.from('3006020101020101', 'hex'), Buffer.alloc(63, 1)]
    for (const signature of [...signatures.map((each) => each.toString('base64url')), tail.slice(0, -2), '']) {
      const page = await alice.get(authorizeUrl(host, outer(`${head}.${body}.${signature}`)))
      expectRefusal(page, host, 'invalid_request_object', { state: INNER_STATE })
    }
    expectCode(await alice.get(authorizeUrl(host, outer(good))))
    const settings = { consent: 'implied', jwks: { keys: [{ ...key.publicJwk, use: 'enc' }, foreign.publicJwk] } }
    await host.addClient('enc-key', 'openid-connect', settings)
    await refused({ clientId: 'enc-key' }, { client_id: 'enc-key' })
    expectCode(await send({ clientId: 'enc-key', key: foreign }, { client_id: 'enc-key' }))
    const twins = documents.publish(JSON.stringify({ keys: [key.publicJwk, { ...foreign.publicJwk, kid: key.kid }] }))
    await host.addClient('twins', 'openid-connect', { consent: 'implied', jwks_uri: twins })
    await refused({ clientId: 'twins' }, { client_id: 'twins' })
  })

  test('O16 a jwks_uri that fails: refused in bounded time, and taken when it answers again', async () => {
    const address = documents.publish((_, reply) => void reply.writeHead(500).end())
    await host.addClient('remote', 'openid-connect', { consent: 'implied', jwks_uri: address })
    await refused({ clientId: 'remote' }, { client_id: 'remote' })
    documents.replace(address, JSON.stringify({ keys: [key.publicJwk] }))
    expectCode(await send({ clientId: 'remote' }, { client_id: 'remote' }))
  })

  test('J12 request, request_uri, or the client as sub inside', async () => {
    for (const claims of [{ request: 'x' }, { request_uri: 'https://client.test/r' }, { sub: 'app' }]) {
      await refused({ claims })
    }
    expectCode(await send({ claims: { sub: 'somebody' } }))
  })

  test('a foreign client_id, iss or aud; expired, or not valid yet', async () => {
    const now = host.clock.now()
    for (const claims of [
      { client_id: 'web' },
      { iss: 'web' },
      { aud: 'https://other.test' },
      { aud: ['https://other.test'] },
      { aud: [] },
      { exp: now - 60 },
      { exp: 'soon' },
      { nbf: now + 60 },
      { iat: now + 60 },
    ]) {
      await refused({ claims })
    }
    const without = { iss: undefined, aud: undefined, exp: undefined, iat: undefined, client_id: undefined }
    expectCode(await send({ claims: without }))
    expectCode(await send({ claims: { aud: ['https://other.test', host.issuer], nbf: now - 1 } }))
  })

  test('J13 the type of another token, and crit', async () => {
    for (const typ of ['at+jwt', 'client-authentication+jwt', 'logout+jwt', 'dpop+jwt', '', 7]) {
      await refused({ header: { typ } })
    }
    await refused({ header: { crit: ['urn:x'], 'urn:x': 1 } })
    for (const typ of ['JWT', 'oauth-authz-req+jwt', 'application/oauth-authz-req+jwt', undefined]) {
      expectCode(await send({ header: { typ } }))
    }
  })

  test('RFC 9101 §10.8 J13 a request object is no client assertion, and an assertion no request object', async () => {
    await host.addClient('asserts', 'openid-connect', {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key.publicJwk] },
      consent: 'implied',
    })
    const request = await made({ clientId: 'asserts', claims: { jti: 'once' } })
    const reply = await fetch(`${host.issuer}/sso/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: 'x',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: request,
      }),
    })
    expect(reply.status).toBe(401)
    await refused({ clientId: 'asserts', claims: { sub: 'asserts', jti: 'twice' } }, { client_id: 'asserts' })
    expectCode(await alice.get(authorizeUrl(host, outer(request, { client_id: 'asserts' }))))
  })

  test('RFC 7515 §3.1, RFC 7519 §7.2 O21 what is no JWT: on a page, where nothing says where to send the answer, and by redirect, where it does', async () => {
    const texts = [
      'x',
      'a.b.c',
      '.'.repeat(1_000),
      'A'.repeat(10_000),
      `${await made()}=`,
      (await made()).replace('.', '!.'),
    ]
    for (const request of texts) {
      expectErrorPage(await alice.get(authorizeUrl(host, outer(request))))
      const page = await alice.get(authorizeUrl(host, outer(request, { redirect_uri: CALLBACK, state: STATE })))
      expectRefusal(page, host, 'invalid_request_object')
    }
  })

  test('text that no address and no column can hold', async () => {
    for (const state of ['\ud800', 'a\u0000b']) {
      const page = await send({ claims: { state } }, { redirect_uri: CALLBACK })
      expect(expectAnswer(page).searchParams.get('error')).toBe('invalid_request_object')
    }
  })

  test('R22 request twice', async () => {
    const request = await made()
    const page = await alice.get(
      `${authorizeUrl(host, outer(request, { redirect_uri: CALLBACK, state: STATE }))}&request=${request}`,
    )
    expectRefusal(page, host, 'invalid_request')
  })

  test('a redirect URI that is not registered, inside or out: a page', async () => {
    expectErrorPage(await send({ claims: { redirect_uri: 'https://evil.test/callback' } }))
    expectErrorPage(await send({ claims: { redirect_uri: 'https://evil.test/callback' } }, { redirect_uri: CALLBACK }))
    expectErrorPage(await send({ key: null, claims: { redirect_uri: 'https://evil.test/callback' } }))
    expectErrorPage(await send({ clientId: 'nobody' }, { client_id: 'nobody' }))
  })
})

describe('§6.1 an unsigned request object', () => {
  test('H07 is taken from a client that is registered so, where the operator lets it, and only there', async () => {
    const request = (at: TestServer) => requestObject({ host: at, clientId: 'unsigned', key: null })
    const visitor = await signedIn(lenient, 'alice')
    const sent = { client_id: 'unsigned' }
    expectCode(await visitor.get(authorizeUrl(lenient, outer(await request(lenient), sent))))
    const refusedHere = await alice.get(authorizeUrl(host, outer(await request(host), sent)))
    expectRefusal(refusedHere, host, 'invalid_request_object', { state: INNER_STATE })
    const other = await requestObject({ host: lenient, clientId: 'app', key: null })
    const refusedThere = await visitor.get(authorizeUrl(lenient, outer(other)))
    expectRefusal(refusedThere, lenient, 'request_not_supported', { state: INNER_STATE })
    const signed = await requestObject({ host: lenient, clientId: 'unsigned', key })
    const exact = await visitor.get(authorizeUrl(lenient, outer(signed, sent)))
    expectRefusal(exact, lenient, 'invalid_request_object', { state: INNER_STATE })
  })

  test('a refused one says how its refusal travels: response_mode=form_post inside', async () => {
    const page = await send(
      { key: null, claims: { response_mode: 'form_post', nonce: 'n' } },
      { redirect_uri: CALLBACK },
    )
    expect(page.status).toBe(200)
    expect(page.html).toContain(`action="${CALLBACK}"`)
    expect(page.html).toContain('value="invalid_request_object"')
    expect(page.html).toContain(`value="${INNER_STATE}"`)
    expect(page.html).not.toContain('name="code"')
  })
})

describe('§6.2, RFC 9101 §5.2 a request object by reference', () => {
  const at = (client: string, request_uri: string, more: Record<string, string | undefined> = {}) =>
    authorizeUrl(host, { client_id: client, ...BARE, request_uri, ...more })
  /** A client with one registered address at which its request object stands. */
  const published = async (body: Parameters<DocumentHost['publish']>[0] | null = null, type = 'application/jwt') => {
    const client = `by-reference-${++number}`
    const address = documents.publish(body ?? (await made({ clientId: client })), type)
    const settings = { consent: 'implied', jwks: { keys: [key.publicJwk] }, request_uris: [address] }
    await host.addClient(client, 'openid-connect', settings)
    documents.forget()
    return { client, address }
  }

  test.each(['application/oauth-authz-req+jwt', 'application/jwt', 'application/jose', 'text/plain'])(
    'RFC 9101 §5.2.3, §9.4.1, RFC 7519 §10.3.1, RFC 7515 §9.2.1 is fetched and is the request: %s',
    async (type) => {
      const { client, address } = await published(null, type)
      const answer = expectCode(await alice.get(at(client, address)))
      expect(answer.searchParams.get('state')).toBe(INNER_STATE)
      expect(documents.asked).toHaveLength(1)
    },
  )

  test('is fetched each time; with the SHA-256 of its text as fragment only once', async () => {
    const { client, address } = await published()
    expectCode(await alice.get(at(client, address)))
    expectCode(await alice.get(at(client, address)))
    expect(documents.asked).toHaveLength(2)
    const text = await made({ clientId: client, claims: { state: 'kept' } })
    documents.replace(address, text, 'application/jwt')
    const named = `${address}#${createHash('sha256').update(text).digest('base64url')}`
    for (const kept of ['first', 'second']) {
      expect(expectCode(await alice.get(at(client, named))).searchParams.get('state'), kept).toBe('kept')
      documents.replace(address, 'something else', 'application/jwt')
    }
    expect(documents.asked).toHaveLength(3)
    // A fragment that is another digest says nothing, and nothing is kept under it.
    documents.replace(address, await made({ clientId: client }), 'application/jwt')
    const other = `${address}#${createHash('sha256').update('x').digest('base64url')}`
    for (let count = 0; count < 2; count++) expectCode(await alice.get(at(client, other)))
    expect(documents.asked).toHaveLength(5)
  })

  test('J05 an address that this client has not registered is not asked', async () => {
    const [mine, theirs] = [await published(), await published()]
    for (const address of [
      theirs.address,
      `${mine.address}/more`,
      `${mine.address}?x=1`,
      `${host.origin}/readyz`,
      'urn:x',
    ]) {
      const before = await countRecords(host)
      const page = await alice.get(at(mine.client, address, { redirect_uri: CALLBACK, state: STATE }))
      expectRefusal(page, host, 'invalid_request_uri')
      expect(await countRecords(host)).toEqual(before)
    }
    expect(documents.asked).toEqual([])
    expectCode(await alice.get(at(mine.client, mine.address)))
  })

  test('D06 a host that fails, redirects, floods or answers something else: invalid_request_uri', async () => {
    for (const body of [
      (_, reply) => void reply.writeHead(500).end('secret of that host'),
      (_, reply) => void reply.writeHead(302, { location: '/elsewhere' }).end(),
      (_, reply) => void reply.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      (_, reply) => void reply.writeHead(200, { 'content-type': 'application/jwt' }).end('x'.repeat(40_000)),
    ] satisfies RequestListener[]) {
      const { client, address } = await published(body)
      const page = await alice.get(at(client, address, { redirect_uri: CALLBACK, state: STATE }))
      expect(expectRefusal(page, host, 'invalid_request_uri').href).not.toContain('secret')
      expectErrorPage(await alice.get(at(client, address)), { code: 'invalid_request' })
    }
  })

  test('D06 a host that never answers holds the request up for five seconds at most', async () => {
    const { client, address } = await published(() => undefined)
    const began = performance.now()
    const page = await alice.get(at(client, address, { redirect_uri: CALLBACK, state: STATE }))
    expectRefusal(page, host, 'invalid_request_uri')
    expect(performance.now() - began).toBeLessThan(10_000)
  }, 20_000)

  test('D04 an address that is not public is not asked', async () => {
    const { port } = new URL(host.origin)
    const addresses = [`https://127.0.0.1:${port}/x`, 'https://169.254.169.254/x', 'https://localhost/x']
    await host.addClient('private', 'openid-connect', { request_uris: addresses, jwks: { keys: [key.publicJwk] } })
    for (const address of addresses) {
      const page = await alice.get(at('private', address, { redirect_uri: CALLBACK, state: STATE }))
      expectRefusal(page, host, 'invalid_request_uri')
    }
  })

  test('J10 J12 what stands there is proven as it would be by value', async () => {
    for (const crafted of [{ key: foreign }, { key: null }, { claims: { request_uri: 'https://client.test/' } }]) {
      const { client, address } = await published('')
      documents.replace(address, await made({ clientId: client, ...crafted }), 'application/jwt')
      expectRefusal(await alice.get(at(client, address)), host, 'invalid_request_object', { state: INNER_STATE })
    }
  })
})

describe('Discovery §3', () => {
  const metadata = async (at: TestServer) =>
    (await (await fetch(`${at.issuer}/.well-known/openid-configuration`)).json()) as Record<string, unknown>

  test('H07 metadata lists what is taken; none only where the operator lets it', async () => {
    const signed = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519', 'HS256']
    expect(await metadata(host)).toMatchObject({
      request_parameter_supported: true,
      request_object_signing_alg_values_supported: signed,
    })
    expect(await metadata(lenient)).toMatchObject({ request_object_signing_alg_values_supported: [...signed, 'none'] })
  })

  test('Registration §2 an algorithm that the client has no key for is refused', async () => {
    for (const settings of [
      { request_object_signing_alg: 'ES256' },
      { request_object_signing_alg: 'RS256', jwks: { keys: [key.publicJwk] } },
      { request_object_signing_alg: 'HS256', token_endpoint_auth_method: 'none', authorize: { pkce: 'required' } },
      { require_signed_request_object: true },
      { require_signed_request_object: true, request_object_signing_alg: 'none' },
    ]) {
      await expect(host.addClient('wrong', 'openid-connect', settings)).rejects.toThrow(InvalidClient)
    }
  })
})

test('a person who signs in for a request object is asked what it asks, not what stands outside', async () => {
  const visitor = new Visitor()
  const page = await ask(visitor, host, outer(await made({ claims: { login_hint: 'bob' } }), { login_hint: 'mallory' }))
  expect(isAt(page, 'sign-in')).toBe(true)
  expect(page.html).toContain('value="bob"')
  expect(page.html).not.toContain('mallory')
})
