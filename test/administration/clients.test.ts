// Operations on clients: what each leaves in the store, what each refuses, and the six values for the console.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  addClient,
  getClient,
  listClients,
  removeClient,
  rotateClientSecret,
  setClientEnabled,
  updateClient,
} from '../../src/administration/clients.ts'
import { connectionValues } from '../../src/administration/connection-values.ts'
import { addUser } from '../../src/administration/users.ts'
import { digestClientSecret } from '../../src/credentials/client-secret.ts'
import { type Installation, openInstallation, refusal } from './installation.ts'

let house: Installation
beforeEach(async () => {
  house = await openInstallation()
})
afterEach(() => house.close())

const zhizuoyun = { preset: 'zhizuoyun', name: '制作云' }
const spa = { preset: 'spa', name: 'Page', redirectUris: ['https://app.example.com/callback'] }
const events = async () => (await house.store.listEvents(50)).map(({ type }) => type).toSorted()
const digestOf = (secret: string | null) => new Uint8Array(digestClientSecret(house.master, secret ?? ''))

describe('the picture of a client', () => {
  const logo_uri = 'http://127.0.0.1:9/logo.png'
  const add = () => addClient(house, { ...zhizuoyun, clientId: 'app', assignments: [`logo_uri=${logo_uri}`] })

  test('that cannot be had is a warning when its address is given, and when it is given again', async () => {
    const warning = /^The picture at logo_uri .*pages show the name alone/
    expect((await add()).warnings).toEqual([expect.stringMatching(warning)])
    const again = await updateClient(house, 'app', { assignments: [`logo_uri=${logo_uri}`] })
    expect(again.warnings).toEqual([expect.stringMatching(warning)])
  })

  test('is nothing that another change warns of, and the change is made', async () => {
    await add()
    const { record, warnings } = await updateClient(house, 'app', { assignments: ['contact=95716'] })
    expect(warnings).toEqual([])
    expect(record.client).toMatchObject({ contact: '95716', logo_uri, logo: null })
  })
})

describe('addClient', () => {
  test('gives the secret once and keeps its digest only', async () => {
    const { record, secret, warnings } = await addClient(house, zhizuoyun)
    expect(record.client.client_id).toMatch(/^[a-z0-9]{32}$/)
    expect(secret).toMatch(/^[A-Za-z0-9]{43}$/)
    expect(warnings).toEqual([])
    expect(record.secretHash).toEqual(digestOf(secret))
    expect(JSON.stringify(record.client)).not.toContain(secret)
    expect(await events()).toEqual(['client_added'])
  })

  test('prints the six values that the console of 制作云 asks for, and the callback', async () => {
    const { record, secret } = await addClient(house, { ...zhizuoyun, clientId: 'id-1' })
    expect(connectionValues(record.client, secret, 'https://sso.example.com', '/sso')).toEqual({
      ClientId: 'id-1',
      ClientSecret: secret,
      AuthorizationEndpoint: 'https://sso.example.com/sso/authorize',
      TokenEndpoint: 'https://sso.example.com/sso/token',
      UserInfoEndpoint: 'https://sso.example.com/sso/userinfo',
      Scope: 'openid profile phone',
      Callback: 'https://api.vs.tencent.com/Oauth/Login/Callback',
    })
  })

  test('takes the credentials of a former server; a short secret only with the flag, and with a warning', async () => {
    const clientSecret = 'test17241d76d75b374f9a2843cfe871'
    const taken = await addClient(house, { ...zhizuoyun, clientId: 'test02a9a046bb3ba62591cc25a296fe', clientSecret })
    expect(taken).toMatchObject({ secret: clientSecret, warnings: [] })
    expect((await refusal(addClient(house, { ...zhizuoyun, clientSecret: 'short' }))).code).toBe('weak_secret')
    const weak = await addClient(house, { ...zhizuoyun, clientSecret: 'short', acceptWeakSecret: true })
    expect(weak.warnings).toHaveLength(1)
  })

  test('several clients may share the callback, but no id is given twice, not even after removal', async () => {
    await addClient(house, { ...zhizuoyun, clientId: 'one' })
    await addClient(house, { ...zhizuoyun, clientId: 'two' })
    await removeClient(house, 'one')
    await addUser(house, { username: 'alice', userId: 'three' })
    for (const clientId of ['one', 'two', 'three']) {
      expect((await refusal(addClient(house, { ...zhizuoyun, clientId }))).code).toBe('client_id_taken')
    }
    expect((await listClients(house.store)).map(({ client }) => client.client_id)).toEqual(['two'])
  })

  test.each([
    [{ preset: 'zhizuoyum' }, 'unknown_preset', 'zhizuoyun'],
    [{ ...zhizuoyun, clientId: 'a:b' }, 'invalid_client', 'letters'],
    [{ ...zhizuoyun, assignments: ['authorize.pkc=off'] }, 'invalid_setting', 'authorize.pkce'],
    [{ ...zhizuoyun, assignments: ['authorize.pkce=sometimes'] }, 'invalid_setting', 'required'],
    [{ ...zhizuoyun, settings: { consent: 'implied' } }, 'invalid_setting', 'consent'],
    [{ ...spa, clientSecret: 'x'.repeat(40) }, 'no_client_secret', 'public'],
  ])('refuses %j with %s and adds nothing', async (request, code, words) => {
    const refused = await refusal(addClient(house, request))
    expect(refused.code).toBe(code)
    expect(refused.message).toContain(words)
    expect(await listClients(house.store)).toEqual([])
  })

  test('consent that is declared to exist is recorded', async () => {
    const { record } = await addClient(house, { ...zhizuoyun, settings: { consent: 'implied' }, consentDeclared: true })
    expect(record.client.consent).toBe('implied')
    expect(await events()).toEqual(['client_added', 'consent_declared'])
  })

  test('a public client has no secret', async () => {
    const { record, secret } = await addClient(house, spa)
    expect(secret).toBeNull()
    expect(record.secretHash).toBeNull()
    expect((await refusal(rotateClientSecret(house, record.client.client_id))).code).toBe('no_client_secret')
  })
})

