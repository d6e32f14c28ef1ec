// openid-client and oauth4webapi with tokens that are bound to a key of theirs. RFC 9449.

import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, walk } from '../support/relying-party.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const SCOPE = 'openid profile offline_access'

let host: TestServer

beforeAll(async () => {
  host = await startServer()
  await host.addClient('app', 'openid-connect')
  await host.addClient('bound', 'openid-connect', { dpop_bound_access_tokens: true })
  await host.addClient('page', 'spa')
  await host.addUser('alice')
})
afterAll(() => host.close())

const discover = (clientId: string) => {
  const isPublic = clientId === 'page'
  const method = isPublic ? openid.None() : undefined
  const metadata = isPublic ? {} : { client_secret: TEST_SECRET }
  return openid.discovery(new URL(host.issuer), clientId, metadata, method, { execute: [openid.allowInsecureRequests] })
}

async function signIn(config: openid.Configuration, DPoP: openid.DPoPHandle, pushes: boolean) {
  const verifier = openid.randomPKCECodeVerifier()
  const asked = {
    redirect_uri: CALLBACK,
    scope: SCOPE,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: openid.randomState(),
    nonce: openid.randomNonce(),
  }
  const url = pushes
    ? await openid.buildAuthorizationUrlWithPAR(config, asked, { DPoP })
    : openid.buildAuthorizationUrl(config, { ...asked, dpop_jkt: await DPoP.calculateThumbprint() })
  const answer = await walk(new Visitor(), url.href, 'alice')
  const checks = { pkceCodeVerifier: verifier, expectedState: asked.state, expectedNonce: asked.nonce }
  return openid.authorizationCodeGrant(config, answer, { ...checks, idTokenExpected: true }, undefined, { DPoP })
}

describe.each([
  ['with a clock that is right', 0],
  ['with a clock that is an hour behind', -3_600],
  ['with a clock that is a day ahead', 86_400],
])('openid-client %s', (_, skew) => {
  const handleFor = async (config: openid.Configuration, algorithm: string) =>
    openid.getDPoPHandle(config, await openid.randomDPoPKeyPair(algorithm), {
      [openid.modifyAssertion]: (_header, payload) => {
        payload['iat'] = Number(payload['iat']) + skew
      },
    })

  test.each([
    ['app', 'ES256', false],
    ['bound', 'PS256', false],
    ['page', 'Ed25519', false],
    ['page', 'ES256', true],
    ['bound', 'ES256', true],
  ])('signs in, asks user info, refreshes: %s with %s, pushed: %s', async (clientId, algorithm, pushes) => {
    const config = await discover(clientId)
    const DPoP = await handleFor(config, algorithm)
    const tokens = await signIn(config, DPoP, pushes)
    expect([tokens.token_type, tokens.claims()?.sub]).toEqual(['dpop', 'user-alice'])
    const user = await openid.fetchUserInfo(config, tokens.access_token, 'user-alice', { DPoP })
    expect(user.name).toBe('Name of alice')
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP })
    expect(refreshed.token_type).toBe('dpop')
    const again = await openid.fetchUserInfo(config, refreshed.access_token, 'user-alice', { DPoP })
    expect(again.sub).toBe('user-alice')
    const stolen = { headers: { authorization: `Bearer ${refreshed.access_token}` } }
    expect((await ask(`${host.origin}/sso/userinfo`, stolen)).status).toBe(401)
    const other = await handleFor(config, 'ES256')
    await expect(openid.fetchUserInfo(config, refreshed.access_token, 'user-alice', { DPoP: other })).rejects.toThrow()
  })
})
