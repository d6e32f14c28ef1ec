// OpenID Connect Core 1.0 §8: pairwise subjects. Two sectors know one person by two identifiers, in every place where
// an identifier is given out or taken back.

import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addClient, getClient, updateClient } from '../../src/administration/clients.ts'
import { type MasterKey, parseMasterKey } from '../../src/credentials/master-key.ts'
import { InvalidClient } from '../../src/model/client/settings.ts'
import {
  authorizeUrl,
  countRecords,
  expectCode,
  expectRefusal,
  isAt,
  signIn,
  ask as visit,
} from '../support/authorize.ts'
import { type DocumentHost, startDocumentHost } from '../support/document-host.ts'
import { countClients, PLAIN, register } from '../support/registration.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const SUBJECT = /^[A-Za-z0-9_-]{43}$/
const ONE = 'https://one.test/callback'
const TWO = 'https://two.test/callback'

let host: TestServer
let documents: DocumentHost

beforeAll(async () => {
  documents = await startDocumentHost()
  host = await startServer({ outboundAllow: [documents.hostAndPort], implicitAndHybrid: true })
  const pairwise = { subject_type: 'pairwise', consent: 'implied' }
  await host.addClient('one', 'openid-connect', { ...pairwise, redirect_uris: [ONE] })
  await host.addClient('sister', 'openid-connect', { ...pairwise, redirect_uris: ['https://one.test/sister'] })
  await host.addClient('two', 'openid-connect', { ...pairwise, redirect_uris: [TWO] })
  await host.addClient('open', 'openid-connect', { consent: 'implied' })
  await host.addClient('asks', 'openid-connect', { ...pairwise, consent: 'ask' })
  await host.addClient('mapped', 'zhizuoyun', { ...pairwise, redirect_uris: [ONE] })
  const everywhere = { introspection: 'all', consent: 'implied' }
  await host.addClient('api', 'openid-connect', everywhere)
  await host.addClient('pairwise-api', 'openid-connect', { ...everywhere, ...pairwise, redirect_uris: [TWO] })
  await host.addClient('hybrid', 'openid-connect', {
    ...pairwise,
    redirect_uris: [ONE],
    grant_types: ['authorization_code', 'implicit'],
    response_types: ['code', 'code id_token'],
  })
  for (const username of ['alice', 'bob'])
    await host.addUser(username, { phone: username === 'alice' ? '+8613800138000' : null })
})
afterAll(async () => {
  await host.close()
  await documents.close()
})

const party = (clientId: string, redirectUri = ONE, username = 'alice') =>
  new RelyingParty({ host, clientId, redirectUri, username, scope: 'openid profile offline_access' })
const one = () => party('one')
const subjectIn = (idToken: string) => decodeJwt(idToken).sub ?? ''

