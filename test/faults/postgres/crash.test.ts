// PostgreSQL itself crashes under the load of two nodes: what they said holds, and what was cut off is asked again of the other.

import { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type OwnPostgres, startOwnPostgres } from '../../support/postgres-server.ts'
import { Caller, eventually } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { type Prepared, preparePostgres } from '../support/installation.ts'
import { Ledger, type Tally } from '../support/ledger.ts'

let postgres: OwnPostgres
let prepared: Prepared
let nodes: readonly Child[]
let callers: readonly [Caller, Caller]

beforeAll(async () => {
  postgres = await startOwnPostgres({ durable: true })
  prepared = await preparePostgres(postgres.url)
  const words = [...prepared.words, '--issuer', 'http://localhost:4999']
  const [one, two] = [await startChild({ ...prepared, words }), await startChild({ ...prepared, words })]
  nodes = [one, two]
  callers = [new Caller(one), new Caller(two)]
})
afterAll(async () => {
  for (const caller of callers) caller.close()
  await Promise.all(nodes.map((node) => node.kill()))
  await postgres.stop()
  prepared.remove()
})

/** The process of a connection of ours that writes; its death makes the first process end all others and recover. */
async function killSession(): Promise<void> {
  const client = new Client(postgres.url)
  client.on('error', () => undefined)
  await client.connect()
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'lingpai' ORDER BY query_start DESC LIMIT 1`,
  )
  const [row] = rows
  if (row === undefined) throw new Error('no node has a connection')
  process.kill(row.pid, 'SIGKILL')
  await client.end().catch(() => undefined)
}

async function killAll(): Promise<void> {
  process.kill(postgres.pid ?? 0, 'SIGKILL')
  await postgres.halt()
  // Its children end as they notice; until then a new one does not start.
  await eventually(
    () =>
      postgres.resume().then(
        () => true,
        () => false,
      ),
    (isUp) => isUp,
  )
}

/** As an operator or a failover does it: at whatever message each is, before its commit, in it, or before the reply. */
async function endSessions(ledger: Ledger): Promise<void> {
  const client = new Client(postgres.url)
  await client.connect()
  for (let round = 0; round < 25 || (round < 500 && ledger.tally().refused === 0); round++) {
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'lingpai' AND state = 'active' ORDER BY random() LIMIT 3`,
    )
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 40))
  }
  await client.end()
}

it.each([
  ['sessions one by one', endSessions],
  ['a session', killSession],
  ['all of it', killAll],
] as const)(
  'PostgreSQL that is killed (%s) makes no 200 untrue, and nothing single-use works twice',
  {
    timeout: 90_000,
  },
  async (_, kill) => {
    const ledger = new Ledger({ mayRefuse: true })
    const told = (enough: (tally: Tally) => boolean) => eventually(async () => ledger.tally(), enough, 30_000)
    let isOver = false
    const workers = callers.flatMap((caller) => Array.from({ length: 4 }, () => ledger.work(caller, () => isOver)))
    await told((tally) => tally.redeemed > 5)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 400))
    await kill(ledger)
    // Meets the recovery as well.
    await told(({ refused }) => refused > 0)
    isOver = true
    await Promise.all(workers)
    for (const caller of callers) {
      await eventually(
        () => caller.code(),
        (code) => typeof code === 'string',
      )
    }
    // What one has not answered, the other is asked.
    const faults = await ledger.settle(callers[1])
    const tally = ledger.tally()
    expect(faults, JSON.stringify(tally)).toEqual([])
    expect(tally.redeemed).toBeGreaterThan(5)
    expect(tally.refused).toBeGreaterThan(0)
  },
)
