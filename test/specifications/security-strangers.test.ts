// What clients that nobody vouches for must not be able to do to people, to other clients, and to this server: those that
// registered themselves, and those that are known by a document.

import { SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { approveClient } from '../../src/administration/clients.ts'
import { type ClientKey, newClientKey } from '../support/assertions.ts'
import { authorizeUrl, expectPage, isAt } from '../support/authorize.ts'
import { type DocumentHost, startDocumentHost } from '../support/document-host.ts'
import { countClients, type Metadata, manage, PLAIN, register, registered } from '../support/registration.ts'
import { query, RelyingParty } from '../support/relying-party.ts'
import { requestObject } from '../support/request-objects.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import { threadTime } from '../support/thread-time.ts'
import { Visitor } from '../support/visitor.ts'

const STATEMENTS = 'https://statements.test'
const OUT = 'https://anywhere.test/out'

let host: TestServer
let documents: DocumentHost
let key: ClientKey
const others: TestServer[] = []

beforeAll(async () => {
  key = await newClientKey()
  documents = await startDocumentHost()
  const statementIssuers = [{ issuer: STATEMENTS, jwks: { keys: [key.publicJwk as never] }, jwks_uri: null }]
  host = await startServer({
    outboundAllow: [documents.hostAndPort],
    outboundAllowStrangers: true,
    registration: { access: 'open', perAddress: 1_000, statementIssuers },
    sessionManagement: true,
    unsignedJwt: true,
  })
  await host.addUser('alice')
})
afterEach(async () => {
  for (const other of others.splice(0)) await other.close()
})
afterAll(async () => {
  await host.close()
  await documents.close()
})

const administration = () => ({
  store: host.server.parts.store,
  clock: host.clock,
  outbound: host.server.parts.outbound,
})
const approve = (clientId: string) => approveClient(administration() as never, clientId)

describe('RFC 9700 §4.11.2 the way on from sign-out', () => {
  const outUrl = (fields: Record<string, string>) =>
    `${host.issuer}/sso/end-session?${query({ post_logout_redirect_uri: OUT, ...fields })}`
  const whole = { ...PLAIN, post_logout_redirect_uris: [OUT] }

  test('RFC 9700 §4.11.2 of a client that nobody verified is a link that names its host, not a redirect', async () => {
    const { clientId: client_id } = await registered(host, whole)
    const page = await new Visitor().get(outUrl({ client_id, state: 'back' }))
    expectPage(page)
    expect(page.location).toBeNull()
    expect(page.html).toContain('<strong>anywhere.test</strong>')
    expect(page.html).toContain(`href="${OUT}?state=back"`)
    await approve(client_id)
    expect((await new Visitor().get(outUrl({ client_id, state: 'back' }))).location).toBe(`${OUT}?state=back`)
  })

  test('RFC 8252 §7.1 the link leads to a scheme of the client’s own, too', async () => {
    const target = 'com.example.app:/out'
    const native = { redirect_uris: ['com.example.app:/cb'], post_logout_redirect_uris: [target] }
    const { clientId } = await registered(host, { ...PLAIN, ...native, token_endpoint_auth_method: 'none' })
    const page = await new Visitor().get(outUrl({ client_id: clientId, post_logout_redirect_uri: target }))
    expectPage(page)
    expect(page.html).toContain(`href="${target}"`)
  })

  test('RFC 9700 §4.11.2 a hint about somebody who is not here makes no redirect of it', async () => {
    const own = await registered(host, whole)
    const party = new RelyingParty({ host, clientId: own.clientId, secret: own.secret })
    const id_token_hint = (await party.tokens()).idToken
    const elsewhere = await new Visitor().get(outUrl({ id_token_hint }))
    expect([elsewhere.status, elsewhere.location]).toEqual([200, null])
    // In the browser of the session itself the client means it, and whoever signed in there knows the client.
    expect((await party.visitor.get(outUrl({ id_token_hint }))).location).toBe(OUT)
  })
})

describe('RFC 1123 §2.1 hosts', () => {
  test('RFC 1123 §2.1 a redirect URI whose host no host can have is refused, and the session frame is there for all', async () => {
    const frame = async () => (await fetch(`${host.issuer}/sso/check-session`)).status
    for (const odd of [
      'a;b.test',
      'a,b.test',
      'a!b.test',
      "a'b.test",
      'a$b.test',
      'a(b).test',
      '!',
      'a&b.test',
      'a=b.test',
    ]) {
      const before = await countClients(host)
      const refused = await register(host, { redirect_uris: [`https://${odd}/cb`] })
      expect([odd, refused.status, refused.body['error']]).toEqual([odd, 400, 'invalid_redirect_uri'])
      expect(await countClients(host)).toBe(before)
    }
    expect(await frame()).toBe(200)
    for (const usual of ['a-b.test', 'a_b.test', '[2001:db8::1]', 'xn--fiqs8s.test:8443', '192.0.2.1']) {
      const own = await registered(host, { redirect_uris: [`https://${usual}/cb`] })
      const page = await new Visitor().get(
        authorizeUrl(host, { client_id: own.clientId, redirect_uri: `https://${usual}/cb` }),
      )
      expect([usual, page.location?.includes('/sign-in/')]).toEqual([usual, true])
    }
    expect(await frame()).toBe(200)
  })
})

describe('RFC 7591 §5 a registration as large as it may be', () => {
  const LONG = [
    `https://${'a'.repeat(60_000)}"`,
    `https://a.test/${'/'.repeat(60_000)} `,
    `https://${'a.'.repeat(30_000)}_`,
    `${'a '.repeat(30_000)}\t`,
    `${' '.repeat(60_000)}a`,
    `${'👩‍👩‍👧'.repeat(3_000)}\u200B`,
    `${'语'.repeat(20_000)}\u{E0100}`,
  ]

  const MEMBERS = `client_name client_uri logo_uri policy_uri tos_uri jwks_uri sector_identifier_uri initiate_login_uri
    backchannel_logout_uri client_name#zh-CN client_uri#zh-CN scope software_id redirect_uris post_logout_redirect_uris
    request_uris contacts grant_types subject_type software_statement`

  test.each(MEMBERS.split(/\s+/))('RFC 7591 §5 %s is refused or taken before others have to wait', async (name) => {
    for (const text of LONG) {
      let fastest = Number.POSITIVE_INFINITY
      for (let round = 0; round < 3 && fastest > 100; round++) {
        const start = threadTime()
        const reply = await register(host, { ...PLAIN, [name]: name.endsWith('s') ? [text] : text })
        fastest = Math.min(fastest, threadTime() - start)
        expect(reply.status).toBeLessThan(500)
      }
      expect([text.slice(0, 12), fastest < 100]).toEqual([text.slice(0, 12), true])
    }
  })

  test('RFC 7591 §2 an address of the usual length is taken', async () => {
    const own = await registered(host, { ...PLAIN, client_uri: 'https://anywhere.test:8443/a?b=c#d' })
    expect(own.reply.body['client_uri']).toBe('https://anywhere.test:8443/a?b=c#d')
  })
})

describe('RFC 9101 §6 request objects', () => {
  test('RFC 9101 §6 one that is nested without end is refused like any other that is malformed', async () => {
    const own = await registered(host, { ...PLAIN, request_object_signing_alg: 'none' })
    const nested = (depth: number) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown
    const [head = ''] = (await requestObject({ host, clientId: own.clientId, key: null })).split('.')
    // Written by hand: whatever writes JSON by itself gives up at this depth, as the server did.
    const deep = (members: string) => `${head}.${Buffer.from(members).toString('base64url')}.`
    const send = async (request: string) => {
      const fields = {
        client_id: own.clientId,
        redirect_uri: CALLBACK,
        response_type: 'code',
        scope: 'openid',
        request,
      }
      return new Visitor().post(`${host.issuer}/sso/authorize`, fields)
    }
    for (const depth of [40, 6_000, 11_000]) {
      const brackets = `${'['.repeat(depth)}${']'.repeat(depth)}`
      const page = await send(deep(`{"client_id":"${own.clientId}","odd":${brackets}}`))
      expect([depth, page.status]).toEqual([depth, 400])
      expect(page.html).toContain('invalid_request_object')
    }
    const good = await requestObject({ host, clientId: own.clientId, key: null, claims: { odd: nested(20) } })
    const answered = await send(good)
    expect(answered.location).toContain('/sso/')
  })
})

describe('RFC 7591 §2.3 software statements', () => {
  const statement = (claims: Metadata = {}, header: Metadata = {}) =>
    new SignJWT({ iss: STATEMENTS, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: key.kid, ...header })
      .sign(key.privateKey)
  const withStatement = async (claims: Metadata, header?: Metadata) =>
    register(host, { ...PLAIN, software_statement: await statement(claims, header) })

  test('RFC 7519 §4.1.3 other tokens of an issuer of statements are for somebody else, and make no client', async () => {
    const before = await countClients(host)
    const exp = host.clock.now() + 300
    for (const [claims, header] of [
      [{ aud: 'app', sub: 'alice', nonce: 'n', exp }, { typ: 'JWT' }],
      [{ aud: ['https://api.test'], sub: 'alice', scope: 'openid', exp }, { typ: 'at+jwt' }],
      [{ aud: [] }, {}],
      [{ aud: 7 }, {}],
      [{ aud: `${host.issuer}/` }, {}],
    ] as const) {
      const reply = await withStatement(claims, header)
      expect([claims, reply.status, reply.body['error']]).toEqual([claims, 400, 'invalid_software_statement'])
    }
    expect(await countClients(host)).toBe(before)
    for (const aud of [undefined, host.issuer, `${host.issuer}/sso/register`, ['other', host.issuer]]) {
      expect([aud, (await withStatement({ aud })).status]).toEqual([aud, 201])
    }
  })

  test('RFC 7591 §2.3 a signed name is the name in every language', async () => {
    const said = { ...PLAIN, 'client_name#en': 'Your Bank', 'client_name#zh-CN': '银行' }
    const signed = await register(host, {
      ...said,
      software_statement: await statement({ client_name: 'Signed name' }),
    })
    expect(signed.body).toMatchObject({ client_name: 'Signed name' })
    expect(Object.keys(signed.body).filter((name) => name.startsWith('client_name#'))).toEqual([])
    const tagged = { client_name: 'Signed name', 'client_name#en': 'Signed in English' }
    const both = await register(host, { ...said, software_statement: await statement(tagged) })
    expect(both.body['client_name#en']).toBe('Signed in English')
    // One that signs no name leaves it to the client.
    expect((await register(host, { ...said, software_statement: await statement() })).body['client_name#en']).toBe(
      'Your Bank',
    )
  })
})

describe('RFC 7592 §2.2 changes of an approved client', () => {
  test('RFC 7592 §2.2 a picture that nobody saw at the approval ends it', async () => {
    const picture = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(20)])
    let isThere = false
    const logo_uri = documents.publish(
      (_, reply) =>
        void (isThere ? reply.writeHead(200, { 'content-type': 'image/png' }) : reply.writeHead(404)).end(picture),
    )
    const own = await registered(host, { ...PLAIN, logo_uri })
    const again = { ...PLAIN, logo_uri, client_id: own.clientId }
    await approve(own.clientId)
    const isVerified = async () => (await host.server.parts.store.findClient(own.clientId))?.client.verified
    const same = await manage(own, again)
    expect([same.status, await isVerified()]).toEqual([200, true])
    isThere = true
    const other = await manage({ ...own, token: String(same.body['registration_access_token']) }, again)
    expect([other.status, await isVerified()]).toEqual([200, false])
  })
})

