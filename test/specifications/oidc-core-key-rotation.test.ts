// OpenID Connect Core §10.1.1: signing keys change under running clients, on two nodes with one database.

import { createHmac, createPublicKey } from 'node:crypto'
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endKey, listKeys, postponeKey, rotateKeys, undoKey } from '../../src/administration/keys.ts'
import { keyPolicy } from '../../src/issuer/keys/key-policy.ts'
import { RelyingParty, tokensOf } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

const DAY = 86_400
const ALGORITHMS = ['RS256', 'ES256'] as const

let one: TestServer
let two: TestServer
let app: RelyingParty

beforeAll(async () => {
  one = await startServer({ database: 'postgres', lifetimes: { sessionIdle: 7 * DAY } })
  two = await startServer({ beside: one, lifetimes: { sessionIdle: 7 * DAY } })
  for (const algorithm of ALGORITHMS) {
    const settings = { consent: 'implied', id_token_signed_response_alg: algorithm }
    await one.addClient(algorithm, 'openid-connect', settings)
  }
  await one.addUser('alice')
  app = new RelyingParty({ host: one, clientId: 'ES256' })
})
afterAll(async () => {
  await two.close()
  await one.close()
})

const parts = () => ({ store: one.server.parts.store, clock: one.clock })
const policy = () => keyPolicy({ algorithms: ALGORITHMS, publishAhead: DAY }, one.server.parts.master)
async function look(): Promise<void> {
  for (const { server } of [one, two]) await server.parts.keys.refresh()
}
async function later(seconds: number): Promise<void> {
  one.clock.advance(seconds)
  await look()
}
async function jwks(at: TestServer): Promise<JSONWebKeySet> {
  const reply = await fetch(`${at.origin}/sso/jwks`)
  expect(reply.status).toBe(200)
  const set = (await reply.json()) as JSONWebKeySet
  expect(set.keys.length).toBeGreaterThanOrEqual(2)
  for (const key of set.keys) {
    expect(key.kty).not.toBe('oct')
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) expect(key).not.toHaveProperty(secret)
  }
  return set
}
async function verifiedAt(at: TestServer, idToken: string): Promise<boolean> {
  const currentDate = new Date(one.clock.now() * 1000)
  const set = createLocalJWKSet(await jwks(at))
  return jwtVerify(idToken, set, { issuer: one.issuer, currentDate }).then(
    () => true,
    () => false,
  )
}
const kid = (idToken: string) => decodeProtectedHeader(idToken).kid
const signingKid = async () =>
  (await listKeys(parts())).find((key) => key.algorithm === 'ES256' && key.state === 'signing')

describe('§10.1.1 rotation', () => {
  test('O14 in the middle of a session: old tokens verify until they expire, new ones carry the new key', async () => {
    const first = await app.tokens()
    const { keys } = await rotateKeys(parts(), {}, policy())
    const next = keys.find(({ algorithm }) => algorithm === 'ES256')?.keyId
    await look()
    // Published first, used later.
    for (const node of [one, two]) expect((await jwks(node)).keys.map((key) => key.kid)).toContain(next)
    const during = tokensOf(await app.through(two).refresh(first.refresh))
    expect(kid(during.idToken)).toBe(kid(first.idToken))
    await later(DAY - 1)
    const last = tokensOf(await app.refresh(during.refresh))
    expect(kid(last.idToken)).toBe(kid(first.idToken))
    await later(1)
    const fresh = tokensOf(await app.through(two).refresh(last.refresh))
    expect(kid(fresh.idToken)).toBe(next)
    for (const node of [one, two]) {
      expect(await verifiedAt(node, last.idToken)).toBe(true)
      expect(await verifiedAt(node, fresh.idToken)).toBe(true)
    }
    // The session goes on as if nothing had happened.
    expect(
      (await app.authorize({ prompt: 'none', id_token_hint: first.idToken })).searchParams.get('code'),
    ).toBeTruthy()
    await later(3_599)
    for (const node of [one, two]) expect((await jwks(node)).keys.map((key) => key.kid)).toContain(kid(last.idToken))
    await later(1)
    for (const node of [one, two])
      expect((await jwks(node)).keys.map((key) => key.kid)).not.toContain(kid(last.idToken))
  })

  test('a client that keeps the keys for six hours never meets one that it does not know', async () => {
    let cached = createLocalJWKSet(await jwks(one))
    let fetchedAt = one.clock.now()
    const before = await signingKid()
    for (let hour = 0; hour < 30; hour++) {
      if (hour === 2) await rotateKeys(parts(), {}, policy())
      const { idToken } = await (hour % 2 === 0 ? app : app.through(two)).tokens({ prompt: 'login' })
      const rules = { issuer: one.issuer, currentDate: new Date(one.clock.now() * 1000) }
      expect((await jwtVerify(idToken, cached, rules)).payload.sub).toBe('user-alice')
      await later(3_600)
      if (one.clock.now() - fetchedAt < 6 * 3_600) continue
      cached = createLocalJWKSet(await jwks(two))
      fetchedAt = one.clock.now()
    }
    expect((await signingKid())?.keyId).not.toBe(before?.keyId)
  })

  test('postponed, the present key signs on; undone, the next one is gone', async () => {
    const before = await signingKid()
    const { keys } = await rotateKeys(parts(), { algorithms: ['ES256'] }, policy())
    const next = keys[0]?.keyId ?? ''
    await postponeKey(parts(), next, DAY, policy())
    await later(DAY)
    expect(kid((await app.tokens({ prompt: 'login' })).idToken)).toBe(before?.keyId)
    await undoKey(parts(), next, policy())
    await later(DAY)
    expect(kid((await app.tokens({ prompt: 'login' })).idToken)).toBe(before?.keyId)
    for (const node of [one, two]) expect((await jwks(node)).keys.map((key) => key.kid)).not.toContain(next)
  })
})

describe('§10.1.1 a key that leaked', () => {
  test('is given up: what it signed is recognised no more, and all nodes sign with another', async () => {
    const { idToken: old } = await app.tokens({ prompt: 'login' })
    const hinted = async (at: TestServer, idToken: string) => {
      const answer = await app.through(at).authorize({ prompt: 'none', id_token_hint: idToken })
      return answer.searchParams.get('error')
    }
    expect(await hinted(two, old)).toBeNull()
    const leaked = await signingKid()
    expect(leaked?.keyId).toBe(kid(old))
    await endKey(parts(), leaked?.keyId ?? '', { revoke: true }, policy())
    await later(10)
    // Until every node knows, none has changed.
    for (const node of [one, two]) expect(await hinted(node, old)).toBeNull()
    await later(5)
    for (const node of [one, two]) {
      expect(await hinted(node, old)).toBe('invalid_request')
      expect(await verifiedAt(node, old)).toBe(false)
      const { idToken } = await app.through(node).tokens()
      expect(kid(idToken)).not.toBe(leaked?.keyId)
      for (const other of [one, two]) {
        expect(await verifiedAt(other, idToken)).toBe(true)
        expect(await hinted(other, idToken)).toBeNull()
      }
    }
    // The other algorithm is not concerned.
    const { idToken } = await new RelyingParty({ host: one, clientId: 'RS256' }).tokens()
    expect(await verifiedAt(two, idToken)).toBe(true)
  })
})

describe('RFC 8725 §2.1 an ID token that was tampered with', () => {
  test.each(ALGORITHMS)(
    'O02, O12 is no hint: zeros, another bit, none, HMAC with the public key, DER (%s)',
    async (algorithm) => {
      const client = new RelyingParty({ host: one, clientId: algorithm })
      const { idToken } = await client.tokens()
      const hinted = async (hint: string) =>
        (await client.authorize({ prompt: 'none', id_token_hint: hint })).searchParams.get('error')
      const [head = '', body = '', tail = ''] = idToken.split('.')
      const signature = Buffer.from(tail, 'base64url')
      const flipped = Buffer.from(signature)
      flipped[7] = (flipped[7] ?? 0) ^ 1
      const header = decodeProtectedHeader(idToken)
      const as = (alg: string) => Buffer.from(JSON.stringify({ ...header, alg })).toString('base64url')
      const jwk = (await jwks(one)).keys.find((key) => key.kid === header.kid)
      const pem = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ format: 'pem', type: 'spki' })
      const hmac = createHmac('sha256', pem)
        .update(`${as('HS256')}.${body}`)
        .digest('base64url')
      const integer = (bytes: Buffer) => Buffer.concat([Buffer.of(2, bytes.length + 1, 0), bytes])
      const half = signature.length / 2
      const der = Buffer.concat([integer(signature.subarray(0, half)), integer(signature.subarray(half))])
      for (const forged of [
        `${head}.${body}.${Buffer.alloc(signature.length).toString('base64url')}`,
        `${head}.${body}.${flipped.toString('base64url')}`,
        `${head}.${body}.${Buffer.concat([Buffer.of(0x30, der.length), der]).toString('base64url')}`,
        `${head}.${body}.`,
        `${as('none')}.${body}.`,
        `${as('none')}.${body}.${tail}`,
        `${as('HS256')}.${body}.${hmac}`,
        `${as(algorithm === 'RS256' ? 'PS256' : 'ES384')}.${body}.${tail}`,
      ]) {
        expect(await hinted(forged), forged).toBe('invalid_request')
      }
      expect(await hinted(idToken)).toBeNull()
    },
  )
})
