// What a second worker costs and brings: the same load on one and on two workers by turns, on a PostgreSQL of our own, with
// a look at what its connections wait for.
//   node bench/workers.ts [--seconds 5] [--warm 12] [--rounds 3]
// Prints CPU µs of all processes of the server for one refresh, and how many looks found a connection waiting for a lock.

import { readFileSync } from 'node:fs'
import { Client } from 'pg'
import { readFlags } from '../scripts/read-flags.ts'
import { Caller, issuedBy } from '../test/faults/caller.ts'
import { type Child, startChild } from '../test/faults/child.ts'
import { preparePostgres } from '../test/faults/installation.ts'
import { startOwnPostgres } from '../test/support/postgres-server.ts'
import { drive } from './load.ts'

const USAGE = `node bench/workers.ts [--seconds 5] [--warm 12] [--rounds 3]
What a second worker costs and brings, on a PostgreSQL of its own.`

const { values: flags } = readFlags(USAGE, {
  options: {
    seconds: { type: 'string', default: '5' },
    warm: { type: 'string', default: '12' },
    rounds: { type: 'string', default: '3' },
  },
})
const CONNECTIONS = 32
const LOOK_MS = 50

/** User and system time of a process and its children, in microseconds. */
function cpuOf({ pid }: Child): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return [String(pid), ...children].reduce((sum, each) => {
    const fields = readFileSync(`/proc/${each}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return sum + (Number(fields[11]) + Number(fields[12])) * 10_000
  }, 0)
}

const postgres = await startOwnPostgres()
const prepared = await preparePostgres(postgres.url)
const watcher = new Client(postgres.url)
await watcher.connect()

interface Round {
  readonly cost: number
  readonly perSecond: number
  readonly looks: number
  readonly waits: readonly string[]
}

async function round(workers: number): Promise<Round> {
  const words = [...prepared.words, '--workers', String(workers), '--trusted-proxies', '127.0.0.2']
  const server = await startChild({ words, env: prepared.env })
  const callers = Array.from({ length: CONNECTIONS }, () => new Caller(server, 1))
  const chains = await Promise.all(
    callers.map(async (caller) => {
      let { refresh } = await caller.tokens()
      return async () => {
        refresh = issuedBy(await caller.refresh(refresh)).refresh
      }
    }),
  )
  // Each process compiles its hot code once, and of two each sees half of the load; that is not what a refresh costs.
  await drive(chains, Number(flags.warm) * 1000)
  const waits: string[] = []
  let looks = 0
  const watching = setInterval(() => {
    looks++
    const asked = watcher.query<{ query: string }>(
      `SELECT query FROM pg_stat_activity WHERE application_name = 'lingpai' AND wait_event_type = 'Lock'`,
    )
    asked.then(
      ({ rows }) => waits.push(...rows.map(({ query }) => query.slice(0, 60))),
      () => undefined,
    )
  }, LOOK_MS)
  const before = cpuOf(server)
  const { operations, perSecond } = await drive(chains, Number(flags.seconds) * 1000)
  const cost = (cpuOf(server) - before) / operations
  clearInterval(watching)
  for (const caller of callers) caller.close()
  await server.stop()
  return { cost, perSecond, looks, waits }
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const rounds: Record<1 | 2, Round[]> = { 1: [], 2: [] }
for (let count = 0; count < Number(flags.rounds); count++) {
  for (const workers of [1, 2] as const) rounds[workers].push(await round(workers))
}
for (const workers of [1, 2] as const) {
  const cost = median(rounds[workers].map((each) => each.cost)).toFixed(0)
  const perSecond = median(rounds[workers].map((each) => each.perSecond)).toFixed(0)
  const looks = rounds[workers].reduce((sum, each) => sum + each.looks, 0)
  const waits = rounds[workers].flatMap((each) => each.waits)
  console.log(
    `${workers} worker(s): ${cost} CPU µs a refresh, ${perSecond} a second; ${waits.length} lock waits in ${looks} looks`,
  )
  for (const query of new Set(waits)) console.log(`  waited: ${query}`)
}
const ratio = median(rounds[2].map((each) => each.cost)) / median(rounds[1].map((each) => each.cost))
console.log(`two cost ${ratio.toFixed(2)} × what one does`)
if (ratio > 1.1) process.exitCode = 1
await watcher.end()
await postgres.stop()
prepared.remove()
