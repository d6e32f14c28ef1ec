// What clients that nobody vouches for can have this server ask. The hosts of `outboundAllow` are an operator's own: a
// client that registered itself, or is known by a document, must not be able to have them asked, blindly or otherwise.

import { mkdtempSync, rmSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { approveClient, updateClient } from '../../src/administration/clients.ts'
import { asserted, assertion, type ClientKey, newClientKey } from '../support/assertions.ts'
import { authorizeUrl, expectErrorPage, isAt } from '../support/authorize.ts'
import { type DocumentHost, startDocumentHost } from '../support/document-host.ts'
import {
  countClients,
  initialToken,
  type Metadata,
  manage,
  PLAIN,
  register,
  registered,
} from '../support/registration.ts'
import { PKCE, query, RelyingParty } from '../support/relying-party.ts'
import { requestObject } from '../support/request-objects.ts'
import { CALLBACK, startServer, type TestServer, type TestServerOptions } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

let documents: DocumentHost
let key: ClientKey
/** The allow list holds for the operator's clients; and for everybody. */
let strict: TestServer
let lenient: TestServer

const settings = (): TestServerOptions => ({
  outboundAllow: [documents.hostAndPort],
  registration: { access: 'open', documents: true, perAddress: 1_000 },
})

beforeAll(async () => {
  key = await newClientKey()
  documents = await startDocumentHost()
  strict = await startServer(settings())
  lenient = await startServer({ ...settings(), outboundAllowStrangers: true })
})
beforeEach(() => documents.forget())
afterAll(async () => {
  await strict.close()
  await lenient.close()
  await documents.close()
})

const picture = () =>
  documents.publish((_, reply) => {
    reply.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from('\x89PNG\r\n\x1a\n0000', 'latin1'))
  })

describe('RFC 7591 §5 a client that registers itself', () => {
  test.each<readonly [string, () => Metadata]>([
    ['jwks_uri', () => ({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: documents.publish('{"keys":[]}') })],
    ['sector_identifier_uri', () => ({ sector_identifier_uri: documents.publish(JSON.stringify([CALLBACK])) })],
    ['backchannel_logout_uri', () => ({ backchannel_logout_uri: documents.publish('{}') })],
    ['request_uris', () => ({ request_uris: [documents.publish('x', 'text/plain')] })],
  ])(
    'RFC 7591 §5 cannot have a host of the operator asked as %s, with an initial access token or without',
    async (name, said) => {
      const metadata = { ...PLAIN, ...said() }
      for (const token of [null, await initialToken(strict)]) {
        const before = await countClients(strict)
        const refused = await register(strict, metadata, token)
        expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_client_metadata'])
        expect(String(refused.body['error_description'])).toContain(name)
        // Whether a host is on the list is nobody's business.
        const unlisted = JSON.parse(
          JSON.stringify(metadata).replaceAll(documents.hostAndPort, '127.0.0.1:1'),
        ) as Metadata
        expect((await register(strict, unlisted, token)).text).toBe(refused.text)
        expect(await countClients(strict)).toBe(before)
      }
      expect(documents.asked).toEqual([])
      expect((await register(lenient, metadata)).status).toBe(201)
    },
  )

  test('RFC 7591 §5 cannot have one asked for its picture: it has none', async () => {
    const metadata = { ...PLAIN, logo_uri: picture() }
    const own = await registered(strict, metadata)
    expect(documents.asked).toEqual([])
    const logoOf = async (host: TestServer, id: string) => (await host.server.parts.store.findClient(id))?.client.logo
    expect(await logoOf(strict, own.clientId)).toBeNull()
    // An operator who changes something else of it asks for nothing on its behalf.
    await updateClient(strict.server.parts, own.clientId, { settings: { client_uri: 'https://client.test/' } })
    expect(documents.asked).toEqual([])
    const other = await registered(lenient, metadata)
    expect(await logoOf(lenient, other.clientId)).not.toBeNull()
    expect(documents.asked).toHaveLength(1)
  })

  test('RFC 7592 §2.2 cannot have one asked by a change, approved or not', async () => {
    const own = await registered(strict)
    const changes = { ...PLAIN, client_id: own.clientId, logo_uri: picture() }
    const sector = { ...changes, sector_identifier_uri: documents.publish(JSON.stringify([CALLBACK])) }
    let { token } = own
    for (const isApproved of [false, true]) {
      if (isApproved) await approveClient(strict.server.parts, own.clientId)
      const refused = await manage({ ...own, token }, sector)
      expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_client_metadata'])
      const changed = await manage({ ...own, token }, changes)
      expect(changed.status).toBe(200)
      token = String(changed.body['registration_access_token'])
    }
    expect(documents.asked).toEqual([])
    const other = await registered(lenient)
    expect((await manage(other, { ...sector, client_id: other.clientId })).status).toBe(200)
    expect(documents.asked).toHaveLength(2)
  })
})

