// OpenID Connect Core §3.2: ID tokens and access tokens straight from the authorization endpoint, for clients that are
// registered for them on a server that has them.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fragmentOf, leftHalf, postedBy, verifiedIdToken } from '../support/answers.ts'
import {
  type AuthorizeParameters,
  ask,
  authorizeUrl,
  countRecords,
  expectRefusal,
  isAt,
  STATE,
  signIn,
  signInFully,
} from '../support/authorize.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const IMPLICIT = { grant_types: ['implicit'], response_types: ['id_token', 'id_token token'] }
const NONCE = 'n-0S6_WzA2Mj'

let host: TestServer
/** The option is off here, whatever a client is registered for. */
let closed: TestServer
let alice: Visitor

beforeAll(async () => {
  host = await startServer({ implicitAndHybrid: true })
  closed = await startServer()
  for (const each of [host, closed]) {
    await each.addClient('web')
    await each.addClient('page', 'spa', { consent: 'implied', ...IMPLICIT }, null)
    await each.addUser('alice', { email: 'alice@example.com', phone: '+8613800138000', phoneVerified: true })
  }
  await host.addClient('asks', 'openid-connect', { ...IMPLICIT, grant_types: ['implicit'] })
  await host.addClient('silent', 'openid-connect', { ...IMPLICIT, consent: 'implied', authorize: { iss: false } })
  await host.addUser('bob')
  alice = await openAs('alice')
})
afterAll(() => Promise.all([host.close(), closed.close()]))

async function openAs(username: string): Promise<Visitor> {
  const visitor = new Visitor()
  fragmentOf(await signIn(visitor, await ask(visitor, host, implicit()), username))
  return visitor
}

function implicit(parameters: AuthorizeParameters = {}): AuthorizeParameters {
  return { client_id: 'page', response_type: 'id_token token', nonce: NONCE, ...parameters }
}

const answered = async (parameters: AuthorizeParameters = {}, visitor = alice) =>
  fragmentOf(await visitor.get(authorizeUrl(host, implicit(parameters))))

const userinfo = (accessToken: string | undefined) =>
  fetch(`${host.issuer}/sso/userinfo`, { headers: { authorization: `Bearer ${accessToken ?? ''}` } })

describe('§3.2.2.5 the answer', () => {
  test('RFC 6749 §4.2.2 id_token token: both, in the fragment, with state, iss and how long the access token lives', async () => {
    const answer = await answered({ scope: 'openid email' })
    expect(answer).toEqual({
      access_token: expect.stringMatching(/^[A-Za-z0-9]{50}$/),
      token_type: 'Bearer',
      expires_in: '3600',
      scope: 'openid email',
      id_token: expect.any(String),
      state: STATE,
      iss: host.issuer,
    })
    const claims = await verifiedIdToken(host, answer['id_token'], 'page')
    expect(claims).toMatchObject({ sub: 'user-alice', nonce: NONCE, at_hash: leftHalf(answer['access_token']) })
    // §5.4: there is an access token, so the scope's claims are at user info.
    expect(claims).not.toHaveProperty('email')
    expect(claims).not.toHaveProperty('c_hash')
    expect(await (await userinfo(answer['access_token'])).json()).toMatchObject({ email: 'alice@example.com' })
  })

  test('§5.4 id_token: no access token, so the claims of the scope are in the ID token', async () => {
    const answer = await answered({ response_type: 'id_token', scope: 'openid email phone' })
    expect(Object.keys(answer).sort()).toEqual(['id_token', 'iss', 'state'])
    const claims = await verifiedIdToken(host, answer['id_token'], 'page')
    expect(claims).toMatchObject({
      sub: 'user-alice',
      nonce: NONCE,
      email: 'alice@example.com',
      phone_number: '+8613800138000',
    })
    expect(claims).not.toHaveProperty('name')
    expect(claims).not.toHaveProperty('at_hash')
  })

  test('the order of the words does not matter, their number does', async () => {
    expect(await answered({ response_type: 'token id_token' })).toHaveProperty('access_token')
    for (const response_type of ['id_token id_token', 'id_token token token', 'ID_TOKEN', 'id_token  token']) {
      const page = await alice.get(authorizeUrl(host, implicit({ response_type })))
      expectRefusal(page, host, 'unsupported_response_type')
    }
  })

  test('without state none comes back, and iss only where the client can bear it', async () => {
    expect(await answered({ state: undefined })).not.toHaveProperty('state')
    expect(await answered({ client_id: 'silent' })).not.toHaveProperty('iss')
  })

  test('a state of every visible character comes back as it was', async () => {
    const state = ' !"#$%&\'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~令'
    expect((await answered({ state }))['state']).toBe(state)
  })

  test('§3.2.2.2 a person who has to sign in and say yes gets there all the same', async () => {
    const visitor = new Visitor()
    const page = await signIn(visitor, await ask(visitor, host, implicit({ client_id: 'asks' })), 'bob')
    expect(isAt(page, 'consent')).toBe(true)
    const answer = fragmentOf(await visitor.submit(page, 'consent-allow'))
    expect(await verifiedIdToken(host, answer['id_token'], 'asks')).toMatchObject({ sub: 'user-bob', nonce: NONCE })
    const other = new Visitor()
    const again = await signIn(other, await ask(other, host, implicit({ client_id: 'asks', prompt: 'consent' })), 'bob')
    expect(fragmentOf(await other.submit(again, 'consent-deny'))).toMatchObject({
      error: 'access_denied',
      state: STATE,
    })
  })

  test('§11 offline_access is ignored, and nothing can be refreshed', async () => {
    expect((await answered({ scope: 'openid offline_access' }))['scope']).toBe('openid')
  })

  test('RFC 7636: PKCE protects codes, so a public client need not send a challenge', async () => {
    expect(await answered({ code_challenge: undefined })).toHaveProperty('id_token')
  })
})

