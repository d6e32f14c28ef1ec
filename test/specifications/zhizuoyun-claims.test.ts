// The rows of the contract with 制作云 about user info: which claims, under which names, in which form.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, expectInvalidToken, type Fields, RelyingParty } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

const ZHIZUOYUN = 'https://api.vs.tencent.com/Oauth/Login/Callback'
const IMPLIED = { consent: 'implied' }

let host: TestServer
let cloud: RelyingParty
let strict: RelyingParty

beforeAll(async () => {
  host = await startServer()
  await host.addClient('cloud', 'zhizuoyun', { ...IMPLIED, redirect_uris: [ZHIZUOYUN] })
  await host.addClient('strict', 'openid-connect', IMPLIED)
  await host.addUser('alice', { phone: '+8613800138000', phoneVerified: true, email: 'alice@example.com' })
  await host.addUser('bob', { profile: {} })
  await host.addUser('carol', { phone: '+8615012345678', phoneVerified: false })
  await host.addUser('dave', { phone: '+447911123456', phoneVerified: true })
  const scope = 'openid profile email'
  cloud = new RelyingParty({ host, clientId: 'cloud', redirectUri: ZHIZUOYUN, scope })
  strict = new RelyingParty({ host, clientId: 'strict', scope })
})
afterAll(() => host.close())

describe('user info', () => {
  const claimsOf = async (client: RelyingParty, username: string, parameters: Fields = {}) => {
    const { clientId, secret, redirectUri, scope } = client
    const person = new RelyingParty({ host, clientId, secret, redirectUri, scope, username })
    return (await person.userinfo((await person.tokens(parameters)).access)).body
  }

  test('row 10: openid profile email gives the phone to this preset and to no other', async () => {
    expect(await claimsOf(cloud, 'alice')).toEqual({
      sub: 'user-alice',
      user_id: 'user-alice',
      name: 'Name of alice',
      phone_number: '13800138000',
      phone_number_verified: true,
    })
    expect(await claimsOf(strict, 'alice')).not.toHaveProperty('phone_number')
    for (const preset of ['generic-oauth2', 'openid-connect']) {
      await host.addClient(`as-${preset}`, preset, IMPLIED)
      const client = new RelyingParty({ host, clientId: `as-${preset}`, scope: 'openid profile email' })
      expect(await claimsOf(client, 'alice')).not.toHaveProperty('phone_number')
    }
    expect(await claimsOf(strict, 'alice', { scope: 'openid phone' })).toMatchObject({ phone_number: '+8613800138000' })
  })

  test('row 16: user_id and sub are equal strings', async () => {
    const claims = await claimsOf(cloud, 'bob')
    expect([claims['user_id'], claims['sub']]).toEqual(['user-bob', 'user-bob'])
  })

  test('row 17: what is unknown is left out, or written as the setting says', async () => {
    expect(await claimsOf(cloud, 'bob')).toEqual({ sub: 'user-bob', user_id: 'user-bob', name: 'bob' })
    for (const [empty, value] of [
      ['null', null],
      ['', ''],
    ] as const) {
      const clientId = `empty-${empty}-`
      await host.addClient(clientId, 'zhizuoyun', { ...IMPLIED, redirect_uris: [ZHIZUOYUN], empty })
      const client = new RelyingParty({ host, clientId, redirectUri: ZHIZUOYUN })
      expect(await claimsOf(client, 'bob')).toMatchObject({ phone_number: value, phone_number_verified: value })
    }
  })

  test('rows 18 and 19: national numbers without +86, others whole, unverified ones marked false', async () => {
    expect(await claimsOf(cloud, 'carol')).toMatchObject({ phone_number: '15012345678', phone_number_verified: false })
    expect(await claimsOf(cloud, 'dave')).toMatchObject({ phone_number: '+447911123456', phone_number_verified: true })
    const variant = async (name: string, phone: object, username: string) => {
      await host.addClient(name, 'zhizuoyun', { ...IMPLIED, redirect_uris: [ZHIZUOYUN], phone })
      return claimsOf(new RelyingParty({ host, clientId: name, redirectUri: ZHIZUOYUN }), username)
    }
    expect((await variant('dashed', { format: 'cn-dashed' }, 'alice'))['phone_number']).toBe('+86-13800138000')
    expect((await variant('e164', { format: 'e164' }, 'alice'))['phone_number']).toBe('+8613800138000')
    expect(await variant('careful', { unverified: 'omit' }, 'carol')).not.toHaveProperty('phone_number')
    const mainland = await variant('mainland', { format: 'cn-national', nonMainland: 'omit' }, 'dave')
    expect(mainland).not.toHaveProperty('phone_number')
    expect(mainland).not.toHaveProperty('phone_number_verified')
  })

  test('row 20: GET and POST with the header; form and query only by setting', async () => {
    const { access } = await cloud.tokens()
    const url = `${host.origin}/sso/userinfo`
    const headers = { authorization: `Bearer ${access}` }
    const get = await ask(url, { headers })
    expect((await ask(url, { method: 'POST', headers })).body).toEqual(get.body)
    const inForm = (token: string) => ask(url, { method: 'POST', body: new URLSearchParams({ access_token: token }) })
    for (const misplaced of [await inForm(access), await ask(`${url}?access_token=${access}`)]) {
      expect([misplaced.status, misplaced.body['error']]).toEqual([400, 'invalid_request'])
      expect(misplaced.body).not.toHaveProperty('sub')
    }
    expect((await inForm((await strict.tokens()).access)).status).toBe(200)
  })

  test('row 23: refusals are told in the header and in a JSON body', async () => {
    expectInvalidToken(await cloud.userinfo('unknown'))
    const none = await ask(`${host.origin}/sso/userinfo`)
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect((await cloud.userinfo((await cloud.tokens()).access)).status).toBe(200)
  })

  test('row 27: UTF-8 JSON without a byte order mark', async () => {
    await host.addUser('wang', { profile: { displayName: '王小明 😀' } })
    const person = new RelyingParty({ host, clientId: 'cloud', redirectUri: ZHIZUOYUN, username: 'wang' })
    const { access } = await person.tokens()
    const reply = await fetch(`${host.origin}/sso/userinfo`, { headers: { authorization: `Bearer ${access}` } })
    const bytes = Buffer.from(await reply.arrayBuffer())
    expect(bytes[0]).toBe('{'.charCodeAt(0))
    expect(JSON.parse(bytes.toString('utf8'))).toMatchObject({ name: '王小明 😀' })
  })
})
