// What every store promises of its verbs, beyond what codes and tokens are tested for by the specifications: each
// promise holds on SQLite and on PostgreSQL.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { presetNamed } from '../../src/administration/presets/index.ts'
import { sha256 } from '../../src/credentials/digest.ts'
import { flattenSettings, parseClient } from '../../src/model/client/settings.ts'
import type { Interaction } from '../../src/model/interaction.ts'
import type { Session } from '../../src/model/session.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { newSecret } from '../../src/platform/random.ts'
import type { Driver } from '../../src/store/database/driver.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { emptyDatabase, KINDS } from './empty-database.ts'
import { person } from './records.ts'

const NOW = 1_800_000_000

const event = (
  type: 'user_added' | 'user_disabled' | 'user_removed' | 'users_imported' | 'session_ended' | 'session_started',
  at = NOW,
) => ({ type, at })

describe.each(KINDS)('the store on %s', (kind) => {
  let driver: Driver
  let store: Store
  let remove: () => Promise<void> = async () => {}
  beforeAll(async () => {
    const empty = await emptyDatabase(kind)
    driver = empty.driver
    remove = empty.remove
    await migrate(driver, migrations, { clock: systemClock() })
    store = createStore(driver)
  })
  afterAll(() => remove())

  const session = (userId: string, fields: Partial<Session> = {}): Session => ({
    sessionId: `se_${newSecret()}`,
    userId,
    userGeneration: 1,
    authenticatedAt: NOW,
    amr: ['pwd'],
    lastUsedAt: NOW,
    expiresAt: NOW + 1000,
    ...fields,
  })

  test('a user comes back as it went in', async () => {
    await store.addUser(person('anna', { phone: '+8613800000001', email: 'a@example.com' }), event('user_added'))
    expect(await store.findUser('id-anna')).toMatchObject({
      username: 'anna',
      profile: { displayName: 'anna', custom: { team: '制作' } },
      phone: '+8613800000001',
      enabled: true,
      generation: 1,
      passwordHash: null,
    })
    expect(await store.findUserByUsername('anna')).toEqual(await store.findUser('id-anna'))
    expect(await store.findUserByUsername('nobody')).toBeNull()
  })

  test('a user id, a user name and the phone of an enabled user are taken once', async () => {
    await store.addUser(person('bert', { phone: '+8613800000002' }), event('user_added'))
    const refused = [
      person('bert2', { userId: 'id-bert' }),
      person('bert3', { usernameKey: 'bert' }),
      person('bert4', { phone: '+8613800000002' }),
    ]
    const answers = []
    for (const each of refused) answers.push(await store.addUser(each, event('user_added')))
    expect(answers).toEqual(['user_id_taken', 'username_taken', 'phone_taken'])
    await store.setUserEnabled('id-bert', false, event('user_disabled'))
    expect(await store.addUser(person('bert5', { phone: '+8613800000002' }), event('user_added'))).toBe('added')
    expect(await store.setUserEnabled('id-bert', true, event('user_disabled'))).toBe('phone_taken')
    expect(await store.findUser('id-bert')).toMatchObject({ enabled: false })
  })

  test('the id of a removed user is never used again, and nothing personal is left', async () => {
    await store.addUser(person('carl', { email: 'c@example.com' }), event('user_added'))
    expect(await store.removeUser('id-carl', event('user_removed'))).toBe(true)
    expect(await store.findUser('id-carl')).toBeNull()
    expect(await store.addUser(person('carl2', { userId: 'id-carl' }), event('user_added'))).toBe('user_id_taken')
    expect(await store.addUser(person('carl', { userId: 'id-new-carl' }), event('user_added'))).toBe('added')
  })

  test('origins are those of the redirect URIs that enabled public clients have now', async () => {
    const page = (id: string, ...redirect_uris: string[]) =>
      parseClient(
        flattenSettings({ ...flattenSettings(presetNamed('spa').settings), client_name: id, redirect_uris }),
        {
          client_id: id,
          preset: 'spa',
          consentDeclared: true,
        },
      )
    const about = (type: 'client_added' | 'client_updated' | 'client_removed') => ({ type, at: NOW })
    const known = () =>
      Promise.all(
        ['https://one.test', 'https://two.test', 'https://three.test'].map((each) => store.isScriptOrigin(each)),
      )
    const added = page('page', 'https://one.test/a', 'https://one.test/b', 'https://two.test/')
    expect(await store.addClient(added, null, about('client_added'))).toBe('added')
    expect(await known()).toEqual([true, true, false])
    expect(await store.isScriptOrigin('https://ONE.test')).toBe(false)
    const state = { enabled: true, version: 1, killIssued: false }
    const moved = page('page', 'https://three.test/')
    expect(await store.updateClient(moved, { ...state, version: 7 }, about('client_updated'))).toBe('changed')
    expect(await known()).toEqual([true, true, false])
    expect(await store.updateClient(moved, state, about('client_updated'))).toBe('updated')
    expect(await known()).toEqual([false, false, true])

    // Clients that are older than the table of origins.
    await driver.atomic([{ statement: { name: 'forget_origins', sql: 'DELETE FROM client_origin' }, bind: {} }])
    expect(await known()).toEqual([false, false, false])
    await store.fillClientOrigins()
    expect(await known()).toEqual([false, false, true])

    const off = { ...state, version: 2, enabled: false }
    expect(await store.updateClient(moved, off, about('client_updated'))).toBe('updated')
    expect(await known()).toEqual([false, false, false])
    const on = { ...state, version: 3 }
    expect(await store.updateClient(moved, on, about('client_updated'))).toBe('updated')
    expect(await known()).toEqual([false, false, true])
    // The pages of a confidential client may watch a session; their scripts read nothing.
    const site = parseClient(
      flattenSettings({
        ...flattenSettings(presetNamed('openid-connect').settings),
        client_name: 'site',
        redirect_uris: ['https://two.test/cb', 'https://three.test/cb'],
      }),
      { client_id: 'site', preset: 'openid-connect', consentDeclared: true },
    )
    expect(await store.addClient(site, null, about('client_added'))).toBe('added')
    expect(await known()).toEqual([false, false, true])
    const watched = () =>
      Promise.all(['https://one.test', 'https://two.test'].map((each) => store.isRedirectOrigin(each)))
    expect(await watched()).toEqual([false, true])
    expect(await store.listRedirectOrigins(5)).toEqual(['https://three.test', 'https://two.test'])
    expect(await store.listRedirectOrigins(1)).toEqual(['https://three.test'])
    expect(await store.removeClient('site', about('client_removed'))).toBe(true)
    expect(await watched()).toEqual([false, false])
    expect(await store.removeClient('page', about('client_removed'))).toBe(true)
    expect(await known()).toEqual([false, false, false])
  })

  test('a session is live until it idles out, is too old, is ended, or its user is disabled', async () => {
    await store.addUser(person('dora'), event('user_added'))
    const secrets = [newSecret(), newSecret()].map((secret) => sha256(secret))
    const [one, two] = secrets as [Uint8Array, Uint8Array]
    const first = session('id-dora')
    expect(await store.startSession(first, one, [event('session_started')])).toBe(true)
    const find = (now: number, idleSince: number) => store.findSessions([two, one], now, idleSince)
    expect(await find(NOW + 10, NOW - 1)).toMatchObject([
      { session: { sessionId: first.sessionId, amr: ['pwd'] }, user: { userId: 'id-dora' } },
    ])
    expect(await find(NOW + 10, NOW)).toEqual([])
    expect(await find(NOW + 1000, NOW - 1)).toEqual([])
    expect(await store.renewSession({ ...first, authenticatedAt: NOW + 5 }, two, [])).toBe(true)
    expect(await store.findSessions([one], NOW + 10, NOW - 1)).toEqual([])
    expect(await store.findSessions([two], NOW + 10, NOW - 1)).toMatchObject([
      { session: { authenticatedAt: NOW + 5 } },
    ])
    await store.setUserEnabled('id-dora', false, event('user_disabled'))
    await store.setUserEnabled('id-dora', true, event('user_disabled'))
    expect(await store.findSessions([two], NOW + 10, NOW - 1)).toEqual([])
    expect(await store.startSession(session('id-dora'), sha256('stale'), [])).toBe(false)
    const fresh = session('id-dora', { userGeneration: 2 })
    expect(await store.startSession(fresh, sha256('fresh'), [])).toBe(true)
    expect(await store.endSession(fresh.sessionId, event('session_ended'))).toBe(true)
    expect(await store.endSession(fresh.sessionId, event('session_ended'))).toBe(false)
    expect(await store.findSessions([sha256('fresh')], NOW + 10, NOW - 1)).toEqual([])
  })

  test('a person ends a session of theirs and no other, or all but one', async () => {
    for (const name of ['olga', 'pete']) await store.addUser(person(name), event('user_added'))
    const [one, two, three, foreign] = [session('id-olga'), session('id-olga'), session('id-olga'), session('id-pete')]
    for (const each of [one, two, three, foreign]) await store.startSession(each, sha256(newSecret()), [])
    const live = async (userId: string) =>
      (await store.listSessions(userId, NOW, 0)).map(({ sessionId }) => sessionId).toSorted()
    const ended = { ...event('session_ended'), userId: 'id-olga' }
    const before = (await store.listEvents(1000)).length
    expect(await store.endSessionOfUser('id-olga', foreign.sessionId, ended)).toBe(false)
    expect((await store.listEvents(1000)).length).toBe(before)
    expect(await live('id-pete')).toEqual([foreign.sessionId])
    // Whose a session is, as long as there is something to end: until it has ended, or is over by its age.
    const endable = async (now = NOW) => (await store.findEndableSession(one.sessionId, now))?.user.userId
    expect([await endable(), await endable(one.expiresAt - 1), await endable(one.expiresAt)]).toEqual([
      'id-olga',
      'id-olga',
      undefined,
    ])
    expect(await store.findEndableSession('se_none', NOW)).toBeNull()
    expect(await store.endSessionOfUser('id-olga', one.sessionId, ended)).toBe(true)
    expect(await store.endSessionOfUser('id-olga', one.sessionId, ended)).toBe(false)
    expect(await endable()).toBeUndefined()
    expect(await live('id-olga')).toEqual([two.sessionId, three.sessionId].toSorted())
    expect(await store.endOtherSessionsOfUser('id-olga', two.sessionId, ended, 0)).toBe(1)
    expect(await store.endOtherSessionsOfUser('id-olga', two.sessionId, ended, 0)).toBe(0)
    expect([await live('id-olga'), await live('id-pete')]).toEqual([[two.sessionId], [foreign.sessionId]])
  })

  test('all sessions but one end once: of two calls, or ten at the same time, one writes an event', async () => {
    await store.addUser(person('rosa'), event('user_added'))
    const ended = { ...event('session_ended'), userId: 'id-rosa' }
    const events = async () => (await store.listEvents(1000, { userId: 'id-rosa' })).length
    const kept = session('id-rosa')
    await store.startSession(kept, sha256(newSecret()), [])
    const begin = async (fields: Partial<Session>) => {
      const each = session('id-rosa', fields)
      await store.startSession(each, sha256(newSecret()), [])
      return each.sessionId
    }
    const end = () => store.endOtherSessionsOfUser('id-rosa', kept.sessionId, ended, NOW - 100)
    expect([await end(), await events()]).toEqual([0, 0])
    // Idle and too old are in no list and so not counted, and end all the same.
    const idle = await begin({ authenticatedAt: NOW - 100 })
    const old = await begin({ expiresAt: NOW })
    expect([await end(), await events()]).toEqual([0, 1])
    expect([await store.endSession(idle, ended), await store.endSession(old, ended)]).toEqual([false, false])
    await begin({ authenticatedAt: NOW - 100 })
    for (let more = 0; more < 2; more++) await begin({})
    expect([await end(), await events()]).toEqual([2, 2])
    expect([await end(), await events()]).toEqual([0, 2])
    await begin({})
    const counts = await Promise.all(Array.from({ length: 10 }, end))
    expect(counts.toSorted()).toEqual([...Array<number>(9).fill(0), 1])
    expect(await events()).toBe(3)
    expect(await store.listSessions('id-rosa', NOW, 0)).toMatchObject([{ sessionId: kept.sessionId }])
  })

  test('of fifty attempts in parallel no more are admitted than are free, and waiting doubles', async () => {
    const charge = { keyHash: sha256(`charge ${kind}`), window: 3600, free: 5, wait: 1, longest: 60 }
    const all = await Promise.all(Array.from({ length: 50 }, () => store.chargeAttempts([charge], NOW)))
    expect(all.filter(({ charged }) => charged)).toHaveLength(5)
    const waits = []
    let now = NOW
    for (let count = 0; count < 8; count++) {
      const [counter] = await store.findCounters([charge.keyHash], now)
      waits.push((counter?.blockedUntil ?? 0) - now)
      now = counter?.blockedUntil ?? now
      expect(await store.chargeAttempts([charge], now)).toEqual({ charged: true })
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
    await store.settleAttempts([charge.keyHash], [])
    expect(await store.findCounters([charge.keyHash], now)).toEqual([])
  })

  test('a charge of several counters is one: when the second must wait, the first is not charged', async () => {
    const one = { keyHash: sha256(`one ${kind}`), window: 60, free: 100, wait: 1, longest: 60 }
    const two = { keyHash: sha256(`two ${kind}`), window: 60, free: 1, wait: 30, longest: 60 }
    expect(await store.chargeAttempts([one, two], NOW)).toEqual({ charged: true })
    expect(await store.chargeAttempts([one, two], NOW)).toEqual({ charged: false, place: 1 })
    expect(await store.findCounters([one.keyHash], NOW)).toMatchObject([{ failures: 1 }])
    await store.settleAttempts([], [one.keyHash])
    expect(await store.findCounters([one.keyHash], NOW)).toMatchObject([{ failures: 0 }])
  })

  test('signing a user out everywhere is written down when something ended, and by whoever ended it', async () => {
    await store.addUser(person('uma'), event('user_added'))
    const end = () => store.endSessionsOfUser('id-uma', true, { type: 'sessions_ended', at: NOW, userId: 'id-uma' })
    const told = async () => (await store.listEvents(50, { userId: 'id-uma' })).length
    // Over by its age: nobody can use it, whatever the clock of the idle ones says.
    await store.startSession(session('id-uma', { expiresAt: NOW }), sha256(newSecret()), [])
    expect([await end(), await told()]).toEqual([{ sessions: 0, grants: 0, isWritten: false }, 0])
    const idle = session('id-uma', { lastUsedAt: NOW - 900 })
    for (const each of [session('id-uma'), idle]) await store.startSession(each, sha256(newSecret()), [])
    const all = await Promise.all([end(), end(), end()])
    expect(all.filter(({ isWritten }) => isWritten)).toEqual([{ sessions: 2, grants: 0, isWritten: true }])
    expect(await told()).toBe(1)
    expect([await end(), await told()]).toEqual([{ sessions: 0, grants: 0, isWritten: false }, 1])
  })

  test('an import is invisible until it is published, all at once', async () => {
    const importId = `im_${newSecret()}`
    await store.beginImport(importId, NOW)
    const people = Array.from({ length: 20 }, (_, at) => person(`imported${at}`))
    expect(await store.addImportedUsers(importId, people, NOW)).toBe('added')
    const before = await store.countUsers()
    expect(await store.findUserByUsername('imported3')).toBeNull()
    expect(
      await store.addImportedUsers(importId, [person('fine'), person('anna2', { usernameKey: 'anna' })], NOW),
    ).toEqual({
      conflict: 'username_taken',
      index: 1,
    })
    expect(await store.publishImport(importId, event('users_imported'))).toBe(true)
    expect(await store.publishImport(importId, event('users_imported'))).toBe(false)
    expect(await store.countUsers()).toBe(before + 20)
    expect(await store.findUserByUsername('imported3')).toMatchObject({ userId: 'id-imported3' })
    expect(await store.findUserByUsername('fine')).toBeNull()
    while (!(await store.tidyImports(NOW, 7)));
    expect(await store.countUsers()).toBe(before + 20)
  })

  test('an import that is given up stays so, however late it goes on or is published', async () => {
    const importId = `im_${newSecret()}`
    const before = await store.countUsers()
    await store.beginImport(importId, NOW)
    const people = Array.from({ length: 20 }, (_, at) => person(`late${at}`))
    await store.addImportedUsers(importId, people, NOW)
    expect(await store.tidyImports(NOW + 1, 5)).toBe(false)
    expect(await store.addImportedUsers(importId, [person('late')], NOW + 1)).toBe('abandoned')
    expect(await store.publishImport(importId, event('users_imported'))).toBe(false)
    while (!(await store.tidyImports(NOW + 1, 5)));
    expect(await store.countUsers()).toBe(before)
    expect(await store.listOpenImports()).toEqual([])
    expect(await store.addUser(person('late0'), event('user_added'))).toBe('added')
  })

  test('an import that was published is not given up, whoever believes it has failed', async () => {
    const importId = `im_${newSecret()}`
    const before = await store.countUsers()
    await store.beginImport(importId, NOW)
    const people = Array.from({ length: 7 }, (_, at) => person(`published${at}`))
    await store.addImportedUsers(importId, people, NOW)
    expect(await store.publishImport(importId, event('users_imported'))).toBe(true)
    expect(await store.abandonImport(importId, 5)).toBe(true)
    expect(await store.countUsers()).toBe(before + 7)
    while (!(await store.tidyImports(NOW + 1, 5)));
    expect(await store.countUsers()).toBe(before + 7)
    expect(await store.findUserByUsername('published3')).toMatchObject({ userId: 'id-published3' })
  })

  test('a killed import leaves nothing behind', async () => {
    const importId = `im_${newSecret()}`
    const before = await store.countUsers()
    await store.beginImport(importId, NOW)
    await store.addImportedUsers(importId, [person('killed')], NOW)
    expect(await store.addUser(person('killed'), event('user_added'))).not.toBe('added')
    while (!(await store.tidyImports(NOW + 1, 5)));
    expect(await store.publishImport(importId, event('users_imported'))).toBe(false)
    expect(await store.addUser(person('killed'), event('user_added'))).toBe('added')
    expect(await store.countUsers()).toBe(before + 1)
  })

  test('a ticket is bound by the first browser, and by no other', async () => {
    const hash = sha256(`ticket ${kind}`)
    await store.addTicket(hash, { purpose: 'set_up', detail: '{}', createdAt: NOW, expiresAt: NOW + 60 })
    expect(await store.findTicket(hash, NOW + 60)).toBeNull()
    const browsers = Array.from({ length: 20 }, (_, at) => sha256(`browser ${at}`))
    const bound = await Promise.all(browsers.map((browser) => store.bindTicket(hash, browser, NOW, NOW + 600)))
    expect(bound.filter(Boolean)).toHaveLength(1)
    expect(await store.findTicket(hash, NOW + 599)).toMatchObject({ purpose: 'set_up' })
    // Its button pressed twice: that browser has it all the same, and the others still have not.
    const again = await Promise.all(browsers.map((browser) => store.bindTicket(hash, browser, NOW, NOW + 600)))
    expect(again).toEqual(bound)
  })

  test('interactions are bounded per browser and per address, and the heaviest address makes room', async () => {
    const limits = { perBrowser: 3, perAddress: 5, totalBytes: 1_000_000 }
    const open = async (browser: string, address: string, createdAt: number, interactionId = newSecret()) => {
      const interaction: Interaction = {
        interactionId,
        browserHash: sha256(browser),
        request: {
          clientId: 'client',
          redirectUri: 'https://client.test/callback',
          responseType: 'code',
          responseMode: 'query',
          scopeAsked: 'openid',
          scope: 'openid',
          state: 'x'.repeat(500),
          nonce: null,
          codeChallenge: null,
          prompt: [],
          maxAge: null,
          loginHint: null,
          uiLocales: null,
        },
        authenticatedSessionId: null,
        chosenSessionId: null,
        createdAt,
        expiresAt: createdAt + 1800,
      }
      await store.addInteraction(interaction, address, limits)
      return interactionId
    }
    const mine = []
    for (let at = 0; at < 5; at++) mine.push(await open('mine', '192.0.2.1', NOW + at))
    const found = await Promise.all(mine.map((id) => store.findInteraction(id, NOW + 10)))
    expect(found.map((each) => each !== null)).toEqual([false, false, true, true, true])
    for (let at = 0; at < 9; at++) await open(`other ${at}`, '192.0.2.1', NOW + 100 + at)
    expect(await store.findInteraction(mine[4] ?? '', NOW + 110)).toBeNull()
    const far = await open('far', '198.51.100.7', NOW + 200)
    expect(await store.findInteraction(far, NOW + 210)).toMatchObject({ request: { state: 'x'.repeat(500) } })
    const finished = await Promise.all(Array.from({ length: 20 }, () => store.finishInteraction(far)))
    expect(finished.filter(Boolean)).toHaveLength(1)
  })

  test('what has expired is pruned in bounded steps, what has not stays', async () => {
    await store.chargeAttempts([{ keyHash: sha256('old'), window: 10, free: 9, wait: 1, longest: 1 }], NOW - 1000)
    await store.chargeAttempts([{ keyHash: sha256('new'), window: 10_000, free: 9, wait: 1, longest: 1 }], NOW)
    let steps = 0
    while (!(await store.prune(NOW + 100, { events: 1000, endedSessions: 1000, most: 1 }))) steps++
    expect(steps).toBeGreaterThan(0)
    expect(await store.findCounters([sha256('new')], NOW + 100)).toHaveLength(1)
    const rows = await driver.rows(
      { name: 'count_old_attempts', sql: 'SELECT key_hash FROM attempt WHERE expires_at < :now' },
      { now: NOW + 100 },
    )
    expect(rows).toEqual([])
  })

  test('a fact is put once, or put anew', async () => {
    expect(await store.putFactOnce('public_address', 'one')).toBe('one')
    expect(await store.putFactOnce('public_address', 'two')).toBe('one')
    await store.putFact('public_address', 'three')
    expect(await store.findFact('public_address')).toBe('three')
  })
})
