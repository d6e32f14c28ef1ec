// The keys that clients sign with: which of them count, what a header may not do, and keys that a client publishes
// itself. RFC 7515, RFC 7517, RFC 8725.

import { createHmac, KeyObject, sign } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createAuthorizationServer } from '../../src/composition/authorization-server.ts'
import { CannotStart } from '../../src/composition/settings.ts'
import { newMasterKey } from '../../src/credentials/master-key.ts'
import type { Client } from '../../src/model/client/client.ts'
import { InvalidClient, parseClient, settingsOf } from '../../src/model/client/settings.ts'
import { silentLog } from '../../src/platform/log.ts'
import { openSqlite } from '../../src/store/database/sqlite/sqlite-driver.ts'
import { asserted, assertion, type ClientKey, type Crafted, newClientKey } from '../support/assertions.ts'
import { ask, expectInvalidClient, form, type Reply } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

const MACHINE = { grant_types: ['client_credentials'], response_types: [], scope: 'read' }
const JSON_TYPE = { 'content-type': 'application/json' }

let answer: RequestListener
let hits: string[] = []
const keyHost = createServer((request, reply) => {
  hits.push(request.url ?? '')
  answer(request, reply)
})
const publish =
  (...keys: readonly unknown[]): RequestListener =>
  (_, reply) =>
    void reply.writeHead(200, JSON_TYPE).end(JSON.stringify({ keys }))

let host: TestServer
let keyOrigin: string
let key: ClientKey
let rsa: ClientKey
let foreign: ClientKey
let number = 0

beforeAll(async () => {
  await new Promise<void>((resolve) => keyHost.listen(0, '127.0.0.1', resolve))
  const { port } = keyHost.address() as AddressInfo
  keyOrigin = `http://127.0.0.1:${port}`
  host = await startServer({ outboundAllow: [`127.0.0.1:${port}`] })
  ;[key, rsa, foreign] = await Promise.all([newClientKey(), newClientKey('RS256'), newClientKey()])
})
beforeEach(() => {
  // Wrong signatures count against guessing.
  host.clock.advance(61)
  hits = []
  answer = publish(key.publicJwk)
})
afterEach(() => keyHost.closeAllConnections())
afterAll(async () => {
  await host.close()
  await new Promise<unknown>((resolve) => keyHost.close(resolve))
})

