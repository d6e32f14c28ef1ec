// OpenID Connect Core §3.3: a code together with an ID token, an access token, or both.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ASYMMETRIC_ALGORITHMS } from '../../src/protocol/jwk.ts'
import { fragmentOf, leftHalf, postedBy, verifiedIdToken } from '../support/answers.ts'
import {
  type AuthorizeParameters,
  ask,
  authorizeUrl,
  countRecords,
  expectCode,
  STATE,
  signIn,
} from '../support/authorize.ts'
import { challengeOf, expectInvalidGrant, RelyingParty, tokensOf, VERIFIER } from '../support/relying-party.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const HYBRID = ['code id_token', 'code token', 'code id_token token'] as const
const NONCE = 'n-0S6_WzA2Mj'
const GRANTS = ['authorization_code', 'implicit', 'refresh_token']

let host: TestServer
let alice: Visitor
let app: RelyingParty

beforeAll(async () => {
  host = await startServer({ implicitAndHybrid: true, keys: { algorithms: ASYMMETRIC_ALGORITHMS } })
  const settings = { grant_types: GRANTS, response_types: ['code', ...HYBRID], consent: 'implied' }
  await host.addClient('app', 'openid-connect', settings)
  for (const algorithm of ASYMMETRIC_ALGORITHMS) {
    await host.addClient(algorithm, 'openid-connect', { ...settings, id_token_signed_response_alg: algorithm })
  }
  await host.addClient('page', 'spa', settings, null)
  await host.addClient('one', 'openid-connect', { ...settings, response_types: ['code', 'code id_token'] })
  await host.addUser('alice', { email: 'alice@example.com' })
  alice = new Visitor()
  expectCode(await signIn(alice, await ask(alice, host, { client_id: 'app' }), 'alice'))
  app = new RelyingParty({ host, clientId: 'app' })
})
afterAll(() => host.close())

const hybrid = (response_type: string, parameters: AuthorizeParameters = {}): AuthorizeParameters => ({
  client_id: 'app',
  response_type,
  nonce: NONCE,
  scope: 'openid email',
  ...parameters,
})

const answered = async (response_type: string, parameters: AuthorizeParameters = {}, visitor = alice) =>
  fragmentOf(await visitor.get(authorizeUrl(host, hybrid(response_type, parameters))))

describe.each(HYBRID)('§3.3.2.5 %s', (response_type) => {
  const words = response_type.split(' ')
  const withToken = words.includes('token')
  const withIdToken = words.includes('id_token')

  test('OAuth 2.0 Multiple Response Types §5 gives exactly what it names, in the fragment', async () => {
    const answer = await answered(response_type)
    const members = ['code', 'iss', 'state']
    if (withToken) members.push('access_token', 'expires_in', 'scope', 'token_type')
    if (withIdToken) members.push('id_token')
    expect(Object.keys(answer).sort()).toEqual(members.sort())
    expect(answer['state']).toBe(STATE)
  })

  test.each(ASYMMETRIC_ALGORITHMS)(
    '§3.3.2.11 an ID token signed %s is bound to what came with it',
    async (algorithm) => {
      const client_id: string = algorithm
      const answer = await answered(response_type, { client_id })
      const client = new RelyingParty({ host, clientId: client_id })
      const redeemed = tokensOf(await client.redeem(answer['code'] ?? ''))
      const second = await verifiedIdToken(host, redeemed.idToken, client_id)
      expect(second).toMatchObject({ nonce: NONCE, at_hash: leftHalf(redeemed.access, algorithm) })
      expect(second).not.toHaveProperty('c_hash')
      if (!withIdToken) return
      const first = await verifiedIdToken(host, answer['id_token'], client_id)
      expect(first).toMatchObject({ nonce: NONCE, c_hash: leftHalf(answer['code'], algorithm) })
      expect(first['at_hash']).toBe(withToken ? leftHalf(answer['access_token'], algorithm) : undefined)
      // §3.3.3.6: the same person from the same issuer.
      for (const name of ['iss', 'sub', 'aud', 'auth_time']) expect(first[name]).toEqual(second[name])
      expect(first).not.toHaveProperty('email')
    },
  )

  test('RFC 6749 §3.1.1 the order of its words does not matter', async () => {
    const turned = words.toReversed().join(' ')
    expect(Object.keys(await answered(turned)).sort()).toEqual(Object.keys(await answered(response_type)).sort())
  })

  test('OAuth 2.0 Multiple Response Types §2.1 R26 never travels in a query, but by form_post', async () => {
    const before = await countRecords(host)
    expect(await answered(response_type, { response_mode: 'query' })).toMatchObject({ error: 'invalid_request' })
    expect(await countRecords(host)).toEqual(before)
    const page = await alice.get(authorizeUrl(host, hybrid(response_type, { response_mode: 'form_post' })))
    const posted = postedBy(page, CALLBACK)
    expect(Object.keys(posted).sort()).toEqual(Object.keys(await answered(response_type)).sort())
  })

  test('R25 is refused to a client that is not registered for it', async () => {
    const mayHave = response_type === 'code id_token'
    const before = await countRecords(host)
    const answer = await answered(response_type, { client_id: 'one' })
    if (mayHave) return expect(answer).toHaveProperty('code')
    expect(answer).toMatchObject({ error: 'unauthorized_client', state: STATE, iss: host.issuer })
    expect(answer).not.toHaveProperty('code')
    expect(await countRecords(host)).toEqual(before)
  })

  test('R35 needs a nonce exactly when it gives an ID token', async () => {
    const answer = await answered(response_type, { nonce: undefined })
    if (withIdToken) expect(answer).toMatchObject({ error: 'invalid_request' })
    else expect(answer).toHaveProperty('code')
    expect(await answered(response_type)).toHaveProperty('code')
  })

  test('P01 a public client still proves its code by PKCE', async () => {
    const without = await answered(response_type, { client_id: 'page' })
    expect(without).toMatchObject({ error: 'invalid_request' })
    const pkce = { client_id: 'page', code_challenge: challengeOf(VERIFIER), code_challenge_method: 'S256' }
    const page = new RelyingParty({ host, clientId: 'page', secret: null })
    const { code = '' } = await answered(response_type, pkce)
    expectInvalidGrant(await page.redeem(code, { code_verifier: 'x'.repeat(43) }))
    expect((await page.redeem(code)).status).toBe(200)
  })
})

test('RFC 6749 §4.1.2 a code that is used twice takes the access token from the authorization endpoint with it', async () => {
  const { code = '', access_token = '' } = await answered('code token')
  const { access } = tokensOf(await app.redeem(code))
  for (const token of [access_token, access]) expect((await app.userinfo(token)).status).toBe(200)
  expectInvalidGrant(await app.redeem(code))
  for (const token of [access_token, access]) expect((await app.userinfo(token)).status).toBe(401)
})

test('§3.3.2.5 offline_access is honoured where a code is given', async () => {
  const { code = '' } = await answered('code id_token', { scope: 'openid offline_access' })
  const { refresh } = tokensOf(await app.redeem(code))
  expect((await app.refresh(refresh)).status).toBe(200)
})

test('code alone may travel in a fragment when it is asked to', async () => {
  const answer = await answered('code', { response_mode: 'fragment', nonce: undefined })
  expect(Object.keys(answer).sort()).toEqual(['code', 'iss', 'state'])
  const error = await answered('code', { response_mode: 'fragment', prompt: 'nonsense' })
  expect(error).toMatchObject({ error: 'invalid_request', state: STATE })
})
