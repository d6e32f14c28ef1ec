// The long run of `kill -9` under load: `node bench/faults/kill.ts [--rounds 50] [--seed N] [--postgres]`.
// Ends with 1 when a server has not kept its word.

import { readFlags } from '../../scripts/read-flags.ts'
import { preparePostgres, prepareSqlite } from '../../test/faults/support/installation.ts'
import { killRound, randomFrom } from '../../test/faults/support/kill-rounds.ts'
import { startOwnPostgres } from '../../test/support/postgres-server.ts'

const USAGE = `node bench/faults/kill.ts [--rounds 50] [--seed N] [--postgres]
Kills a server under load again and again, and looks whether it has kept its word.`

const { values } = readFlags(USAGE, {
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    postgres: { type: 'boolean', default: false },
  },
})

const postgres = values.postgres ? await startOwnPostgres() : null
const prepared = postgres === null ? await prepareSqlite() : await preparePostgres(postgres.url)
const random = randomFrom(Number(values.seed))
const total = { codes: 0, redeemed: 0, refreshed: 0, unanswered: 0, faults: 0 }
console.log(`seed ${values.seed}`)
try {
  for (let count = 1; count <= Number(values.rounds); count++) {
    const round = await killRound(prepared, Math.floor(20 + random() * 800))
    for (const name of ['codes', 'redeemed', 'refreshed', 'unanswered'] as const) total[name] += round[name]
    total.faults += round.faults.length
    const counts = `${round.codes} codes, ${round.redeemed} redeemed, ${round.refreshed} refreshed, ${round.unanswered} cut off`
    console.log(`round ${count}: killed after ${round.after} ms; ${counts}; ${round.faults.length} faults`)
    for (const fault of round.faults.slice(0, 5)) console.log(`  ${fault}`)
  }
} finally {
  prepared.remove()
  await postgres?.stop()
}
console.log(JSON.stringify({ rounds: Number(values.rounds), ...total }))
process.exitCode = total.faults === 0 ? 0 : 1