describe('§8 the same person', () => {
  test('O08 has one pairwise subject in ID token, user info and introspection, at every refresh, and never the user id', async () => {
    const app = one()
    const { access, refresh, idToken, reply } = await app.tokens()
    const userinfo = await app.userinfo(access)
    const introspected = await app.introspect(access)
    const again = await app.refresh(refresh)
    const sub = subjectIn(idToken)
    expect(sub).toMatch(SUBJECT)
    expect([
      userinfo.body['sub'],
      introspected.body['sub'],
      (await app.introspect(String(again.body['refresh_token']))).body['sub'],
      subjectIn(String(again.body['id_token'])),
      subjectIn((await one().tokens()).idToken),
    ]).toEqual(Array.from({ length: 5 }, () => sub))
    for (const { text } of [reply, userinfo, introspected, again]) expect(text).not.toContain('user-alice')
    expect(JSON.stringify(decodeJwt(idToken))).not.toContain('user-alice')
    // A user name would undo it.
    expect(introspected.body).not.toHaveProperty('username')
  })

  test('O08 is known by the same subject in one sector, by another in each other, by the user id to a public client', async () => {
    const of = async (app: RelyingParty) => subjectIn((await app.tokens()).idToken)
    const subject = await of(one())
    expect(await of(party('sister', 'https://one.test/sister'))).toBe(subject)
    const other = await of(party('two', TWO))
    expect(other).toMatch(SUBJECT)
    expect(other).not.toBe(subject)
    expect(await of(party('open', 'https://client.test/callback'))).toBe('user-alice')
    expect(await of(party('one', ONE, 'bob'))).not.toBe(subject)
  })

  test('O08 is known by it in a JWT access token, which the client can read', async () => {
    const jwt = { tokenFormat: 'jwt', scope: 'read', signingAlgorithm: 'ES256' }
    await host.addResource('https://api.test', jwt)
    const settings = { subject_type: 'pairwise', consent: 'implied', redirect_uris: [ONE], scope: 'openid read' }
    await host.addClient('caller', 'openid-connect', { ...settings, resources: ['https://api.test'] })
    const app = new RelyingParty({ host, clientId: 'caller', redirectUri: ONE, scope: 'openid read' })
    const { access, idToken } = await app.tokens({ resource: 'https://api.test' })
    expect(decodeJwt(access)).toMatchObject({ aud: 'https://api.test', sub: subjectIn(idToken) })
    expect(subjectIn(idToken)).toBe(subjectIn((await one().tokens()).idToken))
  })

  test('O08 is known by it in an ID token of the authorization endpoint', async () => {
    const answer = await party('hybrid').authorize({ response_type: 'code id_token', nonce: 'n' })
    const idToken = new URLSearchParams(answer.hash.slice(1)).get('id_token') ?? ''
    expect(subjectIn(idToken)).toBe(subjectIn((await one().tokens()).idToken))
  })

  test('O08 is known by it where a claim map gives the id under another name, and on the consent page', async () => {
    const app = party('mapped')
    const { access } = await app.tokens({ scope: 'openid profile phone' })
    const { body } = await app.userinfo(access)
    expect(body['sub']).toMatch(SUBJECT)
    expect(body['user_id']).toBe(body['sub'])
    const visitor = new Visitor()
    const page = await signIn(visitor, await visit(visitor, host, { client_id: 'asks' }), 'alice')
    expect(isAt(page, 'consent')).toBe(true)
    expect(page.html).not.toContain('user-alice')
  })

  test('O08 is told to whoever introspects by the subject of the one who asks', async () => {
    const { access } = await one().tokens()
    const introspect = async (clientId: string) => (await party(clientId).introspect(access)).body
    expect(await introspect('api')).toMatchObject({ active: true, sub: 'user-alice', username: 'alice' })
    const ofApi = await introspect('pairwise-api')
    expect(ofApi['sub']).toBe(subjectIn((await party('two', TWO).tokens()).idToken))
    expect(ofApi).not.toHaveProperty('username')
  })
})

