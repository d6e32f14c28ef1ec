// Four times what the server can answer: user info, and refreshes that write. By turns what it can do at most and what it
// does under pressure, each round beside the two peaks around it, so that a machine that has less time to give for a while
// gives less to both. Connections are opened in a first round that is not counted, and stay. Under pressure nothing is
// counted until those that are refused first have come again; what is answered when the time is over is never counted.
//   node bench/faults/overload.ts [--rounds 7] [--seconds 3] [--times 4] [--generators 1] [--connections 3000] [--postgres]
// Prints one line of JSON an operation: medians of the rounds. Ends with 1 when goodput falls below 80 % of the peak.
//
// The load comes from processes of its own, which share the machine's cores with the server: `arrived` says how many
// times the peak was really sent, and `busy` the share of a core that each generator took. With few cores, more generators
// take from the server what they offer; with one, it and the server have a core each.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { readFlags } from '../../scripts/read-flags.ts'
import { Caller } from '../../test/faults/support/caller.ts'
import { startChild } from '../../test/faults/support/child.ts'
import { preparePostgres, prepareSqlite } from '../../test/faults/support/installation.ts'
import { memoryOf, summed } from '../../test/faults/support/pressure.ts'
import { startOwnPostgres } from '../../test/support/postgres-server.ts'
import { median } from '../measuring/measure.ts'
import { pin } from '../measuring/pin.ts'
import type { Done, Order } from './generator.ts'

const USAGE = `node bench/faults/overload.ts [--rounds 7] [--seconds 3] [--times 4] [--generators 1] [--connections 3000] [--postgres]
Several times what the server can answer: user info, and refreshes that write.`

const { values } = readFlags(USAGE, {
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    times: { type: 'string', default: '4' },
    generators: { type: 'string', default: '1' },
    connections: { type: 'string', default: '3000' },
    postgres: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const milliseconds = Number(values.seconds) * 1000
const times = Number(values.times)
const connections = Number(values.connections)
const processes = Number(values.generators)
const PEAK_CONNECTIONS = 64
/** Milliseconds, longer than the server holds a refusal back. */
const SETTLES_MS = 4_000

const postgres = values.postgres ? await startOwnPostgres({ durable: true }) : null
// Before it begins the processes that serve connections, which stay where it is.
if (processes === 1) pin(postgres?.pid, 'server')
const prepared = postgres === null ? await prepareSqlite() : await preparePostgres(postgres.url)
// All connections come from one address here, so the limit for one address is lifted.
const server = await startChild({
  words: [...prepared.words, '--trusted-proxies', '127.0.0.1'],
  env: prepared.env,
})
const first = new Caller(server)
const tokens: string[] = []
const sign = async () => {
  while (tokens.length < connections) tokens.push((await first.tokens()).refresh)
}
await Promise.all(Array.from({ length: 16 }, sign))
const { access } = await first.tokens()
first.close()

const isPinned = processes === 1 && pin(server.pid, 'server')
/** Each with its part of the refresh tokens. */
const generators = Array.from({ length: processes }, (_, at) => ({
  child: fork(new URL('generator.ts', import.meta.url), { serialization: 'advanced' }),
  refresh: tokens.filter((__, of) => of % processes === at) as readonly string[],
}))

if (isPinned) for (const { child } of generators) pin(child.pid, 'load')

async function asked(child: ChildProcess, order: Order): Promise<Done> {
  const over = new AbortController()
  const { signal } = over
  const done = once(child, 'message', { signal }).then(([message]) => message as Done)
  const ended = once(child, 'exit', { signal }).then((): never => {
    throw new Error('a generator has ended')
  })
  child.send(order)
  try {
    return await Promise.race([done, ended])
  } finally {
    over.abort()
    await ended.catch(() => undefined)
  }
}

async function press(name: Order['name'], load: { perSecond: number | null; connections: number; before: number }) {
  const host = new URL(server.issuer).host
  const all = await Promise.all(
    generators.map(async (generator) => {
      const part = (whole: number) => Math.ceil(whole / processes)
      const what = { port: server.port, host, name, access, refresh: generator.refresh }
      const done = await asked(generator.child, {
        ...what,
        milliseconds,
        perSecond: load.perSecond === null ? null : load.perSecond / processes,
        connections: part(load.connections),
        before: load.before,
      })
      generator.refresh = done.refresh
      return done
    }),
  )
  const figures = summed(
    all.map(({ counts }) => counts),
    milliseconds,
  )
  return { figures, busy: Math.max(...all.map(({ busy }) => busy)) }
}

type Pressed = Awaited<ReturnType<typeof press>>

const rounded = (value: number) => Math.round(value * 100) / 100
const percent = (share: number) => `${Math.round(share * 100)} %`
const mib = (bytes: number) => Math.round(bytes / 1024 / 1024)

let isBelow = false
for (const name of ['userinfo', 'refresh'] as const) {
  const best = { perSecond: null, connections: PEAK_CONNECTIONS, before: 0 }
  const before = await memoryOf(server.pid)
  const pressure = ({ figures }: Pressed) => ({ perSecond: figures.perSecond * times, connections, before: SETTLES_MS })
  await press(name, pressure(await press(name, best)))
  const turns: (Record<'peak' | 'pressed', Pressed> & Record<'goodput' | 'arrived', number>)[] = []
  let peak = await press(name, best)
  for (let round = 0; round < rounds; round++) {
    const pressed = await press(name, pressure(peak))
    const next = await press(name, best)
    const perSecond = (peak.figures.perSecond + next.figures.perSecond) / 2
    const { offered, unsent } = pressed.figures
    const arrived = (offered - unsent) / (milliseconds / 1000) / perSecond
    turns.push({ peak, pressed, arrived, goodput: pressed.figures.perSecond / perSecond })
    peak = next
  }
  const after = await memoryOf(server.pid)
  const middle = (of: (turn: (typeof turns)[number]) => number) => median(turns.map(of))
  const side = (which: 'peak' | 'pressed') => ({
    perSecond: middle(({ [which]: { figures } }) => figures.perSecond),
    p50: middle(({ [which]: { figures } }) => figures.p50),
    p99: middle(({ [which]: { figures } }) => figures.p99),
    shed: middle(({ [which]: { figures } }) => figures.shed),
    failed: turns.reduce((sum, { [which]: { figures } }) => sum + figures.broken + figures.wrong, 0),
  })
  const [goodput, arrived] = [middle((turn) => turn.goodput), rounded(middle((turn) => turn.arrived))]
  isBelow ||= goodput < 0.8
  console.log(
    JSON.stringify({
      name,
      goodput: percent(goodput),
      rounds: turns.map((turn) => percent(turn.goodput)),
      arrived: `${arrived} × the peak`,
      peak: side('peak'),
      pressed: side('pressed'),
      busy: rounded(middle(({ pressed }) => pressed.busy)),
      machine: availableParallelism(),
      rssBefore: mib(before),
      rssAfter: mib(after),
    }),
  )
  if (arrived < times * 0.9) {
    const isSpent = middle(({ pressed }) => pressed.busy) > 0.9
    const why = isSpent ? 'the generators could send no more' : `all ${connections} connections waited for an answer`
    console.error(`${name}: ${arrived} × the peak was sent, not ${times} ×: ${why}.`)
  }
}
for (const { child } of generators) child.disconnect()
await server.stop()
prepared.remove()
await postgres?.stop()
process.exitCode = isBelow ? 1 : 0
