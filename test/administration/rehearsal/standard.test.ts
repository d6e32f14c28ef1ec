// Clients of other presets are held to the standards: code flow, PKCE where it is required, the ID token.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { CannotRehearse } from '../../../src/administration/rehearsal/index.ts'
import { newClientKey } from '../../support/assertions.ts'
import { badLines, type House, lineOf, openHouse, sentence } from './house.ts'

let house: House
const uris = { redirect_uris: ['https://app.example.com/cb'] }

beforeEach(async () => {
  house = await openHouse()
  await house.addUser('alice', { email: 'alice@example.com', emailVerified: true })
})
afterEach(() => house.server.close())

test('OpenID Connect Core §3.1.3.7 an openid-connect client: the ID token verifies against the published keys', async () => {
  await house.addClient('web', 'openid-connect', uris)
  const report = await house.run('web', 'alice')
  expect(badLines(report)).toEqual([])
  expect(lineOf(report, 'The ID token verifies').state).toBe('ok')
  expect(lineOf(report, 'sub of the ID token').state).toBe('ok')
  expect(lineOf(report, 'iss names this server').state).toBe('ok')
  expect(report.exchanges[0]?.request).toMatch(/&nonce=[A-Za-z0-9]{43}/)
  expect(report.exchanges[0]?.request).not.toContain('code_challenge')
  expect(report.known).toContainEqual({ claim: 'email', value: 'alice@example.com', kind: 'email' })
})

test('RFC 7636: a client that must use PKCE is played with a verifier, its secretless token request in the body', async () => {
  await house.addClient('page', 'spa', uris)
  const report = await house.run('page', 'alice')
  expect(badLines(report)).toEqual([])
  expect(lineOf(report, 'The request used PKCE').state).toBe('ok')
  expect(report.exchanges[0]?.request).toContain('code_challenge_method=S256')
  expect(report.exchanges[1]?.request).toMatch(/code_verifier=[A-Za-z0-9]{4}…/)
  expect(report.exchanges[1]?.request).not.toContain('authorization:')
})

test('a confidential client that must use PKCE, by post', async () => {
  await house.addClient('web', 'openid-connect', {
    ...uris,
    'authorize.pkce': 'required',
    token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: 'ES256',
  })
  const report = await house.run('web', 'alice')
  expect(badLines(report)).toEqual([])
  expect(report.exchanges[1]?.request).toMatch(/client_secret=[A-Za-z0-9]{4}…$/)
})

test('a client that signs is played with a throw-away secret, which is said', async () => {
  const { publicJwk } = await newClientKey()
  const signs = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [publicJwk] } }
  await house.addClient('signer', 'openid-connect', { ...uris, ...signs })
  const report = await house.run('signer', 'alice')
  expect(badLines(report)).toEqual([])
  expect(lineOf(report, 'The client authenticated with a throw-away').state).toBe('note')
  await house.addClient('web', 'openid-connect', uris)
  expect(JSON.stringify(await house.run('web', 'alice'))).not.toContain('throw-away')
})

test('a native client and a plain OAuth 2.0 client pass', async () => {
  await house.addClient('device', 'native', { redirect_uris: ['http://127.0.0.1/cb'] })
  await house.addClient('grafana', 'generic-oauth2', uris)
  expect(badLines(await house.run('device', 'alice'))).toEqual([])
  const plain = await house.run('grafana', 'alice')
  expect(badLines(plain)).toEqual([])
  expect(plain.known).toContainEqual({ claim: 'login', value: 'alice', kind: 'username' })
})

test('claims without a value for this person are named', async () => {
  await house.addClient('grafana', 'generic-oauth2', uris)
  await house.addUser('bob', { phone: null })
  const report = await house.run('grafana', 'bob')
  // Only 制作云 is known to go by the phone number.
  expect(report).not.toHaveProperty('warnings')
  const line = lineOf(report, 'No value for this person')
  expect(line.state).toBe('note')
  expect(sentence(line.text)).toContain('email')
  expect(sentence(lineOf(await house.run('grafana', 'alice'), 'No value for this person').text)).not.toContain('email')
})

test('a client without openid gets no user info, and that is said', async () => {
  await house.addClient('plain', 'openid-connect', { ...uris, scope: 'profile' })
  const report = await house.run('plain', 'alice')
  expect(badLines(report)).toEqual([])
  expect(report.exchanges.map(({ endpoint }) => endpoint)).toEqual(['authorize', 'token'])
  expect(lineOf(report, 'This client does not ask for openid').state).toBe('note')
})

test('a client without the code flow cannot be rehearsed, and nothing is recorded', async () => {
  await house.addClient('machine', 'openid-connect', { grant_types: ['client_credentials'], response_types: [] })
  const before = await house.contents()
  await expect(house.run('machine', 'alice')).rejects.toThrow(CannotRehearse)
  expect(await house.contents()).toEqual(before)
})

test('a pairwise client sees in the rehearsal what it will see, and nothing of the user id', async () => {
  await house.addClient('pairwise', 'openid-connect', { ...uris, subject_type: 'pairwise' })
  const report = await house.run('pairwise', 'alice')
  expect(badLines(report)).toEqual([])
  const sub = report.known.find(({ claim }) => claim === 'sub')?.value
  expect(sub).toMatch(/^[A-Za-z0-9_-]{43}$/)
  const client = await house.server.parts.store.findClient('pairwise')
  if (client === null) throw new Error('the client is gone')
  expect(sub).toBe(house.server.parts.subjects.of('id-of-alice', client.client))
  expect(JSON.stringify({ ...report, userId: '' })).not.toContain('id-of-alice')
})

test('what is signed or encrypted with keys of the client is played in the plain', async () => {
  const { publicJwk } = await newClientKey()
  for (const [id, settings] of Object.entries({
    encrypted: {
      jwks: { keys: [publicJwk] },
      id_token_encrypted_response_alg: 'ECDH-ES',
      userinfo_encrypted_response_alg: 'ECDH-ES',
      userinfo_signed_response_alg: 'RS256',
      require_signed_request_object: true,
    },
    secret: { id_token_signed_response_alg: 'HS256', request_object_signing_alg: 'HS256' },
  })) {
    await house.addClient(id, 'openid-connect', { ...uris, ...settings })
    expect(badLines(await house.run(id, 'alice')), id).toEqual([])
  }
})
