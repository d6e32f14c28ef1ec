// `npm run bench`: the floor, Lingpai on SQLite and on PostgreSQL, and the peers that npm has, side by side, in less than
// ten minutes. Each is a process of its own; operations are run by turns, so that a busy minute of the machine meets all
// alike. CPU time per operation is the figure to trust, ratios are to the floor and to oidc-provider of the same run.
// Prints the tables and writes them into docs/reference/performance.md.

import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { requireNode } from '../scripts/node-version.ts'
import { readFlags } from '../scripts/read-flags.ts'
import { startOwnPostgres } from '../test/support/postgres-server.ts'
import { countSpending } from './budgets.ts'
import { buildAll, FLOOR, installPeers, lingpai, peers, peerVersions } from './measuring/entrants.ts'
import { median, middle, round, warmUp } from './measuring/measure.ts'
import { type Entrant, type MeasuredServer, start, stop, usage } from './measuring/measured-server.ts'
import { type Operation, operations } from './measuring/operations.ts'
import { pin } from './measuring/pin.ts'
import { asMarkdown, asText, costTable, processTable, type Row, rateTable } from './measuring/table.ts'

await requireNode()

const USAGE = `npm run bench                      everything, in less than ten minutes
npm run bench -- --quick           calls of the database and signatures against the budgets, and a brief run: for CI
npm run bench -- --without-peers   the floor and Lingpai alone
npm run bench -- --no-write        prints only; docs/reference/performance.md stays as it is
npm run bench -- --rounds N --milliseconds N   how often (5) and how long (600) each operation is run`

