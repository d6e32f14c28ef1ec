// Does cost grow with what is stored? Fills one installation, leaves another almost empty, and runs the same operations
// against both by turns; then lets many rows expire and watches the answers while they are taken away.
//   node bench/scale.ts [--store sqlite|postgres] [--users 20000] [--clients 1000] [--tokens 200000] [--expired 50000]
//     [--seconds 2] [--rounds 3] [--folder DIR] [--url postgres://…]
// The size that it must bear: --users 1000000 --clients 10000 --tokens 10000000 (SQLite: 6 GB and six minutes to fill).
// Each client has been asked for once before it is measured: reading a client anew costs what it costs on an empty store.
// As few people as the empty store has, wherever their rows lie, cost more for the size of the data alone. Tokens of the last
// minutes, of tens of thousands of people who come at random, are what applications hold and ask about at the busiest hour;
// those of any age are the worst there is.
// Ends with 1 when an operation costs more than 1.3 times what it costs on the empty one.

import { readFile } from 'node:fs/promises'
import { readFlags } from '../scripts/read-flags.ts'
import { digestClientSecret } from '../src/credentials/client-secret.ts'
import { loadMasterKey, type MasterKey, masterKeyFrom } from '../src/credentials/master-key.ts'
import { createRefreshTokens } from '../src/credentials/refresh-token.ts'
import { flattenSettings, parseClient, toPlain } from '../src/model/client/settings.ts'
import { type Child, startChild } from '../test/faults/support/child.ts'
import { CALLBACK, SECRET } from '../test/faults/support/installation.ts'
import { memoryOf } from '../test/faults/support/pressure.ts'
import { connect, drive, type Send } from './measuring/load.ts'
import { median } from './measuring/measure.ts'
import { cpuOf } from './measuring/measured-server.ts'
import { pin } from './measuring/pin.ts'
import { type Place, postgresPlace, sqlitePlace } from './scale/databases.ts'
import { OPERATIONS, type Operation, refresh, userinfo } from './scale/operations.ts'
import {
  ACCESS_TOKEN_LIVES,
  clientId,
  expired,
  type Filling,
  fillings,
  type Sample,
  type Size,
  samplesOf,
} from './scale/rows.ts'

const USAGE = `node bench/scale.ts [--store sqlite|postgres] [--users 20000] [--clients 1000] [--tokens 200000] [--expired 50000]
  [--seconds 2] [--rounds 3] [--folder DIR] [--url postgres://…]
Does cost grow with what is stored? The same operations on a full installation and on an almost empty one.`

const { values: flags } = readFlags(USAGE, {
  options: {
    store: { type: 'string', default: 'sqlite' },
    users: { type: 'string', default: '20000' },
    clients: { type: 'string', default: '1000' },
    tokens: { type: 'string', default: '200000' },
    expired: { type: 'string', default: '50000' },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    folder: { type: 'string' },
    url: { type: 'string' },
  },
})
const CONNECTIONS = 16
const MOST_RATIO = 1.3
const EMPTY: Size = { users: 64, clients: 1, tokens: 128 }
const full: Size = { users: Number(flags.users), clients: Number(flags.clients), tokens: Number(flags.tokens) }
const milliseconds = Number(flags.seconds) * 1000
const now = Math.floor(Date.now() / 1000)

interface MeasuredServer {
  readonly place: Place
  readonly server: Child
  readonly samples: readonly Sample[]
  readonly send: Send
  close(): Promise<void>
}

function masterOf({ prepared: { env, folder } }: Place): MasterKey {
  const text = env['LINGPAI_MASTER_KEY']
  return text === undefined
    ? loadMasterKey({ dataFolder: folder }, { create: false }).master
    : masterKeyFrom(Buffer.from(text, 'base64url'))
}

