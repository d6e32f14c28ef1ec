// Where grants and sessions lie: those that share a place are all kept, found, changed and ended each by itself, and taken away each
// alone.

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/credentials/digest.ts'
import { newId } from '../../src/platform/random.ts'
import type { Driver } from '../../src/store/database/driver.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { grantPlaced, PLACES } from '../../src/store/statements/place.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { familyStep } from '../../src/store/verbs/tokens.ts'
import { testClock } from '../support/clock.ts'
import { emptyDatabase, KINDS } from './empty-database.ts'
import { clientNamed, person } from './records.ts'

const NOW = 1_800_000_000

/** Alike in all that their place is made of. */
function idsOfOnePlace(count: number): readonly string[] {
  const shared = newId('gr').slice(0, 17)
  return Array.from({ length: count }, (_, at) => `${shared}${String(at).padStart(10, '0')}`)
}

test('a grant of a later millisecond lies behind, until 2057', () => {
  const idAt = (milliseconds: number, rest: string) => `gr_${milliseconds.toString(36).padStart(9, '0')}${rest}`
  const instant = fc.integer({ min: Date.UTC(2023, 0), max: Date.UTC(2057, 0) })
  const rest = fc.string({
    unit: fc.constantFrom(...Array.from('0123456789abcdefghijklmnopqrstuvwxyz')),
    minLength: 15,
    maxLength: 15,
  })
  fc.assert(
    fc.property(instant, instant, rest, rest, (one, other, a, b) => {
      fc.pre(one < other)
      expect(grantPlaced(idAt(one, a)).grant_place).toBeLessThan(grantPlaced(idAt(other, b)).grant_place)
    }),
  )
})

test('the places of a grant end before those of the next begin, whatever its id', () => {
  fc.assert(
    fc.property(fc.string(), (id) => {
      const { grant_place } = grantPlaced(id)
      expect(grant_place % BigInt(PLACES)).toBe(0n)
      expect(grant_place + BigInt(PLACES - 1)).toBeLessThanOrEqual(2n ** 63n - 1n)
    }),
  )
})

