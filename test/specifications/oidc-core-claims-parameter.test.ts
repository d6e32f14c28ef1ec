// OpenID Connect Core §5.5: single claims asked for by name, at user info and in the ID token; acr_values and the
// parameters that are wishes only.

import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fragmentOf, verifiedIdToken } from '../support/answers.ts'
import {
  ask,
  authorizeUrl,
  countRecords,
  expectCode,
  expectRefusal,
  isAt,
  signedIn,
  signIn,
  signInFully,
} from '../support/authorize.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { threadTime } from '../support/thread-time.ts'
import { Visitor } from '../support/visitor.ts'

const PASSWORD_CLASS = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport'

let host: TestServer
let alice: Visitor
let app: RelyingParty

beforeAll(async () => {
  host = await startServer({ implicitAndHybrid: true })
  await host.addClient('web')
  await host.addClient('app', 'openid-connect', {
    consent: 'implied',
    claims: { department: 'custom.department', 'office.city': 'custom.city' },
  })
  await host.addClient('narrow', 'openid-connect', { consent: 'implied', scope: 'openid profile' })
  await host.addClient('map', 'zhizuoyun', { redirect_uris: ['https://client.test/callback'], consent: 'implied' })
  await host.addClient('page', 'openid-connect', {
    consent: 'implied',
    grant_types: ['implicit'],
    response_types: ['id_token', 'id_token token'],
  })
  const profile = { displayName: 'Alice', givenName: 'Ali', custom: { department: 'Sound', city: 'Wuhan' } }
  const contact = { email: 'alice@example.com', emailVerified: true, phone: '+8613800138000', phoneVerified: true }
  await host.addUser('alice', { profile, ...contact })
  await host.addUser('bob')
  alice = new Visitor()
  await signInFully(alice, host, 'alice')
  app = new RelyingParty({ host, clientId: 'app', scope: 'openid offline_access' })
  await app.tokens()
})
afterAll(() => host.close())

const json = (claims: unknown) => JSON.stringify(claims)

/** What a client learns at both doors. */
async function learned(claims: unknown, client = app, parameters: Record<string, string> = {}) {
  const tokens = await client.tokens({ claims: typeof claims === 'string' ? claims : json(claims), ...parameters })
  return { tokens, inIdToken: decodeJwt(tokens.idToken), atUserinfo: (await client.userinfo(tokens.access)).body }
}

describe('§5.5 what is asked for comes, where it is asked for', () => {
  test('at user info', async () => {
    const asked = { userinfo: { email: null, given_name: { essential: true } } }
    const { inIdToken, atUserinfo } = await learned(asked)
    const own = { sub: 'user-alice', department: 'Sound', office: { city: 'Wuhan' } }
    expect(atUserinfo).toEqual({ ...own, email: 'alice@example.com', given_name: 'Ali' })
    for (const name of ['email', 'given_name']) expect(inIdToken).not.toHaveProperty(name)
    expect((await learned({})).atUserinfo).toEqual(own)
  })

  test('in the ID token, beside what the scope gives at user info', async () => {
    const asked = { id_token: { email: { essential: true }, phone_number: null, auth_time: { essential: true } } }
    const { inIdToken, atUserinfo } = await learned(asked, app, { scope: 'openid email' })
    expect(inIdToken).toMatchObject({ email: 'alice@example.com', phone_number: '+8613800138000' })
    expect(inIdToken).toHaveProperty('auth_time')
    expect(inIdToken).not.toHaveProperty('email_verified')
    expect(atUserinfo).toHaveProperty('email')
    expect(atUserinfo).not.toHaveProperty('phone_number')
  })

  test("a client's own claims can be asked for in the ID token", async () => {
    const { inIdToken } = await learned({ id_token: { department: null, office: null } })
    expect(inIdToken).toMatchObject({ department: 'Sound', office: { city: 'Wuhan' } })
    expect((await learned({})).inIdToken).not.toHaveProperty('department')
  })

  test('§5.5.1 with a value: only with that value', async () => {
    const asked = (email: string) => ({
      userinfo: { email: { value: email }, email_verified: { values: [true, false] }, phone_number: { values: ['1'] } },
    })
    const met = await learned(asked('alice@example.com'))
    expect(met.atUserinfo).toMatchObject({ email: 'alice@example.com', email_verified: true })
    expect(met.atUserinfo).not.toHaveProperty('phone_number')
    expect((await learned(asked('other@example.com'))).atUserinfo).not.toHaveProperty('email')
  })

  test('is kept with the grant: a refreshed token knows the same', async () => {
    const asked = { userinfo: { email: null }, id_token: { given_name: null } }
    const { tokens } = await learned(asked)
    const refreshed = await app.refresh(tokens.refresh)
    expect(decodeJwt(String(refreshed.body['id_token']))).toMatchObject({ given_name: 'Ali' })
    expect((await app.userinfo(String(refreshed.body['access_token']))).body).toHaveProperty('email')
  })

  test('protocol members and sub cannot be replaced by asking, and what is unknown is ignored', async () => {
    const odd =
      '{"userinfo":{"__proto__":null,"constructor":{"essential":true},"nobody_knows":null,"sub":null},"other":7,'
    const asked = `${odd}"id_token":{"iss":{"value":"https://evil.test"},"aud":null,"exp":{"value":1},"x":{"new":[]}}}`
    const { inIdToken, atUserinfo } = await learned(asked)
    expect(inIdToken).toMatchObject({ iss: host.issuer, aud: 'app', sub: 'user-alice' })
    expect(inIdToken).not.toHaveProperty('x')
    expect(Object.keys(atUserinfo).sort()).toEqual(['department', 'office', 'sub'])
  })

  test('no more than the scopes a client is registered for could give', async () => {
    const narrow = new RelyingParty({ host, clientId: 'narrow', scope: 'openid' })
    const { atUserinfo } = await learned({ userinfo: { phone_number: null, given_name: null } }, narrow)
    expect(atUserinfo).toEqual({ sub: 'user-alice', given_name: 'Ali' })
  })

  test('nothing beyond the map, where the map alone decides', async () => {
    const map = new RelyingParty({ host, clientId: 'map', scope: 'openid' })
    const { atUserinfo } = await learned({ userinfo: { email: null } }, map)
    expect(atUserinfo).toHaveProperty('user_id')
    expect(atUserinfo).not.toHaveProperty('email')
  })

  test('§3.2.2 with response type id_token: in the ID token, and user info is not to be had', async () => {
    const visitor = await signedIn(host, 'alice')
    const parameters = { client_id: 'page', response_type: 'id_token', nonce: 'n', scope: 'openid' }
    const claims = json({ id_token: { email: null }, userinfo: { phone_number: null } })
    const answer = fragmentOf(await visitor.get(authorizeUrl(host, { ...parameters, claims })))
    const payload = await verifiedIdToken(host, answer['id_token'], 'page')
    expect(payload).toMatchObject({ email: 'alice@example.com' })
    expect(payload).not.toHaveProperty('phone_number')
  })
})