const { values: flags } = readFlags(USAGE, {
  options: {
    quick: { type: 'boolean', default: false },
    'without-peers': { type: 'boolean', default: false },
    'no-write': { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    milliseconds: { type: 'string', default: '600' },
  },
})
const rounds = Number(flags.rounds)
const milliseconds = Number(flags.milliseconds)
const CONNECTIONS = 16
const MANY_CONNECTIONS = 64
const STARTS = 5
/** Measured again with many connections: what waits for a commit, and what does not. */
const CROWDED = ['user info, opaque token', 'refresh, opaque, no ID token', 'journey, ES256 ID token']

const say = (line: string) => process.stdout.write(`${line}\n`)

if (flags.quick) await quick()
else await full()

async function quick(): Promise<void> {
  const spending = await countSpending()
  for (const { name, calls, signatures, budget, isWithin } of spending) {
    const of = `of ${budget.calls} calls of the database, ${signatures} of ${budget.signatures} signatures`
    say(`${isWithin ? 'ok      ' : 'EXCEEDED'} ${name.padEnd(32)} ${calls} ${of}`)
  }
  await full({ isBrief: true })
  if (spending.some(({ isWithin }) => !isWithin)) process.exitCode = 1
}

async function full({ isBrief }: { readonly isBrief: boolean } = { isBrief: false }): Promise<void> {
  const withPeers = !isBrief && !flags['without-peers']
  if (withPeers) installPeers(say)
  say('Building the server …')
  await buildAll()
  const postgres = isBrief ? null : await ownPostgres()
  const entrants = [
    FLOOR,
    await lingpai(null),
    ...(postgres === null ? [] : [await lingpai({ url: postgres.url, pid: postgres.pid })]),
    ...(withPeers ? peers : []),
  ]
  const servers: MeasuredServer[] = []
  try {
    for (const entrant of entrants) servers.push(await startOften(entrant, isBrief ? 1 : STARTS))
    // The database server stays free: it has processes of its own, which work beside ours.
    const isPinned = pin(process.pid, 'load') && servers.every(({ child }) => pin(child.pid, 'server'))
    await report(servers, { isBrief, isPinned })
  } finally {
    for (const server of servers) await stop(server)
    for (const entrant of entrants) entrant.remove?.()
    await postgres?.stop()
  }
}

async function report(
  servers: readonly MeasuredServer[],
  { isBrief, isPinned }: { readonly isBrief: boolean; readonly isPinned: boolean },
): Promise<void> {
  const times = isBrief ? { rounds: 1, milliseconds: 300 } : { rounds, milliseconds }
  const began = performance.now()
  const what = `Node ${process.versions.node}, ${CONNECTIONS} connections, median of ${times.rounds} × ${times.milliseconds} ms, ${isPinned ? 'servers on one processor, load on another' : 'processors not pinned'}`
  say(`${what}; ${servers.length} servers, ${operations.length} operations\n`)
  const rows: Row[] = []
  for (const operation of operations) {
    const load = { ...times, connections: CONNECTIONS }
    for (const server of able(servers, operation)) await warmUp(server, operation, load)
    rows.push(...(await byTurns(servers, operation, load)))
    say(`  ${operation.name}: done after ${((performance.now() - began) / 1000).toFixed(0)} s`)
  }
  const crowded: Row[] = []
  for (const operation of isBrief ? [] : operations.filter(({ name }) => CROWDED.includes(name))) {
    crowded.push(...(await byTurns(servers, operation, { ...times, rounds: 3, connections: MANY_CONNECTIONS })))
  }
  const endings = []
  for (const server of servers) {
    endings.push({ server, rssAtEnd: (await usage(server.child)).rss })
  }
  const tables = [
    { title: `Cost of one operation, ${CONNECTIONS} connections`, table: costTable(rows) },
    ...(isBrief ? [] : [{ title: `${MANY_CONNECTIONS} connections`, table: rateTable(crowded) }]),
    { title: 'Start and memory', table: processTable(endings) },
  ]
  for (const { title, table } of tables) say(`\n${title}\n\n${asText(table)}`)
  if (isBrief || flags['no-write'] || flags['without-peers']) return
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${process.platform} ${process.arch}`
  const head = `${new Date().toISOString().slice(0, 10)}; ${what}; ${machine}; ${peerVersions()}`
  write([head, ...tables.map(({ title, table }) => `### ${title}\n\n${asMarkdown(table)}`)].join('\n\n'))
}

/** The last of these starts serves. How long one takes is their median: the first reads from the disk, another meets a busy moment. */
async function startOften(entrant: Entrant, starts: number): Promise<MeasuredServer> {
  const startUps: number[] = []
  for (;;) {
    const server = await start(entrant)
    startUps.push(server.startUp)
    if (startUps.length === starts) return { ...server, startUp: median(startUps) }
    await stop(server)
  }
}

/** One round of each, again and again: what disturbs the machine disturbs all of them. */
async function byTurns(
  servers: readonly MeasuredServer[],
  operation: Operation,
  times: { readonly rounds: number; readonly milliseconds: number; readonly connections: number },
): Promise<readonly Row[]> {
  const running = able(servers, operation)
  const seen = new Map(running.map(({ name }) => [name, [] as Awaited<ReturnType<typeof round>>[]]))
  for (let count = 0; count < times.rounds; count++) {
    for (const server of running) seen.get(server.name)?.push(await round(server, operation, times))
  }
  return servers.map(({ name }) => {
    const figures = seen.get(name)
    return { operation: operation.name, server: name, figures: figures === undefined ? null : middle(figures) }
  })
}

function able(servers: readonly MeasuredServer[], operation: Operation): readonly MeasuredServer[] {
  return servers.filter(({ target }) => !target.lacks.includes(operation.name))
}

async function ownPostgres() {
  try {
    return await startOwnPostgres({ durable: true })
  } catch (error) {
    say(`Without PostgreSQL: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

function write(text: string): void {
  const file = new URL('../docs/reference/performance.md', import.meta.url)
  const document = readFileSync(file, 'utf8')
  const [begin, end] = ['<!-- bench:begin -->', '<!-- bench:end -->']
  const [before = '', rest = ''] = document.split(begin)
  writeFileSync(file, `${before}${begin}\n\n${text}\n\n${end}${rest.split(end)[1] ?? '\n'}`)
  say('\nWritten into docs/reference/performance.md')
}
