// Where the time of one operation goes: `node bench/profile.ts "user info" [--seconds 4] [--floor]`. Runs it against the
// sources, so that the names are those of the repository, and prints the functions that took most time by themselves.

import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readFlags, wrongCall } from '../scripts/read-flags.ts'
import { buildAll, FLOOR, lingpai } from './measuring/entrants.ts'
import { connect, drive } from './measuring/load.ts'
import { asked, start, stop } from './measuring/measured-server.ts'
import { operations } from './measuring/operations.ts'

const USAGE = `node bench/profile.ts OPERATION [--seconds 4] [--floor] [--top 40]
Where the time of one operation goes; OPERATION is how its name begins: "user info".`

const { values, positionals } = readFlags(USAGE, {
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '4' },
    floor: { type: 'boolean', default: false },
    top: { type: 'string', default: '40' },
  },
})
const [wanted] = positionals
if (wanted === undefined) wrongCall('Name an operation')
const operation = operations.find(({ name }) => name.startsWith(wanted))
if (operation === undefined) {
  wrongCall(`No operation begins with '${wanted}': ${operations.map(({ name }) => name).join('; ')}`)
}

interface Node {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
}
interface Profile {
  readonly nodes: readonly Node[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

await buildAll()
const ours = await lingpai(null)
const server = await start(values.floor ? FLOOR : { ...ours, file: 'src/main.ts' })
const file = join(tmpdir(), `lingpai-${process.pid}.cpuprofile`)
try {
  const { send, close } = connect(server.target.issuer)
  const prepared = await Promise.all(Array.from({ length: 16 }, () => operation.prepare(server.target, send)))
  await drive(prepared, 1_000, 4_000)
  await asked(server.child, { ask: 'profile' })
  const { operations: count } = await drive(prepared, Number(values.seconds) * 1000)
  await asked(server.child, { ask: 'profiled', file })
  close()
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile
  for (const { name, microseconds } of selfTimes(profile).slice(0, Number(values.top))) {
    console.log(`${(microseconds / count).toFixed(1).padStart(7)} µs  ${name}`)
  }
} finally {
  await stop(server)
  ours.remove?.()
  rmSync(file, { force: true })
}

/** Of each function by itself, most first. */
function selfTimes({ nodes, samples, timeDeltas }: Profile): readonly { name: string; microseconds: number }[] {
  const nameOf = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || '(anonymous)'} ${url.replace(/^.*\/(?=(src|node_modules|bench|dist)\/)/, '')}:${lineNumber + 1}`,
    ]),
  )
  const times = new Map<string, number>()
  samples.forEach((id, at) => {
    const name = nameOf.get(id) ?? ''
    if (!name.startsWith('(idle)')) times.set(name, (times.get(name) ?? 0) + (timeDeltas[at] ?? 0))
  })
  return [...times]
    .map(([name, microseconds]) => ({ name, microseconds }))
    .sort((a, b) => b.microseconds - a.microseconds)
}
