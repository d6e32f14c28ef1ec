// A network that is cut between a node and its database: a node in a network namespace of its own, whose link to the
// database is taken down, so that packets vanish and nobody is told.

import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../support/postgres.ts'
import { Caller, eventually, issuedBy } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { type Prepared, preparePostgres } from '../support/installation.ts'

const NAME = `lp${process.pid}`
const ip = (words: string) => execFileSync('ip', words.split(' '), { stdio: 'ignore' })

/** Needs root and iproute2, as CI has them. */
function mayCut(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const made = spawnSync('ip', ['netns', 'add', `${NAME}t`])
  if (made.status !== 0) return false
  const entered = spawnSync('ip', ['netns', 'exec', `${NAME}t`, 'true'])
  spawnSync('ip', ['netns', 'del', `${NAME}t`])
  return entered.status === 0
}

const reason = mayCut() ? '' : ' (skipped: network namespaces need root and iproute2)'

/** A pair of ends, one on this side and one in the namespace; addresses are of a network that is nobody's. */
function link(which: 'd' | 'c', network: number): { readonly here: string; readonly there: string } {
  const [here, there] = [`10.213.${network}.1`, `10.213.${network}.2`]
  ip(`link add ${NAME}${which} type veth peer name ${NAME}${which}n netns ${NAME}`)
  ip(`addr add ${here}/30 dev ${NAME}${which}`)
  ip(`link set ${NAME}${which} up`)
  ip(`netns exec ${NAME} ip addr add ${there}/30 dev ${NAME}${which}n`)
  ip(`netns exec ${NAME} ip link set ${NAME}${which}n up`)
  return { here, there }
}

describe.skipIf(reason !== '')(`a node whose link to the database is cut${reason}`, () => {
  let database: FreshDatabase
  let prepared: Prepared
  let door: Server
  let server: Child
  let caller: Caller

  beforeAll(async () => {
    ip(`netns add ${NAME}`)
    ip(`netns exec ${NAME} ip link set lo up`)
    const network = 1 + (process.pid % 120) * 2
    const [toDatabase, toClients] = [link('d', network), link('c', network + 1)]
    database = await freshDatabase()
    prepared = await preparePostgres(database.url)
    // The database listens on loopback only; this door leads there.
    const target = new URL(database.url)
    door = createServer((near) => {
      const far = connect(Number(target.port), target.hostname)
      for (const socket of [near, far]) socket.on('error', () => undefined)
      near.pipe(far).pipe(near)
    }).listen(0, toDatabase.here)
    await once(door, 'listening')
    const url = new URL(database.url)
    url.host = `${toDatabase.here}:${(door.address() as AddressInfo).port}`
    const words = ['--data', prepared.folder, '--database', url.href, '--database-timeout', '2s']
    const place = ['--host', '0.0.0.0', '--issuer', 'http://localhost:4995']
    server = await startChild({
      words: [...words, ...place],
      env: prepared.env,
      under: ['ip', 'netns', 'exec', NAME],
    })
    caller = new Caller({ ...server, address: toClients.there })
  })
  afterAll(async () => {
    caller?.close()
    await server?.kill()
    door?.close()
    spawnSync('ip', ['netns', 'del', NAME])
    prepared?.remove()
    await database?.drop()
  })

  it('answers 503 and is not ready, says why, and heals when packets pass again', { timeout: 90_000 }, async () => {
    const before = await caller.tokens()
    const code = await caller.needCode()
    ip(`link set ${NAME}d down`)
    const replies = await Promise.all([
      caller.userinfo(before.access),
      caller.redeem(code),
      caller.refresh(before.refresh),
      caller.revoke(before.refresh),
      caller.ready(),
    ])
    expect(replies.map(({ status }) => status)).toEqual(Array(5).fill(503))
    expect(replies[4]?.body['reason']).toBe('the database does not answer')
    for (const { headers } of replies.slice(0, 4)) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect((await caller.ask('GET', '/healthz')).status).toBe(200)

    ip(`link set ${NAME}d up`)
    await eventually(
      () => caller.ready(),
      ({ status }) => status === 200,
      30_000,
    )
    expect((await caller.userinfo(before.access)).status).toBe(200)
    // What was sent before the cut was answered by nobody: it holds at most once.
    const wins = (await Promise.all([1, 2, 3].map(() => caller.redeem(code)))).filter(({ status }) => status === 200)
    expect(wins.length).toBeLessThanOrEqual(1)
    const next = issuedBy(await caller.refresh((await caller.tokens()).refresh))
    expect((await caller.revoke(next.refresh)).status).toBe(200)
    expect((await caller.refresh(next.refresh)).status).toBe(400)
  })
})