describe('§8 what comes back from the client', () => {
  test('§3.1.2.1 an id_token_hint is recognised for its person, and for nobody else', async () => {
    const { idToken } = await one().tokens()
    const visitor = new Visitor()
    const hinted = { client_id: 'one', redirect_uri: ONE, id_token_hint: idToken }
    expectCode(await signIn(visitor, await visit(visitor, host, hinted), 'alice'))
    expectCode(await visitor.get(authorizeUrl(host, { ...hinted, prompt: 'none' })))
    const stranger = new Visitor()
    expectCode(await signIn(stranger, await visit(stranger, host, { client_id: 'one', redirect_uri: ONE }), 'bob'))
    const before = await countRecords(host)
    const silent = await stranger.get(authorizeUrl(host, { ...hinted, prompt: 'none' }))
    expectRefusal(silent, host, 'login_required', { redirectUri: ONE })
    expect(await countRecords(host)).toEqual(before)
  })

  test("§3.1.2.1 another client's token is no hint for a pairwise one", async () => {
    const { idToken } = await party('open', 'https://client.test/callback').tokens()
    const asked = { client_id: 'one', redirect_uri: ONE, id_token_hint: idToken }
    expectRefusal(await new Visitor().get(authorizeUrl(host, asked)), host, 'invalid_request', { redirectUri: ONE })
  })

  test('§5.5.1 claims that ask for a sub are about the pairwise subject', async () => {
    const sub = subjectIn((await one().tokens()).idToken)
    const visitor = new Visitor()
    const about = (value: string) => ({
      client_id: 'one',
      redirect_uri: ONE,
      prompt: 'none',
      claims: JSON.stringify({ id_token: { sub: { value } } }),
    })
    expectCode(await signIn(visitor, await visit(visitor, host, { client_id: 'one', redirect_uri: ONE }), 'alice'))
    expectCode(await visitor.get(authorizeUrl(host, about(sub))))
    for (const value of ['user-alice', subjectIn((await party('two', TWO).tokens()).idToken)]) {
      expectRefusal(await visitor.get(authorizeUrl(host, about(value))), host, 'login_required', { redirectUri: ONE })
    }
  })

  test('RP-Initiated Logout §2 a hint of the person signs out at once, one of somebody else asks', async () => {
    const asked = { client_id: 'one', redirect_uri: ONE }
    const app = one()
    const { idToken } = await app.tokens()
    const signOut = async (visitor: Visitor) => {
      const query = new URLSearchParams({ id_token_hint: idToken })
      const page = await visitor.get(`${host.origin}/sso/end-session?${query.toString()}`)
      const still = await visitor.get(authorizeUrl(host, { ...asked, prompt: 'none' }))
      return { asks: page.html.includes('<form'), signedIn: (still.location ?? '').includes('code=') }
    }
    const stranger = new Visitor()
    expectCode(await signIn(stranger, await visit(stranger, host, asked), 'bob'))
    expect(await signOut(stranger)).toEqual({ asks: true, signedIn: true })
    expect(await signOut(app.visitor)).toEqual({ asks: false, signedIn: false })
  })
})

describe('§8.1 the subject', () => {
  test('cannot be computed without the master key, and is the same after a restart', async () => {
    const subjectWith = async (master?: MasterKey) => {
      const other = await startServer(master === undefined ? {} : { master })
      await other.addUser('alice')
      const client = await other.addClient('one', 'openid-connect', { subject_type: 'pairwise', redirect_uris: [ONE] })
      const sub = other.server.parts.subjects.of('user-alice', client)
      await other.close()
      return sub
    }
    const sub = subjectIn((await one().tokens()).idToken)
    expect(await subjectWith()).toBe(sub)
    expect(await subjectWith(parseMasterKey(Buffer.alloc(32, 9).toString('base64url'), 'test'))).not.toBe(sub)
  })

  test('belongs to the host of sector_identifier_uri, whatever the redirect URIs are', async () => {
    const uris = ['https://a.test/cb', 'https://b.test/cb']
    const address = documents.publish(JSON.stringify(uris))
    const pairwise = { subject_type: 'pairwise', sector_identifier_uri: address, consent: 'implied' }
    await host.addClient('sector-a', 'openid-connect', { ...pairwise, redirect_uris: uris })
    await host.addClient('sector-b', 'openid-connect', { ...pairwise, redirect_uris: ['https://b.test/cb'] })
    const [a, b] = [party('sector-a', 'https://a.test/cb'), party('sector-b', 'https://b.test/cb')]
    expect(subjectIn((await a.tokens()).idToken)).toBe(subjectIn((await b.tokens()).idToken))
  })

  test('needs one host: several, a loopback address or a private-use scheme are refused without sector_identifier_uri', async () => {
    const settings = { subject_type: 'pairwise' }
    for (const redirect_uris of [[ONE, TWO], ['http://127.0.0.1/cb'], ['com.example.app:/cb']]) {
      const native = { ...settings, redirect_uris, application_type: 'native' }
      await expect(host.addClient('nowhere', 'openid-connect', native)).rejects.toThrow(InvalidClient)
      await host.addClient(`public-${redirect_uris[0] ?? ''}`, 'openid-connect', { ...native, subject_type: 'public' })
    }
  })
})

