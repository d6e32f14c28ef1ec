// Clients that others wrote sign in against the running server: openid-client, oauth4webapi, simple-oauth2,
// passport-oauth2 on Express, and requests as Go's x/oauth2 sends them.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import passportOAuth2 from 'passport-oauth2'
import { AuthorizationCode, ClientCredentials } from 'simple-oauth2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newClientKey } from '../support/assertions.ts'
import { basic, expectInvalidClient, RelyingParty, tokensOf, walk } from '../support/relying-party.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const SCOPE = 'openid profile offline_access'

let host: TestServer
/** How a client proves itself with a key of this algorithm. */
const signing = new Map<string, openid.ClientAuth>()

beforeAll(async () => {
  host = await startServer()
  await host.addClient('app', 'openid-connect')
  await host.addClient('es256', 'openid-connect', { id_token_signed_response_alg: 'ES256' })
  await host.addClient('page', 'spa')
  await host.addClient('plain', 'generic-oauth2')
  await host.addClient('cloud', 'zhizuoyun', { redirect_uris: [CALLBACK] })
  const machine = { grant_types: ['client_credentials'], response_types: [], scope: 'read write' }
  await host.addClient('machine', 'openid-connect', machine)
  await host.addClient('hmac', 'openid-connect', { token_endpoint_auth_method: 'client_secret_jwt' })
  for (const algorithm of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
    const key = await newClientKey(algorithm)
    signing.set(algorithm, openid.PrivateKeyJwt({ key: key.privateKey, kid: key.kid }))
    // It writes Ed25519, RFC 9864, where EdDSA is registered.
    await host.addClient(`signs-${algorithm}`, 'openid-connect', {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: algorithm,
      jwks: { keys: [key.publicJwk] },
    })
  }
  await host.addUser('alice', { phone: '+8613800138000', phoneVerified: true })
})
afterAll(() => host.close())

describe('openid-client', () => {
  const discover = (clientId: string, method?: openid.ClientAuth, metadata: Partial<openid.ClientMetadata> = {}) => {
    const known = { ...metadata, ...(method === undefined && { client_secret: TEST_SECRET }) }
    return openid.discovery(new URL(host.issuer), clientId, known, method, { execute: [openid.allowInsecureRequests] })
  }

  async function signIn(config: openid.Configuration, pushes = false) {
    const verifier = openid.randomPKCECodeVerifier()
    const state = openid.randomState()
    const nonce = openid.randomNonce()
    const asked = {
      redirect_uri: CALLBACK,
      scope: SCOPE,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    }
    const url = pushes
      ? await openid.buildAuthorizationUrlWithPAR(config, asked)
      : openid.buildAuthorizationUrl(config, asked)
    const answer = await walk(new Visitor(), url.href, 'alice')
    return openid.authorizationCodeGrant(config, answer, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    })
  }

  test.each([
    ['with its secret in the body, its default', 'app', undefined],
    ['with Basic', 'app', openid.ClientSecretBasic(TEST_SECRET)],
    ['with ES256', 'es256', openid.ClientSecretPost(TEST_SECRET)],
    ['as a public client', 'page', openid.None()],
    ['with client_secret_jwt', 'hmac', openid.ClientSecretJwt(TEST_SECRET)],
  ])('signs in, refreshes, asks user info and revokes: %s', async (_, clientId, method) => {
    const algorithm = clientId === 'es256' ? 'ES256' : 'RS256'
    const config = await discover(clientId, method, { id_token_signed_response_alg: algorithm })
    const tokens = await signIn(config)
    expect(tokens.claims()?.sub).toBe('user-alice')
    expect(tokens.expiresIn()).toBeGreaterThan(3500)
    const user = await openid.fetchUserInfo(config, tokens.access_token, 'user-alice')
    expect(user.name).toBe('Name of alice')
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(refreshed.claims()?.sub).toBe('user-alice')
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
    await openid.tokenRevocation(config, refreshed.refresh_token ?? '')
    await expect(openid.refreshTokenGrant(config, refreshed.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await expect(openid.fetchUserInfo(config, refreshed.access_token, 'user-alice')).rejects.toThrow()
  })

  test.each([
    ['with Basic', 'app', openid.ClientSecretBasic(TEST_SECRET)],
    ['as a public client', 'page', openid.None()],
    ['with client_secret_jwt', 'hmac', openid.ClientSecretJwt(TEST_SECRET)],
  ])('RFC 9126 §2 pushes its request and signs in: %s', async (_, clientId, method) => {
    const config = await discover(clientId, method)
    expect((await signIn(config, true)).claims()?.sub).toBe('user-alice')
  })

  test.each(['RS256', 'PS256', 'ES256', 'EdDSA'])(
    'with private_key_jwt and %s: signs in, refreshes, introspects and revokes',
    async (algorithm) => {
      const config = await discover(`signs-${algorithm}`, signing.get(algorithm))
      const tokens = await signIn(config)
      expect(tokens.claims()?.sub).toBe('user-alice')
      const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
      expect(await openid.tokenIntrospection(config, refreshed.access_token)).toMatchObject({ active: true })
      await openid.tokenRevocation(config, refreshed.refresh_token ?? '')
      await expect(openid.refreshTokenGrant(config, refreshed.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      })
      const stranger = await newClientKey(algorithm)
      const wrong = await discover(
        `signs-${algorithm}`,
        openid.PrivateKeyJwt({ key: stranger.privateKey, kid: stranger.kid }),
      )
      await expect(openid.refreshTokenGrant(wrong, 'x')).rejects.toMatchObject({ status: 401 })
    },
  )

  test('introspects and uses client credentials', async () => {
    const config = await discover('machine')
    const tokens = await openid.clientCredentialsGrant(config, { scope: 'read' })
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({ active: true, scope: 'read' })
  })

  test('refuses an answer of another issuer, and a denied sign-in is told', async () => {
    const config = await discover('app')
    const url = openid.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: SCOPE, prompt: 'none' })
    const page = await new Visitor().get(url.href)
    const answer = new URL(page.location ?? '')
    await expect(openid.authorizationCodeGrant(config, answer)).rejects.toMatchObject({ error: 'login_required' })
    const wrong = new URL(answer)
    wrong.searchParams.set('iss', 'https://evil.test')
    await expect(openid.authorizationCodeGrant(config, wrong)).rejects.toMatchObject({
      code: 'OAUTH_INVALID_RESPONSE',
    })
  })
})

