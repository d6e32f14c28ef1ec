// Where access tokens lie: tokens that share a place are all kept, found, revoked and taken away each by itself; and a database
// of the schema before them keeps its tokens and people.

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tokenKey } from '../../src/credentials/digest.ts'
import { newSecret, tokenOf } from '../../src/platform/random.ts'
import { ConstraintViolated, type Driver, statement, step } from '../../src/store/database/driver.ts'
import { openPostgres } from '../../src/store/database/postgres/postgres-driver.ts'
import { openSqlite } from '../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { PLACES, placed } from '../../src/store/statements/place.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { testClock } from '../support/clock.ts'
import { freshDatabase } from '../support/postgres.ts'
import { clientNamed, person } from './records.ts'

const NOW = 1_800_000_000
const clock = testClock(NOW)
const BEFORE = migrations.slice(0, 12)

/** Hashes of one place: alike in all that it is made of, and otherwise not. */
function hashesOfOnePlace(count: number): readonly Uint8Array[] {
  const first = randomBytes(32)
  return Array.from({ length: count }, () => Buffer.concat([first.subarray(0, 9), randomBytes(23)]))
}

test('a token of a later millisecond lies behind, until 2057', () => {
  const instant = fc.integer({ min: Date.UTC(2023, 0), max: Date.UTC(2057, 0) })
  fc.assert(
    fc.property(instant, instant, (one, other) => {
      fc.pre(one < other)
      const [a, b] = [one, other].map((at) => placed(tokenKey(tokenOf(at, newSecret()))).place)
      expect(a).toBeLessThan(b ?? 0n)
    }),
  )
})

test('the places of a token end before those of the next begin, whatever its hash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (hash) => {
      const { place } = placed(hash)
      expect(place % BigInt(PLACES)).toBe(0n)
      // A number of 64 bits for both databases: adding to it must never leave them.
      expect(place + BigInt(PLACES - 1)).toBeLessThanOrEqual(2n ** 63n - 1n)
      expect(place).toBeGreaterThanOrEqual(-(2n ** 63n))
    }),
    { examples: [[new Uint8Array(32).fill(255)], [new Uint8Array(32)], [new Uint8Array(32).fill(127)]] },
  )
})