describe('later changes', () => {
  test('a setting is changed and the rest stays', async () => {
    const { record } = await addClient(house, { ...zhizuoyun, clientId: 'one' })
    const { record: changed, secret } = await updateClient(house, 'one', { assignments: ['authorize.pkce=required'] })
    expect(secret).toBeNull()
    expect(changed.client).toEqual({ ...record.client, authorize: { ...record.client.authorize, pkce: 'required' } })
    expect(changed.secretHash).toEqual(record.secretHash)
    expect(changed.version).toBeGreaterThan(record.version)
    expect((await refusal(updateClient(house, 'absent', {}))).code).toBe('client_not_found')
  })

  test('changes made at the same time are both kept', async () => {
    await addClient(house, { ...zhizuoyun, clientId: 'one' })
    const change = (assignment: string) => updateClient(house, 'one', { assignments: [assignment] })
    await Promise.all([change('authorize.pkce=required'), change('reply.expiresIn=string')])
    const { client } = await getClient(house.store, 'one')
    expect([client.authorize.pkce, client.reply.expiresIn]).toEqual(['required', 'string'])
  })

  test('a rotated secret replaces the former one at once', async () => {
    const former = await addClient(house, { ...zhizuoyun, clientId: 'one' })
    const { secret, record } = await rotateClientSecret(house, 'one')
    expect(secret).not.toBe(former.secret)
    expect(record.secretHash).toEqual(digestOf(secret))
  })

  test('a client that becomes public loses its secret, and gets a new one when it becomes confidential', async () => {
    await addClient(house, { preset: 'openid-connect', name: 'App', redirectUris: spa.redirectUris, clientId: 'one' })
    const open = await updateClient(house, 'one', {
      assignments: ['token_endpoint_auth_method=none', 'authorize.pkce=required'],
    })
    expect(open.record.secretHash).toBeNull()
    const closed = await updateClient(house, 'one', { assignments: ['token_endpoint_auth_method=client_secret_basic'] })
    expect(closed.record.secretHash).toEqual(digestOf(closed.secret))
  })

  test('disabling grows the generation that grants and tokens are compared with; enabling does not take it back', async () => {
    const { record } = await addClient(house, { ...zhizuoyun, clientId: 'one' })
    const disabled = await setClientEnabled(house, 'one', false)
    expect(disabled).toMatchObject({ enabled: false, generation: record.generation + 1 })
    expect(await setClientEnabled(house, 'one', true)).toMatchObject({ enabled: true, generation: disabled.generation })
    expect(await events()).toEqual(['client_added', 'client_disabled', 'client_enabled'])
  })
})
