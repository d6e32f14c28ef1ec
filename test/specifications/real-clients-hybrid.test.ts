// Clients that others wrote take answers from the authorization endpoint itself: openid-client and oauth4webapi with
// the implicit and hybrid response types, by fragment and by form.

import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postedBy } from '../support/answers.ts'
import { walk } from '../support/relying-party.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

let host: TestServer

beforeAll(async () => {
  host = await startServer({ implicitAndHybrid: true })
  await host.addClient('implicit', 'spa', { grant_types: ['implicit'], response_types: ['id_token'] }, null)
  for (const id_token_signed_response_alg of ['RS256', 'ES256']) {
    await host.addClient(`hybrid-${id_token_signed_response_alg}`, 'openid-connect', {
      grant_types: ['authorization_code', 'implicit', 'refresh_token'],
      response_types: ['code id_token'],
      id_token_signed_response_alg,
    })
  }
  await host.addUser('alice', { email: 'alice@example.com' })
})
afterAll(() => host.close())

type Configure = (config: openid.Configuration) => void

function discover(
  clientId: string,
  metadata: Partial<openid.ClientMetadata>,
  method: openid.ClientAuth,
  use: Configure,
) {
  const execute = [openid.allowInsecureRequests, use]
  return openid.discovery(new URL(host.issuer), clientId, metadata, method, { execute })
}

/** What the client's callback page receives by form. */
async function byForm(url: URL): Promise<Request> {
  const visitor = new Visitor()
  let page = await visitor.follow(await visitor.get(url.href))
  page = await visitor.follow(
    await visitor.submit(page, 'login-submit', { username: 'alice', password: 'correct horse battery staple' }),
  )
  if (page.html.includes('consent-allow')) page = await visitor.submit(page, 'consent-allow')
  return new Request(CALLBACK, { method: 'POST', body: new URLSearchParams(postedBy(page, CALLBACK)) })
}

describe('openid-client', () => {
  test('implicit: an ID token with the claims of the scope, in the fragment and by form', async () => {
    const config = await discover('implicit', {}, openid.None(), openid.useIdTokenResponseType)
    const nonce = openid.randomNonce()
    const asked = { redirect_uri: CALLBACK, scope: 'openid email', nonce, state: 'xyz' }
    const url = openid.buildAuthorizationUrl(config, asked)
    const checks = { expectedState: 'xyz' }
    const answer = await walk(new Visitor(), url.href, 'alice')
    const claims = await openid.implicitAuthentication(config, answer, nonce, checks)
    expect(claims).toMatchObject({ sub: 'user-alice', email: 'alice@example.com' })
    url.searchParams.set('response_mode', 'form_post')
    const posted = await openid.implicitAuthentication(config, await byForm(url), nonce, checks)
    expect(posted.sub).toBe('user-alice')
    await expect(openid.implicitAuthentication(config, answer, 'another nonce', checks)).rejects.toThrow()
  })

  test.each(['RS256', 'ES256'])('hybrid: code and ID token bound to each other, signed %s', async (algorithm) => {
    const metadata = { client_secret: TEST_SECRET, id_token_signed_response_alg: algorithm }
    const method = openid.ClientSecretPost(TEST_SECRET)
    const config = await discover(`hybrid-${algorithm}`, metadata, method, openid.useCodeIdTokenResponseType)
    const verifier = openid.randomPKCECodeVerifier()
    const nonce = openid.randomNonce()
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'openid profile',
      nonce,
      state: 'xyz',
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    const checks = { expectedNonce: nonce, expectedState: 'xyz', pkceCodeVerifier: verifier, idTokenExpected: true }
    const answer = await walk(new Visitor(), url.href, 'alice')
    const tokens = await openid.authorizationCodeGrant(config, answer, checks)
    expect(tokens.claims()?.sub).toBe('user-alice')
    const user = await openid.fetchUserInfo(config, tokens.access_token, 'user-alice')
    expect(user.name).toBe('Name of alice')

    url.searchParams.set('response_mode', 'form_post')
    expect((await openid.authorizationCodeGrant(config, await byForm(url), checks)).claims()?.nonce).toBe(nonce)

    // Another code than the one the ID token speaks of.
    const swapped = new URL(await walk(new Visitor(), url.href.replace('form_post', 'fragment'), 'alice'))
    swapped.hash = swapped.hash.replace(/code=[^&]+/, `code=${'x'.repeat(43)}`)
    await expect(openid.authorizationCodeGrant(config, swapped, checks)).rejects.toThrow()
  })
})

test('oauth4webapi, strictly: the hybrid answer and the code it carries', async () => {
  const issuer = new URL(host.issuer)
  const insecure = { [oauth.allowInsecureRequests]: true }
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
  const client: oauth.Client = { client_id: 'hybrid-ES256', id_token_signed_response_alg: 'ES256' }
  const verifier = oauth.generateRandomCodeVerifier()
  const nonce = oauth.generateRandomNonce()
  const url = new URL(server.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    client_id: 'hybrid-ES256',
    redirect_uri: CALLBACK,
    response_type: 'code id_token',
    scope: 'openid',
    nonce,
    state: 'a b&c',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString()
  const received = await walk(new Visitor(), url.href, 'alice')
  const answer = await oauth.validateCodeIdTokenResponse(server, client, received, nonce, 'a b&c', undefined, insecure)
  const authentication = oauth.ClientSecretBasic(TEST_SECRET)
  const request = [answer, CALLBACK, verifier, insecure] as const
  const reply = await oauth.authorizationCodeGrantRequest(server, client, authentication, ...request)
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, reply, { expectedNonce: nonce })
  expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe('user-alice')
})