test('oauth4webapi signs in, strictly', async () => {
  const issuer = new URL(host.issuer)
  const insecure = { [oauth.allowInsecureRequests]: true }
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
  const client: oauth.Client = { client_id: 'app' }
  const authentication = oauth.ClientSecretBasic(TEST_SECRET)
  const verifier = oauth.generateRandomCodeVerifier()
  const nonce = oauth.generateRandomNonce()
  const url = new URL(server.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    client_id: 'app',
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: SCOPE,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 'a b&c',
    nonce,
  }).toString()
  const answer = oauth.validateAuthResponse(server, client, await walk(new Visitor(), url.href, 'alice'), 'a b&c')
  const reply = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    answer,
    CALLBACK,
    verifier,
    insecure,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, reply, {
    expectedNonce: nonce,
    requireIdToken: true,
  })
  await oauth.validateApplicationLevelSignature(server, reply, insecure)
  const asked = await oauth.userInfoRequest(server, client, tokens.access_token, insecure)
  expect((await oauth.processUserInfoResponse(server, client, 'user-alice', asked)).sub).toBe('user-alice')
  const introspected = await oauth.introspectionRequest(server, client, authentication, tokens.access_token, insecure)
  expect((await oauth.processIntrospectionResponse(server, client, introspected)).active).toBe(true)
  const revoked = await oauth.revocationRequest(server, client, authentication, tokens.access_token, insecure)
  await oauth.processRevocationResponse(revoked)
  const again = await oauth.introspectionRequest(server, client, authentication, tokens.access_token, insecure)
  expect((await oauth.processIntrospectionResponse(server, client, again)).active).toBe(false)
})

