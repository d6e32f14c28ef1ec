// The migration after which an access token is held against what it carries, over a database that the schema before it has
// filled: what held holds, and what had ended stays ended.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../../src/credentials/digest.ts'
import { LONGEST_ACCESS_TOKEN } from '../../../src/model/grant.ts'
import { type Driver, statement, step } from '../../../src/store/database/driver.ts'
import { migrate } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { grantPlaced, placed } from '../../../src/store/statements/place.ts'
import { createStore, type Store } from '../../../src/store/store.ts'
import { testClock } from '../../support/clock.ts'
import { emptyDatabase, KINDS } from '../empty-database.ts'
import { clientNamed, person } from '../records.ts'
import { addFormerUser } from './former-user.ts'

const NOW = 1_800_000_000
const clock = testClock(NOW)
const CLAIMS = { userinfo: [{ name: 'email', essential: true as const }], id_token: [] }

describe.each(KINDS)('a database of an older release on %s', (kind) => {
  let driver: Driver
  let store: Store
  let remove: () => Promise<void> = async () => {}

  beforeEach(async () => {
    const empty = await emptyDatabase(kind)
    driver = empty.driver
    remove = empty.remove
    await migrate(driver, migrations.slice(0, 11), { clock })
    store = createStore(driver)
    await store.addClient(clientNamed('app'), null, { type: 'client_added', at: NOW })
    await addFormerUser(driver, person('alice'), NOW)
  })
  afterEach(() => remove())

  /** A text has one name, and a name one text. */
  const texts: string[] = []
  const named = <Row>(sql: string) => {
    if (!texts.includes(sql)) texts.push(sql)
    return statement<object, Row>(`before_${texts.indexOf(sql)}`, sql)
  }
  const run = (sql: string, bind: object = {}) => driver.atomic([step(named(sql), bind)])

  const insertToken = (name: string, grantId: string | null) =>
    run(
      `INSERT INTO access_token (hash, grant_id, client_id, client_generation, scope, issued_at, expires_at)
       VALUES (:hash, :grant_id, 'app', 1, 'openid', :now, :expires_at)`,
      { hash: sha256(name), grant_id: grantId, now: NOW, expires_at: NOW + 3_600 },
    )

  async function grant(name: string, sessionId: string, offline: boolean, claims: typeof CLAIMS | null = null) {
    await run(
      `INSERT INTO "grant" (grant_id, client_id, client_generation, user_id, user_generation, session_id, offline,
         scope_asked, scope, amr, authenticated_at, issued_at, expires_at, claims)
       VALUES (:name, 'app', 1, 'id-alice', 1, :session_id, :offline, 'openid', 'openid', 'pwd', :now, :now, :expires_at, :claims)`,
      {
        name,
        session_id: sessionId,
        offline: offline ? 1 : 0,
        now: NOW,
        expires_at: NOW + 7_200,
        claims: claims === null ? null : JSON.stringify(claims),
      },
    )
    await insertToken(name, name)
  }

  const sessionBefore = (sessionId: string) =>
    run(
      `INSERT INTO session (secret_hash, session_id, user_id, user_generation, amr, authenticated_at, last_used_at, expires_at)
       VALUES (:hash, :session_id, 'id-alice', 1, 'pwd', :now, :now, :expires_at)`,
      { hash: sha256(sessionId), session_id: sessionId, now: NOW, expires_at: NOW + 3_600 },
    )

  async function session(sessionId: string) {
    const times = { authenticatedAt: NOW, lastUsedAt: NOW, expiresAt: NOW + 3_600 }
    const about = { sessionId, userId: 'id-alice', userGeneration: 1, amr: ['pwd'], ...times }
    expect(await store.startSession(about, sha256(sessionId), [])).toBe(true)
  }

  const stateOf = async (name: string) => {
    const found = await store.findAccessToken(sha256(name))
    const presented = (await store.findClientWithAccessToken('app', sha256(name)))?.presented ?? null
    expect(presented?.grant?.state).toBe(found?.granted?.state)
    return found === null ? 'unknown' : (found.granted?.state ?? 'without a grant')
  }

  test('tokens hold or not as they did, with the claims that were asked for', async () => {
    await sessionBefore('se_open')
    await sessionBefore('se_ended')
    await grant('live', 'se_open', false)
    await grant('asking', 'se_open', false, CLAIMS)
    await grant('revoked', 'se_open', true)
    await grant('signed out', 'se_ended', false)
    await grant('away', 'se_ended', true)
    await insertToken('machine', null)
    await run(`UPDATE "grant" SET revoked_at = :now WHERE grant_id = 'revoked'`, { now: NOW })
    await run(`UPDATE session SET ended_at = :now WHERE session_id = 'se_ended'`, { now: NOW })

    expect((await migrate(driver, migrations, { clock })).at(0)).toBe(12)

    const names = ['live', 'asking', 'revoked', 'signed out', 'away', 'machine', 'never made']
    const states = await Promise.all(names.map(async (name) => [name, await stateOf(name)]))
    expect(Object.fromEntries(states)).toEqual({
      live: 'live',
      asking: 'live',
      revoked: 'grant_revoked',
      'signed out': 'session_ended',
      away: 'live',
      machine: 'without a grant',
      'never made': 'unknown',
    })
    expect((await store.findAccessToken(sha256('asking')))?.granted?.claims).toEqual(CLAIMS)
    expect((await store.findAccessToken(sha256('live')))?.granted).toMatchObject({
      claims: null,
      user: { userId: 'id-alice' },
    })
    expect((await store.findClientWithAccessToken('app', sha256('live')))?.presented).toMatchObject({
      token: { scope: 'openid' },
      grant: { userId: 'id-alice', username: 'alice', clientId: 'app' },
    })
  })

  test('what has ended is known for as long as a token can live, and not for ever', async () => {
    await migrate(driver, migrations, { clock })
    await session('se_open')
    await session('se_ended')
    for (const [name, sessionId] of [
      ['gr_live', 'se_open'],
      ['gr_revoked', 'se_open'],
      ['gr_signed_out', 'se_ended'],
    ] as const) {
      await run(
        `INSERT INTO access_token (place, hash, grant_id, client_id, client_generation, scope, issued_at, expires_at,
           user_id, user_number, user_generation, session_id)
         SELECT :place, :hash, :grant_id, 'app', 1, 'openid', :now, :expires_at, user_id, number, 1, :session_id
         FROM "user"`,
        {
          ...placed(sha256(name)),
          grant_id: name,
          now: NOW,
          expires_at: NOW + LONGEST_ACCESS_TOKEN,
          session_id: sessionId,
        },
      )
    }
    const bind = { ...grantPlaced('gr_revoked'), now: NOW }
    await run(
      `INSERT INTO "grant" (place, grant_id, client_id, client_generation, user_id, user_number, user_generation, session_id,
         session_place, offline, scope_asked, scope, amr, authenticated_at, issued_at, expires_at)
       SELECT :grant_place, :grant_id, 'app', 1, user_id, number, 1, 'se_open', 0, 0, 'openid', 'openid', 'pwd', :now, :now, :now FROM "user"`,
      bind,
    )
    await store.revokeGrant('gr_revoked', { type: 'refresh_token_replayed', at: NOW })
    expect(await store.endSession('se_ended', { type: 'session_ended', at: NOW })).toBe(true)

    const kept = { events: 1, endedSessions: 1, most: 100 }
    const late = NOW + LONGEST_ACCESS_TOKEN - 1
    while (!(await store.prune(late, kept))) continue
    const rows = async (table: string, key: string) =>
      (await driver.rows(named<{ id: string }>(`SELECT ${key} AS id FROM ${table} ORDER BY ${key}`), {})).map(
        ({ id }) => id,
      )
    // Nothing else tells any more.
    expect(await rows('"grant"', 'grant_id')).toEqual([])
    expect(await rows('session', 'session_id')).toEqual([])
    expect(await stateOf('gr_revoked')).toBe('grant_revoked')
    expect(await stateOf('gr_signed_out')).toBe('session_ended')
    expect(await stateOf('gr_live')).toBe('live')

    while (!(await store.prune(NOW + LONGEST_ACCESS_TOKEN + 2 * 86_400, kept))) continue
    expect(await rows('ending', 'id')).toEqual([])
    expect(await rows('access_token', 'grant_id')).toEqual([])
  })
})
