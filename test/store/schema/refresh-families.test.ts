// The migration after which a family of refresh tokens is part of its grant, over a database that the release before has filled:
// every token is worth what it was, to a server on the new schema that is asked from outside.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digestClientSecret } from '../../../src/credentials/client-secret.ts'
import { sha256, tokenKey } from '../../../src/credentials/digest.ts'
import { newMasterKey } from '../../../src/credentials/master-key.ts'
import { successorOf } from '../../../src/issuer/tokens/successor.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { newId, newSalt, newSecret, newToken } from '../../../src/platform/random.ts'
import { type Driver, statement, step } from '../../../src/store/database/driver.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { grantPlaced, PLACES, placed } from '../../../src/store/statements/place.ts'
import { createStore } from '../../../src/store/store.ts'
import { testClock } from '../../support/clock.ts'
import { freshDatabase } from '../../support/postgres.ts'
import { expectInvalidGrant, RelyingParty, tokensOf } from '../../support/relying-party.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../../support/server.ts'
import { KINDS } from '../empty-database.ts'
import { clientNamed, person } from '../records.ts'
import { addFormerUser } from './former-user.ts'

const master = newMasterKey()
const clock = testClock()
const NOW = clock.now()
const NOTHING_ASKED = sha256(JSON.stringify(['scope', null]))
const LETTERS = fc.constantFrom(...Array.from('0123456789abcdefghijklmnopqrstuvwxyzAZ-_/é令'))

