// OAuth 2.0 Form Post Response Mode: the answer as a form that anybody can send, and whose values stay values.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { membersOf, postedBy } from '../support/answers.ts'
import {
  ask,
  authorizeQuery,
  authorizeUrl,
  countRecords,
  expectAnswer,
  expectCode,
  expectErrorPage,
  expectRefusal,
  isAt,
  STATE,
  signIn,
  signInFully,
} from '../support/authorize.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const ODD_CALLBACK = 'https://client.test/back?tenant=a&b=%22%3E'

let host: TestServer
let alice: Visitor

beforeAll(async () => {
  host = await startServer()
  await host.addClient('web', 'openid-connect', { redirect_uris: [CALLBACK, ODD_CALLBACK] })
  await host.addClient('hostile', 'openid-connect', { client_name: '"><script>alert(1)</script>', consent: 'implied' })
  await host.addClient('app', 'native', { redirect_uris: ['com.example.app:/cb', CALLBACK] }, null)
  await host.addClient('framed', 'openid-connect', { frameAncestors: ['https://portal.test'], consent: 'implied' })
  await host.addUser('alice')
  alice = new Visitor()
  await signInFully(alice, host, 'alice')
})
afterAll(() => host.close())

const byForm = (parameters = {}) => authorizeUrl(host, { response_mode: 'form_post', ...parameters })

describe('§2 the answer', () => {
  test('is a form to the redirect URI, with code, state and iss in hidden fields', async () => {
    const fields = postedBy(await alice.get(byForm()), CALLBACK)
    expect(fields).toEqual({ code: expect.stringMatching(/^[A-Za-z0-9]{50}$/), state: STATE, iss: host.issuer })
    const client = new RelyingParty({ host, clientId: 'web' })
    expect((await client.redeem(fields['code'] ?? '')).status).toBe(200)
  })

  test('its button is visible without scripts, and the one classic script comes after it', async () => {
    const { html } = await alice.get(byForm())
    const button = html.indexOf('<button class="primary" id="form-post-submit" type="submit">')
    expect(button).toBeGreaterThan(0)
    expect(html.indexOf('<script>')).toBeGreaterThan(button)
    expect(html.match(/<script/g)).toHaveLength(1)
  })

  test('a registered query stays part of the address', async () => {
    expect(postedBy(await alice.get(byForm({ redirect_uri: ODD_CALLBACK })), ODD_CALLBACK)).toHaveProperty('code')
  })

  test('a POST to authorize and the forms of our pages end in it too', async () => {
    const posted = await alice.post(
      `${host.issuer}/sso/authorize`,
      Object.fromEntries(authorizeQuery({ response_mode: 'form_post' })),
    )
    expect(postedBy(posted, CALLBACK)).toHaveProperty('code')
    const visitor = new Visitor()
    let page = await visitor.follow(await visitor.get(byForm({ prompt: 'consent' })))
    page = await signIn(visitor, page, 'alice')
    expect(isAt(page, 'consent')).toBe(true)
    expect(postedBy(await visitor.submit(page, 'consent-allow'), CALLBACK)).toHaveProperty('code')
  })

  test('the page is in the language of the visitor and offers no other, which would ask for another answer', async () => {
    const page = await alice.get(byForm({ ui_locales: 'zh-CN' }))
    expect(page.html).toContain('<html lang="zh-CN">')
    expect(page.html).not.toContain('hreflang')
  })
})

describe('errors', () => {
  test.each([
    ['invalid_request', { prompt: 'nonsense' }],
    ['invalid_request', { response_type: undefined }],
    ['unsupported_response_type', { response_type: 'token' }],
    ['unsupported_response_type', { response_type: 'code id_token' }],
    ['invalid_scope', { scope: 'a"b' }],
  ])('%s travels by the form too: %j', async (error, parameters) => {
    const before = await countRecords(host)
    expect(postedBy(await alice.get(byForm(parameters)), CALLBACK)).toEqual({
      error,
      error_description: expect.stringMatching(/^[\x20\x21\x23-\x5B\x5D-\x7E]+$/),
      state: STATE,
      iss: host.issuer,
    })
    expect(await countRecords(host)).toEqual(before)
    expect(postedBy(await alice.get(byForm()), CALLBACK)).toHaveProperty('code')
  })

  test('prompt=none, and a person who says no', async () => {
    expect(postedBy(await new Visitor().get(byForm({ prompt: 'none' })), CALLBACK)['error']).toBe('login_required')
    const page = await ask(alice, host, { response_mode: 'form_post', prompt: 'consent' })
    expect(postedBy(await alice.submit(page, 'consent-deny'), CALLBACK)['error']).toBe('access_denied')
  })

  test('response_mode twice: the default mode, for neither was said', async () => {
    const page = await alice.get(authorizeUrl(host, { response_mode: ['form_post', 'form_post'] }))
    expectRefusal(page, host, 'invalid_request')
  })

  test('an address that is not registered gets no form', async () => {
    expectErrorPage(await alice.get(byForm({ redirect_uri: 'https://evil.test/cb' })))
  })

  test("a program's own scheme cannot be posted to; its https address can", async () => {
    const native = { client_id: 'app', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' }
    const own = { ...native, code_challenge_method: 'S256', redirect_uri: 'com.example.app:/cb' }
    const refused = expectAnswer(await alice.get(byForm(own)))
    expect(refused.protocol).toBe('com.example.app:')
    expect(membersOf(refused.searchParams)).toMatchObject({ error: 'invalid_request', state: STATE })
    const page = await ask(alice, host, { ...own, redirect_uri: CALLBACK, response_mode: 'form_post' })
    expect(postedBy(await alice.submit(page, 'consent-allow'), CALLBACK)).toHaveProperty('code')
  })
})

describe('R38 the page', () => {
  test.each([
    '"><script>alert(1)</script>',
    '\'"--><svg onload=alert(1)>',
    '</form><form action=//evil.test>',
    '&quot;<b>',
  ])('a state of %s stays a value', async (state) => {
    const page = await alice.get(byForm({ state }))
    expect(postedBy(page, CALLBACK)['state']).toBe(state)
    expect(page.html).not.toMatch(/alert\(1\)<|<svg onload|\/\/evil\.test>|<b>/)
  })

  test('the name of a client stays text', async () => {
    const page = await alice.get(byForm({ client_id: 'hostile' }))
    expect(postedBy(page, CALLBACK)).toHaveProperty('code')
    expect(page.html).not.toContain('<script>alert')
  })

  test('may be framed by nobody but whom the client names', async () => {
    const usual = await alice.get(byForm())
    expect(usual.headers.get('x-frame-options')).toBe('DENY')
    const page = await alice.get(byForm({ client_id: 'framed' }))
    expect(page.headers.get('content-security-policy')).toContain('frame-ancestors https://portal.test;')
  })
})

test('without response_mode the same request is redirected', async () => {
  expectCode(await alice.get(authorizeUrl(host)))
})
