// The rows of the contract with 制作云: what its guide leaves open, and what the preset makes of it. Each relaxation is
// tried with a strict client too.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  basic,
  expectInvalidClient,
  expectInvalidGrant,
  expectInvalidRequest,
  type Fields,
  PKCE,
  query,
  RelyingParty,
  VERIFIER,
} from '../support/relying-party.ts'
import { startServer, TEST_SECRET, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const ZHIZUOYUN = 'https://api.vs.tencent.com/Oauth/Login/Callback'
const OTHER_SECRET = 'test0000000000000000000000000000'
const IMPLIED = { consent: 'implied' }

let host: TestServer
/** One 制作云 tenant, and a second with the same callback. */
let cloud: RelyingParty
let tenant: RelyingParty
let strict: RelyingParty

beforeAll(async () => {
  host = await startServer()
  await host.addClient('cloud', 'zhizuoyun', { ...IMPLIED, redirect_uris: [ZHIZUOYUN] })
  await host.addClient('tenant', 'zhizuoyun', { ...IMPLIED, redirect_uris: [ZHIZUOYUN] }, OTHER_SECRET)
  await host.addClient('strict', 'openid-connect', IMPLIED)
  await host.addUser('alice')
  const scope = 'openid profile email'
  cloud = new RelyingParty({ host, clientId: 'cloud', redirectUri: ZHIZUOYUN, scope })
  tenant = new RelyingParty({ host, clientId: 'tenant', secret: OTHER_SECRET, redirectUri: ZHIZUOYUN, scope })
  strict = new RelyingParty({ host, clientId: 'strict', scope })
})
afterAll(() => host.close())

const tokenUrl = () => `${host.origin}/sso/token`
const fields = (code: string, redirect_uri = ZHIZUOYUN) => ({ grant_type: 'authorization_code', code, redirect_uri })

async function refusedBeforeSignIn(client: RelyingParty, parameters: Fields): Promise<URLSearchParams> {
  const reply = await fetch(client.authorizeUrl(parameters), { redirect: 'manual' })
  expect(reply.status).toBe(302)
  return new URL(reply.headers.get('location') ?? '').searchParams
}

describe('authorize', () => {
  test('row 1: a missing response_type is code here, and refused elsewhere; other values are unsupported', async () => {
    expect((await cloud.tokens({ response_type: undefined })).access).not.toBe('')
    expect((await refusedBeforeSignIn(strict, { response_type: undefined })).get('error')).toBe('invalid_request')
    for (const response_type of ['token', 'id_token', 'code id_token', 'CODE', 'none']) {
      const answer = await refusedBeforeSignIn(cloud, { response_type })
      expect(answer.get('error')).toBe('unsupported_response_type')
    }
    expect((await strict.tokens()).access).not.toBe('')
  })

  test('row 2: POST is the same as GET', async () => {
    const visitor = new Visitor()
    const url = new URL(cloud.authorizeUrl({ state: 'posted' }))
    const posted = await visitor.post(`${host.origin}/sso/authorize`, Object.fromEntries(url.searchParams))
    expect(posted.status).toBe(303)
    const signIn = await visitor.follow(posted)
    expect(signIn.html).toContain('id="login-submit"')
  })

  test('row 6: redirect_uri is compared character by character, at both endpoints', async () => {
    for (const near of [
      ZHIZUOYUN.toLowerCase(),
      `${ZHIZUOYUN}/`,
      `${ZHIZUOYUN}?a=b`,
      ZHIZUOYUN.replace('.com/', '.com:443/'),
      ZHIZUOYUN.replace('Login', '%4Cogin'),
    ]) {
      const reply = await fetch(cloud.authorizeUrl({ redirect_uri: near }), { redirect: 'manual' })
      expect([reply.status, reply.headers.get('location')]).toEqual([400, null])
      const code = await cloud.code()
      expectInvalidGrant(await cloud.redeem(code, { redirect_uri: near }))
      expect((await cloud.redeem(code)).status).toBe(200)
    }
  })

  test.each([
    ['the one of the guide', 'anchor=livepush&platform=1500004462', 'anchor%3Dlivepush%26platform%3D1500004462'],
    ['a blank', 'a b', 'a%20b'],
    ['a plus', 'a+b', 'a%2Bb'],
    ['a literal percent', 'a%2Fb', 'a%252Fb'],
    ['Chinese', '中文', '%E4%B8%AD%E6%96%87'],
    ['tilde and star', 'a~b*c', 'a~b*c'],
    ['quotes and brackets', `"<>'`, `%22%3C%3E'`],
    ['1,024 characters', 'x'.repeat(1024), 'x'.repeat(1024)],
    ['4,096 characters', 'y'.repeat(4096), 'y'.repeat(4096)],
  ])('row 7: state comes back as it was sent, once encoded: %s', async (_, state, wire) => {
    // Through the sign-in form, where it could be lost, and silently.
    const fresh = new RelyingParty({ host, clientId: 'cloud', redirectUri: ZHIZUOYUN })
    for (const client of [fresh, fresh]) {
      const answer = await client.authorize({ state })
      expect(answer.href).toMatch(
        /^https:\/\/api\.vs\.tencent\.com\/Oauth\/Login\/Callback\?code=[A-Za-z0-9]{50}&state=/,
      )
      expect([...answer.searchParams.keys()]).toEqual(['code', 'state'])
      expect(answer.searchParams.get('state')).toBe(state)
      const sent = /[?&]state=([^&]*)/.exec(answer.search)?.[1] ?? ''
      expect(sent.replaceAll('%27', "'").replaceAll('%2A', '*')).toBe(wire)
    }
  })

  test('row 7: no state is emitted when none or an empty one was sent; a longer one is refused', async () => {
    for (const state of [undefined, '']) {
      expect([...(await cloud.authorize({ state })).searchParams.keys()]).toEqual(['code'])
    }
    const answer = await refusedBeforeSignIn(cloud, { state: 'z'.repeat(4097) })
    expect([answer.get('error'), answer.get('state')]).toEqual(['invalid_request', null])
  })

  test('row 8: iss is added for others, not for this preset', async () => {
    expect((await cloud.authorize()).searchParams.has('iss')).toBe(false)
    expect((await strict.authorize()).searchParams.get('iss')).toBe(host.issuer)
  })

  test('row 9: PKCE is not needed, and binds when it was sent', async () => {
    expect((await cloud.redeem(await cloud.code())).status).toBe(200)
    const code = await cloud.code(PKCE)
    expectInvalidGrant(await cloud.redeem(code))
    expect((await cloud.redeem(code, { code_verifier: VERIFIER })).status).toBe(200)
  })

  test('row 11: unknown scopes are dropped, and the reply says what is left', async () => {
    const { reply } = await cloud.tokens({ scope: '  openid  livepush\tprofile ' })
    expect(reply.body['scope']).toBe('openid profile')
    await host.addClient('picky', 'openid-connect', { ...IMPLIED, authorize: { unknownScopes: 'refuse' } })
    const picky = new RelyingParty({ host, clientId: 'picky' })
    expect((await refusedBeforeSignIn(picky, { scope: 'openid livepush' })).get('error')).toBe('invalid_scope')
    expect((await picky.tokens({ scope: 'openid' })).access).not.toBe('')
  })

  test('row 21: an unknown client gets a page, a known one its error, or a page where its callback shows nothing', async () => {
    const unknown = await fetch(cloud.authorizeUrl({ client_id: 'nobody' }), { redirect: 'manual' })
    expect([unknown.status, unknown.headers.get('location')]).toEqual([400, null])
    const answer = await refusedBeforeSignIn(cloud, { response_type: 'token', state: 'a b&c' })
    expect(Object.fromEntries(answer)).toEqual({
      error: 'unsupported_response_type',
      error_description: expect.any(String),
      state: 'a b&c',
    })
    const settings = { ...IMPLIED, redirect_uris: [ZHIZUOYUN], errorDisplay: 'local' }
    await host.addClient('mute', 'zhizuoyun', settings)
    const mute = new RelyingParty({ host, clientId: 'mute', redirectUri: ZHIZUOYUN })
    const page = await fetch(mute.authorizeUrl({ response_type: 'token' }), { redirect: 'manual' })
    expect([page.status, page.headers.get('location')]).toEqual([400, null])
    expect(await page.text()).toContain('unsupported_response_type')
  })

  test('row 26: 302 without a form, 303 after one, never 307', async () => {
    const silent = new RelyingParty({ host, clientId: 'cloud', redirectUri: ZHIZUOYUN })
    await silent.authorize()
    const page = await silent.visitor.get(silent.authorizeUrl())
    expect(page.status).toBe(302)
    const asked = await new Visitor().get(cloud.authorizeUrl())
    expect(asked.status).toBe(303)
  })
})

describe('token', () => {
  test('row 3: a form, a JSON body, or a query when the body has no grant_type', async () => {
    const json = { ...cloud.credentials, 'content-type': 'application/json' }
    const post = (url: string, init: RequestInit = {}) =>
      ask(url, { method: 'POST', headers: cloud.credentials, ...init })
    const inQuery = async () => `${tokenUrl()}?${query(fields(await cloud.code()))}`
    const asJson = JSON.stringify(fields(await cloud.code()))
    expect((await post(tokenUrl(), { headers: json, body: asJson })).status).toBe(200)
    expect((await post(await inQuery())).status).toBe(200)
    expect((await post(await inQuery(), { headers: json })).status).toBe(200)
    expect((await post(await inQuery(), { body: new URLSearchParams({ type: 'web_server' }) })).status).toBe(200)
    const get = await ask(await inQuery(), { headers: cloud.credentials })
    expect(get.status).toBe(405)
  })

  test('row 3: a strict client is read from a form only, and keeps its code', async () => {
    const code = await strict.code()
    const same = fields(code, strict.redirectUri)
    const json = { ...strict.credentials, 'content-type': 'application/json' }
    expectInvalidRequest(await ask(tokenUrl(), { method: 'POST', headers: json, body: JSON.stringify(same) }))
    expectInvalidRequest(await ask(`${tokenUrl()}?${query(same)}`, { method: 'POST', headers: strict.credentials }))
    expect((await strict.redeem(code)).status).toBe(200)
  })

  test.each([
    ['nested', '{"grant_type":"authorization_code","code":{"a":1}}'],
    ['a member twice', '{"grant_type":"authorization_code","code":"a","code":"b"}'],
    ['an array', '["grant_type"]'],
    ['null', '{"grant_type":null}'],
    ['broken', '{"grant_type":'],
  ])('row 3: JSON that is not flat is refused: %s', async (_, body) => {
    const headers = { ...cloud.credentials, 'content-type': 'application/json' }
    expectInvalidRequest(await ask(tokenUrl(), { method: 'POST', headers, body }))
    const proto = `{"__proto__":"x","grant_type":"authorization_code","code":"${await cloud.code()}","redirect_uri":"${ZHIZUOYUN}"}`
    expect((await ask(tokenUrl(), { method: 'POST', headers, body: proto })).status).toBe(200)
  })

  test('row 4: Basic raw and form-encoded are both accepted', async () => {
    const id = '1PpG/Q 1'
    const secret = 'z/tZ9VwFZqApmIQ+ZH1I5pLk/uB4ud:X2/8bL+wfFTt1rFw='
    await host.addClient(id, 'zhizuoyun', { ...IMPLIED, redirect_uris: [ZHIZUOYUN] }, secret)
    const odd = new RelyingParty({ host, clientId: id, secret, redirectUri: ZHIZUOYUN })
    const forms = {
      encoded: 'MVBwRyUyRlErMTp6JTJGdFo5VndGWnFBcG1JUSUyQlpIMUk1cExrJTJGdUI0dWQlM0FYMiUyRjhiTCUyQndmRlR0MXJGdyUzRA==',
      raw: 'MVBwRy9RIDE6ei90WjlWd0ZacUFwbUlRK1pIMUk1cExrL3VCNHVkOlgyLzhiTCt3ZkZUdDFyRnc9',
    }
    for (const pair of Object.values(forms)) {
      const code = await odd.code()
      expectInvalidClient(await odd.redeem(code, {}, { authorization: basic(id, `${secret}x`) }))
      expect((await odd.redeem(code, {}, { authorization: `Basic ${pair}` })).status).toBe(200)
    }
    const broken = { authorization: basic('cloud', '%zz') }
    const code = await cloud.code()
    expectInvalidClient(await cloud.redeem(code, {}, broken))
    expect((await cloud.redeem(code)).status).toBe(200)
  })

  test('row 4: header and scheme in any letter case', async () => {
    const value = basic('cloud', TEST_SECRET).slice('Basic '.length)
    for (const [header, scheme] of [
      ['authorization', 'Basic'],
      ['Authorization', 'basic'],
      ['AUTHORIZATION', 'BASIC'],
    ] as const) {
      expect((await cloud.redeem(await cloud.code(), {}, { [header]: `${scheme} ${value}` })).status).toBe(200)
    }
  })

  test('row 5: a repeated client_id is fine, a repeated secret is not, unless identical where a setting says so', async () => {
    const code = await cloud.code()
    expectInvalidRequest(await cloud.redeem(code, { client_secret: TEST_SECRET }))
    expectInvalidRequest(await cloud.redeem(code, { client_id: 'tenant' }))
    const secretInQuery = `${tokenUrl()}?${query({ ...fields(code), client_id: 'cloud', client_secret: TEST_SECRET })}`
    expectInvalidClient(await ask(secretInQuery, { method: 'POST' }))
    expect((await cloud.redeem(code, { client_id: 'cloud' })).status).toBe(200)
    await host.addClient('both', 'openid-connect', { ...IMPLIED, bothWhenIdentical: true })
    const both = new RelyingParty({ host, clientId: 'both' })
    const again = await both.code()
    expectInvalidRequest(await both.redeem(again, { client_id: 'both', client_secret: 'wrong' }))
    expect((await both.redeem(again, { client_id: 'both', client_secret: TEST_SECRET })).status).toBe(200)
  })

  test('rows 12 to 15: ID token exactly when openid is asked, signed ES256; a refresh token that works', async () => {
    const { reply, idToken, refresh } = await cloud.tokens()
    const head = JSON.parse(Buffer.from(idToken.split('.')[0] ?? '', 'base64url').toString()) as { alg?: string }
    expect(head.alg).toBe('ES256')
    expect(reply.body).toMatchObject({ token_type: 'Bearer', expires_in: 3600 })
    expect(Number.isInteger(reply.body['expires_in'])).toBe(true)
    expect((await cloud.refresh(refresh)).status).toBe(200)
    const plain = await cloud.tokens({ scope: 'profile' })
    expect(plain.reply.body).not.toHaveProperty('id_token')
    expect(plain.refresh).not.toBe('')
    const settings = { ...IMPLIED, redirect_uris: [ZHIZUOYUN], reply: { idToken: 'never', expiresIn: 'string' } }
    await host.addClient('terse', 'zhizuoyun', settings)
    const terse = await new RelyingParty({ host, clientId: 'terse', redirectUri: ZHIZUOYUN }).tokens()
    expect(terse.reply.body).not.toHaveProperty('id_token')
    expect(terse.reply.body['expires_in']).toBe('3600')
  })

  test('row 22: bad credentials are 401 with Basic, everything else 400', async () => {
    expectInvalidClient(await cloud.redeem(await cloud.code(), {}, { authorization: basic('cloud', 'x') }))
    expectInvalidGrant(await cloud.redeem('unknown'))
    expectInvalidRequest(await cloud.token({ redirect_uri: ZHIZUOYUN }))
    expect((await cloud.redeem(await cloud.code())).status).toBe(200)
  })

  test('row 24: the same code with better credentials', async () => {
    const code = await cloud.code()
    expectInvalidClient(await cloud.redeem(code, {}, { authorization: basic('cloud', 'wrong') }))
    expect((await cloud.redeem(code, { client_id: 'cloud', client_secret: TEST_SECRET }, {})).status).toBe(200)
  })

  test('row 25: two clients that share the callback do not share codes', async () => {
    const code = await cloud.code()
    expectInvalidGrant(await tenant.redeem(code))
    expect((await cloud.redeem(code)).status).toBe(200)
    const theirs = await tenant.tokens()
    expect((await tenant.userinfo(theirs.access)).status).toBe(200)
    expectInvalidGrant(await cloud.refresh(theirs.refresh))
  })

  test('row 28: a name twice in one source is refused; once in query and once in the body is no repeat', async () => {
    const code = await cloud.code()
    const all = fields(code)
    const twice = new URLSearchParams({ ...all })
    twice.append('code', code)
    const headers = cloud.credentials
    expectInvalidRequest(await ask(tokenUrl(), { method: 'POST', headers, body: twice }))
    expectInvalidRequest(await ask(`${tokenUrl()}?${twice.toString()}`, { method: 'POST', headers }))
    const both = await ask(`${tokenUrl()}?${query(all)}`, { method: 'POST', headers, body: new URLSearchParams(all) })
    expect(both.status).toBe(200)
  })
})