function clientRows({ clients }: Size, master: MasterKey): Filling {
  const secretHash = digestClientSecret(master, SECRET)
  return {
    table: 'client',
    columns: {
      client_id: 'text',
      settings: 'text',
      version: 'bigint',
      generation: 'bigint',
      enabled: 'bigint',
      secret_hash: 'bytea',
      created_at: 'bigint',
      updated_at: 'bigint',
    },
    count: clients,
    row(at) {
      const id = clientId(at)
      const settings = flattenSettings({
        client_name: `Scale ${at}`,
        redirect_uris: [CALLBACK],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        scope: 'openid profile read',
        id_token_signed_response_alg: 'ES256',
        consent: 'implied',
        'reply.refreshToken': 'always',
      })
      const client = parseClient(settings, { client_id: id, preset: 'openid-connect', consentDeclared: true })
      return [id, toPlain(client), 1, 1, 1, secretHash, now, now]
    },
  }
}

async function start(size: Size, place: Place, say: (text: string) => void): Promise<MeasuredServer> {
  const began = performance.now()
  const master = masterOf(place)
  const refreshTokens = createRefreshTokens(master)
  for (const filling of [clientRows(size, master), ...fillings(size, now, refreshTokens)]) {
    await place.fill(filling, (done) => say(`${filling.table}: ${done} of ${filling.count}`))
  }
  await place.settle()
  const gigabytes = (await place.bytes()) / 1e9
  say(`filled in ${Math.round((performance.now() - began) / 1000)} s, ${gigabytes.toFixed(2)} GB\n`)
  const { words, env } = place.prepared
  // All connections come from one address here, so the limit for one address is lifted.
  const lifetime = ['--lifetimes-access-token', `${ACCESS_TOKEN_LIVES}s`]
  const server = await startChild({ words: [...words, '--trusted-proxies', '127.0.0.2', ...lifetime], env })
  const link = connect(server.issuer.replace('localhost', '127.0.0.1'))
  const host = new URL(server.issuer).host
  const send: Send = (ask) => link.send({ ...ask, headers: { ...ask.headers, host } })
  const samples = samplesOf(size, now, refreshTokens)
  await meetClients(samples, send)
  return {
    place,
    server,
    samples,
    send,
    async close() {
      link.close()
      await server.stop()
      await place.close()
    },
  }
}

async function meetClients(samples: readonly Sample[], send: Send): Promise<void> {
  const one = [...new Map(samples.map((sample) => [sample.clientId, sample])).values()]
  const worker = async (at: number) => {
    for (const sample of one.filter((_, each) => each % CONNECTIONS === at)) await userinfo.run(send, sample)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, at) => worker(at)))
}

const WHO = ['as few', 'last minutes', 'any age'] as const
/** Of the samples of the filled store; the empty one has only few. */
type Who = (typeof WHO)[number]

const RECENT = 0.075

function chosen(samples: readonly Sample[], who: Who): readonly Sample[] {
  const few = EMPTY.tokens / 2
  if (samples.length <= few || who === 'any age') return samples
  if (who === 'last minutes') return samples.slice(-Math.ceil(samples.length * RECENT))
  const apart = Math.floor(samples.length / few)
  return samples.filter((_, at) => at % apart === 0).slice(0, few)
}

/** Each connection asks for people of its own, so that no two refresh the same token. */
function workers(
  { samples: all, send }: MeasuredServer,
  operation: Operation,
  who: Who,
): readonly (() => Promise<void>)[] {
  const samples = chosen(all, who)
  return Array.from({ length: CONNECTIONS }, (_, worker) => {
    const own = samples.filter((_, at) => at % CONNECTIONS === worker)
    return async () => {
      const sample = own[Math.floor(Math.random() * own.length)]
      if (sample !== undefined) await operation.run(send, sample)
    }
  })
}

async function cost(contestant: MeasuredServer, operation: Operation, who: Who): Promise<number> {
  const prepared = workers(contestant, operation, who)
  await drive(prepared, 300)
  const pids = [contestant.server.pid, ...(await contestant.place.backends())]
  const before = cpuOf(pids)
  const { operations } = await drive(prepared, milliseconds)
  return (cpuOf(pids) - before) / operations
}