describe('consent', () => {
  test('names what is asked for by name, and asks again for more', async () => {
    const visitor = await signedIn(host, 'alice')
    const plain = { scope: 'openid' }
    expectCode(await visitor.get(authorizeUrl(host, plain)))
    const asked = { ...plain, claims: json({ id_token: { phone_number: null } }) }
    const page = await ask(visitor, host, asked)
    expect(isAt(page, 'consent')).toBe(true)
    expect(page.html).toContain('Phone number')
    expectRefusal(await visitor.get(authorizeUrl(host, { ...asked, prompt: 'none' })), host, 'consent_required')
    const withoutYes = await countRecords(host)
    expectCode(await visitor.submit(page, 'consent-allow'))
    expect((await countRecords(host))['grant']).toBe((withoutYes['grant'] ?? 0) + 1)
    expectCode(await visitor.get(authorizeUrl(host, { ...asked, prompt: 'none' })))
    const more = { ...plain, claims: json({ userinfo: { email: null } }) }
    expectRefusal(await visitor.get(authorizeUrl(host, { ...more, prompt: 'none' })), host, 'consent_required')
  })
})

describe('R33 the parameter itself', () => {
  const deep = (levels: number) => `{"userinfo":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`
  const wide = json({ userinfo: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`c${at}`, null])) })
  test.each([
    ['not JSON', '{'],
    ['not JSON at all', 'email'],
    ['a list', '[]'],
    ['a text', '"email"'],
    ['null', 'null'],
    ['a door that is a list', '{"userinfo":[]}'],
    ['a door that is a text', '{"id_token":"email"}'],
    ['a claim that is a text', '{"userinfo":{"email":"yes"}}'],
    ['a claim that is a list', '{"userinfo":{"email":[]}}'],
    ['essential that is no boolean', '{"userinfo":{"email":{"essential":"true"}}}'],
    ['values that is no list', '{"userinfo":{"email":{"values":"a"}}}'],
    ['no values', '{"userinfo":{"email":{"values":[]}}}'],
    ['value and values', '{"userinfo":{"email":{"value":"a","values":["a"]}}}'],
    ['an empty name', '{"userinfo":{"":null}}'],
    ['a long name', json({ userinfo: { ['n'.repeat(129)]: null } })],
    ['too many claims', wide],
    ['nested 2,000 deep', deep(2_000)],
    ['nested 2,600 deep', deep(2_600)],
    ['60 KiB', json({ userinfo: { email: { value: 'x'.repeat(60_000) } } })],
  ])('%s is refused within a second', async (_, claims) => {
    const before = await countRecords(host)
    const started = threadTime()
    const fields = { ...Object.fromEntries(new URL(authorizeUrl(host)).searchParams), claims }
    expectRefusal(await alice.post(`${host.issuer}/sso/authorize`, fields), host, 'invalid_request')
    expect(threadTime() - started).toBeLessThan(1_000)
    expect(await countRecords(host)).toEqual(before)
    const good = { ...fields, claims: '{"userinfo":{"name":{"essential":false}}}' }
    expectCode(await alice.post(`${host.issuer}/sso/authorize`, good))
  })

  test('twice is refused; empty is none', async () => {
    const page = await alice.get(authorizeUrl(host, { claims: ['{}', '{}'] }))
    expectRefusal(page, host, 'invalid_request')
    expectCode(await alice.get(authorizeUrl(host, { claims: '' })))
  })
})

