// RFC 9101: JWT-secured authorization requests, for clients that use plain OAuth 2.0 or that must sign.

import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Parameters } from '../../src/protocol/parameters.ts'
import { mergedParameters, requestObjectProblem } from '../../src/protocol/request-object.ts'
import { type ClientKey, newClientKey } from '../support/assertions.ts'
import { authorizeUrl, expectCode, expectErrorPage, expectRefusal, STATE, signedIn } from '../support/authorize.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { INNER_STATE, requestObject } from '../support/request-objects.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import type { Visitor } from '../support/visitor.ts'

let host: TestServer
let key: ClientKey
let alice: Visitor

beforeAll(async () => {
  key = await newClientKey()
  host = await startServer()
  await host.addUser('alice')
  const keys = { consent: 'implied', jwks: { keys: [key.publicJwk] } }
  await host.addClient('web', 'openid-connect', { consent: 'implied' })
  await host.addClient('plain', 'generic-oauth2', keys)
  await host.addClient('must', 'openid-connect', { ...keys, require_signed_request_object: true })
})
beforeEach(async () => {
  alice = await signedIn(host, 'alice')
})
afterAll(() => host.close())

const oauth = (claims: object = {}) =>
  requestObject({ host, clientId: 'plain', key, claims: { scope: 'profile', ...claims } })

describe('§5 the request', () => {
  test('client_id outside and the object are all it needs', async () => {
    const query = new URLSearchParams({ client_id: 'plain', request: await oauth() })
    const answer = expectCode(await alice.get(`${host.origin}/sso/authorize?${query.toString()}`))
    expect(answer.searchParams.get('state')).toBe(INNER_STATE)
    expect(
      (await new RelyingParty({ host, clientId: 'plain' }).redeem(answer.searchParams.get('code') ?? '')).status,
    ).toBe(200)
  })

  test('R45 request and request_uri together are refused', async () => {
    const sent = { client_id: 'web', request: await oauth(), request_uri: 'https://client.test/request' }
    expectRefusal(await alice.get(authorizeUrl(host, sent)), host, 'invalid_request')
  })

  test('client_id must be outside too', async () => {
    const query = new URLSearchParams({ request: await oauth() })
    expectErrorPage(await alice.get(`${host.origin}/sso/authorize?${query.toString()}`))
  })
})

describe('§6.3 what stands outside', () => {
  test('J08 counts for nothing in a plain OAuth 2.0 request', async () => {
    const sent = {
      client_id: 'plain',
      request: await oauth({ state: undefined }),
      scope: 'email',
      state: STATE,
      prompt: 'login',
      response_mode: 'form_post',
      redirect_uri: 'https://evil.test/',
    }
    const answer = expectCode(await alice.get(authorizeUrl(host, sent)))
    expect(answer.searchParams.get('state')).toBeNull()
    const reply = await new RelyingParty({ host, clientId: 'plain' }).redeem(answer.searchParams.get('code') ?? '')
    expect(reply.body['scope']).toBe('profile')
  })

  test('J08 counts for nothing with a client that must sign, in an OpenID request too', async () => {
    const request = await requestObject({ host, clientId: 'must', key, claims: { state: undefined } })
    const sent = { client_id: 'must', request, prompt: 'login', nonce: 'outside' }
    const answer = expectCode(await alice.get(authorizeUrl(host, sent)))
    expect(answer.searchParams.get('state')).toBeNull()
    const { idToken } = await new RelyingParty({ host, clientId: 'must' })
      .redeem(answer.searchParams.get('code') ?? '')
      .then(({ body }) => ({ idToken: String(body['id_token']) }))
    expect(JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString())).not.toHaveProperty('nonce')
  })
})

describe('§10.5 a client that must sign', () => {
  test('J15 parameters without a request object are refused', async () => {
    expectRefusal(await alice.get(authorizeUrl(host, { client_id: 'must' })), host, 'invalid_request')
  })

  test('J15 an unsigned request object is refused', async () => {
    const request = await requestObject({ host, clientId: 'must', key: null })
    const page = await alice.get(authorizeUrl(host, { client_id: 'must', request, redirect_uri: CALLBACK }))
    expectRefusal(page, host, 'invalid_request_object', { state: INNER_STATE })
  })

  test('a signed one is taken', async () => {
    const request = await requestObject({ host, clientId: 'must', key })
    expectCode(await alice.get(authorizeUrl(host, { client_id: 'must', request })))
  })
})

describe('whatever is inside', () => {
  test('is read without a fault, and nothing inside is lost or added', () => {
    const facts = { clientId: 'c', issuer: 'https://op.test', now: 1_000 }
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (claims, strict) => {
        const problem = requestObjectProblem({ header: {}, claims }, facts)
        if (problem !== null) return
        const outer = new Parameters(
          new Map([
            ['client_id', 'c'],
            ['state', 'outside'],
            ['request', 'x'],
          ]),
        )
        const merged = mergedParameters(outer, claims, strict)
        expect(merged.get('client_id')).toBe('c')
        expect(merged.get('request')).toBeUndefined()
        for (const name of merged.names) {
          expect(encodeURIComponent(merged.get(name) ?? '')).toBeTypeOf('string')
          expect(['client_id', ...(strict ? [] : ['state'])].includes(name) || Object.hasOwn(claims, name)).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('is answered in bounded time, never by a fault of ours', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.oneof(
            fc.constantFrom('scope', 'state', 'claims', 'prompt', 'max_age', 'response_mode', 'ui_locales', 'nonce'),
            fc.string(),
          ),
          fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.string({ unit: 'binary' })),
        ),
        async (claims) => {
          const request = await requestObject({ host, clientId: 'plain', key, claims })
          if (request.length > 12_000) return
          const query = new URLSearchParams({ client_id: 'plain', request })
          const page = await alice.get(`${host.origin}/sso/authorize?${query.toString()}`)
          expect(page.status).toBeLessThan(500)
        },
      ),
      { numRuns: 150 },
    )
  }, 30_000)
})
