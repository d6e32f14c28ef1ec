// Who prunes, and how much of the time: of nodes that share a database one, and never more than a fifth.

import { afterEach, describe, expect, test } from 'vitest'
import type { Driver } from '../../src/store/database/driver.ts'
import { createPruner, type Pruner } from '../../src/store/pruner.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { testClock } from '../support/clock.ts'
import { emptyDatabase, KINDS } from './empty-database.ts'

const NOW = 1_800_000_000
/** Seconds after which another may take over. */
const LEASE = 120

const undo: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const each of undo.splice(0).toReversed()) await each()
})

async function database(kind: (typeof KINDS)[number]): Promise<Driver> {
  const { driver, remove } = await emptyDatabase(kind)
  undo.push(remove)
  await migrate(driver, migrations, { clock: testClock() })
  return driver
}

/** A node's pruner with one task of so many steps; `steps` counts those that were made. */
function node(driver: Driver, clock: { now: number }, least = 0): { pruner: Pruner; steps: () => number } {
  let steps = 0
  const pruner = createPruner(driver, () => clock.now, [async () => ++steps > least])
  undo.push(() => pruner.stop())
  return { pruner, steps: () => steps }
}

describe('of nodes that share a database', () => {
  test('one prunes, again and again; when it is gone another takes over after two minutes', async () => {
    const driver = await database('postgres')
    const clock = { now: NOW }
    const [one, other] = [node(driver, clock), node(driver, clock)]
    await one.pruner.run()
    await other.pruner.run()
    clock.now += LEASE - 1
    await other.pruner.run()
    expect([one.steps(), other.steps()]).toEqual([1, 0])
    // Its own lease is no obstacle to the one that has it, and begins anew.
    await one.pruner.run()
    clock.now += LEASE - 1
    await other.pruner.run()
    expect([one.steps(), other.steps()]).toEqual([2, 0])
    clock.now += 1
    await other.pruner.run()
    await one.pruner.run()
    expect([one.steps(), other.steps()]).toEqual([2, 1])
  })

  test('an embedded one has one server, which asks nobody', async () => {
    const driver = await database('sqlite')
    const clock = { now: NOW }
    const [before, after] = [node(driver, clock), node(driver, clock)]
    await before.pruner.run()
    // Started again at once, it need not wait for what the former has left.
    await after.pruner.run()
    expect([before.steps(), after.steps()]).toEqual([1, 1])
  })
})

describe.each(KINDS)('pruning on %s', (kind) => {
  test('pauses four times as long as it has worked', async () => {
    const driver = await database(kind)
    const began = performance.now()
    let steps = 0
    const pruner = createPruner(driver, () => NOW, [
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        return ++steps === 4
      },
    ])
    undo.push(() => pruner.stop())
    await pruner.run()
    // Four steps of 20 ms, and three pauses of 80 ms; timers may be a millisecond early.
    expect(performance.now() - began).toBeGreaterThan(4 * 19 + 3 * 76)
  })

  test('ends after the step under way when the server stops', async () => {
    const driver = await database(kind)
    const { pruner, steps } = node(driver, { now: NOW }, 1_000_000)
    const run = pruner.run()
    await expect.poll(steps).toBeGreaterThan(0)
    await pruner.stop()
    await run
    const made = steps()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(steps()).toBe(made)
  })
})
