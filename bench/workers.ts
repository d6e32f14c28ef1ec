// What a second worker costs, and what the machine does: the same load by turns on one worker, on half as much of it, on one
// beside a server that has nothing to do with it, and on two workers, on a PostgreSQL of our own.
//   node bench/workers.ts [--seconds 1] [--turns 8] [--rounds 2] [--warm 30000]
// Prints CPU µs of all processes of the server for one refresh, and how many looks found a connection waiting for a lock.

import { Client } from 'pg'
import { readFlags } from '../scripts/read-flags.ts'
import { Caller, issuedBy } from '../test/faults/support/caller.ts'
import { type Child, startChild } from '../test/faults/support/child.ts'
import { type Prepared, preparePostgres } from '../test/faults/support/installation.ts'
import { startOwnPostgres } from '../test/support/postgres-server.ts'
import { drive } from './measuring/load.ts'
import { median } from './measuring/measure.ts'
import { cpuOfTree } from './measuring/measured-server.ts'

const USAGE = `node bench/workers.ts [--seconds 1] [--turns 8] [--rounds 2] [--warm 30000] [--durable]
What a second worker costs, beside what the machine costs, on a PostgreSQL of its own. --warm: refreshes of each process
before any is measured; --turns: of each way with the same processes; --rounds: with new ones; --durable: PostgreSQL waits for the disk.`

const { values: flags } = readFlags(USAGE, {
  options: {
    seconds: { type: 'string', default: '1' },
    turns: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '2' },
    warm: { type: 'string', default: '30000' },
    durable: { type: 'boolean', default: false },
  },
})
const CALLERS = 32
const LOOK_MS = 50
/**
 * Milliseconds of load before each measurement, so that code and data of processes that were idle are in the
 * processor's caches again.
 */
const LEAD_IN = 500
/** Milliseconds that warming up takes at least, and a third of what it may take. */
const WARM_UP = 10_000

const postgres = await startOwnPostgres({ durable: flags.durable })
const watcher = new Client(postgres.url)
await watcher.connect()

async function install(name: string): Promise<Prepared> {
  await watcher.query(`CREATE DATABASE ${name}`)
  const url = new URL(postgres.url)
  url.pathname = `/${name}`
  return preparePostgres(url.href)
}

/** A server and what asks it: each chain refreshes its own family, over its own connection. */
interface Asked {
  readonly server: Child
  readonly chains: readonly (() => Promise<void>)[]
  stop(): Promise<void>
}

async function start({ words, env }: Prepared, workers: number): Promise<Asked> {
  const server = await startChild({
    words: [...words, '--workers', String(workers), '--trusted-proxies', '127.0.0.2'],
    env,
  })
  const callers = Array.from({ length: CALLERS }, () => new Caller(server, 1))
  const chains = await Promise.all(
    callers.map(async (caller) => {
      let { refresh } = await caller.tokens()
      return async () => {
        refresh = issuedBy(await caller.refresh(refresh)).refresh
      }
    }),
  )
  // V8 compiles what has run often, in each process by itself: of two workers each sees half of the refreshes.
  await drive(chains, WARM_UP, workers * Number(flags.warm))
  return {
    server,
    chains,
    async stop() {
      for (const caller of callers) caller.close()
      await server.stop()
    },
  }
}

interface Turn {
  /** CPU µs of the servers for one refresh, and of PostgreSQL. */
  readonly cost: number
  readonly database: number
  readonly perSecond: number
}

let looks = 0
const waits: string[] = []
let isLooking = false
async function look(): Promise<void> {
  if (isLooking) return
  isLooking = true
  looks++
  const { rows } = await watcher.query<{ wait_event: string; query: string }>(
    `SELECT wait_event, query FROM pg_stat_activity WHERE application_name = 'lingpai' AND wait_event_type = 'Lock'`,
  )
  waits.push(...rows.map(({ wait_event, query }) => `${wait_event}: ${query.slice(0, 60)}`))
  isLooking = false
}

async function turn(asked: readonly Asked[], callers = CALLERS): Promise<Turn> {
  const chains = asked.flatMap((each) => each.chains.slice(0, callers / asked.length))
  await drive(chains, LEAD_IN)
  const watching = setInterval(() => void look(), LOOK_MS)
  const used = () => asked.reduce((sum, { server }) => sum + cpuOfTree(server.pid), 0)
  const before = { server: used(), database: cpuOfTree(postgres.pid) }
  const { operations, perSecond } = await drive(chains, Number(flags.seconds) * 1000)
  const cost = (used() - before.server) / operations
  const database = (cpuOfTree(postgres.pid) - before.database) / operations
  clearInterval(watching)
  return { cost, database, perSecond }
}

interface Group {
  readonly one: Turn
  readonly half: Turn
  readonly beside: Turn
  readonly two: Turn
}
const groups: Group[] = []
const [first, other] = [await install('first'), await install('other')]
for (let round = 0; round < Number(flags.rounds); round++) {
  const [one, neighbour, two] = [await start(first, 1), await start(other, 1), await start(first, 2)]
  for (let count = 0; count < Number(flags.turns); count++) {
    groups.push({
      one: await turn([one]),
      half: await turn([one], CALLERS / 2),
      beside: await turn([one, neighbour]),
      two: await turn([two]),
    })
  }
  for (const each of [one, neighbour, two]) await each.stop()
}

const WAYS: Readonly<Record<keyof Group, string>> = {
  one: 'one worker',
  half: 'one worker, half as many callers',
  beside: 'one worker beside a server on a database of its own, half of the callers each',
  two: 'two workers',
}
for (const [way, name] of Object.entries(WAYS) as [keyof Group, string][]) {
  const of = (pick: (turn: Turn) => number) => median(groups.map((group) => pick(group[way]))).toFixed(0)
  const costs = `${of(({ cost }) => cost)} CPU µs a refresh, PostgreSQL ${of(({ database }) => database)}`
  console.log(`${name}: ${costs}; ${of(({ perSecond }) => perSecond)} a second`)
}
console.log(`${waits.length} waits for a lock in ${looks} looks`)
for (const wait of new Set(waits)) console.log(`  waited for ${wait}`)
/** Of turns beside each other: what else the machine does meanwhile is the same for both. */
const ratio = (a: keyof Group, b: keyof Group) => median(groups.map((group) => group[a].cost / group[b].cost))
const shared = ratio('two', 'beside')
console.log(
  `two workers cost ${ratio('two', 'one').toFixed(2)} × what one does, ${shared.toFixed(2)} × what two servers do that share nothing but the machine`,
)
console.log(
  `those cost ${ratio('beside', 'one').toFixed(2)} × what one does; half as many callers alone ${ratio('half', 'one').toFixed(2)} ×`,
)
if (shared > 1.1) process.exitCode = 1
await watcher.end()
await postgres.stop()
first.remove()
other.remove()
