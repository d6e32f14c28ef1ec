// openid-client as a device without a browser. RFC 8628.

import * as openid from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

let host: TestServer

beforeAll(async () => {
  host = await startServer()
  await host.addClient('tv', 'device', { redirect_uris: [], consent: 'implied' })
  await host.addUser('alice')
})
afterAll(() => host.close())

const discover = () =>
  openid.discovery(new URL(host.issuer), 'tv', {}, openid.None(), { execute: [openid.allowInsecureRequests] })

async function answer(link: string, button: string): Promise<void> {
  const visitor = new Visitor()
  const confirm = await visitor.get(link)
  const next = await visitor.follow(await visitor.submit(confirm, button))
  if (button === 'device-allow') {
    await visitor.submit(next, 'login-submit', { username: 'alice', password: TEST_PASSWORD })
  }
}

// The library waits for the interval before it asks for the first time.
test('openid-client begins, waits and gets its tokens', async () => {
  const config = await discover()
  const begun = await openid.initiateDeviceAuthorization(config, { scope: 'openid profile offline_access' })
  await answer(begun.verification_uri_complete ?? '', 'device-allow')
  const tokens = await openid.pollDeviceAuthorizationGrant(config, begun)
  expect(tokens.claims()?.sub).toBe('user-alice')
  const user = await openid.fetchUserInfo(config, tokens.access_token, 'user-alice')
  expect(user.name).toBe('Name of alice')
  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
  expect(refreshed.claims()?.sub).toBe('user-alice')
}, 20_000)

test('openid-client is told of a no', async () => {
  const config = await discover()
  const begun = await openid.initiateDeviceAuthorization(config, { scope: 'openid' })
  await answer(begun.verification_uri_complete ?? '', 'device-deny')
  await expect(openid.pollDeviceAuthorizationGrant(config, begun)).rejects.toMatchObject({ error: 'access_denied' })
}, 20_000)