describe.each(['sqlite', 'postgres'] as const)('tokens of one place on %s', (kind) => {
  let drivers: readonly Driver[] = []
  let stores: readonly [Store, Store]
  let drop: () => Promise<void> = async () => {}

  beforeEach(async () => {
    if (kind === 'sqlite') drivers = [await openSqlite({ file: ':memory:' })]
    else {
      const fresh = await freshDatabase()
      drop = fresh.drop
      drivers = [await openPostgres({ url: fresh.url }), await openPostgres({ url: fresh.url })]
    }
    const [driver, other = driver] = drivers
    if (driver === undefined || other === undefined) throw new Error('no database')
    stores = [createStore(driver), createStore(other)]
  })
  afterEach(async () => {
    for (const driver of drivers) await driver.close()
    await drop()
  })

  async function begin(schema = migrations): Promise<Store> {
    const [driver] = drivers
    if (driver === undefined) throw new Error('no database')
    await migrate(driver, schema, { clock })
    const [store] = stores
    await store.addClient(clientNamed('app'), null, { type: 'client_added', at: NOW })
    return store
  }

  const tokenFor = (hash: Uint8Array, scope: string, expiresAt = NOW + 3_600) => {
    const about = {
      clientId: 'app',
      clientGeneration: 1,
      resource: null,
      keyThumbprint: null,
      issuedAt: NOW,
      grant: null,
    }
    return { hash, scope, expiresAt, ...about }
  }
  const scopesOf = (store: Store, hashes: readonly Uint8Array[]) =>
    Promise.all(hashes.map(async (hash) => (await store.findAccessToken(hash))?.token.scope))

  test('all are kept, whoever was first, and found by both look-ups', async () => {
    const store = await begin()
    const hashes = hashesOfOnePlace(PLACES)
    const issued = await Promise.all(
      hashes.map((hash, at) => stores[at % 2 === 0 ? 0 : 1].issueClientToken(tokenFor(hash, `scope-${at}`))),
    )
    expect(issued).toEqual(hashes.map(() => true))
    expect(await scopesOf(store, hashes)).toEqual(hashes.map((_, at) => `scope-${at}`))
    for (const [at, hash] of hashes.entries()) {
      const found = await store.findClientWithAccessToken('app', hash)
      expect(found?.presented).toMatchObject({ token: { scope: `scope-${at}` } })
    }
    const [stranger] = hashesOfOnePlace(1)
    const alike = Buffer.concat([Buffer.from(hashes[0] ?? []).subarray(0, 31), Buffer.from([0])])
    expect(await scopesOf(store, [stranger ?? alike, alike])).toEqual([undefined, undefined])
  })

  test('the same token is refused, and lies there once', async () => {
    const store = await begin()
    const [hash] = hashesOfOnePlace(1)
    if (hash === undefined) throw new Error('no hash')
    await store.issueClientToken(tokenFor(hash, 'first'))
    const again = store.issueClientToken(tokenFor(hash, 'second'))
    await expect(again).rejects.toMatchObject({ constraint: expect.stringMatching(/^access_token_/) })
    await store.revokeAccessToken(hash, { type: 'token_revoked', at: NOW })
    expect((await store.findAccessToken(hash))?.revoked).toBe(true)
    expect(await scopesOf(store, [hash])).toEqual(['first'])
  })

  test('one more than there are places: refused on SQLite, and the others stay; PostgreSQL has room', async () => {
    const store = await begin()
    const hashes = hashesOfOnePlace(PLACES + 1)
    const issued: unknown[] = []
    for (const [at, hash] of hashes.entries())
      issued.push(
        await store
          .issueClientToken(tokenFor(hash, `scope-${at}`))
          .catch((error: unknown) => error instanceof ConstraintViolated && error.constraint),
      )
    const all = hashes.map((_, at) => `scope-${at}`)
    expect(issued).toEqual([...hashes.slice(1).map(() => true), kind === 'postgres' ? true : 'access_token_place'])
    expect(await scopesOf(store, hashes)).toEqual(kind === 'postgres' ? all : [...all.slice(0, -1), undefined])
  })

  test('one is revoked, and one taken away when it has expired, without the others', async () => {
    const store = await begin()
    const hashes = hashesOfOnePlace(3)
    const [revoked, gone, live] = hashes
    if (revoked === undefined || gone === undefined || live === undefined) throw new Error('no hashes')
    await store.issueClientToken(tokenFor(revoked, 'revoked'))
    await store.issueClientToken(tokenFor(gone, 'gone', NOW - 10))
    await store.issueClientToken(tokenFor(live, 'live'))
    await store.revokeAccessToken(revoked, { type: 'token_revoked', at: NOW })
    while (!(await store.prune(NOW, { events: 1, endedSessions: 1, most: 100 }))) continue
    expect((await store.findAccessToken(revoked))?.revoked).toBe(true)
    expect((await store.findAccessToken(live))?.revoked).toBe(false)
    expect(await store.findAccessToken(gone)).toBe(null)
  })

  test('redemptions whose first place is taken spend their codes once, among lists that share their commit', async () => {
    const store = await begin()
    await store.addUser(person('alice'), { type: 'user_added', at: NOW })
    const alice = await store.findUser('id-alice')
    if (alice === null) throw new Error('no user')
    const times = { authenticatedAt: NOW, lastUsedAt: NOW, expiresAt: NOW + 3_600 }
    const session = { sessionId: 'se_1', userId: 'id-alice', userGeneration: 1, amr: ['pwd'], ...times }
    await store.startSession(session, randomBytes(32), [])
    const about = { clientId: 'app', clientGeneration: 1, userId: 'id-alice', sessionId: 'se_1', offline: false }
    const asked = { scopeAsked: 'openid', scope: 'openid', claims: null, resources: [] }
    const codes = Array.from({ length: PLACES - 2 }, () => randomBytes(32))
    const [machine, atOnce, ...others] = hashesOfOnePlace(PLACES)
    if (machine === undefined || atOnce === undefined) throw new Error('no hashes')
    const tokenOfGrant = (hash: Uint8Array, grantId: string) => {
      const carried = { grantId, userId: 'id-alice', userNumber: alice.number, userGeneration: 1 }
      return { ...tokenFor(hash, 'openid'), grant: { ...carried, sessionId: 'se_1', claimsAsked: false } }
    }
    await store.issueClientToken(tokenFor(machine, 'machine'))
    for (const [at, hash] of codes.entries()) {
      const grant = { grantId: `gr_${at}`, ...about, ...asked, issuedAt: NOW, expiresAt: NOW + 7_200 }
      const code = {
        hash,
        redirectUri: 'x',
        codeChallenge: null,
        nonce: null,
        keyThumbprint: null,
        expiresAt: NOW + 60,
      }
      const first = at === 0 ? { accessToken: tokenOfGrant(atOnce, 'gr_0') } : {}
      expect(await store.issueCode(grant, code, { ...first, remembered: false, touch: false, events: [] })).toBe(true)
    }
    const redeem = (at: number, hash: Uint8Array) =>
      store.redeemCode(codes[at] ?? hash, tokenOfGrant(hash, `gr_${at}`), null, NOW)
    const neighbours = Array.from({ length: 6 }, () => randomBytes(32))
    const [together, besides] = await Promise.all([
      Promise.all(others.map((hash, at) => redeem(at, hash))),
      Promise.all(neighbours.map((hash) => store.issueClientToken(tokenFor(hash, 'beside')))),
    ])
    expect(together).toEqual(others.map(() => true))
    expect(besides).toEqual(neighbours.map(() => true))
    for (const at of codes.keys()) expect(await redeem(at, randomBytes(32))).toBe(false)
    const found = await Promise.all([machine, atOnce, ...others].map((hash) => store.findAccessToken(hash)))
    expect(found.map((each) => each?.granted?.user.userId)).toEqual([
      undefined,
      ...others.map(() => 'id-alice'),
      'id-alice',
    ])
    expect(await scopesOf(store, neighbours)).toEqual(neighbours.map(() => 'beside'))
  })

  test('a database of an older release keeps its people, its tokens, those of one place too, and its constraints', async () => {
    const [driver] = drivers
    if (driver === undefined) throw new Error('no database')
    await migrate(driver, BEFORE, { clock })
    const run = (name: string, sql: string, bind: object) => driver.atomic([step(statement<object>(name, sql), bind)])
    const user = `INSERT INTO "user" (user_id, username, username_key, profile, phone, phone_verified, email, email_verified,
      password_hash, enabled, generation, version, removed_at, import_id, created_at, updated_at)
      VALUES (:id, :name, :name, '{"nickname":"令牌"}', :phone, 1, NULL, 0, 'hash', :enabled, 3, 4, :removed_at, NULL, 5, 6)`
    const people = [
      { id: 'zoe', name: 'zoe', phone: '+8613800138000', enabled: 1, removed_at: null },
      { id: 'adam', name: 'adam', phone: null, enabled: 1, removed_at: null },
      { id: 'gone', name: null, phone: null, enabled: 0, removed_at: NOW },
    ]
    for (const each of people) await run('before_user', user, each)
    const token = `INSERT INTO access_token (hash, grant_id, client_id, client_generation, scope, issued_at, expires_at,
      user_id, user_generation) VALUES (:hash, :grant_id, 'app', 1, :scope, :now, :expires_at, :user_id, 3)`
    const ofOnePlace = hashesOfOnePlace(3)
    const hashes = [...ofOnePlace, tokenKey(tokenOf(NOW * 1000, newSecret())), tokenKey('of a release long before')]
    const owners = ['zoe', 'adam', 'gone', 'zoe', 'adam']
    for (const [at, hash] of hashes.entries()) {
      const times = { now: NOW, expires_at: NOW + 60 + at }
      await run('before_token', token, {
        hash,
        grant_id: `gr_${at}`,
        scope: `scope-${at}`,
        user_id: owners[at],
        ...times,
      })
    }
    const store = await begin()
    expect(await scopesOf(store, hashes)).toEqual(hashes.map((_, at) => `scope-${at}`))
    const states = await Promise.all(hashes.map((hash) => store.findAccessToken(hash)))
    expect(states.map((found) => [found?.granted?.state, found?.granted?.user.userId])).toEqual([
      ['live', 'zoe'],
      ['live', 'adam'],
      ['user_removed', 'gone'],
      ['live', 'zoe'],
      ['live', 'adam'],
    ])
    expect(states.map((found) => found?.token.expiresAt)).toEqual(hashes.map((_, at) => NOW + 60 + at))
    expect(await store.findUserByUsername('zoe')).toMatchObject({
      userId: 'zoe',
      profile: { nickname: '令牌' },
      phone: '+8613800138000',
      phoneVerified: true,
      passwordHash: 'hash',
      generation: 3,
      version: 4,
      createdAt: 5,
      updatedAt: 6,
    })
    expect((await store.listUsers('', 10)).map(({ userId }) => userId)).toEqual(['adam', 'zoe'])
    const event = { type: 'user_added', at: NOW } as const
    expect(await store.addUser(person('new', { userId: 'gone' }), event)).toBe('user_id_taken')
    expect(await store.addUser(person('new', { usernameKey: 'adam' }), event)).toBe('username_taken')
    expect(await store.addUser(person('new', { phone: '+8613800138000' }), event)).toBe('phone_taken')
    expect(await store.addUser(person('new'), event)).toBe('added')
  })
})