describe('Registration §5 sector_identifier_uri', () => {
  const uris = ['https://a.test/cb', 'https://b.test/cb']
  const request = (address: string, redirectUris: readonly string[] = uris) => ({
    preset: 'openid-connect',
    name: 'Sector',
    redirectUris,
    settings: { subject_type: 'pairwise', sector_identifier_uri: address },
  })
  const add = (address: string, redirectUris?: readonly string[]) =>
    addClient(host.server.parts, request(address, redirectUris))

  test('is asked for when the client is added, and must list every redirect URI', async () => {
    const address = documents.publish(JSON.stringify([...uris, 'https://c.test/cb']))
    documents.forget()
    const { record } = await add(address)
    expect(documents.asked).toHaveLength(1)
    expect(record.client.sector_identifier_uri).toBe(address)
    const before = (await host.server.parts.store.listClients()).length
    await expect(add(address, [...uris, 'https://stranger.test/cb'])).rejects.toMatchObject({
      code: 'sector_identifier',
    })
    expect(await host.server.parts.store.listClients()).toHaveLength(before)
  })

  test('is asked for again when the redirect URIs change, and a refused change changes nothing', async () => {
    const { record } = await add(documents.publish(JSON.stringify(uris)))
    const id = record.client.client_id
    const wider = { redirectUris: [...uris, 'https://c.test/cb'] }
    await expect(updateClient(host.server.parts, id, wider)).rejects.toMatchObject({ code: 'sector_identifier' })
    expect((await getClient(host.server.parts.store, id)).client.redirect_uris).toEqual(uris)
    documents.replace(record.client.sector_identifier_uri ?? '', JSON.stringify(wider.redirectUris))
    await updateClient(host.server.parts, id, wider)
    documents.forget()
    await updateClient(host.server.parts, id, { name: 'Another name' })
    expect(documents.asked).toEqual([])
    expect((await getClient(host.server.parts.store, id)).client.redirect_uris).toEqual(wider.redirectUris)
  })

  test('is refused when it fails, redirects, floods or holds something else', async () => {
    const right = JSON.stringify(uris)
    for (const address of [
      `${documents.origin}/missing`,
      documents.publish((_, reply) => void reply.writeHead(302, { location: '/document-1' }).end()),
      documents.publish(right, 'text/html'),
      documents.publish(JSON.stringify({ redirect_uris: uris })),
      documents.publish('["https://a.test/cb"'),
      documents.publish(JSON.stringify([...uris, 'x'.repeat(100_000)])),
    ]) {
      await expect(add(address)).rejects.toMatchObject({ code: 'sector_identifier' })
    }
    expect((await add(documents.publish(right))).record.enabled).toBe(true)
  })

  test('D04 leads nowhere that is not public', async () => {
    const { port } = new URL(host.origin)
    for (const address of [`https://127.0.0.1:${port}/x`, 'https://169.254.169.254/x', 'https://localhost/x']) {
      await expect(add(address)).rejects.toMatchObject({ code: 'sector_identifier' })
    }
  })
})

describe('Registration §5 by a client itself', () => {
  let open: TestServer
  beforeAll(async () => {
    open = await startServer({
      registration: { access: 'open', perAddress: 1_000 },
      outboundAllow: [documents.hostAndPort],
      outboundAllowStrangers: true,
    })
  })
  afterAll(() => open.close())

  test('sector_identifier_uri is read, and must list every redirect URI', async () => {
    const uris = ['https://a.test/cb', 'https://b.test/cb']
    const address = documents.publish(JSON.stringify(uris))
    const asked = { ...PLAIN, subject_type: 'pairwise', sector_identifier_uri: address }
    const made = await register(open, { ...asked, redirect_uris: uris })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ subject_type: 'pairwise', sector_identifier_uri: address })
    const before = await countClients(open)
    for (const metadata of [
      { ...asked, redirect_uris: [...uris, 'https://c.test/cb'] },
      { ...asked, redirect_uris: uris, sector_identifier_uri: `${documents.origin}/missing` },
      { ...PLAIN, subject_type: 'pairwise', redirect_uris: uris },
    ]) {
      expect(await register(open, metadata)).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } })
    }
    expect(await countClients(open)).toBe(before)
  })
})

test('Discovery §3 subject_types_supported lists both', async () => {
  const reply = await fetch(`${host.issuer}/.well-known/openid-configuration`)
  expect(await reply.json()).toMatchObject({ subject_types_supported: ['public', 'pairwise'] })
})
