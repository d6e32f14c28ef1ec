// OpenID Connect Discovery 1.0 and RFC 8414: one document at two addresses, which promises nothing that is not there.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RESPONSE_TYPES } from '../../src/protocol/response-type.ts'
import { asserted, assertion, newClientKey } from '../support/assertions.ts'
import { form } from '../support/relying-party.ts'
import { startServer, TEST_SECRET, type TestServer } from '../support/server.ts'

let host: TestServer
let metadata: Readonly<Record<string, unknown>>

beforeAll(async () => {
  host = await startServer({ issuerPath: '/tenant' })
  await host.addClient('web')
  metadata = await documentAt(`${host.issuer}/.well-known/openid-configuration`)
})
afterAll(() => host.close())

async function documentAt(url: string): Promise<Readonly<Record<string, unknown>>> {
  const reply = await fetch(url, { redirect: 'manual' })
  expect(reply.status).toBe(200)
  expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(reply.headers.get('access-control-allow-origin')).toBe('*')
  expect(reply.headers.get('access-control-allow-credentials')).toBeNull()
  return (await reply.json()) as Readonly<Record<string, unknown>>
}

const listOf = (name: string): readonly unknown[] => {
  const value = metadata[name]
  expect(Array.isArray(value), name).toBe(true)
  return Array.isArray(value) ? value : []
}

describe('§4 the document', () => {
  test("§4.1 is the issuer with the suffix; RFC 8414 §3.1 puts the suffix before the issuer's path", async () => {
    const { origin } = new URL(host.issuer)
    expect(await documentAt(`${origin}/.well-known/oauth-authorization-server/tenant`)).toEqual(metadata)
    for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
      expect((await fetch(origin + path)).status, path).toBe(404)
    }
  })

  test('§4.3 issuer is the address it was fetched under, whatever Host or proxies say', async () => {
    expect(metadata['issuer']).toBe(host.issuer)
    const reply = await fetch(`${host.issuer}/.well-known/openid-configuration`, {
      headers: {
        'x-forwarded-host': 'evil.test',
        'x-forwarded-proto': 'https',
        forwarded: 'host=evil.test;proto=https',
      },
    })
    expect(await reply.json()).toEqual(metadata)
  })
})

describe('§3 what it promises', () => {
  test('§4.2 has every member that is required, and lists what is on', () => {
    expect(metadata).toMatchObject({
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'fragment', 'form_post'],
      subject_types_supported: ['public', 'pairwise'],
      code_challenge_methods_supported: ['S256'],
      request_parameter_supported: true,
      request_uri_parameter_supported: true,
      require_request_uri_registration: true,
      claims_parameter_supported: true,
    })
    expect([...listOf('grant_types_supported')].sort()).toEqual([
      'authorization_code',
      'client_credentials',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
    ])
    expect([...listOf('id_token_signing_alg_values_supported')].sort()).toEqual(['ES256', 'HS256', 'RS256'])
    expect([...listOf('prompt_values_supported')].sort()).toEqual(['consent', 'login', 'none', 'select_account'])
    expect(listOf('scopes_supported')).toContain('openid')
    expect(listOf('ui_locales_supported')).toEqual(['zh-CN', 'en'])
  })

  test('H07 names no algorithm, method or endpoint that is off', () => {
    const text = JSON.stringify(metadata)
    for (const never of ['"HS384"', '"HS512"', '"plain"', 'implicit', 'password', '"token"', 'registration_endpoint']) {
      expect(text).not.toContain(never)
    }
    expect(listOf('id_token_signing_alg_values_supported')).not.toContain('none')
    expect(listOf('introspection_endpoint_auth_methods_supported')).not.toContain('none')
  })

  test('every endpoint it names is there, at the issuer', async () => {
    const endpoints = Object.entries(metadata).filter(([name]) => name.endsWith('_endpoint') || name === 'jwks_uri')
    expect(endpoints.length).toBeGreaterThanOrEqual(7)
    for (const [name, url] of endpoints) {
      expect(String(url).startsWith(`${host.issuer}/`), name).toBe(true)
      const reply = await fetch(String(url), { redirect: 'manual' })
      expect(reply.status, name).not.toBe(404)
      expect(reply.status, name).toBeLessThan(500)
    }
  })

  test('each method of client authentication it names is let in', async () => {
    const key = await newClientKey()
    for (const method of listOf('token_endpoint_auth_methods_supported')) {
      const id = `by-${String(method)}`
      const isPublic = method === 'none'
      const signs = method === 'private_key_jwt'
      const settings = {
        ...(!isPublic && { token_endpoint_auth_method: method, strictAuthMethod: true }),
        ...(signs && { jwks: { keys: [key.publicJwk] } }),
      }
      await host.addClient(id, isPublic ? 'spa' : 'openid-connect', settings, isPublic ? null : TEST_SECRET)
      const basic = method === 'client_secret_basic'
      const jwt = signs || method === 'client_secret_jwt'
      const proof = jwt ? asserted(await assertion({ host, clientId: id, ...(signs && { key }) })) : {}
      const reply = await fetch(String(metadata['token_endpoint']), {
        method: 'POST',
        headers: basic ? { authorization: `Basic ${Buffer.from(`${id}:${TEST_SECRET}`).toString('base64')}` } : {},
        body: form({
          ...proof,
          grant_type: 'authorization_code',
          code: 'no-such-code',
          redirect_uri: 'https://client.test/callback',
          ...(!basic && !jwt && { client_id: id }),
          ...(method === 'client_secret_post' && { client_secret: TEST_SECRET }),
        }),
      })
      expect(((await reply.json()) as Record<string, unknown>)['error'], String(method)).toBe('invalid_grant')
    }
  })

  test('RFC 7517 §5 the keys it points to are public, and one for each algorithm', async () => {
    const reply = await fetch(String(metadata['jwks_uri']))
    expect(reply.headers.get('content-type')).toMatch(/^application\/(jwk-set\+)?json/)
    const { keys } = (await reply.json()) as { keys: readonly Record<string, unknown>[] }
    expect(keys.map(({ alg }) => alg).sort()).toEqual(['ES256', 'RS256'])
    for (const key of keys)
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(secret)
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length)
  })
})

describe('with implicitAndHybrid on', () => {
  test('every response type is listed, and the grant that goes with it', async () => {
    const open = await startServer({ implicitAndHybrid: true })
    try {
      const listed = await documentAt(`${open.issuer}/.well-known/openid-configuration`)
      expect(listed['response_types_supported']).toEqual(RESPONSE_TYPES)
      expect(listed['grant_types_supported']).toEqual([...listOf('grant_types_supported'), 'implicit'])
      expect({ ...listed, response_types_supported: ['code'], grant_types_supported: [] }).toEqual(
        JSON.parse(
          JSON.stringify({ ...metadata, grant_types_supported: [] }).replaceAll(host.issuer, open.issuer),
        ) as unknown,
      )
    } finally {
      await open.close()
    }
  })

  test('each acr value listed is one that can be asked for as essential', () => {
    expect(listOf('acr_values_supported')).toEqual([
      'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    ])
    for (const name of ['acr', 'auth_time', 'nonce', 'sid', 'email']) expect(listOf('claims_supported')).toContain(name)
  })
})