describe('R33 §5.5.1 sub with a value', () => {
  const about = (sub: unknown, door = 'id_token') => json({ [door]: { sub } })

  test.each([
    ['of the person who is here', about({ value: 'user-alice' })],
    ['at user info', about({ value: 'user-alice' }, 'userinfo')],
    ['of several, this one among them', about({ values: ['user-bob', 'user-alice'] })],
  ])('%s: a code', async (_, claims) => {
    expectCode(await alice.get(authorizeUrl(host, { claims, prompt: 'none' })))
  })

  test.each([
    ['of another person', about({ value: 'user-bob' })],
    ['of nobody', about({ value: 'user-nobody', essential: true })],
    ['of others', about({ values: ['user-bob', 'user-carol'] })],
  ])('%s: no code', async (_, claims) => {
    const before = await countRecords(host)
    expectRefusal(await alice.get(authorizeUrl(host, { claims, prompt: 'none' })), host, 'login_required')
    expect(await countRecords(host)).toEqual(before)
    const visitor = await signedIn(host, 'alice')
    const page = await ask(visitor, host, { claims })
    expect(isAt(page, 'sign-in')).toBe(true)
    const again = await signIn(visitor, page, 'alice')
    expect(again.location).toBeNull()
    expect(again.html).toContain('The application expects another person')
  })

  test('the right person may sign in for it', async () => {
    const visitor = await signedIn(host, 'alice')
    const page = await ask(visitor, host, { claims: about({ value: 'user-bob' }) })
    const onward = await signIn(visitor, page, 'bob')
    expectCode(isAt(onward, 'consent') ? await visitor.submit(onward, 'consent-allow') : onward)
  })

  test('two persons at once, or none, is refused', async () => {
    const { idToken } = await app.tokens()
    const hint = { id_token_hint: idToken }
    for (const claims of [about({ value: 'user-bob' }), about({ values: [7] })]) {
      expectRefusal(await alice.get(authorizeUrl(host, { ...hint, claims })), host, 'invalid_request')
    }
    expectCode(await alice.get(authorizeUrl(host, { ...hint, claims: about({ value: 'user-alice' }) })))
  })
})

describe('R49 §5.5.1.1 acr, and wishes', () => {
  test('essential and not to be met: refused, no code', async () => {
    for (const acr of [
      { essential: true, values: ['urn:example:gold'] },
      { essential: true, value: '1' },
    ]) {
      const before = await countRecords(host)
      const page = await alice.get(authorizeUrl(host, { claims: json({ id_token: { acr } }) }))
      expectRefusal(page, host, 'unmet_authentication_requirements')
      expect(await countRecords(host)).toEqual(before)
    }
  })

  test.each([
    ['essential and met', { essential: true, values: ['urn:example:gold', PASSWORD_CLASS] }],
    ['essential, any', { essential: true }],
    ['a wish that cannot be met', { values: ['urn:example:gold'] }],
    ['a wish', null],
  ])('%s: the ID token tells the class', async (_, acr) => {
    expect((await learned({ id_token: { acr } })).inIdToken['acr']).toBe(PASSWORD_CLASS)
  })

  test('§3.1.2.1 acr_values is a wish, and the class comes back; unasked it does not', async () => {
    for (const acr_values of [PASSWORD_CLASS, 'urn:example:gold 1', 'x'.repeat(2_000)]) {
      expect((await learned({}, app, { acr_values })).inIdToken['acr']).toBe(PASSWORD_CLASS)
    }
    expect((await learned({})).inIdToken).not.toHaveProperty('acr')
  })

  test.each(['display', 'claims_locales', 'ui_locales'])('%s of any value is ignored, but not twice', async (name) => {
    for (const value of ['popup', 'xx', '令', '"><b>'])
      expectCode(await alice.get(authorizeUrl(host, { [name]: value })))
    expectRefusal(await alice.get(authorizeUrl(host, { [name]: ['a', 'b'] })), host, 'invalid_request')
  })

  test('§5.2 a claim in a certain language is not given, and the claim itself is all the same', async () => {
    const asked = { 'given_name#ja-Kana-JP': { essential: true }, 'name#zh-CN': null, given_name: null }
    const { atUserinfo, inIdToken } = await learned({ userinfo: asked, id_token: asked }, app, {
      claims_locales: 'ja zh-CN',
    })
    for (const claims of [atUserinfo, inIdToken]) {
      expect(claims['given_name']).toBe('Ali')
      expect(Object.keys(claims).filter((name) => name.includes('#'))).toEqual([])
    }
  })

  test('without openid the parameter asks for nothing', async () => {
    const acr = { essential: true, value: 'urn:example:gold' }
    expectCode(await alice.get(authorizeUrl(host, { scope: 'profile', claims: json({ id_token: { acr } }) })))
  })
})