const inline = (...keys: readonly object[]) => ({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys } })
async function client(settings: Record<string, unknown>): Promise<string> {
  const id = `client-${++number}`
  await host.addClient(id, 'openid-connect', { ...MACHINE, ...settings })
  return id
}
const offCurve = () => ({ ...key.publicJwk, x: Buffer.alloc(32, 5).toString('base64url') })
const even = ({ publicJwk: { n = '' } }: ClientKey) => `${n.slice(0, -1)}A`
const published = () => client({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${keyOrigin}/${++number}` })
const token = (text: string): Promise<Reply> =>
  ask(`${host.origin}/sso/token`, {
    method: 'POST',
    body: form({ grant_type: 'client_credentials', ...asserted(text) }),
  })
const send = async (clientId: string, crafted: Partial<Crafted> = {}) =>
  token(await assertion({ host, clientId, key, ...crafted }))
const works = async (clientId: string, crafted: Partial<Crafted> = {}) =>
  expect((await send(clientId, crafted)).status).toBe(200)
const base64url = (value: object | string) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

describe('the header', () => {
  /** The claims of a good assertion under another header, signed by `sign`. */
  async function forged(clientId: string, header: object, sign: (input: string) => string): Promise<string> {
    const [, claims = ''] = (await assertion({ host, clientId, key })).split('.')
    const input = `${base64url(header)}.${claims}`
    return `${input}.${sign(input)}`
  }

  test('A07 alg none, no signature, and a public key or nothing used as a secret', async () => {
    const id = await client(inline(key.publicJwk, rsa.publicJwk))
    const hmac = (secret: string) => (input: string) => createHmac('sha256', secret).update(input).digest('base64url')
    for (const text of [
      await forged(id, { alg: 'none' }, () => ''),
      await forged(id, { alg: 'none' }, () => 'AAAA'),
      await forged(id, { alg: 'ES256', kid: key.kid }, () => ''),
      await forged(id, { alg: 'HS256', kid: rsa.kid }, hmac(JSON.stringify(rsa.publicJwk))),
      await forged(id, { alg: 'HS256', kid: key.kid }, hmac('')),
      await forged(id, { alg: 'HS256' }, hmac('')),
      await forged(id, { alg: 'hs256' }, hmac('')),
      await forged(id, { alg: ['ES256'] }, () => 'AAAA'),
      await forged(id, {}, () => 'AAAA'),
    ]) {
      expectInvalidClient(await token(text))
    }
    await works(id)
    const secret = await client({ token_endpoint_auth_method: 'client_secret_jwt' })
    expectInvalidClient(await token(await forged(secret, { alg: 'HS256' }, hmac(''))))
    expectInvalidClient(await token(await forged(secret, { alg: 'none' }, () => 'AAAA')))
    expect((await token(await assertion({ host, clientId: secret }))).status).toBe(200)
  })

  test('O12 an ECDSA signature of zeros, in DER, or cut short', async () => {
    const id = await client(inline(key.publicJwk))
    const header = { alg: 'ES256', kid: key.kid }
    for (const bytes of [
      Buffer.alloc(64),
      Buffer.alloc(0),
      Buffer.from('3006020101020101', 'hex'),
      Buffer.alloc(63, 1),
    ]) {
      expectInvalidClient(await token(await forged(id, header, () => bytes.toString('base64url'))))
    }
    const good = await assertion({ host, clientId: id, key })
    expectInvalidClient(await token(`${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`))
    expectInvalidClient(await token(`${good}=`))
    expectInvalidClient(await token(`${good}.`))
    expectInvalidClient(await token(good.split('.').slice(0, 2).join('.')))
    expect((await token(good)).status).toBe(200)
  })

  test('O12 an ECDSA signature has a twin that anybody can make: both together are good once', async () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const id = await client(inline(key.publicJwk))
    const good = await assertion({ host, clientId: id, key })
    const dot = good.lastIndexOf('.')
    const bytes = Buffer.from(good.slice(dot + 1), 'base64url')
    const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
    bytes.write(s.toString(16).padStart(64, '0'), 32, 'hex')
    expect((await token(good)).status).toBe(200)
    expectInvalidClient(await token(`${good.slice(0, dot)}.${bytes.toString('base64url')}`))
    await works(id)
  })

  test('RFC 7515 §4.1.1 an algorithm is spelled as it is registered, and is text', async () => {
    const id = await client(inline(key.publicJwk))
    const signing = { key: KeyObject.from(key.privateKey), dsaEncoding: 'ieee-p1363' } as const
    const signed = (input: string) => sign('sha256', Buffer.from(input), signing).toString('base64url')
    for (const alg of ['es256', 'ES256 ', 'ES256K', 'HS256', ['ES256'], { ES256: true }, null, 1, true]) {
      expectInvalidClient(await token(await forged(id, { alg }, signed)))
    }
    expect((await token(await forged(id, { alg: 'ES256' }, signed))).status).toBe(200)
  })

  test('RFC 8725 §3.10 A13 jwk, jku, x5u and x5c name no key, and nothing is fetched', async () => {
    const id = await client(inline(key.publicJwk))
    const trap = `${keyOrigin}/trap`
    answer = publish(foreign.publicJwk)
    const offers = { jwk: foreign.publicJwk, jku: trap, x5u: trap, x5c: ['AAAA'] }
    for (const kid of [key.kid, foreign.kid]) {
      expectInvalidClient(await send(id, { key: foreign, header: { ...offers, kid } }))
    }
    await works(id, { header: offers })
    expect(hits).toEqual([])
  })

  test('§4.1.11, RFC 7797 §7 A15 crit is refused, whatever it names', async () => {
    const id = await client(inline(key.publicJwk))
    for (const header of [{ crit: ['exp'], exp: 1 }, { crit: ['b64'], b64: true }, { b64: false }]) {
      const text = await forged(id, { alg: 'ES256', kid: key.kid, ...header }, () => 'AAAA')
      expectInvalidClient(await token(text))
    }
    expectInvalidClient(await send(id, { header: { crit: ['urn:x'], 'urn:x': 1 } }))
    await works(id, { header: { 'urn:x': 1 } })
  })

  test('RFC 7519 §5.1 A17 J13 a type that belongs to another kind of token', async () => {
    const id = await client(inline(key.publicJwk))
    for (const typ of ['at+jwt', 'dpop+jwt', 'logout+jwt', 'oauth-authz-req+jwt', 'application/at+jwt', '', 7]) {
      expectInvalidClient(await send(id, { header: { typ } }))
    }
    for (const typ of ['JWT', 'jwt', 'client-authentication+jwt', undefined]) await works(id, { header: { typ } })
  })
})

describe('registered keys', () => {
  test('§5.2 A12 a signature of another key, also under the name of the right one', async () => {
    const id = await client(inline(key.publicJwk))
    expectInvalidClient(await send(id, { key: foreign }))
    expectInvalidClient(await send(id, { key: foreign, header: { kid: key.kid } }))
    await works(id)
  })

  test('§4.1.4 a key is found by kid; without kid only when no other could be meant', async () => {
    const id = await client(inline(key.publicJwk, foreign.publicJwk, rsa.publicJwk))
    await works(id, { key: foreign })
    await works(id, { key: rsa, header: { kid: undefined } })
    expectInvalidClient(await send(id, { header: { kid: undefined } }))
    expectInvalidClient(await send(id, { header: { kid: rsa.kid } }))
    expectInvalidClient(await send(id, { header: { kid: 'unknown' } }))
    await works(await client(inline(key.publicJwk)), { header: { kid: undefined } })
  })

  test('RFC 7517 §4.2, §4.3, §4.4 A18 a key for encryption, for another algorithm or for signing only verifies nothing', async () => {
    for (const limit of [{ use: 'enc' }, { alg: 'ES384' }, { key_ops: ['sign'] }, { key_ops: [] }]) {
      const id = await client(inline({ ...key.publicJwk, ...limit }, rsa.publicJwk))
      expectInvalidClient(await send(id))
      await works(id, { key: rsa })
    }
    await works(await client(inline({ ...key.publicJwk, use: 'sig', alg: 'ES256', key_ops: ['verify'] })))
  })

  test('RFC 7518 §3.3, §6.2.2, §6.3.2, §6.4.1 O13 A18 weak, private, symmetric and doubled keys are refused when they are registered', async () => {
    const n = rsa.publicJwk.n ?? ''
    const half = Buffer.from(n, 'base64url').subarray(0, 128).toString('base64url')
    for (const keys of [
      [{ ...rsa.publicJwk, n: half }],
      [{ ...rsa.publicJwk, e: 'AQ' }],
      [{ ...key.publicJwk, d: 'AAAA' }],
      ...['d', 'p', 'q', 'dp', 'dq', 'qi'].map((secret) => [{ ...rsa.publicJwk, [secret]: 'AAAA' }]),
      [{ ...rsa.publicJwk, oth: [] }],
      [{ kty: 'oct', k: 'AAAA' }],
      [{ ...key.publicJwk, x: 'AAAA' }],
      [{ ...key.publicJwk, crv: 'secp256k1' }],
      [key.publicJwk, { ...rsa.publicJwk, kid: key.kid }],
      [{ ...key.publicJwk, use: 'enc' }],
      [],
      Array.from({ length: 10_000 }, () => key.publicJwk),
    ]) {
      await expect(client(inline(...keys))).rejects.toThrow(InvalidClient)
    }
    await works(await client(inline(key.publicJwk, rsa.publicJwk)))
  })

  test('RFC 8725 §3.4 O13 a point off its curve, and one that everybody can sign for, are refused when they are registered and when they are set', async () => {
    const ed = await newClientKey('EdDSA')
    const id = await client(inline(rsa.publicJwk))
    for (const bad of [offCurve(), { ...ed.publicJwk, x: `AQ${'A'.repeat(41)}` }, { ...rsa.publicJwk, n: even(rsa) }]) {
      await expect(client(inline(rsa.publicJwk, bad))).rejects.toThrow(/^jwks holds a key \(number 2\) that /)
      const known = await host.server.parts.store.findClient(id)
      const changed = { ...settingsOf(known?.client ?? expect.fail()), jwks: { keys: [bad] } }
      expect(() => parseClient(changed, { client_id: id, preset: 'openid-connect' })).toThrow(InvalidClient)
    }
    await works(await client(inline(rsa.publicJwk, key.publicJwk, ed.publicJwk)), { key: ed })
  })

  test('one that was registered before that was refused verifies nothing, and does no harm', async () => {
    const id = `client-${++number}`
    const settings = { ...MACHINE, ...inline(key.publicJwk, rsa.publicJwk), client_name: id }
    const now = parseClient(settings, { client_id: id, preset: 'openid-connect' })
    const then = { ...now, jwks: { keys: [offCurve(), ...(now.jwks?.keys.slice(1) ?? [])] } } as Client
    const event = { type: 'client_added', at: host.clock.now(), clientId: id } as const
    expect(await host.server.parts.store.addClient(then, null, event)).toBe('added')
    expectInvalidClient(await send(id))
    await works(id, { key: rsa })
  })
})

describe('published keys', () => {
  test('are fetched once, and kept', async () => {
    const id = await published()
    for (let at = 0; at < 5; at++) await works(id)
    expect(hits).toHaveLength(1)
    expectInvalidClient(await send(id, { key: foreign, header: { kid: key.kid } }))
    expect(hits).toHaveLength(1)
  })

  test('a rotated key is found at once; one that was taken out is refused after five minutes', async () => {
    const id = await published()
    await works(id)
    const next = await newClientKey()
    answer = publish(next.publicJwk)
    await works(id, { key: next })
    expect(hits).toHaveLength(2)
    expectInvalidClient(await send(id))
    const old = await published()
    answer = publish(key.publicJwk)
    await works(old)
    answer = publish(next.publicJwk)
    host.clock.advance(300)
    expectInvalidClient(await send(old))
    await works(old, { key: next })
  })

  test('O17 a storm of unknown kids costs a few requests a minute, and known ones go on', async () => {
    const id = await published()
    await works(id)
    await Promise.all(Array.from({ length: 60 }, (_, at) => send(id, { header: { kid: `random-${at}` } })))
    expect(hits.length).toBeLessThanOrEqual(3)
    host.clock.advance(61)
    await works(id)
    await works(id)
    expect(hits.length).toBeLessThanOrEqual(4)
  })

  test('O16 D06 a host that fails, floods or lies: bounded, remembered, and nobody else waits', async () => {
    const bad: Readonly<Record<string, RequestListener>> = {
      status: (_, reply) => void reply.writeHead(500).end('secret of that host'),
      redirect: (_, reply) => void reply.writeHead(302, { location: `${keyOrigin}/elsewhere` }).end(),
      html: (_, reply) => void reply.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      text: (_, reply) => void reply.writeHead(200, JSON_TYPE).end('{"keys":'),
      list: (_, reply) => void reply.writeHead(200, JSON_TYPE).end('[]'),
      huge: (_, reply) => void reply.writeHead(200, JSON_TYPE).end(`{"keys":[],"x":"${'x'.repeat(10_000_000)}"}`),
      many: publish(...Array.from({ length: 101 }, () => key.publicJwk)),
      empty: publish(),
    }
    for (const [name, listener] of Object.entries(bad)) {
      const id = await published()
      hits = []
      answer = listener
      for (let at = 0; at < 6; at++) {
        const reply = await send(id)
        expectInvalidClient(reply)
        expect(reply.text, name).not.toContain('secret of that host')
      }
      expect(hits.length, name).toBeLessThanOrEqual(3)
      answer = publish(key.publicJwk)
      host.clock.advance(61)
      await works(id)
    }
  })

  test('O16 a host that never answers holds up its own client for five seconds at most, and no other', async () => {
    const slow = await published()
    const quick = await client(inline(key.publicJwk))
    answer = () => undefined
    const began = performance.now()
    const waiting = [send(slow), send(slow), send(slow)]
    let isOver = false
    void Promise.any(waiting).then(() => {
      isOver = true
    })
    await works(quick)
    expect(isOver).toBe(false)
    for (const reply of await Promise.all(waiting)) expectInvalidClient(reply)
    expect(performance.now() - began).toBeLessThan(8_000)
    expect(hits).toHaveLength(1)
  }, 15_000)

  test('while the host fails, what it said last holds for an hour', async () => {
    const id = await published()
    await works(id)
    answer = (_, reply) => void reply.writeHead(503).end()
    host.clock.advance(600)
    await works(id)
    host.clock.advance(3_600)
    expectInvalidClient(await send(id))
  })

  test('O13 private, weak and doubled keys of a set are never used; the others are', async () => {
    const id = await published()
    const weak = {
      ...rsa.publicJwk,
      n: Buffer.from(rsa.publicJwk.n ?? '', 'base64url')
        .subarray(0, 128)
        .toString('base64url'),
    }
    const twins = [foreign.publicJwk, { ...(await newClientKey()).publicJwk, kid: foreign.kid }]
    answer = publish(
      key.publicJwk,
      weak,
      { ...offCurve(), kid: 'off' },
      { kty: 'oct', k: 'AAAA', kid: 'o' },
      { kty: 'new' },
      'no key',
      ...twins,
    )
    await works(id)
    expectInvalidClient(await send(id, { key: rsa }))
    expectInvalidClient(await send(id, { key: foreign }))
  })

  test('hosts that are allowed are told loudly at the start, and must be exact', async () => {
    const warned: unknown[] = []
    const log = { ...silentLog, warn: (message: string, fields?: object) => void warned.push({ message, ...fields }) }
    const other = await startServer({ log, outboundAllow: ['keys.internal:8443'] })
    await other.close()
    expect(warned).toContainEqual(expect.objectContaining({ hosts: 'keys.internal:8443' }))
    expect(JSON.stringify(warned)).not.toContain('outboundAllowStrangers')
    await (await startServer({ log, outboundAllow: ['keys.internal:8443'], outboundAllowStrangers: true })).close()
    expect(JSON.stringify(warned)).toContain('outboundAllowStrangers')
    const database = await openSqlite({ file: ':memory:' })
    const masterKey = newMasterKey()
    const settings = { issuer: 'http://localhost:1', database, masterKey, outboundAllow: ['keys.internal'] }
    await expect(createAuthorizationServer(settings)).rejects.toThrow(CannotStart)
    await database.close()
    warned.length = 0
    await (await startServer({ log })).close()
    expect(warned).toEqual([])
  })

  test('D04 an address that is not public is not asked', async () => {
    const own = new URL(host.origin)
    for (const uri of [
      `https://127.0.0.1:${own.port}/jwks`,
      'https://169.254.169.254/latest',
      'https://localhost/jwks',
    ]) {
      const id = await client({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: uri })
      expectInvalidClient(await send(id))
    }
    await works(await published())
    expect(hits).toHaveLength(1)
  })
})