describe('the access token', () => {
  test('is like any other: it dies with its session and can be revoked by its grant', async () => {
    const visitor = await openAs('alice')
    const answer = await answered({}, visitor)
    expect((await userinfo(answer['access_token'])).status).toBe(200)
    const end = await visitor.get(`${host.issuer}/sso/end-session?id_token_hint=${answer['id_token'] ?? ''}`)
    const done = end.html.includes('logout-confirm') ? await visitor.submit(end, 'logout-confirm') : end
    expect(done.status).toBeLessThan(400)
    expect((await userinfo(answer['access_token'])).status).toBe(401)
  })

  test('is kept in the same step as its grant: when the decision no longer holds, neither is there', async () => {
    const { store, clock } = host.server.parts
    const before = await countRecords(host)
    await answered({ response_type: 'id_token' })
    const afterIdToken = await countRecords(host)
    expect([(afterIdToken['grant'] ?? 0) - (before['grant'] ?? 0), afterIdToken['access_token']]).toEqual([
      1,
      before['access_token'],
    ])
    await answered()
    const afterToken = await countRecords(host)
    expect((afterToken['access_token'] ?? 0) - (before['access_token'] ?? 0)).toBe(1)
    expect(afterToken['authorization_code']).toBe(before['authorization_code'])
    const now = clock.now()
    const gone = {
      grantId: 'gr_gone',
      clientId: 'page',
      clientGeneration: 99,
      userId: 'user-alice',
      sessionId: 'se_none',
    }
    const times = { issuedAt: now, expiresAt: now + 60 }
    const asked = { offline: false, scopeAsked: 'openid', scope: 'openid', claims: null, resources: [] }
    const grant = { ...gone, ...times, ...asked }
    const accessToken = { ...grant, grant: null, hash: new Uint8Array(32).fill(9), resource: null, keyThumbprint: null }
    expect(await store.issueCode(grant, null, { accessToken, remembered: false, touch: false, events: [] })).toBe(false)
    expect(await countRecords(host)).toEqual(afterToken)
  })
})