describe.each(KINDS)('grants of one place on %s', (kind) => {
  let driver: Driver
  let store: Store
  let remove: () => Promise<void> = async () => {}
  let userNumber = 0
  let url: string | null = null

  beforeEach(async () => {
    const empty = await emptyDatabase(kind)
    driver = empty.driver
    remove = empty.remove
    url = empty.url
    await migrate(driver, migrations, { clock: testClock(NOW) })
    store = createStore(driver)
    await store.addClient(clientNamed('app'), null, { type: 'client_added', at: NOW })
    await store.addUser(person('alice'), { type: 'user_added', at: NOW })
    userNumber = (await store.findUser('id-alice'))?.number ?? -1
    const times = { authenticatedAt: NOW, lastUsedAt: NOW, expiresAt: NOW + 3_600 }
    const session = { sessionId: 'se_1', userId: 'id-alice', userGeneration: 1, amr: ['pwd'], ...times }
    await store.startSession(session, randomBytes(32), [])
  })
  afterEach(() => remove())

  const accessToken = (grantId: string, hash: Uint8Array) => {
    const carried = { grantId, userId: 'id-alice', userNumber, userGeneration: 1, sessionId: 'se_1', claimsAsked: true }
    const about = {
      clientId: 'app',
      clientGeneration: 1,
      resource: null,
      keyThumbprint: null,
      scope: 'openid',
      issuedAt: NOW,
    }
    return { hash, expiresAt: NOW + 3_600, grant: carried, ...about }
  }

  async function issue(
    grantId: string,
    beside: { accessToken?: ReturnType<typeof accessToken> } = {},
    expiresAt = NOW + 7_200,
    sessionId = 'se_1',
  ) {
    const about = { clientId: 'app', clientGeneration: 1, userId: 'id-alice', sessionId, offline: false }
    const claims = { userinfo: [{ name: grantId, essential: true as const }], id_token: [] }
    const asked = { scopeAsked: 'openid', scope: 'openid', claims, resources: [] }
    const grant = { grantId, ...about, ...asked, issuedAt: NOW, expiresAt }
    const code = {
      hash: sha256(`code ${grantId}`),
      redirectUri: 'x',
      codeChallenge: null,
      nonce: null,
      keyThumbprint: null,
      expiresAt: NOW + 60,
    }
    return store.issueCode(grant, code, { ...beside, remembered: false, touch: false, events: [] })
  }

  const redeem = (grantId: string) =>
    store.redeemCode(
      sha256(`code ${grantId}`),
      accessToken(grantId, sha256(`token ${grantId}`)),
      {
        hash: sha256(`refresh ${grantId}`),
        grantId,
        issuedAt: NOW,
        expiresAt: NOW + 600,
        familyExpiresAt: NOW + 6_000,
        keyThumbprint: null,
      },
      NOW,
    )
  const family = async (grantId: string) =>
    (await store.findClientWithRefreshToken('app', { grantId, hash: sha256('any') }))?.refresh ?? null

  const isGood = async (grantId: string, text: string) =>
    (await store.findClientWithRefreshToken('app', { grantId, hash: sha256(text) }))?.refresh?.isCurrent

  const begun = (grantId: string, text: string) => {
    const times = { issuedAt: NOW, expiresAt: NOW + 600, familyExpiresAt: NOW + 6_000, keyThumbprint: null }
    return driver.atomic([familyStep({ hash: sha256(text), grantId, ...times })])
  }

  function rotate(grantId: string, from: string, to: string) {
    const request = {
      requestDigest: sha256('request'),
      scope: 'openid',
      address: '',
      userAgent: '',
      keyThumbprint: null,
      sealedAccessToken: null,
    }
    const rotation = { rotatedAt: NOW + 1, salt: sha256('salt'), ...request }
    const times = { issuedAt: NOW + 1, expiresAt: NOW + 700, familyExpiresAt: NOW + 6_000, keyThumbprint: null }
    const successor = { hash: sha256(to), grantId, ...times, rotations: 1, earlierRotations: '' }
    return store.rotateRefreshToken(
      sha256(from),
      rotation,
      accessToken(grantId, sha256(`second token ${grantId}`)),
      successor,
    )
  }

  test('each is found by its code, by its refresh token and by its claims, and rotated and revoked alone', async () => {
    const ids = idsOfOnePlace(PLACES)
    expect(await Promise.all(ids.map((id) => issue(id)))).toEqual(ids.map(() => true))
    for (const id of ids) {
      const found = (await store.findClientWithCode('app', sha256(`code ${id}`)))?.code
      expect(found?.grant).toMatchObject({ grantId: id, claims: { userinfo: [{ name: id }] } })
      expect(await family(id)).toBe(null)
    }
    expect(await Promise.all(ids.map(redeem))).toEqual(ids.map(() => true))
    for (const id of ids) {
      expect(await redeem(id)).toBe(false)
      // A grant has one family, whatever else would begin one.
      const [driven, second] = [begun(id, 'one'), begun(id, 'two')]
      expect([(await driven).held, (await second).held]).toEqual([false, false])
      expect(await family(id)).toMatchObject({ family: { grantId: id, rotations: 0 }, isCurrent: false, last: null })
      const answering = (await store.findAccessToken(sha256(`token ${id}`)))?.granted
      expect(answering).toMatchObject({ state: 'live', claims: { userinfo: [{ name: id }] } })
    }
    const [revoked = '', rotated = '', ...others] = ids
    expect(await rotate(rotated, `refresh ${rotated}`, 'next')).toBe(true)
    expect(await rotate(rotated, `refresh ${rotated}`, 'another')).toBe(false)
    await store.revokeGrant(revoked, { type: 'refresh_token_replayed', at: NOW })
    expect(await rotate(revoked, `refresh ${revoked}`, 'next')).toBe(false)
    expect(await family(revoked)).toMatchObject({ state: 'grant_revoked' })
    expect(await isGood(rotated, 'next')).toBe(true)
    expect(await isGood(rotated, `refresh ${rotated}`)).toBe(false)
    for (const id of others) {
      expect(await family(id)).toMatchObject({ state: 'live', family: { rotations: 0 } })
      expect(await isGood(id, `refresh ${id}`)).toBe(true)
    }
    expect(await family(idsOfOnePlace(1)[0] ?? '')).toBe(null)
  })

  // SQLite has one writer.
  test.each(kind === 'postgres' ? ['revoked_at = 1', "refresh_hash = '\\x00'"] : [])(
    'a rotation that waits for another change of its grant (%s) sees it, and does nothing',
    async (change) => {
      const [id = ''] = idsOfOnePlace(1)
      await issue(id)
      await redeem(id)
      const other = new Client(url ?? '')
      await other.connect()
      try {
        await other.query(`BEGIN; UPDATE "grant" SET ${change} WHERE grant_id = '${id}'`)
        const rotated = rotate(id, `refresh ${id}`, 'next')
        const first = await Promise.race([rotated, new Promise((resolve) => setTimeout(resolve, 300, 'waits'))])
        expect(first).toBe('waits')
        await other.query('COMMIT')
        expect(await rotated).toBe(false)
      } finally {
        await other.end()
      }
      expect(await isGood(id, 'next')).toBe(false)
      expect(await store.findAccessToken(sha256(`second token ${id}`))).toBe(null)
    },
  )

  test('sessions of one place are all begun, found, and ended each by itself', async () => {
    const ids = idsOfOnePlace(PLACES + 1).map((id) => id.replace('gr_', 'se_'))
    const times = { authenticatedAt: NOW, lastUsedAt: NOW, expiresAt: NOW + 3_600 }
    const begin = (sessionId: string) => {
      const session = { sessionId, userId: 'id-alice', userGeneration: 1, amr: ['pwd'], ...times }
      return store.startSession(session, sha256(sessionId), [])
    }
    const kept = kind === 'sqlite' ? ids.slice(0, PLACES) : ids
    for (const id of kept) expect(await begin(id)).toBe(true)
    if (kind === 'sqlite') await expect(begin(ids[PLACES] ?? '')).rejects.toMatchObject({ constraint: 'session_place' })
    const [ended = '', ...others] = kept
    for (const id of kept) expect(await issue(newId('gr'), {}, NOW + 7_200, id)).toBe(true)
    expect(await store.endSession(ended, { type: 'session_ended', at: NOW })).toBe(true)
    expect(await store.endSession(ended, { type: 'session_ended', at: NOW })).toBe(false)
    expect(await issue(newId('gr'), {}, NOW + 7_200, ended)).toBe(false)
    const live = async (id: string) => (await store.findSessions([sha256(id)], NOW, 0))[0]?.session.sessionId
    expect(await live(ended)).toBe(undefined)
    for (const id of others) {
      expect(await live(id)).toBe(id)
      expect(await issue(newId('gr'), {}, NOW + 7_200, id)).toBe(true)
    }
    expect(await store.findClientsOfSession(others[0] ?? '', NOW)).toMatchObject([{ client: { client_id: 'app' } }])
    // A grant in a session that has ended gives nothing.
    while (!(await store.prune(NOW + 3_601, { events: 1, endedSessions: 10, most: 100 }))) continue
    expect(await live(others[0] ?? '')).toBe(undefined)
  })

  test('one more than there are places: refused whole on SQLite, and the others stay; PostgreSQL has room', async () => {
    const ids = idsOfOnePlace(PLACES + 1)
    for (const id of ids.slice(0, PLACES)) expect(await issue(id)).toBe(true)
    const last = ids[PLACES] ?? ''
    if (kind === 'sqlite') await expect(issue(last)).rejects.toMatchObject({ constraint: 'grant_place' })
    else expect(await issue(last)).toBe(true)
    const found = await Promise.all(ids.map((id) => store.findClientWithCode('app', sha256(`code ${id}`))))
    const kept = kind === 'sqlite' ? ids.slice(0, PLACES) : ids
    expect(found.map((each) => each?.code?.grant.grantId).filter((id) => id !== undefined)).toEqual(kept)
  })

  test('a grant whose token has its place taken, too, is given with it', async () => {
    const [first = '', second = ''] = idsOfOnePlace(2)
    const near = randomBytes(32)
    const [one, other] = [near, Buffer.concat([near.subarray(0, 9), randomBytes(23)])]
    expect(await issue(first, { accessToken: accessToken(first, one) })).toBe(true)
    expect(await issue(second, { accessToken: accessToken(second, other) })).toBe(true)
    for (const [hash, id] of [
      [one, first],
      [other, second],
    ] as const) {
      expect((await store.findAccessToken(hash))?.granted).toMatchObject({ claims: { userinfo: [{ name: id }] } })
    }
  })

  test('of fifty redemptions of one code exactly one holds, and only its access token is there', async () => {
    const [id = ''] = idsOfOnePlace(1)
    await issue(id)
    const hashes = Array.from({ length: 50 }, () => randomBytes(32))
    const redemptions = hashes.map((hash) => store.redeemCode(sha256(`code ${id}`), accessToken(id, hash), null, NOW))
    const held = await Promise.all(redemptions)
    expect(held.filter(Boolean)).toHaveLength(1)
    const found = await Promise.all(hashes.map((hash) => store.findAccessToken(hash)))
    expect(found.map((token) => token !== null)).toEqual(held)
  })

  test('one is taken away when it has expired, without the others', async () => {
    const [gone = '', left = ''] = idsOfOnePlace(2)
    await issue(gone, {}, NOW - 10)
    await issue(left)
    while (!(await store.prune(NOW, { events: 1, endedSessions: 1, most: 100 }))) continue
    const codes = await Promise.all([gone, left].map((id) => store.findClientWithCode('app', sha256(`code ${id}`))))
    expect(codes.map((each) => each?.code?.grant.grantId)).toEqual([undefined, left])
    expect(await redeem(left)).toBe(true)
  })
})
