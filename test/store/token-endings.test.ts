// Whatever ends what a token was given under, in whatever order, at once and by nodes whose clocks differ: a token that is
// read by itself holds exactly as long as its grant, user, client and session say so. docs/decisions/0043

import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/credentials/digest.ts'
import type { CarriedGrant } from '../../src/model/grant.ts'
import { type Driver, statement } from '../../src/store/database/driver.ts'
import { openPostgres } from '../../src/store/database/postgres/postgres-driver.ts'
import { openSqlite } from '../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { placed } from '../../src/store/statements/place.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { testClock } from '../support/clock.ts'
import { freshDatabase } from '../support/postgres.ts'
import { clientNamed, person } from './records.ts'

const NOW = 1_800_000_000
const PEOPLE = ['anna', 'bert', 'carl']
const USERS = PEOPLE.map((name) => `id-${name}`)
const CLIENTS = ['one', 'two', 'three']

/** The rule as the rows themselves tell it. */
const states = statement<object, { hash: Uint8Array; client_id: string; state: string }>(
  'states_by_rows',
  `SELECT t.hash, t.client_id, CASE
     WHEN g.grant_id IS NULL THEN 'grant_missing'
     WHEN g.revoked_at IS NOT NULL THEN 'grant_revoked'
     WHEN u.user_id IS NULL OR u.removed_at IS NOT NULL THEN 'user_removed'
     WHEN u.enabled = 0 THEN 'user_disabled'
     WHEN u.generation <> g.user_generation THEN 'user_changed'
     WHEN c.enabled = 0 THEN 'client_disabled'
     WHEN c.generation <> g.client_generation THEN 'client_changed'
     WHEN g.offline = 0 AND s.ended_at IS NOT NULL THEN 'session_ended'
     ELSE 'live' END AS state
   FROM access_token t
     LEFT JOIN "grant" g ON g.grant_id = t.grant_id
     LEFT JOIN "user" u ON u.user_id = g.user_id
     LEFT JOIN session s ON s.session_id = g.session_id
     LEFT JOIN client c ON c.client_id = g.client_id`,
)

/** Numbers that look random and are the same in each run (mulberry32). */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % sides
  }
}