describe('§3.2.2.1, §3.2.2.6 refusals, in the fragment', () => {
  const refused = async (parameters: AuthorizeParameters) => {
    const before = await countRecords(host)
    const answer = await answered(parameters)
    expect(await countRecords(host)).toEqual(before)
    for (const name of ['code', 'access_token', 'id_token']) expect(answer).not.toHaveProperty(name)
    expect(answer).toMatchObject({ state: STATE, iss: host.issuer })
    return answer['error']
  }

  test('R35 no nonce', async () => {
    for (const nonce of [undefined, '']) {
      expect(await refused({ nonce })).toBe('invalid_request')
      expect(await refused({ nonce, response_type: 'id_token' })).toBe('invalid_request')
    }
    expect(await answered()).toHaveProperty('id_token')
  })

  test('§3.1.2.1 no openid in the scope', async () => {
    expect(await refused({ scope: 'profile' })).toBe('invalid_request')
    expect(await answered({ scope: 'openid profile' })).toHaveProperty('id_token')
  })

  test('OAuth 2.0 Multiple Response Types §3 R26 response_mode=query would put tokens into a query', async () => {
    for (const response_type of ['id_token', 'id_token token']) {
      expect(await refused({ response_type, response_mode: 'query' })).toBe('invalid_request')
      expect(await answered({ response_type, response_mode: 'fragment' })).toHaveProperty('id_token')
    }
  })

  test('R27 an unknown response_mode', async () => {
    expect(await refused({ response_mode: 'web_message' })).toBe('invalid_request')
    expect(await answered({ response_mode: 'fragment' })).toHaveProperty('id_token')
  })

  test('R25 a type the client is not registered for', async () => {
    expect(await refused({ client_id: 'web' })).toBe('unauthorized_client')
    expect(await refused({ client_id: 'web', response_type: 'id_token' })).toBe('unauthorized_client')
    expect((await signInFully(new Visitor(), host, 'alice')).searchParams.has('code')).toBe(true)
    const page = await alice.get(authorizeUrl(host, { client_id: 'page', response_type: 'code' }))
    expectRefusal(page, host, 'unauthorized_client')
  })

  test('prompt=none and nobody signed in', async () => {
    expect(await answered({ prompt: 'none' }, new Visitor())).toMatchObject({ error: 'login_required', state: STATE })
    expect(await answered({ prompt: 'none' })).toHaveProperty('id_token')
  })

  test('form_post is honoured for answers and errors alike', async () => {
    const form = { response_mode: 'form_post' }
    const page = await alice.get(authorizeUrl(host, implicit(form)))
    expect(postedBy(page, CALLBACK)).toMatchObject({ id_token: expect.any(String), state: STATE, iss: host.issuer })
    const error = await alice.get(authorizeUrl(host, implicit({ ...form, nonce: undefined })))
    expect(postedBy(error, CALLBACK)).toMatchObject({ error: 'invalid_request', state: STATE, iss: host.issuer })
  })

  test('a missing response_type says nothing about fragments: the error is in the query', async () => {
    const page = await alice.get(authorizeUrl(host, implicit({ response_type: undefined })))
    expect(expectRefusal(page, host, 'invalid_request').hash).toBe('')
    const twice = await alice.get(authorizeUrl(host, implicit({ response_type: ['id_token', 'id_token'] })))
    expect(expectRefusal(twice, host, 'invalid_request').hash).toBe('')
  })

  test('RFC 9700 §2.1.2 token alone is not there', async () => {
    for (const response_type of ['token', 'none', 'code none']) {
      const page = await alice.get(authorizeUrl(host, implicit({ response_type })))
      expectRefusal(page, host, 'unsupported_response_type')
    }
  })
})

describe('without the option implicitAndHybrid', () => {
  test('a registered client is refused too, and the metadata does not list what is off', async () => {
    for (const response_type of ['id_token', 'id_token token', 'code id_token']) {
      const page = await new Visitor().get(authorizeUrl(closed, implicit({ response_type })))
      expectRefusal(page, closed, 'unsupported_response_type')
    }
    const metadata = (await (await fetch(`${closed.issuer}/.well-known/openid-configuration`)).json()) as object
    expect(metadata).toMatchObject({ response_types_supported: ['code'] })
    expect(JSON.stringify(metadata)).not.toContain('implicit')
  })
})

test('§3.2.2.10 the grant type implicit is none of the token endpoint', async () => {
  const page = new RelyingParty({ host, clientId: 'page', secret: null })
  const reply = await page.token({ grant_type: 'implicit' })
  expect(reply.body['error']).toBe('unsupported_grant_type')
})
