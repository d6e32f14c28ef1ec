// Whatever strangers send to whichever endpoint: an answer below 500, soon, without a secret or a stack trace, and the
// next honest person signs in as if nothing had been.

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requestOf } from '../http/builders.ts'
import { basic, RelyingParty, tokensOf } from '../support/relying-party.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'
import { threadTime } from '../support/thread-time.ts'

const LONGEST_ANSWER = 1_000
const RUNS = 400

let host: TestServer
let genuine: readonly string[]

beforeAll(async () => {
  host = await startServer({ implicitAndHybrid: true })
  await host.addClient('web')
  await host.addClient('page', 'spa')
  await host.addUser('alice')
  const tokens = await new RelyingParty({ host, clientId: 'web' }).tokens()
  genuine = [tokens.access, tokens.refresh, tokens.idToken]
})
afterAll(() => host.close())

/** Every parameter that some specification gives a meaning, here or elsewhere. */
// biome-ignore format: a list is read in lines
const NAMES = [
  'client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'redirect_uri', 'response_type',
  'response_mode', 'scope', 'state', 'nonce', 'prompt', 'max_age',
  'display', 'ui_locales', 'claims_locales', 'login_hint', 'id_token_hint', 'acr_values',
  'claims', 'request', 'request_uri', 'registration', 'resource', 'code',
  'code_challenge', 'code_challenge_method', 'code_verifier', 'grant_type', 'refresh_token', 'token',
  'token_type_hint', 'access_token', 'post_logout_redirect_uri', 'logout_hint', 'authorization_details', 'iss',
  'audience', 'subject_token', 'subject_token_type', 'assertion', 'dpop_jkt', 'username',
  'password', 'csrf', '__proto__', 'constructor', 'toString', 'client_id[]',
  'client_id[$ne]', 'a.b', '',
]

const segment = fc.oneof(
  fc.json().map((text) => Buffer.from(text).toString('base64url')),
  fc
    .constantFrom(
      { alg: 'none' },
      { alg: 'HS256' },
      { alg: 'RS256', kid: 'x' },
      { alg: 'dir', enc: 'A128GCM', zip: 'DEF' },
    )
    .map((header) => Buffer.from(JSON.stringify(header)).toString('base64url')),
  fc.string({ maxLength: 20 }),
)
const jwtLike = fc.array(segment, { minLength: 2, maxLength: 5 }).map((segments) => segments.join('.'))
const deep = fc.integer({ min: 1, max: 4_000 }).map((depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)
// biome-ignore format: a list is read in lines
const ORDINARY = [
  'web', 'page', 'code', 'code id_token token', 'openid profile', 'none',
  'login consent', 'form_post', 'authorization_code', 'refresh_token', 'client_credentials', 'implicit',
  'S256', 'plain', '0', '-1', '1e99', 'NaN',
  'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', '{"id_token":{"sub":{"value":"x"}}}', '[]', 'null', 'https://127.0.0.1:1/x', 'https://client.test@evil.test/callback',
  'javascript:alert(1)', '//evil.test', '\\\\evil',
]
const ordinary = fc.constantFrom(...ORDINARY)
const value = fc.oneof(
  { weight: 4, arbitrary: ordinary },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 2, arbitrary: jwtLike },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: fc.nat({ max: 70_000 }).map((length) => 'x'.repeat(length)) },
  { weight: 1, arbitrary: fc.webUrl() },
)
const parameters = fc.oneof(
  fc.array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 2 }),
  fc.array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 12 }),
)
const authorization = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom(
    basic('web', TEST_SECRET),
    basic('web', 'wrong'),
    basic('page', ''),
    'Basic =',
    'Basic Og==',
    'Bearer',
  ),
  fc.string({ unit: 'binary', maxLength: 60 }),
  jwtLike.map((jwt) => `Bearer ${jwt}`),
)
const contentType = fc.constantFrom(
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-16',
  'application/json',
  'application/jwt',
  'multipart/form-data; boundary=x',
  'text/plain',
)

/** Honest requests, of which a few parameters are replaced: most strange values are never looked at beside others. */
const HONEST: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  authorize: {
    client_id: 'web',
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid profile',
    state: 'x',
  },
  par: { client_id: 'web', redirect_uri: CALLBACK, response_type: 'code', scope: 'openid profile', state: 'x' },
  'device-authorization': { client_id: 'web', scope: 'openid profile' },
  device: { user_code: 'BCDF-GHJK' },
  token: { grant_type: 'authorization_code', code: 'x'.repeat(43), redirect_uri: CALLBACK },
  introspect: { token: 'x'.repeat(43) },
  revoke: { token: 'x'.repeat(43) },
}

function among(endpoint: string, strange: readonly (readonly [string, string])[]) {
  const kept = Object.entries(HONEST[endpoint] ?? {}).filter(([name]) => strange.every(([other]) => other !== name))
  return [...kept, ...strange]
}

const ENDPOINTS = [
  'authorize',
  'par',
  'device-authorization',
  'device',
  'device/done',
  'token',
  'userinfo',
  'introspect',
  'revoke',
  'end-session',
  'register',
  'jwks',
  'sign-in/x',
  'consent/x',
  'choose-account/x',
  'continue/x',
  'account',
  'account/sign-in',
  'account/withdraw',
  'account/sign-out',
]

describe('any input', () => {
  test.each(ENDPOINTS)(
    '%s answers below 500, within a second, and tells nothing',
    async (endpoint) => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'),
          parameters,
          parameters,
          authorization,
          contentType,
          fc.boolean(),
          async (method, inQuery, inBody, authorization, type, asJson) => {
            const body = asJson ? JSON.stringify(Object.fromEntries(inBody)) : encode(among(endpoint, inBody))
            const { hostname, port } = new URL(host.issuer)
            const request = requestOf({
              method,
              path: `/sso/${endpoint}`,
              query: encode(endpoint === 'authorize' ? among(endpoint, inQuery) : inQuery),
              headers: {
                accept: 'text/html',
                'content-type': asJson ? 'application/json' : type,
                ...(authorization !== undefined && { authorization }),
              },
              body: method === 'GET' || method === 'HEAD' ? '' : body,
              secure: false,
              host: `${hostname}:${port}`,
            })
            const began = threadTime()
            const reply = await host.server.handle(request)
            const took = threadTime() - began
            expect(reply.status).toBeLessThan(500)
            expect(took).toBeLessThan(LONGEST_ANSWER)
            const text = JSON.stringify(reply.headers) + (typeof reply.body === 'string' ? reply.body : '')
            expect(text).not.toMatch(/\bat [^ ]+ \(?[^ ]+\.ts:\d+/)
            expect(text).not.toContain(TEST_SECRET)
          },
        ),
        { numRuns: RUNS },
      )
    },
    120_000,
  )

  test('afterwards tokens from before still live, and a person signs in', async () => {
    const client = new RelyingParty({ host, clientId: 'web' })
    expect((await client.userinfo(genuine[0] ?? '')).status).toBe(200)
    expect(tokensOf(await client.refresh(genuine[1] ?? '')).access).not.toBe(genuine[0])
    expect((await client.tokens()).idToken).not.toBe('')
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })
})

function encode(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, text]) => `${encodeURIComponent(name)}=${percent(text)}`).join('&')
}

/** A lone surrogate has no UTF-8. */
function percent(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
