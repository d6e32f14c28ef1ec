// `npm run bench`: starts the server in a process of its own, runs each operation against it, and prints what one
// operation costs. CPU time of the server process is the figure to trust; `--quick` runs each for half a second.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, drive } from './load.ts'
import { operations, type Target } from './operations.ts'

interface Usage {
  readonly cpu: NodeJS.CpuUsage
  readonly rss: number
}

const quick = process.argv.includes('--quick')
const milliseconds = quick ? 500 : 3_000
const rounds = quick ? 1 : 3
const CONNECTIONS = 16

const begun = performance.now()
const child = fork(new URL('target.ts', import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
const [target] = (await once(child, 'message')) as [Target]
const ready = performance.now() - begun

async function usage(): Promise<Usage> {
  const answer = once(child, 'message')
  child.send('usage')
  const [reported] = (await answer) as [Usage]
  return reported
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

const atStart = await usage()
const database = process.env['BENCH_DATABASE'] ? 'PostgreSQL' : 'SQLite, synchronous=FULL'
process.stdout.write(
  `Lingpai on ${database}, ${CONNECTIONS} connections, ${rounds} x ${milliseconds} ms an operation\n`,
)
process.stdout.write(
  `started and answering after ${ready.toFixed(0)} ms, ${(atStart.rss / 2 ** 20).toFixed(0)} MiB\n\n`,
)
process.stdout.write(
  `${'operation'.padEnd(32)}${'CPU µs'.padStart(9)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}${'per s'.padStart(9)}\n`,
)
for (const operation of operations) {
  const { send, close } = connect(target.issuer, CONNECTIONS)
  const ready = await Promise.all(Array.from({ length: CONNECTIONS }, () => operation.prepare(target, send)))
  const seen = []
  for (let round = 0; round <= rounds; round++) {
    const before = await usage()
    let turn = 0
    // Each connection keeps what it has prepared: a refresh token is used by one at a time.
    const free = [...ready]
    const measured = await drive(CONNECTIONS, round === 0 ? milliseconds / 4 : milliseconds, async () => {
      const mine = free.shift() ?? ready[turn++ % CONNECTIONS]
      if (mine === undefined) throw new Error('nothing prepared')
      await mine()
      free.push(mine)
    })
    const after = await usage()
    const cpu = after.cpu.user - before.cpu.user + (after.cpu.system - before.cpu.system)
    // The first round warms up.
    if (round > 0) seen.push({ ...measured, cpu: cpu / measured.operations })
  }
  close()
  const figures = [
    median(seen.map(({ cpu }) => cpu)).toFixed(0),
    median(seen.map(({ p50 }) => p50)).toFixed(2),
    median(seen.map(({ p99 }) => p99)).toFixed(2),
    median(seen.map(({ perSecond }) => perSecond)).toFixed(0),
  ]
  process.stdout.write(`${operation.name.padEnd(32)}${figures.map((each) => each.padStart(9)).join('')}\n`)
}
const atEnd = await usage()
process.stdout.write(`\n${(atEnd.rss / 2 ** 20).toFixed(0)} MiB at the end\n`)
child.send('stop')
await once(child, 'exit')
