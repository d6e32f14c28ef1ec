// What PgBouncer in transaction mode costs: the same load past it and through it by turns, on a PostgreSQL of our own.
//   node bench/pooler.ts [--seconds 5] [--warm 8] [--rounds 3]
// Prints CPU µs of the server, of PostgreSQL and of PgBouncer for one refresh and one user info.

import { readFlags } from '../scripts/read-flags.ts'
import { Caller, issuedBy } from '../test/faults/support/caller.ts'
import { startChild } from '../test/faults/support/child.ts'
import { preparePostgres } from '../test/faults/support/installation.ts'
import { keepsPreparedStatements, startPgBouncer } from '../test/support/pgbouncer.ts'
import { startOwnPostgres } from '../test/support/postgres-server.ts'
import { drive } from './measuring/load.ts'
import { median } from './measuring/measure.ts'
import { cpuOfTree } from './measuring/measured-server.ts'

const USAGE = `node bench/pooler.ts [--seconds 5] [--warm 8] [--rounds 3]
What PgBouncer in transaction mode costs, on a PostgreSQL of its own. LINGPAI_TEST_PGBOUNCER names one that is not installed.`

const { values: flags } = readFlags(USAGE, {
  options: {
    seconds: { type: 'string', default: '5' },
    warm: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
  },
})
const CALLERS = 32
const POOL = 10

const postgres = await startOwnPostgres()
const prepared = await preparePostgres(postgres.url)
const pooler = await startPgBouncer(postgres.url, POOL, { preparedStatements: 200 })
const behind = [...prepared.words.slice(0, 2), '--database', pooler.url, '--database-pooler', 'transaction']
const WAYS = {
  direct: prepared.words,
  ...(keepsPreparedStatements() && { 'named statements': behind }),
  'unnamed statements': [...behind, '--database-unnamed-statements'],
}

interface Cost {
  readonly server: number
  readonly postgres: number
  readonly pooler: number
}

async function round(words: readonly string[]): Promise<Readonly<Record<string, Cost>>> {
  const server = await startChild({ words: [...words, '--issuer', 'http://localhost:4995'], env: prepared.env })
  const callers = Array.from({ length: CALLERS }, () => new Caller(server, 1))
  const families = await Promise.all(callers.map((caller) => caller.tokens()))
  const operations = {
    refresh: callers.map((caller, at) => {
      let refresh = families[at]?.refresh ?? ''
      return async () => {
        refresh = issuedBy(await caller.refresh(refresh)).refresh
      }
    }),
    'user info': callers.map((caller, at) => async () => {
      const { status } = await caller.userinfo(families[at]?.access ?? '')
      if (status !== 200) throw new Error(`user info answered ${status}`)
    }),
  }
  const look = (): Cost => ({
    server: cpuOfTree(server.pid),
    postgres: cpuOfTree(postgres.pid),
    pooler: cpuOfTree(pooler.pid),
  })
  const costs: Record<string, Cost> = {}
  for (const [name, chains] of Object.entries(operations)) {
    await drive(chains, Number(flags.warm) * 1000)
    const before = look()
    const { operations: many } = await drive(chains, Number(flags.seconds) * 1000)
    const after = look()
    const cost = (of: keyof Cost) => (after[of] - before[of]) / many
    costs[name] = { server: cost('server'), postgres: cost('postgres'), pooler: cost('pooler') }
  }
  for (const caller of callers) caller.close()
  await server.stop()
  return costs
}

const seen = new Map<string, Cost[]>()
for (let count = 0; count < Number(flags.rounds); count++) {
  for (const [way, words] of Object.entries(WAYS)) {
    for (const [operation, cost] of Object.entries(await round(words))) {
      const key = `${operation}, ${way}`
      seen.set(key, [...(seen.get(key) ?? []), cost])
    }
  }
}
for (const [key, costs] of [...seen].toSorted(([a], [b]) => a.localeCompare(b))) {
  const of = (part: keyof Cost) => median(costs.map((cost) => cost[part])).toFixed(0)
  console.log(`${key}: server ${of('server')}, PostgreSQL ${of('postgres')}, PgBouncer ${of('pooler')} CPU µs`)
}
await pooler.stop()
await postgres.stop()
prepared.remove()
