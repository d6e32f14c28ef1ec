// Workers of one server that are killed under load, and then the process that started them.

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../support/postgres.ts'
import { Caller, eventually } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { type Prepared, preparePostgres } from '../support/installation.ts'
import { randomFrom } from '../support/kill-rounds.ts'
import { Ledger } from '../support/ledger.ts'

const seed = Math.floor(Math.random() * 2 ** 32)
const CALLERS = 10

let database: FreshDatabase
let prepared: Prepared
let words: readonly string[]

beforeAll(async () => {
  database = await freshDatabase()
  prepared = await preparePostgres(database.url)
  words = [...prepared.words, '--workers', '2', '--issuer', 'http://localhost:4990']
})
afterAll(async () => {
  prepared.remove()
  await database.drop()
})

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

function workersOf({ pid }: Child): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number).filter(isAlive)
}

/** Clients that ask again wherever a connection breaks, until the function that is returned is called. */
function load(server: Child, ledger: Ledger): () => Promise<void> {
  const caller = new Caller(server, CALLERS)
  const over = new AbortController()
  const clients = Array.from({ length: CALLERS }, async () => {
    while (!over.signal.aborted) {
      await ledger.work(caller, () => over.signal.aborted)
      await pause(20)
    }
  })
  return async () => {
    over.abort()
    await Promise.all(clients)
    caller.close()
  }
}

/** Over connections of their own, so that all workers are asked. */
function readies(server: Child): Promise<readonly number[]> {
  return Promise.all(
    Array.from({ length: 16 }, async () => {
      const caller = new Caller(server, 1)
      const { status } = await caller.ready()
      caller.close()
      return status
    }),
  )
}

async function settled(server: Child, ledger: Ledger, what: string): Promise<void> {
  const caller = new Caller(server)
  const faults = await ledger.settle(caller)
  caller.close()
  const tally = ledger.tally()
  expect(faults, `${what}: ${JSON.stringify(tally)}`).toEqual([])
  // The kills have met a load, and cut something off.
  expect(tally.redeemed).toBeGreaterThan(10)
  expect(tally.unanswered).toBeGreaterThan(0)
}

it(`two workers that are killed at random have told the truth in every 200, and nothing single-use works twice (seed ${seed})`, {
  timeout: 90_000,
}, async () => {
  const random = randomFrom(seed)
  const server = await startChild({ words, env: prepared.env })
  try {
    const ledger = new Ledger({ mayRefuse: true })
    const end = load(server, ledger)
    const killed = new Set<number>()
    for (let count = 0; count < 4; count++) {
      await pause(200 + random() * 600)
      const living = await eventually(
        async () => workersOf(server),
        ({ length }) => length > 0,
      )
      // One of them, and in the end all.
      const victims = count === 3 ? living : [living[Math.floor(random() * living.length)] ?? 0]
      for (const victim of victims) {
        process.kill(victim, 'SIGKILL')
        killed.add(victim)
      }
    }
    const living = await eventually(
      async () => workersOf(server),
      ({ length }) => length === 2,
    )
    expect(killed.size).toBeGreaterThan(3)
    for (const pid of living) expect([...killed]).not.toContain(pid)
    await eventually(
      () => readies(server),
      (all) => all.every((status) => status === 200),
    )
    await pause(300)
    await end()
    await settled(server, ledger, 'workers killed')

    const next = new Ledger({ mayRefuse: true })
    const endNext = load(server, next)
    await pause(700 + random() * 500)
    const orphans = workersOf(server)
    await server.kill()
    await eventually(
      async () => orphans.filter(isAlive),
      ({ length }) => length === 0,
    )
    await endNext()
    const again = await startChild({ words, env: prepared.env })
    try {
      await settled(again, next, 'the one that started them killed')
    } finally {
      await again.stop()
    }
  } finally {
    await server.kill()
  }
})