describe.each(KINDS)('refresh tokens of the release before on %s', (kind) => {
  let driver: Driver
  let at = ''
  let folder = ''
  let drop: () => Promise<void> = async () => {}
  let host: TestServer | null = null

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lingpai-families-'))
    const fresh = kind === 'postgres' ? await freshDatabase() : null
    drop = async () => fresh?.drop()
    at = fresh?.url ?? join(folder, 'lingpai.sqlite')
    driver = fresh === null ? await openSqlite({ file: at }) : await openPostgres({ url: at })
    await migrate(driver, migrations.slice(0, 14), { clock: systemClock() })
    const store = createStore(driver)
    const client = { ...clientNamed('app'), redirect_uris: [CALLBACK] }
    await store.addClient(client, digestClientSecret(master, TEST_SECRET), { type: 'client_added', at: NOW })
    await addFormerUser(driver, person('alice'), NOW)
    await run(
      `INSERT INTO session (secret_hash, session_id, user_id, user_number, user_generation, amr, authenticated_at, last_used_at,
         expires_at)
       SELECT :hash, 'se_1', user_id, number, 1, 'pwd', :now, :now, :expires_at FROM "user"`,
      { hash: sha256('se_1'), expires_at: NOW + 86_400 },
    )
  })
  afterEach(async () => {
    await host?.close()
    host = null
    await drop()
    rmSync(folder, { recursive: true })
  })

  let statements = 0
  const run = (sql: string, bind: object) =>
    driver.atomic([step(statement<object>(`before_${++statements}`, sql), { now: NOW, ...bind })])
  const rows = (sql: string) => driver.rows(statement<object, Record<string, unknown>>(`read_${++statements}`, sql), {})

  async function grant(grantId: string = newId('gr'), claims: string | null = null): Promise<string> {
    await run(
      `INSERT INTO "grant" (grant_id, client_id, client_generation, user_id, user_number, user_generation, session_id, offline,
         scope_asked, scope, amr, authenticated_at, issued_at, expires_at, claims)
       SELECT :grant_id, 'app', 1, user_id, number, 1, 'se_1', 1, 'openid offline_access', 'openid offline_access', 'pwd', :now,
         :now, :expires_at, :claims FROM "user"`,
      { grant_id: grantId, expires_at: NOW + 400 * 86_400, claims },
    )
    return grantId
  }

  const token = (grantId: string, text: string, issuedAt: number) =>
    run(
      `INSERT INTO refresh_token (hash, grant_id, issued_at, expires_at, family_expires_at)
       VALUES (:hash, :grant_id, :issued_at, :expires_at, :family_expires_at)`,
      {
        hash: tokenKey(text),
        grant_id: grantId,
        issued_at: issuedAt,
        expires_at: issuedAt + 30 * 86_400,
        family_expires_at: NOW + 180 * 86_400,
      },
    )

  /** Rotated so many seconds ago, as the release before did it; what it answered. */
  async function rotate(grantId: string, presented: string, ago: number) {
    const salt = newSalt()
    const { accessToken, refreshToken } = successorOf(master, salt, presented)
    await run(
      `UPDATE refresh_token SET rotated_at = :rotated_at, rotation_salt = :salt, rotation_digest = :digest,
         rotation_scope = 'openid offline_access', rotation_address = '127.0.0.1', rotation_user_agent = 'node'
       WHERE hash = :hash`,
      { hash: tokenKey(presented), rotated_at: NOW - ago, salt, digest: NOTHING_ASKED },
    )
    await run(
      `INSERT INTO access_token (place, hash, grant_id, client_id, client_generation, scope, issued_at, expires_at, user_id,
         user_number, user_generation)
       SELECT :place, :hash, :grant_id, 'app', 1, 'openid offline_access', :issued_at, :expires_at, user_id, number, 1
       FROM "user"`,
      { ...placed(tokenKey(accessToken)), grant_id: grantId, issued_at: NOW - ago, expires_at: NOW - ago + 3_600 },
    )
    await token(grantId, refreshToken, NOW - ago)
    return { access: accessToken, refresh: refreshToken }
  }

  async function upgraded(): Promise<RelyingParty> {
    await driver.close()
    host = await startServer({ database: kind, at, master, clock })
    return new RelyingParty({ host, clientId: 'app' })
  }

  test('a token that is good is exchanged, repeated, and ends its family when it is replayed', async () => {
    const grantId = await grant()
    const first = newToken()
    await token(grantId, first, NOW - 100)
    const app = await upgraded()
    expect((await app.introspect(first)).body).toMatchObject({
      active: true,
      sub: 'id-alice',
      exp: NOW - 100 + 30 * 86_400,
    })
    const second = tokensOf(await app.refresh(first))
    expect(second.refresh).toMatch(/^[A-Za-z0-9]{64}$/)
    expect((await app.introspect(first)).body).toEqual({ active: false })
    const again = tokensOf(await app.refresh(first))
    expect([again.access, again.refresh]).toEqual([second.access, second.refresh])
    const third = tokensOf(await app.refresh(second.refresh))
    clock.advance(31)
    expect((await app.userinfo(third.access)).status).toBe(200)
    expectInvalidGrant(await app.refresh(first))
    expectInvalidGrant(await app.refresh(third.refresh))
    expect((await app.userinfo(third.access)).status).toBe(401)
    clock.advance(-31)
  })

  test('a rotation whose answer was lost on the way is repeated with the same strings', async () => {
    const grantId = await grant()
    const first = newToken()
    await token(grantId, first, NOW - 100)
    const answered = await rotate(grantId, first, 5)
    const app = await upgraded()
    const again = tokensOf(await app.refresh(first))
    expect([again.access, again.refresh]).toEqual([answered.access, answered.refresh])
    expect((await app.userinfo(again.access)).status).toBe(200)
    const next = tokensOf(await app.refresh(answered.refresh))
    expect(next.refresh).toMatch(/^[A-Za-z0-9]{64}$/)
    expectInvalidGrant(await app.refresh(first))
    expect((await app.introspect(next.refresh)).body['active']).toBe(true)
  })

  test('all that was kept of the two newest tokens is in the row, and what was revoked stays so', async () => {
    const [kept, revoked] = [await grant(), await grant()]
    const [first, other] = [newToken(), newToken()]
    await token(kept, first, NOW - 1_000)
    const second = await rotate(kept, first, 500)
    const third = await rotate(kept, second.refresh, 20)
    await run(
      `UPDATE refresh_token SET rotation_salt = :salt, rotation_digest = :digest, rotation_scope = 'openid', rotation_address = '192.0.2.7',
         rotation_user_agent = 'agent', rotation_access_token = :sealed WHERE hash = :hash`,
      { hash: tokenKey(second.refresh), salt: sha256('salt'), digest: sha256('digest'), sealed: sha256('sealed') },
    )
    await token(revoked, other, NOW - 100)
    await run('UPDATE "grant" SET revoked_at = :now WHERE grant_id = :revoked', { revoked })
    await migrate(driver, migrations, { clock })
    const store = createStore(driver)
    const found = async (text: string) =>
      (await store.findClientWithRefreshToken('app', { hash: tokenKey(text), grantId: null }))?.refresh
    const plain = (value: unknown) =>
      JSON.parse(
        JSON.stringify(value, (_, each: unknown) =>
          each instanceof Uint8Array ? Buffer.from(each).toString('hex') : each,
        ),
      ) as unknown
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
    const family = {
      grantId: kept,
      current: { issuedAt: NOW - 20, expiresAt: NOW - 20 + 30 * 86_400 },
      expiresAt: NOW + 180 * 86_400,
      rotations: 2,
      earlierRotations: `${NOW - 500} `,
    }
    const last = {
      successor: hex(tokenKey(third.refresh)),
      rotatedAt: NOW - 20,
      salt: hex(sha256('salt')),
      requestDigest: hex(sha256('digest')),
      scope: 'openid',
      address: '192.0.2.7',
      userAgent: 'agent',
      sealedAccessToken: hex(sha256('sealed')),
    }
    const [oldest, replaced, good] = [await found(first), await found(second.refresh), await found(third.refresh)]
    for (const refresh of [oldest, replaced, good]) expect(refresh).toMatchObject({ state: 'live', family })
    expect(plain(oldest)).toMatchObject({
      isCurrent: false,
      last: { ...last, isOfPresented: false },
      formerRotations: 0,
    })
    expect(plain(replaced)).toMatchObject({
      isCurrent: false,
      last: { ...last, isOfPresented: true },
      formerRotations: 1,
    })
    expect(good).toMatchObject({ isCurrent: true, last: null, formerRotations: 2 })
    expect(await found(other)).toMatchObject({ state: 'grant_revoked', family: { rotations: 0 }, last: null })
    await driver.close()
  })

  test('the one before is the one whose rotation made the good one, whatever clocks said', async () => {
    const grantId = await grant()
    const first = newToken()
    await token(grantId, first, NOW - 100)
    // By a node whose clock is ahead.
    const second = await rotate(grantId, first, -5)
    const third = await rotate(grantId, second.refresh, 10)
    const app = await upgraded()
    const again = tokensOf(await app.refresh(second.refresh))
    expect([again.access, again.refresh]).toEqual([third.access, third.refresh])
  })

  /** No two tokens of a family come in one millisecond. */
  const pause = () => new Promise((resolve) => setTimeout(resolve, 3))

  test('of two rotations in one second the later one is repeated', async () => {
    const grantId = await grant()
    const first = newToken()
    await token(grantId, first, NOW - 100)
    await pause()
    const second = await rotate(grantId, first, 3)
    await pause()
    const third = await rotate(grantId, second.refresh, 3)
    const app = await upgraded()
    const again = tokensOf(await app.refresh(second.refresh))
    expect([again.access, again.refresh]).toEqual([third.access, third.refresh])
    expectInvalidGrant(await app.refresh(first))
    expect((await app.introspect(third.refresh)).body['active']).toBe(true)
  })

  test('a token that was good at the upgrade counts on from there: a late copy of its request ends nothing', async () => {
    const grantId = await grant()
    const first = newToken()
    await token(grantId, first, NOW - 1_000)
    const good = await rotate(grantId, first, 500)
    const app = await upgraded()
    const second = tokensOf(await app.refresh(good.refresh))
    const third = tokensOf(await app.refresh(second.refresh))
    expectInvalidGrant(await app.refresh(good.refresh))
    expect((await app.introspect(third.refresh)).body['active']).toBe(true)
    expectInvalidGrant(await app.refresh(first))
    expectInvalidGrant(await app.refresh(third.refresh))
  })

  test('one that was used long before the upgrade is replayed, however shortly before it others were', async () => {
    const grantId = await grant()
    const first = newToken()
    await token(grantId, first, NOW - 9_000)
    const second = await rotate(grantId, first, 5_000)
    const third = await rotate(grantId, second.refresh, 5)
    const app = await upgraded()
    expectInvalidGrant(await app.refresh(first))
    expectInvalidGrant(await app.refresh(third.refresh))
  })

  test('tokens of the first release, 43 letters, are introspected, and revoke their family once they were replaced', async () => {
    const [first, other] = [newSecret(), newSecret()]
    const grantId = await grant()
    await token(await grant(), other, NOW - 500)
    await token(grantId, first, NOW - 1_000)
    const second = await rotate(grantId, first, 500)
    const app = await upgraded()
    expect((await app.introspect(other)).body['active']).toBe(true)
    expect((await app.refresh(other)).status).toBe(200)
    expect((await app.introspect(first)).body).toEqual({ active: false })
    expect((await app.revoke(first)).status).toBe(200)
    expectInvalidGrant(await app.refresh(second.refresh))
  })

  test.each([
    ['the one before', 0],
    ['the one before that', 1],
  ])('%s, presented after the window, ends the family', async (_, which) => {
    const grantId = await grant()
    const neighbour = newToken()
    await token(await grant(), neighbour, NOW - 100)
    const first = newToken()
    await token(grantId, first, NOW - 1_000)
    const second = await rotate(grantId, first, 500)
    const third = await rotate(grantId, second.refresh, 100)
    const app = await upgraded()
    expect((await app.userinfo(third.access)).status).toBe(200)
    expectInvalidGrant(await app.refresh([second.refresh, first][which] ?? ''))
    expectInvalidGrant(await app.refresh(third.refresh))
    expect((await app.userinfo(third.access)).status).toBe(401)
    expect((await app.refresh(neighbour)).status).toBe(200)
  })

  test('one that was replaced long ago revokes its family; of another client, or unknown, it is nothing', async () => {
    const grantId = await grant()
    const first = newToken()
    await token(grantId, first, NOW - 2_000)
    const second = await rotate(grantId, (await rotate(grantId, first, 1_000)).refresh, 500)
    const app = await upgraded()
    await host?.addClient('other')
    const other = new RelyingParty({ host: app.host, clientId: 'other' })
    expect((await other.revoke(first)).status).toBe(200)
    expectInvalidGrant(await other.refresh(second.refresh))
    expectInvalidGrant(await app.refresh(newToken()))
    expect((await app.introspect(newToken())).body).toEqual({ active: false })
    expect((await app.introspect(second.refresh)).body['active']).toBe(true)
    expect((await app.revoke(first)).status).toBe(200)
    expectInvalidGrant(await app.refresh(second.refresh))
  })

  test('a code is redeemed, and single claims that were asked for are still given', async () => {
    const grantId = await grant(newId('gr'), '{"userinfo":[{"name":"name","essential":false}],"id_token":[]}')
    const code = newToken()
    const access = newToken()
    await run(
      `INSERT INTO authorization_code (hash, grant_id, redirect_uri, failures, issued_at, expires_at)
       VALUES (:hash, :grant_id, :redirect_uri, 0, :now, :expires_at)`,
      { hash: tokenKey(code), grant_id: grantId, redirect_uri: CALLBACK, expires_at: NOW + 60 },
    )
    await run(
      `INSERT INTO access_token (place, hash, grant_id, client_id, client_generation, scope, issued_at, expires_at, user_id,
         user_number, user_generation, claims_asked)
       SELECT :place, :hash, :grant_id, 'app', 1, 'openid', :now, :expires_at, user_id, number, 1, 1 FROM "user"`,
      { ...placed(tokenKey(access)), grant_id: grantId, expires_at: NOW + 3_600 },
    )
    const app = await upgraded()
    expect((await app.userinfo(access)).body).toMatchObject({ sub: 'id-alice', name: 'alice' })
    const tokens = tokensOf(await app.redeem(code))
    expect((await app.refresh(tokens.refresh)).status).toBe(200)
    expectInvalidGrant(await app.redeem(code))
    expect((await app.userinfo(tokens.access)).status).toBe(401)
  })

  test('every grant lies where its id tells, whatever it is, and none is lost', { timeout: 60_000 }, async () => {
    // Those that are shorter than any id was are all in a few places: one each.
    const odd = fc.sample(fc.string({ unit: LETTERS, maxLength: 40 }), { numRuns: 150, seed: 42 })
    const one = new Map(odd.map((id) => [grantPlaced(id).grant_place, id]))
    const shared = newId('gr').slice(0, 17)
    const ids = new Set([...one.values(), ...Array.from({ length: PLACES }, (_, each) => `${shared}${each}000000000`)])
    for (const id of ids) await grant(id)
    await migrate(driver, migrations, { clock })
    const found = await rows('SELECT grant_id, CAST(place AS TEXT) AS place FROM "grant"')
    expect(found).toHaveLength(ids.size)
    expect(ids.size).toBeGreaterThan(50)
    for (const { grant_id, place } of found) {
      const first = grantPlaced(String(grant_id)).grant_place
      const further = BigInt(String(place)) - first
      expect(further >= 0n && further < BigInt(PLACES), `${String(grant_id)} at ${String(place)}, not ${first}`).toBe(
        true,
      )
    }
    if (kind === 'sqlite') expect(new Set(found.map(({ place }) => place)).size).toBe(ids.size)
    await driver.close()
  })

  test('what a release before would still write is refused', async () => {
    const grantId = await grant()
    const first = newToken()
    await token(grantId, first, NOW - 100)
    await migrate(driver, migrations, { clock })
    await expect(token(grantId, newToken(), NOW)).rejects.toBeInstanceOf(Error)
    await expect(rotate(grantId, first, 0)).rejects.toBeInstanceOf(Error)
    if (kind === 'postgres') await expect(grant()).rejects.toBeInstanceOf(Error)
    const app = await upgraded()
    expect((await app.refresh(first)).status).toBe(200)
  })

  test('former tokens go when they have expired', async () => {
    const grantId = await grant()
    const first = newToken()
    await token(grantId, first, NOW - 100)
    const second = await rotate(grantId, first, 50)
    await migrate(driver, migrations, { clock })
    const store = createStore(driver)
    const kept = { events: 1, endedSessions: 1, most: 100 }
    const left = async () => (await rows('SELECT hash FROM former_refresh_token')).length
    while (!(await store.prune(NOW + 20 * 86_400, kept))) continue
    expect(await left()).toBe(2)
    while (!(await store.prune(NOW + 31 * 86_400, kept))) continue
    expect(await left()).toBe(0)
    const app = await upgraded()
    expectInvalidGrant(await app.refresh(second.refresh))
  })
})