describe('draft-ietf-oauth-client-id-metadata-document §6.5 a client that is known by a document', () => {
  test('draft-ietf-oauth-client-id-metadata-document §6.5 cannot be at a host of the operator', async () => {
    const client_id = documents.publish('{}')
    documents.replace(client_id, JSON.stringify({ client_id, client_name: 'Tool', redirect_uris: [CALLBACK] }))
    const enter = async (host: TestServer) => {
      const visitor = new Visitor()
      return visitor.follow(await visitor.get(authorizeUrl(host, { client_id, ...PKCE })))
    }
    const before = await countClients(strict)
    expectErrorPage(await enter(strict))
    expect(await countClients(strict)).toBe(before)
    expect(documents.asked).toEqual([])
    expect(isAt(await enter(lenient), 'sign-in')).toBe(true)
    expect(documents.asked).toHaveLength(1)
  })
})

describe('RFC 7591 §5 a client from before the list was kept from strangers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-strangers-'))
  const file = join(folder, 'data.sqlite')
  const ids = { keys: '', told: '', asks: '' }
  let secret: string | null = null
  let uri = ''
  let host: TestServer

  beforeAll(async () => {
    const former = await startServer({ ...settings(), outboundAllowStrangers: true, at: file })
    await former.addUser('alice')
    const jwks_uri = documents.publish(JSON.stringify({ keys: [key.publicJwk] }))
    const keyed = { ...PLAIN, token_endpoint_auth_method: 'private_key_jwt', jwks_uri }
    ids.keys = (await registered(former, keyed)).clientId
    uri = documents.publish('{}')
    const asks = { ...PLAIN, jwks: { keys: [key.publicJwk] }, request_uris: [uri] }
    ids.asks = (await registered(former, asks)).clientId
    const told = await registered(former, { ...PLAIN, backchannel_logout_uri: documents.publish('{}') })
    ids.told = told.clientId
    await former.close()
    host = await startServer({ ...settings(), at: file, acceptNewIssuer: true })
    secret = told.secret
  })
  afterAll(async () => {
    await host.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Nothing is asked, and once the client is approved it is. */
  async function onlyOnceApproved(
    clientId: string,
    act: () => Promise<string>,
    [refused, done]: readonly [string, string],
  ) {
    documents.forget()
    expect(await act()).toContain(refused)
    expect(documents.asked).toEqual([])
    await approveClient(host.server.parts, clientId)
    host.clock.advance(61)
    expect(await act()).toContain(done)
    expect(documents.asked.length).toBeGreaterThan(0)
  }

  test('RFC 7523 §3 its keys are not fetched there', async () => {
    const party = new RelyingParty({ host, clientId: ids.keys, secret: null })
    const grant = { grant_type: 'authorization_code', code: 'none', redirect_uri: CALLBACK }
    const act = async () => {
      const proof = await assertion({ host, clientId: ids.keys, key })
      return String((await party.token({ ...grant, ...asserted(proof) })).body['error'])
    }
    await onlyOnceApproved(ids.keys, act, ['invalid_client', 'invalid_grant'])
  })

  test('RFC 9101 §5.2 its request objects are not fetched there', async () => {
    const act = async () => {
      const object = await requestObject({ host, clientId: ids.asks, key })
      documents.replace(uri, object, 'application/oauth-authz-req+jwt')
      const visitor = new Visitor()
      const page = await visitor.get(authorizeUrl(host, { client_id: ids.asks, state: undefined, request_uri: uri }))
      return page.location ?? page.html
    }
    await onlyOnceApproved(ids.asks, act, ['invalid_request_uri', '/sign-in/'])
  })

  test('OpenID Connect Back-Channel Logout §2.5 it is not told of sign-outs there, and the ledger says why', async () => {
    const act = async () => {
      const party = new RelyingParty({ host, clientId: ids.told, secret })
      const id_token_hint = (await party.tokens()).idToken
      await party.visitor.get(`${host.issuer}/sso/end-session?${query({ id_token_hint })}`)
      await host.server.logout.settled()
      host.clock.advance(3)
      await host.server.logout.settled()
      const [last] = await host.server.parts.store.listDeliveries({ clientId: ids.told }, 1)
      return `${last?.state} ${last?.lastReason}`
    }
    const reason = 'outboundAllow does not hold for a client that nobody has approved'
    await onlyOnceApproved(ids.told, act, [reason, 'delivered'])
  })
})