describe('simple-oauth2', () => {
  const auth = () => ({ tokenHost: host.issuer, tokenPath: '/sso/token' })

  test.each(['header', 'body'] as const)('signs in, refreshes and revokes with its %s method', async (method) => {
    const client = new AuthorizationCode({
      client: { id: 'plain', secret: TEST_SECRET },
      auth: { ...auth(), authorizePath: '/sso/authorize', revokePath: '/sso/revoke' },
      options: { authorizationMethod: method },
    })
    const scope = 'profile offline_access'
    const url = client.authorizeURL({ redirect_uri: CALLBACK, scope, state: 'xyz' })
    const answer = await walk(new Visitor(), url, 'alice')
    const code = answer.searchParams.get('code') ?? ''
    const tokens = await client.getToken({ code, redirect_uri: CALLBACK })
    expect(tokens.expired()).toBe(false)
    const refreshed = await tokens.refresh()
    expect(refreshed.token['access_token']).not.toBe(tokens.token['access_token'])
    await refreshed.revokeAll()
    await expect(refreshed.refresh()).rejects.toThrow(/400/)
    await expect(client.getToken({ code, redirect_uri: CALLBACK })).rejects.toThrow(/400/)
  })

  test('uses client credentials', async () => {
    const client = new ClientCredentials({ client: { id: 'machine', secret: TEST_SECRET }, auth: auth() })
    expect((await client.getToken({ scope: 'read' })).token['scope']).toBe('read')
  })
})

test('passport-oauth2 on Express signs in 制作云 style: body credentials, user info by header', async () => {
  const site = express()
  const socket = createServer(site)
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve))
  const { port } = socket.address() as AddressInfo
  const callbackURL = `http://127.0.0.1:${port}/callback`
  try {
    await host.addClient('passport', 'zhizuoyun', { redirect_uris: [callbackURL] })
    const strategy = new passportOAuth2(
      {
        authorizationURL: `${host.issuer}/sso/authorize`,
        tokenURL: `${host.issuer}/sso/token`,
        clientID: 'passport',
        clientSecret: TEST_SECRET,
        callbackURL,
        scope: ['openid', 'profile'],
      },
      (accessToken: string, refreshToken: string, _profile: unknown, done: passportOAuth2.VerifyCallback) => {
        done(null, { accessToken, refreshToken })
      },
    )
    // Passport's own contract with a strategy: an object made from it, with the outcomes as methods.
    const use: express.RequestHandler = (request, response, next) => {
      const run = Object.assign(Object.create(strategy) as passportOAuth2, {
        success: (user: object) => response.json(user),
        fail: (_: unknown, status = 401) => response.status(status).json({ failed: true }),
        redirect: (url: string) => response.redirect(url),
        error: next,
        pass: () => next(),
      })
      run.authenticate(request, {})
    }
    site.get('/login', use)
    site.get('/callback', use)

    const login = await fetch(`http://127.0.0.1:${port}/login`, { redirect: 'manual' })
    expect(login.status).toBe(302)
    const answer = await walk(new Visitor(), login.headers.get('location') ?? '', 'alice')
    expect(answer.origin + answer.pathname).toBe(callbackURL)
    const done = await fetch(answer)
    expect(done.status).toBe(200)
    const { accessToken, refreshToken } = (await done.json()) as { accessToken: string; refreshToken: string }
    expect(refreshToken).toMatch(/^[A-Za-z0-9]{64}$/)
    const client = new RelyingParty({ host, clientId: 'passport', redirectUri: callbackURL })
    expect((await client.userinfo(accessToken)).body).toMatchObject({ phone_number: '13800138000' })
    // The same answer again: the code is spent.
    expect((await fetch(answer)).status).toBe(500)
  } finally {
    socket.closeAllConnections()
    await new Promise<unknown>((resolve) => socket.close(resolve))
  }
})

describe("Go's x/oauth2", () => {
  test('tries Basic, then the same code with credentials in the body', async () => {
    const cloud = new RelyingParty({ host, clientId: 'cloud' })
    const code = await cloud.code()
    expectInvalidClient(await cloud.redeem(code, {}, { authorization: basic('cloud', 'wrong') }))
    const retried = await cloud.redeem(code, { client_id: 'cloud', client_secret: TEST_SECRET }, {})
    expect(retried.status).toBe(200)
    expect(retried.headers.get('content-type')).toMatch(/^application\/json/)
  })

  test('probes a public client with Basic and an empty secret, for the code and for the refresh token', async () => {
    const page = new RelyingParty({ host, clientId: 'page', secret: null, scope: SCOPE })
    const probe = { authorization: basic('page', '') }
    const code = await page.code()
    const { refresh } = tokensOf(await page.redeem(code, { client_id: undefined }, probe))
    expect((await page.refresh(refresh, { client_id: undefined }, probe)).status).toBe(200)
  })
})