describe('client ID metadata documents', () => {
  test('draft-ietf-oauth-client-id-metadata-document §5.2 that one network has had its share keeps a client from nobody else', async () => {
    const registration = { documents: true, perAddress: 1 }
    const other = await startServer({
      outboundAllow: [documents.hostAndPort],
      outboundAllowStrangers: true,
      trustedProxies: ['127.0.0.1'],
      registration,
    })
    others.push(other)
    const publish = () => {
      const address = documents.publish('{}')
      documents.replace(address, JSON.stringify({ client_id: address, client_name: 'Tool', redirect_uris: [CALLBACK] }))
      return address
    }
    const enter = async (client_id: string, from: string) => {
      const visitor = new Visitor()
      const headers = { 'x-forwarded-for': from }
      const page = await visitor.get(authorizeUrl(other, { client_id, ...CHALLENGE }), { headers })
      return page.location === null ? page : visitor.get(new URL(page.location, other.issuer).href, { headers })
    }
    expect(isAt(await enter(publish(), '192.0.2.1'), 'sign-in')).toBe(true)
    const wanted = publish()
    expect((await enter(wanted, '192.0.2.1')).status).toBe(400)
    expect(isAt(await enter(wanted, '198.51.100.1'), 'sign-in')).toBe(true)
  })
})

const CHALLENGE = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }
