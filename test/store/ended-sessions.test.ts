// Sessions that have ended are kept for long: pruning must not look at all of them again and again.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/credentials/digest.ts'
import { newId } from '../../src/platform/random.ts'
import { type Driver, statement } from '../../src/store/database/driver.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { testClock } from '../support/clock.ts'
import { emptyDatabase, KINDS } from './empty-database.ts'
import { person } from './records.ts'

const NOW = 1_800_000_000
const HOUR = 3_600
const KEPT = 180 * 24 * HOUR
const STEP = 10

const count = statement<{ now: number }, { all: number; past: number }>(
  'count_sessions_of_test',
  'SELECT count(*) AS "all", count(CASE WHEN expires_at < :now THEN 1 END) AS past FROM session',
)

describe.each(KINDS)('sessions that have ended, on %s,', (kind) => {
  let driver: Driver
  let store: Store
  let remove: () => Promise<void> = async () => {}

  beforeEach(async () => {
    const database = await emptyDatabase(kind)
    driver = database.driver
    remove = database.remove
    await migrate(driver, migrations, { clock: testClock() })
    store = createStore(driver)
    await store.addUser(person('alice'), { type: 'user_added', at: NOW, userId: 'id-alice' })
  })
  afterEach(() => remove())

  /** Begun an hour ago; ends or runs out within the hour. */
  async function begin(): Promise<string> {
    const sessionId = newId('se')
    const times = { authenticatedAt: NOW - HOUR, lastUsedAt: NOW - HOUR, expiresAt: NOW - 1 }
    const session = { sessionId, userId: 'id-alice', userGeneration: 1, amr: ['pwd'], ...times }
    expect(await store.startSession(session, sha256(sessionId), [])).toBe(true)
    return sessionId
  }

  async function ended(): Promise<string> {
    const sessionId = await begin()
    expect(await store.endSession(sessionId, { type: 'session_ended', at: NOW - HOUR / 2 })).toBe(true)
    return sessionId
  }

  /** As a server prunes; the number of steps. */
  async function prune(now: number, kept = KEPT): Promise<number> {
    let steps = 1
    while (!(await store.prune(now, { events: 1e9, endedSessions: kept, most: STEP }))) steps++
    return steps
  }

  const seen = async (now: number) => (await driver.rows(count, { now }))[0]

  test('are looked at once when they would have run out, a few at a time, and not again before they go', async () => {
    for (let turn = 0; turn < 35; turn++) await (turn % 5 === 0 ? begin() : ended())
    expect(await seen(NOW)).toEqual({ all: 35, past: 35 })

    // Those that have run out go; those that were ended stay, and lie no more among what has expired.
    expect(await prune(NOW)).toBeGreaterThanOrEqual(4)
    expect(await seen(NOW)).toEqual({ all: 28, past: 0 })
    // What else has expired by then.
    await prune(NOW + KEPT / 2)
    expect(await prune(NOW + KEPT / 2)).toBe(1)
    expect(await seen(NOW + KEPT / 2)).toEqual({ all: 28, past: 0 })

    // As long as a grant given in them can live, and no longer.
    await prune(NOW - HOUR / 2 + KEPT)
    expect(await seen(NOW)).toEqual({ all: 28, past: 0 })
    expect(await prune(NOW - HOUR / 2 + KEPT + 1)).toBeGreaterThanOrEqual(3)
    expect(await seen(NOW)).toEqual({ all: 0, past: 0 })
  })

  test('are kept for longer where grants live longer from some day on', async () => {
    await ended()
    await prune(NOW)
    const later = NOW - HOUR / 2 + KEPT + 1
    await prune(later, 2 * KEPT)
    expect(await seen(later)).toEqual({ all: 1, past: 0 })
    await prune(later + KEPT, 2 * KEPT)
    expect(await seen(later)).toEqual({ all: 0, past: 0 })
  })

  test('stay ended', async () => {
    const sessionId = await ended()
    await prune(NOW)
    expect(await store.findSessions([sha256(sessionId)], NOW, 0)).toEqual([])
    expect(await store.listSessions('id-alice', NOW, 0)).toEqual([])
    expect(await store.endSession(sessionId, { type: 'session_ended', at: NOW })).toBe(false)
  })
})
