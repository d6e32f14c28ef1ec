// `npm run bench`: starts the floor and Lingpai in processes of their own, runs each operation against them by turns,
// and prints what one operation costs. CPU time of the server process is the figure to trust; ratios are to the floor of
// the same run. `--quick` runs each for half a second; `--postgres URL` adds Lingpai on that database.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { connect, drive, type Measured } from './load.ts'
import { type Operation, operations, type Target } from './operations.ts'

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean' }, postgres: { type: 'string' } } })
const milliseconds = flags.quick ? 500 : 3_000
const rounds = flags.quick ? 1 : 3
const CONNECTIONS = 16

interface Usage {
  readonly cpu: NodeJS.CpuUsage
  readonly rss: number
}

interface Contestant {
  readonly name: string
  readonly child: ChildProcess
  readonly target: Target
  /** Milliseconds from the start of the process until it answers. */
  readonly startUp: number
  readonly rssAtStart: number
}

async function start(name: string, file: string, env: Readonly<Record<string, string>> = {}): Promise<Contestant> {
  const begun = performance.now()
  const child = fork(new URL(file, import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  })
  const [target] = (await once(child, 'message')) as [Target]
  const startUp = performance.now() - begun
  return { name, child, target, startUp, rssAtStart: (await usage(child)).rss }
}

async function usage(child: ChildProcess): Promise<Usage> {
  const answer = once(child, 'message')
  child.send('usage')
  const [reported] = (await answer) as [Usage]
  return reported
}

interface Figures extends Measured {
  /** CPU microseconds of the server process per operation. */
  readonly cpu: number
}

/** One round of one operation against one server. */
async function round({ child, target }: Contestant, operation: Operation, time: number): Promise<Figures> {
  const { send, close } = connect(target.issuer, CONNECTIONS)
  const prepared = await Promise.all(Array.from({ length: CONNECTIONS }, () => operation.prepare(target, send)))
  await drive(prepared, time / 4)
  const before = await usage(child)
  const measured = await drive(prepared, time)
  const after = await usage(child)
  close()
  const cpu = after.cpu.user - before.cpu.user + (after.cpu.system - before.cpu.system)
  return { ...measured, cpu: cpu / measured.operations }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}

const print = (line: string) => process.stdout.write(`${line}\n`)

const contestants = [
  await start('floor', 'floor.ts'),
  await start('Lingpai on SQLite', 'target.ts'),
  ...(flags.postgres ? [await start('Lingpai on PostgreSQL', 'target.ts', { BENCH_DATABASE: flags.postgres })] : []),
]
print(
  `Node ${process.versions.node}, ${CONNECTIONS} connections, median of ${rounds} x ${milliseconds} ms; synchronous=FULL everywhere\n`,
)
for (const { name, startUp, rssAtStart } of contestants) {
  print(`${name.padEnd(24)} answers after ${startUp.toFixed(0)} ms, ${(rssAtStart / 2 ** 20).toFixed(0)} MiB`)
}
const heads = ['CPU µs', 'x floor', 'p50 ms', 'p99 ms', 'per s']
print(`\n${'operation'.padEnd(31)}${'server'.padEnd(23)}${heads.map((head) => head.padStart(9)).join('')}`)
for (const operation of operations) {
  const seen = new Map<string, Figures[]>(contestants.map(({ name }) => [name, []]))
  for (let count = 0; count < rounds; count++) {
    for (const contestant of contestants) {
      seen.get(contestant.name)?.push(await round(contestant, operation, milliseconds))
    }
  }
  const cpuOf = (name: string) => median((seen.get(name) ?? []).map(({ cpu }) => cpu))
  for (const [name, figures] of seen) {
    const cells = [
      cpuOf(name).toFixed(0),
      (cpuOf(name) / cpuOf('floor')).toFixed(2),
      median(figures.map(({ p50 }) => p50)).toFixed(2),
      median(figures.map(({ p99 }) => p99)).toFixed(2),
      median(figures.map(({ perSecond }) => perSecond)).toFixed(0),
    ]
    print(`${operation.name.padEnd(31)}${name.padEnd(23)}${cells.map((cell) => cell.padStart(9)).join('')}`)
  }
}
print('')
for (const { name, child } of contestants) {
  print(`${name.padEnd(24)} ${((await usage(child)).rss / 2 ** 20).toFixed(0)} MiB at the end`)
  child.send('stop')
  await once(child, 'exit')
}