describe.each(['sqlite', 'postgres'] as const)('tokens and what ends them on %s', (kind) => {
  let drivers: readonly Driver[] = []
  let stores: readonly Store[] = []
  let url = ''
  let drop: () => Promise<void> = async () => {}

  beforeEach(async () => {
    if (kind === 'sqlite') drivers = [await openSqlite({ file: ':memory:' })]
    else {
      const fresh = await freshDatabase()
      drop = fresh.drop
      url = fresh.url
      drivers = [await openPostgres({ url: fresh.url }), await openPostgres({ url: fresh.url })]
    }
    stores = drivers.map((driver) => createStore(driver))
    const [driver] = drivers
    const [store] = stores
    if (driver === undefined || store === undefined) throw new Error('no database')
    await migrate(driver, migrations, { clock: testClock(NOW) })
    for (const client of CLIENTS) await store.addClient(clientNamed(client), null, { type: 'client_added', at: NOW })
    for (const name of PEOPLE) await store.addUser(person(name), { type: 'user_added', at: NOW })
  })
  afterEach(async () => {
    for (const driver of drivers) await driver.close()
    await drop()
  })

  test('a token holds as long as the rows it came from say so', async () => {
    const roll = dice(1)
    const one = <T>(of: readonly T[]): T | undefined => of[roll(of.length)]
    const sessions: { sessionId: string; userId: string; number: number; generation: number }[] = []
    const grants: CarriedGrant[] = []
    const seen = new Set<string>()
    let made = 0
    let now = NOW

    const issue = async (store: Store, at: number) => {
      const session = one(sessions.slice(-8))
      const client = await store.findClient(one(CLIENTS) ?? '')
      if (session === undefined || client === null) return
      const { userId, sessionId, number, generation } = session
      const offline = roll(3) === 0
      const grantId = `gr_${++made}`
      const [consents, clientId] = [roll(2) === 0, client.client.client_id]
      const who = { userId, userNumber: number, userGeneration: generation }
      const carried = { grantId, ...who, sessionId: offline ? null : sessionId }
      const token = {
        hash: sha256(grantId),
        clientId,
        clientGeneration: client.generation,
        scope: 'openid',
        resource: null,
        keyThumbprint: null,
        issuedAt: at,
        expiresAt: at + 3_600,
        grant: { ...carried, claimsAsked: false },
      }
      const about = { scopeAsked: 'openid', scope: 'openid', claims: null, resources: [], issuedAt: at }
      const issued = await store.issueCode(
        {
          ...about,
          grantId,
          clientId,
          clientGeneration: client.generation,
          userId,
          sessionId,
          offline,
          expiresAt: at + 7_200,
        },
        {
          hash: sha256(`code ${grantId}`),
          redirectUri: 'x',
          codeChallenge: null,
          nonce: null,
          keyThumbprint: null,
          expiresAt: at + 600,
        },
        {
          accessToken: token,
          remembered: false,
          touch: false,
          events: [],
          ...(consents && { consent: { userId, clientId, scope: 'openid', kinds: '', givenAt: at } }),
        },
      )
      if (!issued) return
      grants.push(token.grant)
      const hash = sha256(`redeemed ${grantId}`)
      if (roll(2) === 0) await store.redeemCode(sha256(`code ${grantId}`), { ...token, hash }, null, at)
    }

    const deeds: readonly ((store: Store, at: number) => Promise<unknown>)[] = [
      async (store, at) => {
        const user = await store.findUser(one(USERS) ?? '')
        if (user === null) return
        const sessionId = `se_${++made}`
        const times = { authenticatedAt: at, lastUsedAt: at, expiresAt: at + 36_000 }
        const { userId, number, generation } = user
        const about = { sessionId, userId, userGeneration: generation, amr: ['pwd'], ...times }
        if (await store.startSession(about, sha256(sessionId), []))
          sessions.push({ sessionId, userId, number, generation })
      },
      issue,
      issue,
      issue,
      issue,
      issue,
      async (store, at) => {
        const session = one(sessions.slice(-8))
        if (session !== undefined) await store.endSession(session.sessionId, { type: 'session_ended', at })
      },
      async (store, at) => {
        const grant = one(grants)
        if (grant !== undefined) await store.revokeGrant(grant.grantId, { type: 'token_revoked', at })
      },
      async (store, at) => {
        await store.withdrawConsent(one(USERS) ?? '', one(CLIENTS) ?? '', { type: 'token_revoked', at })
      },
      async (store, at) => {
        if (roll(5) === 0) await store.endSessionsOfUser(one(USERS) ?? '', roll(2) === 0, { type: 'session_ended', at })
      },
      async (store, at) => {
        if (roll(6) === 0) await store.setPassword(one(USERS) ?? '', 'hash', { type: 'user_password_set', at })
      },
      async (store, at) => {
        const userId = one(USERS) ?? ''
        if (roll(6) !== 0) return
        await store.setUserEnabled(userId, false, { type: 'user_disabled', at })
        if (roll(4) !== 0) await store.setUserEnabled(userId, true, { type: 'user_enabled', at })
      },
      async (store, at) => {
        const client = await store.findClient(one(CLIENTS) ?? '')
        if (client === null || roll(4) !== 0) return
        const state = { enabled: roll(3) !== 0, version: client.version, killIssued: roll(2) === 0 }
        await store.updateClient(client.client, state, { type: 'client_updated', at })
      },
    ]

    for (let round = 0; round < 240; round++) {
      // Often several rounds share a second, and the second node is half a minute behind.
      if (roll(3) === 0) now += 1
      const at = [now, now - 30]
      await Promise.all(
        Array.from({ length: 6 }, async (_, index) => {
          const store = stores[index % stores.length]
          if (store !== undefined) await one(deeds)?.(store, at[index % stores.length] ?? now)
        }),
      )
      const [driver] = drivers
      const [store] = stores
      if (driver === undefined || store === undefined) throw new Error('no database')
      if (round % 4 !== 3) continue
      for (const { hash, client_id: clientId, state } of await driver.rows(states, {})) {
        const found = await store.findAccessToken(hash)
        expect(found?.granted?.state).toBe(state)
        const presented = (await store.findClientWithAccessToken(clientId, hash))?.presented
        expect(presented?.grant?.state).toBe(state)
        seen.add(state)
      }
    }
    // A run in which nothing lives, or nothing ends, proves nothing.
    expect([...seen]).toEqual(expect.arrayContaining(['live', 'grant_revoked', 'session_ended']))
  })

  // SQLite has one writer: there nothing is being made beside it.
  const ways: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
    ['that one', (store: Store) => store.endSession('se_1', { type: 'session_ended', at: NOW })],
    [
      'all of the person',
      (store: Store) => store.endSessionsOfUser('id-anna', true, { type: 'session_ended', at: NOW }),
    ],
  ]
  test.each(kind === 'postgres' ? ways : [])(
    'a grant that is being made while its session ends (%s) gives nothing',
    async (_, end) => {
      const [store] = stores
      if (store === undefined) throw new Error('no database')
      const times = { authenticatedAt: NOW, lastUsedAt: NOW, expiresAt: NOW + 36_000 }
      const about = { userId: 'id-anna', userGeneration: 1, amr: ['pwd'], ...times }
      await store.startSession({ sessionId: 'se_1', ...about }, sha256('se_1'), [])
      const other = new Client(url)
      await other.connect()
      try {
        await other.query(`BEGIN; INSERT INTO "grant" (place, grant_id, client_id, client_generation, user_id, user_generation,
          session_id, session_place, offline, scope_asked, scope, amr, authenticated_at, issued_at, expires_at)
        SELECT 1, 'gr_1', 'one', 1, user_id, user_generation, session_id, place, 0, 'openid', 'openid', amr, ${NOW}, ${NOW}, ${NOW + 7_200}
        FROM session WHERE session_id = 'se_1' AND ended_at IS NULL`)
        await end(store)
        const { hash, place } = placed(sha256('late'))
        await other.query(`INSERT INTO access_token (place, hash, grant_id, client_id, client_generation, scope, issued_at,
          expires_at, user_id, user_number, user_generation, session_id)
        SELECT ${place}, '\\x${Buffer.from(hash).toString('hex')}', grant_id, client_id, 1, 'openid', ${NOW}, ${NOW + 3_600}, user_id, 0, 1,
          session_id FROM "grant"; COMMIT`)
      } finally {
        await other.end()
      }
      expect((await store.findAccessToken(sha256('late')))?.granted?.state).toBe('session_ended')
      const found = await store.findClientWithAccessToken('one', sha256('late'))
      expect(found?.presented?.grant?.state).toBe('session_ended')
    },
  )
})
