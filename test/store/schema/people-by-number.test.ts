// The migration after which sessions and grants carry the number of their person, over a database that the schema before it has
// filled: everybody stays signed in, and everything that was given holds or not as it did.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../../src/credentials/digest.ts'
import { type Driver, statement, step } from '../../../src/store/database/driver.ts'
import { migrate } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { createStore, type Store } from '../../../src/store/store.ts'
import { testClock } from '../../support/clock.ts'
import { emptyDatabase, KINDS } from '../empty-database.ts'
import { clientNamed, person } from '../records.ts'
import { addFormerUser } from './former-user.ts'

const NOW = 1_800_000_000
const clock = testClock(NOW)
const lateGrant = statement<object>(
  'late_grant',
  `INSERT INTO "grant" (grant_id, client_id, client_generation, user_id, user_generation, session_id, offline,
     scope_asked, scope, amr, authenticated_at, issued_at, expires_at)
   VALUES ('late', 'app', 1, 'id-adam', 1, 'adam', 0, 'openid', 'openid', 'pwd', :now, :now, :expires_at)`,
)
const lateRefresh = statement<object>(
  'late_refresh',
  `INSERT INTO refresh_token (hash, grant_id, issued_at, expires_at, family_expires_at)
   VALUES (:hash, 'late', :now, :expires_at, :expires_at)`,
)
/** Ids in another order than numbers; the last one has no row of their own any more. */
const PEOPLE = ['zoe', 'adam', 'mia', 'nobody'] as const

describe.each(KINDS)('a database of an older release on %s', (kind) => {
  let driver: Driver
  let store: Store
  let remove: () => Promise<void> = async () => {}

  beforeEach(async () => {
    const empty = await emptyDatabase(kind)
    driver = empty.driver
    remove = empty.remove
    await migrate(driver, migrations.slice(0, 13), { clock })
    store = createStore(driver)
    await store.addClient(clientNamed('app'), null, { type: 'client_added', at: NOW })
    for (const name of PEOPLE.slice(0, 3)) await addFormerUser(driver, person(name), NOW)
    for (const name of PEOPLE) await fill(name)
  })
  afterEach(() => remove())

  const run = (name: string, sql: string, bind: object) =>
    driver.atomic([step(statement<object>(`before_${name}`, sql), bind)])

  /** A session, a grant, a code and a refresh token, as the release before writes them. */
  async function fill(name: string): Promise<void> {
    const bind = { user_id: `id-${name}`, id: name, hash: sha256(name), now: NOW, expires_at: NOW + 3_600 }
    await run(
      'session',
      `INSERT INTO session (secret_hash, session_id, user_id, user_generation, amr, authenticated_at, last_used_at, expires_at)
       VALUES (:hash, :id, :user_id, 1, 'pwd otp', :now, :now, :expires_at)`,
      bind,
    )
    await run(
      'grant',
      `INSERT INTO "grant" (grant_id, client_id, client_generation, user_id, user_generation, session_id, offline,
         scope_asked, scope, amr, authenticated_at, issued_at, expires_at, claims, resources)
       VALUES (:id, 'app', 1, :user_id, 1, :id, 1, 'openid email', 'openid', 'pwd', :now, :now, :expires_at,
         '{"userinfo":[],"id_token":[]}', 'https://api.test')`,
      bind,
    )
    await run(
      'code',
      `INSERT INTO authorization_code (hash, grant_id, redirect_uri, failures, issued_at, expires_at)
       VALUES (:hash, :id, 'x', 0, :now, :expires_at)`,
      bind,
    )
    await run(
      'refresh',
      `INSERT INTO refresh_token (hash, grant_id, issued_at, expires_at, family_expires_at)
       VALUES (:hash, :id, :now, :expires_at, :expires_at)`,
      bind,
    )
  }

  const visitor = async (name: string) => (await store.findVisit('app', [sha256(name)], NOW, 0))?.signedIn[0]
  const refresh = async (name: string) =>
    (await store.findClientWithRefreshToken('app', { hash: sha256(name), grantId: null }))?.refresh

  test('people stay signed in, and what they have given holds, each their own', async () => {
    await migrate(driver, migrations, { clock })
    for (const name of PEOPLE.slice(0, 3)) {
      expect(await visitor(name)).toMatchObject({
        session: { sessionId: name, userId: `id-${name}`, amr: ['pwd', 'otp'], authenticatedAt: NOW, lastUsedAt: NOW },
        user: { userId: `id-${name}`, username: name },
      })
      const grant = { grantId: name, userId: `id-${name}`, sessionId: name, offline: true, scopeAsked: 'openid email' }
      const given = {
        ...grant,
        scope: 'openid',
        claims: { userinfo: [], id_token: [] },
        resources: ['https://api.test'],
      }
      expect(await refresh(name)).toMatchObject({ grant: given, user: { username: name }, state: 'live' })
      const code = (await store.findClientWithCode('app', sha256(name)))?.code
      expect(code).toMatchObject({ grant: given, user: { username: name }, state: 'live' })
    }
  })

  test('whoever is not there any more, and whoever leaves afterwards, has nothing that holds', async () => {
    await migrate(driver, migrations, { clock })
    expect(await visitor('nobody')).toBe(undefined)
    expect(await refresh('nobody')).toMatchObject({ state: 'user_removed' })
    expect(await store.removeUser('id-mia', { type: 'user_removed', at: NOW })).toBe(true)
    expect(await visitor('mia')).toBe(undefined)
    expect(await refresh('mia')).toMatchObject({ state: expect.stringMatching(/^user_|^grant_revoked$/) })
    expect(await visitor('zoe')).toMatchObject({ user: { username: 'zoe' } })
    expect(await refresh('adam')).toMatchObject({ state: 'live' })
  })

  test('what a node of an older release still writes is refused', async () => {
    await migrate(driver, migrations, { clock })
    const late = run(
      'late',
      `INSERT INTO session (secret_hash, session_id, user_id, user_generation, amr, authenticated_at, last_used_at, expires_at)
       VALUES (:hash, 'late', 'id-adam', 1, 'pwd', :now, :now, :expires_at)`,
      { hash: sha256('late'), now: NOW, expires_at: NOW + 3_600 },
    )
    await expect(late).rejects.toBeInstanceOf(Error)
    expect(await visitor('late')).toBe(undefined)

    const grant = driver.atomic([
      step(lateGrant, { hash: sha256('late'), now: NOW, expires_at: NOW + 3_600 }),
      step(lateRefresh, { hash: sha256('late'), now: NOW, expires_at: NOW + 3_600 }),
    ])
    await expect(grant).rejects.toBeInstanceOf(Error)
    expect((await refresh('late'))?.state).toBe(undefined)
  })
})
