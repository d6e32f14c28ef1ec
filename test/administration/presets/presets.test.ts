// Each preset as data: what it makes, and what its clients are told about a person, byte for byte (test/fixtures/presets).

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { presetNamed, presets, UnknownPreset } from '../../../src/administration/presets/index.ts'
import { userClaims } from '../../../src/claims/user-claims.ts'
import type { Client } from '../../../src/model/client/client.ts'
import { flattenSettings, parseClient, settingsOf } from '../../../src/model/client/settings.ts'
import { redirectUriProblem } from '../../../src/protocol/redirect-uri.ts'
import { userOf } from '../../claims/builders.ts'

const FIXTURES = new URL('../../fixtures/presets/', import.meta.url)

function clientOf(name: string, settings: object = {}): Client {
  const preset = presetNamed(name)
  const own = { client_name: 'Client', redirect_uris: ['https://client.test/callback'], ...preset.settings }
  return parseClient({ ...flattenSettings(own), ...flattenSettings(settings) }, { client_id: 'c', preset: name })
}

interface Fixture {
  readonly promise: string
  readonly scope: string
  readonly settings?: object
  readonly user: Parameters<typeof userOf>[0]
  readonly reply: object
}

const fixtures = presets.flatMap(({ name }) =>
  readdirSync(new URL(`${name}/`, FIXTURES)).map((file) => {
    const fixture = JSON.parse(readFileSync(new URL(`${name}/${file}`, FIXTURES), 'utf8')) as Fixture
    return { preset: name, file, ...fixture }
  }),
)

describe('golden replies', () => {
  test('every preset has some', () => {
    const covered = new Set(fixtures.map(({ preset }) => preset))
    expect([...covered].sort()).toEqual(presets.map(({ name }) => name).sort())
  })

  test.each(fixtures)('$preset/$file: $promise', ({ preset, settings, scope, user, reply }) => {
    const claims = userClaims(userOf(user), clientOf(preset, settings), scope === '' ? [] : scope.split(' '))
    expect(JSON.stringify(claims)).toBe(JSON.stringify(reply))
  })
})

describe('the preset zhizuoyun', () => {
  test('is what the contract writes down, setting by setting', () => {
    const contract = flattenSettings(
      parse(`
redirect_uris: [ "https://api.vs.tencent.com/Oauth/Login/Callback" ]
token_endpoint_auth_method: client_secret_basic
grant_types: [ authorization_code, refresh_token ]
id_token_signed_response_alg: ES256
consent: ask
authorize: { defaultResponseType: code, pkce: optional, iss: false, unknownScopes: ignore }
token:     { paramSources: [form, json, query], requireRedirectUri: true }
reply:     { expiresIn: number, idToken: auto, refreshToken: always }
claims:    { user_id: id, sub: id, name: [displayName, username], phone_number: phone, phone_number_verified: phoneVerified }
phone:     { format: cn-national, nonMainland: e164, unverified: send-false }
empty: omit
`),
    )
    expect(flattenSettings(presetNamed('zhizuoyun').settings)).toMatchObject(contract)
    expect(clientOf('zhizuoyun')).toMatchObject({
      claimsFrom: 'map',
      strictAuthMethod: false,
      errorDisplay: 'redirect',
    })
  })

  test('says in Chinese what it says in both languages', () => {
    const { settings, texts } = presetNamed('zhizuoyun')
    expect(Object.keys(texts ?? {})).toEqual(['recipient', 'purpose'])
    for (const [setting, text] of Object.entries(texts ?? {})) expect(settings[setting]).toBe(text['zh-CN'])
  })

  test('makes several clients that share the one callback', () => {
    const [one, other] = ['tenant-1', 'tenant-2'].map((client_id) =>
      parseClient({ client_name: '制作云', ...presetNamed('zhizuoyun').settings }, { client_id, preset: 'zhizuoyun' }),
    )
    expect(one?.client_id).not.toBe(other?.client_id)
    expect(one?.redirect_uris).toEqual(other?.redirect_uris)
  })

  test('names a recipient, a contact and a purpose that the operator can change', () => {
    const { recipient, contact, purpose } = clientOf('zhizuoyun')
    expect([recipient, contact, purpose]).not.toContain(null)
    expect(clientOf('zhizuoyun', { contact: '4001234567' }).contact).toBe('4001234567')
  })
})

describe('every preset', () => {
  test.each(presets)('$name is accepted as it is, and says what it is in both languages', (preset) => {
    const client = clientOf(preset.name)
    expect(client.preset).toBe(preset.name)
    for (const words of [preset.title, preset.description, ...preset.notes, ...Object.values(preset.texts ?? {})]) {
      expect(words.en.length).toBeGreaterThan(3)
      expect(words['zh-CN']).toMatch(/\p{Script=Han}/u)
    }
    expect(preset.notes.length).toBeGreaterThan(0)
    expect(client.redirect_uris.map((uri) => redirectUriProblem(uri, client.application_type))).toEqual([null])
    const allowed = client.scope.split(' ')
    expect(preset.recommendedScope.split(' ').filter((scope) => !allowed.includes(scope))).toEqual([])
  })

  test.each(presets)('$name comes through an update unchanged', ({ name }) => {
    const client = clientOf(name)
    expect(parseClient(settingsOf(client), { client_id: 'c', preset: name })).toEqual(client)
  })

  test('device is public, and has neither a redirect URI nor an answer at the authorization endpoint', () => {
    const client = clientOf('device', { redirect_uris: [] })
    expect(client).toMatchObject({ token_endpoint_auth_method: 'none', redirect_uris: [], response_types: [] })
  })

  test.each(['spa', 'native'])('%s is public and needs PKCE', (name) => {
    expect(clientOf(name)).toMatchObject({ token_endpoint_auth_method: 'none', authorize: { pkce: 'required' } })
    expect(() => clientOf(name, { 'authorize.pkce': 'off' })).toThrow('authorize.pkce must be required')
  })

  test.each(['zhizuoyun', 'openid-connect', 'generic-oauth2'])('%s is confidential and honours PKCE', (name) => {
    const client = clientOf(name)
    expect(client.token_endpoint_auth_method).toBe('client_secret_basic')
    expect(client.authorize.pkce).toBe('optional')
  })
})

describe('presets by name', () => {
  test('are found by their exact name', () => {
    expect(presetNamed('native').name).toBe('native')
  })

  test('are refused with the nearest name', () => {
    expect(() => presetNamed('zizuoyun')).toThrow('Did you mean zhizuoyun?')
    expect(() => presetNamed('openid')).toThrow(UnknownPreset)
    expect(() => presetNamed('__proto__')).toThrow(
      'Known are zhizuoyun, openid-connect, generic-oauth2, spa, native, device',
    )
  })
})