/** Bytes that a process has had read from a disk, where the system tells. */
async function readFromDisk(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '')
  return Number(/^read_bytes: (\d+)$/m.exec(text)?.[1] ?? 0)
}

/** Longest waits while nothing happens, and while expired rows are taken away. */
async function watchPruning(contestant: MeasuredServer, count: number): Promise<void> {
  const { place } = contestant
  const load = [
    ...workers(contestant, userinfo, 'any age').slice(0, 4),
    ...workers(contestant, refresh, 'any age').slice(0, 4),
  ]
  const quiet = await drive(load, 5_000)
  await place.fill(expired(count, now), () => undefined)
  const began = performance.now()
  let [worst, done, first] = [0, await place.countExpired(now), 0]
  while (done > 0 && performance.now() - began < 120_000) {
    const second = await drive(load, 1_000)
    const left = await place.countExpired(now)
    if (left < done) {
      worst = Math.max(worst, second.p99)
      first ||= performance.now()
    }
    done = left
  }
  const took = Math.round((performance.now() - first) / 1000)
  const figures = `p99 ${quiet.p99.toFixed(1)} ms before, at worst ${worst.toFixed(1)} ms in a second of pruning`
  console.log(
    `${count} expired tokens: ${done === 0 ? `gone ${took} s after pruning began` : `${done} left after 120 s`}; ${figures}`,
  )
  if (done > 0) process.exitCode = 1
}

const postgres = flags.store === 'postgres'
const say = (text: string) => void (process.stderr.isTTY ? process.stderr.write(`\r\u001b[2K${text}`) : undefined)
const told = (text: string) => {
  if (text.endsWith('\n')) process.stderr.write(text)
  else say(text)
}
const empty = await start(EMPTY, postgres ? await postgresPlace() : await sqlitePlace(), told)
const filled = await start(full, postgres ? await postgresPlace(flags.url) : await sqlitePlace(flags.folder), told)
if (!postgres) for (const { server } of [empty, filled]) pin(server.pid, 'server')
if (!postgres) pin(process.pid, 'load')
try {
  console.log(
    `${flags.store}: ${full.users} users, ${full.clients} clients, ${full.tokens} live tokens; CPU µs of server and database`,
  )
  for (const operation of OPERATIONS) {
    const costs = {
      empty: [] as number[],
      'as few': [] as number[],
      'last minutes': [] as number[],
      'any age': [] as number[],
    }
    let disk = 0
    for (let round = 0; round < Number(flags.rounds); round++) {
      costs.empty.push(await cost(empty, operation, 'as few'))
      // Some systems drop pages from memory within a minute when nobody reads them, so they are read again before each
      // round.
      await filled.place.warm()
      const before = await readFromDisk(filled.server.pid)
      for (const who of WHO) costs[who].push(await cost(filled, operation, who))
      disk += (await readFromDisk(filled.server.pid)) - before
    }
    const told = WHO.map((who) => {
      // Beside the empty one of the same seconds: what else the machine does changes within minutes.
      const ratio = median(costs[who].map((each, round) => each / (costs.empty[round] ?? each)))
      if (ratio > MOST_RATIO) process.exitCode = 1
      return `${who} ${median(costs[who]).toFixed(0).padStart(5)}  ${ratio.toFixed(2)} ×`
    })
    const fromDisk = disk > 0 ? `  (${Math.ceil(disk / 2 ** 20)} MiB read from the disk)` : ''
    const cheapest = median(costs.empty).toFixed(0).padStart(5)
    console.log(`${operation.name.padEnd(46)} empty ${cheapest}  ${told.join('  ')}${fromDisk}`)
  }
  const memory = await Promise.all(
    [empty, filled].map(async ({ server }) => Math.round((await memoryOf(server.pid)) / 1024 / 1024)),
  )
  console.log(`memory: empty ${memory[0]} MiB, filled ${memory[1]} MiB`)
  if (Number(flags.expired) > 0) await watchPruning(filled, Number(flags.expired))
} finally {
  await filled.close()
  await empty.close()
}
