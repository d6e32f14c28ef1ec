// Several nodes with one set of keys: whatever operators do and whenever nodes look, what one node signs another's JWKS
// verifies, until it has expired or its key was given up.

import * as fc from 'fast-check'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  endKey,
  type KeyParts,
  type KeyPolicy,
  listKeys,
  postponeKey,
  rotateKeys,
  undoKey,
} from '../../../src/administration/keys.ts'
import { newMasterKey } from '../../../src/credentials/master-key.ts'
import { keyPolicy } from '../../../src/issuer/keys/key-policy.ts'
import { type KeyRing, keyEvent, openKeyRing } from '../../../src/issuer/keys/ring.ts'
import { createSigningKey } from '../../../src/issuer/keys/signing.ts'
import { createLog, silentLog } from '../../../src/platform/log.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { createStore } from '../../../src/store/store.ts'
import { testClock } from '../../support/clock.ts'

const DAY = 86_400
const LIFETIME = 3_600
const lifetimes = { accessToken: LIFETIME, idToken: LIFETIME, jwksMaxAge: 300, keyPublishAhead: DAY }

async function openHouse(rotateEvery = 10 * DAY) {
  const driver = await openSqlite({ file: ':memory:' })
  const clock = testClock(1_800_000_000)
  await migrate(driver, migrations, { clock })
  const store = createStore(driver)
  const master = newMasterKey()
  const algorithms = ['ES256'] as const
  const node = () => openKeyRing({ store, master, clock, log: silentLog, algorithms, rotateEvery, lifetimes })
  return {
    clock,
    store,
    master,
    node,
    policy: keyPolicy({ algorithms, publishAhead: lifetimes.keyPublishAhead }, master),
    close: () => driver.close(),
  }
}

const act = fc.record({
  ask: fc.constantFrom('nothing', 'rotate', 'at once', 'postpone', 'undo', 'retire', 'revoke'),
  /** Which of the next three looks at the store each node misses: never all. */
  missed: fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })),
  after: fc.oneof(fc.nat(60), fc.nat(2 * LIFETIME), fc.nat(12 * DAY)),
})

async function operate(ask: string, parts: KeyParts, policy: KeyPolicy): Promise<void> {
  const keys = await listKeys(parts)
  const waiting = keys.find(({ state }) => state === 'waiting')
  const signing = keys.findLast(({ state }) => state === 'signing')
  if (ask === 'rotate' && waiting === undefined) await rotateKeys(parts, {}, policy)
  if (ask === 'at once') await rotateKeys(parts, { atOnce: true }, policy)
  const isFree = waiting !== undefined && waiting.activeAt > parts.clock.now() + policy.seenByAllNodes
  if (ask === 'postpone' && isFree) await postponeKey(parts, waiting.keyId, DAY, policy)
  if (ask === 'undo' && isFree) await undoKey(parts, waiting.keyId, policy)
  if ((ask === 'retire' || ask === 'revoke') && signing !== undefined) {
    await endKey(parts, signing.keyId, { revoke: ask === 'revoke' }, policy)
  }
}

interface Signed {
  readonly token: string
  readonly keyId: string
  readonly expiresAt: number
}

async function expectVerified({ token, keyId }: Signed, node: KeyRing, now: number): Promise<void> {
  const set = JSON.parse(node.jwks()) as JSONWebKeySet
  const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(set), { currentDate: new Date(now * 1000) })
  expect(protectedHeader.kid).toBe(keyId)
  expect(node.recognise(token).genuine).toBe(true)
}

describe('two nodes', () => {
  it('agree about every signature, whatever operators ask and whichever looks they miss', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 10 }), async (acts) => {
        const house = await openHouse()
        const nodes = [await house.node(), await house.node()]
        let signed: readonly Signed[] = []
        const look = async () => {
          const now = house.clock.now()
          const revoked = new Set(
            (await house.store.listSigningKeys())
              .filter(({ revokedAt }) => revokedAt !== null && revokedAt <= now)
              .map(({ keyId }) => keyId),
          )
          for (const node of nodes) {
            const signer = node.signer('ES256')
            expect(revoked.has(signer.keyId)).toBe(false)
            const expiresAt = now + LIFETIME
            const token = signer.signJwt('JWT', { sub: 'alice', iat: now, exp: expiresAt })
            // Of each key the newest, which lives longest.
            signed = [
              ...signed.filter(({ keyId }) => keyId !== signer.keyId),
              { token, keyId: signer.keyId, expiresAt },
            ]
            expect(node.jwks()).toMatch(/^\{"keys":\[\{/)
            expect(node.jwks()).not.toMatch(/"(d|p|q|dp|dq|qi|k)":/)
          }
          signed = signed.filter(({ expiresAt }) => now < expiresAt)
          for (const one of signed) {
            for (const node of nodes) if (!revoked.has(one.keyId)) await expectVerified(one, node, now)
          }
        }
        try {
          await look()
          for (const { ask, missed, after } of acts) {
            await operate(ask, house, house.policy)
            for (const turn of [1, 2, 4]) {
              house.clock.advance(5)
              for (const [at, node] of nodes.entries()) if (((missed[at] ?? 0) & turn) === 0) await node.refresh()
              await look()
            }
            house.clock.advance(after)
            for (const node of nodes) await node.refresh()
            await look()
          }
        } finally {
          await house.close()
        }
      }),
      { numRuns: 30 },
    )
  })

  it('started at one moment make one key between them', async () => {
    const house = await openHouse()
    const nodes = await Promise.all(Array.from({ length: 5 }, house.node))
    expect(await house.store.listSigningKeys()).toHaveLength(1)
    expect(new Set(nodes.map((node) => node.signer('ES256').keyId)).size).toBe(1)
    await house.close()
  })

  it('make one successor between them when the key has become old, a day before it takes over', async () => {
    const house = await openHouse()
    const nodes = await Promise.all(Array.from({ length: 5 }, house.node))
    const refresh = () => Promise.all(nodes.map((node) => node.refresh()))
    house.clock.advance(9 * DAY - 1)
    await refresh()
    expect(await house.store.listSigningKeys()).toHaveLength(1)
    house.clock.advance(1)
    await refresh()
    const [first, second] = await house.store.listSigningKeys()
    expect(await house.store.listSigningKeys()).toHaveLength(2)
    expect(second?.activeAt).toBe(house.clock.now() + DAY)
    expect(first?.retiredAt).toBe(second?.activeAt)
    await house.close()
  })

  it('a key from before turns were counted hands over like any other', async () => {
    const house = await openHouse(0)
    const { clock, store, master } = house
    const old = await createSigningKey({ algorithm: 'ES256', turn: 1, activeAt: clock.now() }, clock.now(), master)
    await store.addSigningKey({ ...old, turn: null }, [], keyEvent(old, clock.now()))
    const nodes = await Promise.all(Array.from({ length: 3 }, house.node))
    expect(await store.listSigningKeys()).toMatchObject([{ keyId: old.keyId, turn: null }])
    // Keys are listed by when they were made.
    clock.advance(1)
    const asked = await Promise.allSettled(nodes.map(() => rotateKeys(house, {}, house.policy)))
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    clock.advance(DAY)
    const [first, second, ...others] = await store.listSigningKeys()
    expect([first?.retiredAt, second?.turn, others]).toEqual([clock.now(), 1, []])
    for (const node of nodes) {
      await node.refresh()
      expect(node.signer('ES256').keyId).toBe(second?.keyId)
    }
    await house.close()
  })

  it('one that was started again goes on where the others are', async () => {
    const house = await openHouse()
    const node = await house.node()
    await rotateKeys(house, {}, house.policy)
    await node.refresh()
    house.clock.advance(DAY)
    const again = await house.node()
    expect(again.signer('ES256').keyId).toBe(node.signer('ES256').keyId)
    expect(again.jwks()).toBe(node.jwks())
    await house.close()
  })
})

describe('a key', () => {
  it('that signed for longer than the options say now is published until the last of it has expired', async () => {
    const house = await openHouse(0)
    const node = await house.node()
    const now = house.clock.now()
    const token = node.signer('ES256').signJwt('JWT', { iat: now, exp: now + 5 * LIFETIME })
    await node.refresh()
    await rotateKeys(house, { atOnce: true }, house.policy)
    house.clock.advance(5 * LIFETIME - 1)
    await node.refresh()
    expect(node.recognise(token).genuine).toBe(true)
    expect(JSON.parse(node.jwks()).keys).toHaveLength(2)
    house.clock.advance(16)
    await node.refresh()
    expect(node.recognise(token).genuine).toBe(false)
    expect(JSON.parse(node.jwks()).keys).toHaveLength(1)
    await house.close()
  })

  it('that was given up vouches for nothing any more, on any node, from one instant on', async () => {
    const house = await openHouse(0)
    const nodes = [await house.node(), await house.node()]
    const keyId = nodes[0]?.signer('ES256').keyId ?? ''
    const token = nodes[0]?.signer('ES256').signJwt('JWT', { sub: 'alice' }) ?? ''
    await endKey(house, keyId, { revoke: true }, house.policy)
    house.clock.advance(5)
    for (const node of nodes) await node.refresh()
    house.clock.advance(9)
    for (const node of nodes) {
      expect(node.recognise(token).genuine).toBe(true)
      expect(node.signer('ES256').keyId).toBe(keyId)
    }
    // No look at the store in between: all go by the clock.
    house.clock.advance(1)
    for (const node of nodes) {
      expect(node.recognise(token).genuine).toBe(false)
      expect(node.jwks()).not.toContain(keyId)
      const fresh = node.signer('ES256').signJwt('JWT', { sub: 'alice' })
      for (const other of nodes) expect(other.recognise(fresh).genuine).toBe(true)
    }
    await house.close()
  })

  it('never appears in the log but by its name', async () => {
    const lines: string[] = []
    const house = await openHouse()
    const { store, master, clock } = house
    const log = createLog('debug', 'json', (line) => lines.push(line))
    await openKeyRing({ store, master, clock, log, algorithms: ['ES256', 'RS256'], rotateEvery: 0, lifetimes })
    const text = lines.join('')
    for (const { keyId, publicJwk, sealedPrivateKey } of await house.store.listSigningKeys()) {
      expect(text).toContain(keyId)
      const { x, n } = JSON.parse(publicJwk) as { x?: string; n?: string }
      expect(text).not.toContain(x ?? n ?? '')
      for (const encoding of ['base64', 'hex', 'base64url'] as const) {
        expect(text).not.toContain(Buffer.from(sealedPrivateKey).toString(encoding).slice(0, 24))
      }
    }
    expect(text).not.toContain('PRIVATE')
    await house.close()
  })
})
