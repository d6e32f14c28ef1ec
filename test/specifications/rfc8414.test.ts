// RFC 8414 and OpenID Discovery: the metadata, and whether the server does what it says.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asserted, assertion, newClientKey } from '../support/assertions.ts'
import { ask, basic, form, PKCE, query, RelyingParty, VERIFIER } from '../support/relying-party.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'

interface Metadata {
  readonly issuer: string
  readonly authorization_endpoint: string
  readonly token_endpoint: string
  readonly userinfo_endpoint: string
  readonly introspection_endpoint: string
  readonly revocation_endpoint: string
  readonly pushed_authorization_request_endpoint: string
  readonly end_session_endpoint: string
  readonly jwks_uri: string
  readonly [name: string]: unknown
}

const privateKey = (jwk: object) => ({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } })

const read = async (url: string) => (await (await fetch(url)).json()) as Metadata

describe.each(['', '/tenant'])('metadata of an issuer with the path %j', (issuerPath) => {
  let host: TestServer
  let metadata: Metadata
  let openid: string
  let oauth: string

  beforeAll(async () => {
    host = await startServer({ issuerPath })
    openid = `${host.origin}${issuerPath}/.well-known/openid-configuration`
    oauth = `${host.origin}/.well-known/oauth-authorization-server${issuerPath}`
    metadata = await read(openid)
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addClient('page', 'spa', { consent: 'implied' })
    const machine = { grant_types: ['client_credentials'], response_types: [], scope: 'read' }
    await host.addClient('machine', 'openid-connect', machine)
    await host.addUser('alice')
  })
  afterAll(() => host.close())

  const list = (name: string): readonly string[] => {
    const value = metadata[name]
    if (!Array.isArray(value)) throw new Error(`${name} is no list`)
    return value.map(String)
  }
  const post = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    ask(url, { method: 'POST', headers, body: form(fields) })

  test('§3.1 both documents are the same, and elsewhere there is none', async () => {
    expect(await read(oauth)).toEqual(metadata)
    if (issuerPath === '') return
    for (const wrong of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
      expect((await fetch(`${host.origin}${wrong}`)).status).toBe(404)
    }
  })

  test('§3.2 JSON that may be kept for a while and read by any origin', async () => {
    for (const url of [openid, oauth, metadata.jwks_uri]) {
      const reply = await fetch(url, { headers: { origin: 'https://anybody.test' } })
      expect(reply.status).toBe(200)
      expect(reply.headers.get('content-type')).toMatch(/^application\/(json|jwk-set\+json)/)
      expect(reply.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/)
      expect(reply.headers.get('access-control-allow-origin')).toBe('*')
      expect(reply.headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  test('§3.3 issuer is the URL it was fetched under, whatever Host and forwarded headers say', async () => {
    expect(metadata.issuer).toBe(`${host.origin}${issuerPath}`)
    const headers = { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https', forwarded: 'host=evil.test' }
    expect((await (await fetch(openid, { headers })).text()).includes('evil')).toBe(false)
    for (const [name, value] of Object.entries(metadata)) {
      if (name.endsWith('_endpoint') || name.endsWith('_uri')) expect(value).toMatch(new RegExp(`^${host.issuer}/`))
    }
  })

  test('§2 nothing weak is offered', () => {
    const text = JSON.stringify(metadata)
    for (const weak of ['"plain"', '"password"', '"implicit"', '"token"']) expect(text).not.toContain(weak)
    for (const name of Object.keys(metadata).filter((each) => each.includes('_alg'))) {
      expect(list(name), name).not.toContain('none')
    }
    expect(list('id_token_signing_alg_values_supported')).toEqual(expect.arrayContaining(['RS256', 'ES256']))
    expect(list('introspection_endpoint_auth_methods_supported')).not.toContain('none')
    expect(metadata['require_request_uri_registration']).toBe(true)
  })

  test('§2 the lists that OpenID Discovery §3 requires are there', () => {
    expect(list('response_types_supported')).toEqual(['code'])
    expect(list('subject_types_supported')).toEqual(['public', 'pairwise'])
    expect(list('response_modes_supported')).toEqual(['query', 'fragment', 'form_post'])
    expect(metadata['claims_parameter_supported']).toBe(true)
    expect(list('code_challenge_methods_supported')).toEqual(['S256'])
    expect(list('scopes_supported')).toContain('openid')
    expect(list('claims_supported')).toContain('sub')
  })

  test('§2 every endpoint is where the metadata says, and the others do not exist', async () => {
    expect((await fetch(metadata.authorization_endpoint, { redirect: 'manual' })).status).toBe(400)
    expect((await fetch(metadata.end_session_endpoint, { redirect: 'manual' })).status).toBe(200)
    expect((await fetch(metadata.jwks_uri)).status).toBe(200)
    expect((await ask(metadata.userinfo_endpoint)).status).toBe(401)
    const posted = [
      metadata.token_endpoint,
      metadata.introspection_endpoint,
      metadata.revocation_endpoint,
      metadata.pushed_authorization_request_endpoint,
      String(metadata['device_authorization_endpoint']),
    ]
    for (const url of posted) expect([400, 401]).toContain((await post(url, {})).status)
    for (const absent of ['register', 'ciba', 'backchannel']) {
      expect((await fetch(`${host.issuer}/sso/${absent}`)).status).toBe(404)
    }
    expect(metadata).not.toHaveProperty('registration_endpoint')
  })

  test('§2 every grant type listed works, and no other is known', async () => {
    const listed = list('grant_types_supported')
    const device = 'urn:ietf:params:oauth:grant-type:device_code'
    expect([...listed].sort()).toEqual(['authorization_code', 'client_credentials', 'refresh_token', device])
    const machine = { authorization: basic('machine', TEST_SECRET) }
    expect((await post(metadata.token_endpoint, { grant_type: 'client_credentials' }, machine)).status).toBe(200)
    for (const grant_type of ['password', 'urn:ietf:params:oauth:grant-type:jwt-bearer']) {
      const reply = await post(metadata.token_endpoint, { grant_type }, machine)
      expect(reply.body['error']).toBe('unsupported_grant_type')
    }
  })

  test('§2 every way of client authentication listed works at the token endpoint', async () => {
    const methods = list('token_endpoint_auth_methods_supported')
    expect([...methods].sort()).toEqual([
      'client_secret_basic',
      'client_secret_jwt',
      'client_secret_post',
      'none',
      'private_key_jwt',
    ])
    const app = await browserOf('app')
    const fields = async () => ({ grant_type: 'authorization_code', code: await app.code(), redirect_uri: CALLBACK })
    const withBasic = await post(metadata.token_endpoint, await fields(), app.credentials)
    const inBody = { client_id: 'app', client_secret: TEST_SECRET }
    const withBody = await post(metadata.token_endpoint, { ...(await fields()), ...inBody })
    const page = await browserOf('page')
    const asPublic = await post(metadata.token_endpoint, {
      grant_type: 'authorization_code',
      code: await page.code(PKCE),
      redirect_uri: CALLBACK,
      client_id: 'page',
      code_verifier: VERIFIER,
    })
    for (const reply of [withBasic, withBody, asPublic]) expect(reply.status, reply.text).toBe(200)
  })

  test('§2 every algorithm listed for client authentication works', async () => {
    const algorithms = list('token_endpoint_auth_signing_alg_values_supported')
    expect(algorithms).toEqual(expect.arrayContaining(['HS256', 'RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']))
    for (const endpoint of ['introspection', 'revocation']) {
      expect(list(`${endpoint}_endpoint_auth_signing_alg_values_supported`)).toEqual(algorithms)
    }
    for (const algorithm of algorithms) {
      const id = `signs-${algorithm}`
      const key = algorithm === 'HS256' ? undefined : await newClientKey(algorithm)
      const keys = key === undefined ? { token_endpoint_auth_method: 'client_secret_jwt' } : privateKey(key.publicJwk)
      const settings = { grant_types: ['client_credentials'], response_types: [], scope: 'read', ...keys }
      await host.addClient(id, 'openid-connect', { ...settings, token_endpoint_auth_signing_alg: algorithm })
      const proof = await assertion({ host, clientId: id, ...(key && { key }) })
      const reply = await ask(metadata.token_endpoint, {
        method: 'POST',
        body: form({ grant_type: 'client_credentials', ...asserted(proof) }),
      })
      expect(reply.status, reply.text).toBe(200)
    }
  })

  test('RFC 9207 §3 the announced iss is in answers and in errors', async () => {
    expect(metadata['authorization_response_iss_parameter_supported']).toBe(true)
    const app = await browserOf('app')
    const code = await app.code()
    expect(code).not.toBe('')
    const refused = await fetch(
      `${metadata.authorization_endpoint}?${query({ client_id: 'app', redirect_uri: CALLBACK, response_type: 'token' })}`,
      { redirect: 'manual' },
    )
    expect(new URL(refused.headers.get('location') ?? '').searchParams.get('iss')).toBe(metadata.issuer)
  })

  test('Core §3.1.2.1 every prompt listed is understood, others are refused', async () => {
    const answer = async (prompt: string) => {
      const asked = { client_id: 'app', redirect_uri: CALLBACK, response_type: 'code', scope: 'openid', prompt }
      const reply = await fetch(`${metadata.authorization_endpoint}?${query(asked)}`, { redirect: 'manual' })
      return [reply.status, new URL(reply.headers.get('location') ?? '', host.origin).searchParams.get('error')]
    }
    for (const prompt of list('prompt_values_supported')) {
      expect(await answer(prompt)).toEqual(prompt === 'none' ? [302, 'login_required'] : [303, null])
    }
    expect(await answer('nonsense')).toEqual([302, 'invalid_request'])
  })

  /** Signs in at the endpoints the metadata names. */
  async function browserOf(clientId: string): Promise<RelyingParty> {
    const secret = clientId === 'page' ? null : TEST_SECRET
    class AtMetadata extends RelyingParty {
      override authorizeUrl(parameters = {}): string {
        return `${metadata.authorization_endpoint}?${new URL(super.authorizeUrl(parameters)).searchParams.toString()}`
      }
    }
    return new AtMetadata({ host, clientId, secret })
  }
})
