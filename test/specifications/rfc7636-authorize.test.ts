// RFC 7636 at the authorization endpoint: who must send a challenge, and what a challenge is.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, authorizeUrl, countRecords, expectCode, expectRefusal, isAt, signedIn } from '../support/authorize.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

let host: TestServer
let alice: Visitor

beforeAll(async () => {
  host = await startServer()
  await host.addClient('web', 'openid-connect', { consent: 'implied' })
  await host.addClient('strict', 'openid-connect', { authorize: { pkce: 'required' } })
  await host.addClient('spa', 'spa', {}, null)
  await host.addUser('alice')
  alice = await signedIn(host, 'alice')
})
afterAll(() => host.close())

describe('RFC 7636 §4.4.1 code_challenge', () => {
  const pkce = { code_challenge: CHALLENGE, code_challenge_method: 'S256' }

  test.each([
    ['P01 a public client', 'spa'],
    ['P02 a client that must use PKCE', 'strict'],
  ])('%s without one is refused before anybody is asked to sign in', async (_, client_id) => {
    const stranger = new Visitor()
    const before = await countRecords(host)
    expectRefusal(await stranger.get(authorizeUrl(host, { client_id })), host, 'invalid_request')
    expect(await countRecords(host)).toEqual(before)
    expect(isAt(await ask(stranger, host, { client_id, ...pkce }), 'sign-in')).toBe(true)
  })

  test.each([
    ['plain', { ...pkce, code_challenge_method: 'plain' }],
    ['missing, which means plain', { ...pkce, code_challenge_method: undefined }],
    ['unknown', { ...pkce, code_challenge_method: 'S512' }],
    ['in lower case', { ...pkce, code_challenge_method: 's256' }],
  ])('P03 a method that is %s is refused', async (_, parameters) => {
    for (const client_id of ['web', 'spa']) {
      expectRefusal(await alice.get(authorizeUrl(host, { client_id, ...parameters })), host, 'invalid_request')
    }
    expectCode(await alice.get(authorizeUrl(host, pkce)))
  })

  test.each([
    '',
    'x',
    CHALLENGE.slice(1),
    `${CHALLENGE}=`,
    `${CHALLENGE}x`,
    CHALLENGE.replace('-', '+'),
    '令'.repeat(43),
  ])('P08 %j is no challenge', async (code_challenge) => {
    const parameters = { code_challenge, code_challenge_method: 'S256' }
    expectRefusal(await alice.get(authorizeUrl(host, parameters)), host, 'invalid_request')
  })

  test('P08 an empty challenge alone is not the same as none', async () => {
    expectRefusal(await alice.get(authorizeUrl(host, { code_challenge: '' })), host, 'invalid_request')
    expectCode(await alice.get(authorizeUrl(host)))
  })
})
