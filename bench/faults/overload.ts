// Four times what the server can answer, for five seconds each: user info, and refreshes that write.
//   node bench/faults/overload.ts [--seconds 5] [--times 4]
// Prints one line of JSON an operation. Ends with 1 when goodput falls below 80 % of the peak.

import { parseArgs } from 'node:util'
import type { Caller } from '../../test/faults/caller.ts'
import { Caller as Client, issuedBy } from '../../test/faults/caller.ts'
import { startChild } from '../../test/faults/child.ts'
import { prepareSqlite } from '../../test/faults/installation.ts'
import { flood, memoryOf, saturate } from '../../test/faults/pressure.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, times: { type: 'string', default: '4' } },
})
const milliseconds = Number(values.seconds) * 1000
const times = Number(values.times)

const prepared = await prepareSqlite()
// One machine plays many: without the limit on connections of one address.
const server = await startChild({ words: [...prepared.words, '--trusted-proxies', '127.0.0.1'] })
const first = new Client(server)
const pool: string[] = []
for (let count = 0; count < 1_200; count++) pool.push((await first.tokens()).refresh)
const { access } = await first.tokens()
const seen = ({ status, headers }: { status: number; headers: Record<string, unknown> }) => ({
  status,
  retryAfter: headers['retry-after'] !== undefined,
})

const operations: Readonly<Record<string, (caller: Caller) => Promise<{ status: number; retryAfter: boolean }>>> = {
  async userinfo(caller) {
    return seen(await caller.userinfo(access))
  },
  async refresh(caller) {
    const token = pool.shift()
    if (token === undefined) throw new Error('no refresh token is free')
    const reply = await caller.refresh(token)
    // In doubt or refused: the same token may be sent again.
    pool.push(reply.status === 200 ? issuedBy(reply).refresh : token)
    return seen(reply)
  },
}

let isBelow = false
for (const [name, operation] of Object.entries(operations)) {
  await saturate(server, operation, 64, 1_000)
  const peak = await saturate(server, operation, 64, milliseconds)
  const before = await memoryOf(server.pid)
  const pressed = await flood(server, operation, {
    perSecond: peak.perSecond * times,
    connections: 1_100,
    milliseconds,
  })
  const after = await memoryOf(server.pid)
  const calm = await saturate(server, operation, 64, 1_000)
  const goodput = Math.round((pressed.perSecond / peak.perSecond) * 100)
  isBelow ||= goodput < 80
  const mib = (bytes: number) => Math.round(bytes / 1024 / 1024)
  const memory = { rssBefore: mib(before), rssAfter: mib(after) }
  console.log(JSON.stringify({ name, goodput: `${goodput} %`, peak, pressed, afterwards: calm.perSecond, ...memory }))
}
first.close()
await server.stop()
prepared.remove()
process.exitCode = isBelow ? 1 : 0