describe('one host that unverified clients name', () => {
  const MOST = 4
  let held: (() => void)[] = []
  const slow: RequestListener = (_, reply) => {
    held.push(() => void reply.writeHead(200, { 'content-type': 'application/oauth-authz-req+jwt' }).end('no object'))
  }
  const prompt: RequestListener = (_, reply) => void reply.writeHead(200).end()
  afterEach(() => {
    for (const end of held.splice(0)) end()
  })

  /** A client there whose request objects and sign-outs are answered like this. */
  async function clientThere(object: RequestListener, signOut: RequestListener) {
    const [uri, told] = [documents.publish(object), documents.publish(signOut)]
    const asks = { jwks: { keys: [key.publicJwk] }, request_uris: [uri], backchannel_logout_uri: told }
    const { clientId, secret } = await registered(lenient, { ...PLAIN, ...asks })
    const ask = () =>
      new Visitor().get(authorizeUrl(lenient, { client_id: clientId, state: undefined, request_uri: uri }))
    const signOutOnce = async () => {
      const party = new RelyingParty({ host: lenient, clientId, secret })
      const id_token_hint = (await party.tokens()).idToken
      await party.visitor.get(`${lenient.issuer}/sso/end-session?${query({ id_token_hint })}`)
      lenient.clock.advance(3)
      lenient.server.logout.wake()
    }
    const states = async () =>
      (await lenient.server.parts.store.listDeliveries({ clientId }, 10)).map(
        ({ state, lastReason }) => lastReason ?? state,
      )
    const asked = (address: string) => documents.asked.filter((path) => address.endsWith(path)).length
    return { ask, signOutOnce, states, asked: () => ({ objects: asked(uri), told: asked(told) }) }
  }

  beforeAll(async () => {
    await lenient.addUser('alice')
  })

  test('OpenID Connect Back-Channel Logout §2.5 is told of sign-outs while its answers to others are slow', async () => {
    const client = await clientThere(slow, prompt)
    const waiting = Array.from({ length: MOST }, client.ask)
    await expect.poll(() => client.asked().objects).toBe(MOST)
    // There is no place for a fifth: it is refused at once, and the host is not asked.
    const refused = await client.ask()
    expect(`${refused.location} ${refused.html}`).toContain('invalid_request_uri')
    expect(client.asked()).toEqual({ objects: MOST, told: 0 })
    await client.signOutOnce()
    await lenient.server.logout.settled()
    expect(await client.states()).toEqual(['delivered'])
    expect(client.asked()).toEqual({ objects: MOST, told: 1 })
    for (const end of held.splice(0)) end()
    await Promise.all(waiting)
  })

  test('RFC 9101 §5.2 is asked for request objects while sign-outs are slow there, and is told of four at a time', async () => {
    const client = await clientThere(
      (_, reply) => void reply.writeHead(200, { 'content-type': 'text/plain' }).end('x'),
      slow,
    )
    for (let count = 0; count <= MOST; count++) await client.signOutOnce()
    await expect.poll(() => client.asked().told).toBe(MOST)
    await client.ask()
    expect(client.asked()).toEqual({ objects: 1, told: MOST })
    for (const end of held.splice(0)) end()
    await expect.poll(() => held.length).toBe(1)
    held.pop()?.()
    await lenient.server.logout.settled()
    expect(await client.states()).toEqual(Array(MOST + 1).fill('delivered'))
    expect(client.asked()).toEqual({ objects: 1, told: MOST + 1 })
  })
})
