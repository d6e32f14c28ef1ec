// Does memory grow? `node bench/soak.ts [--minutes 10]`: journeys, refreshes and user info against the built server on
// SQLite for that long, and the slope of its memory over the second half. Ends with 1 when that is more than a leak of
// 64 bytes a request would make.

import { readFlags } from '../scripts/read-flags.ts'
import { buildAll, lingpai } from './measuring/entrants.ts'
import { connect, drive } from './measuring/load.ts'
import { start, stop, usage } from './measuring/measured-server.ts'
import { operations } from './measuring/operations.ts'

const USAGE = `node bench/soak.ts [--minutes 10]
Does memory grow? Journeys, refreshes and user info for that long.`

const { values } = readFlags(USAGE, { options: { minutes: { type: 'string', default: '10' } } })
const CONNECTIONS = 4
const MIXED = [
  'user info, opaque token',
  'refresh with ES256 ID token',
  'journey, ES256 ID token',
  'client_credentials',
]
const STEPS = 60
const BYTES_A_REQUEST = 64

await buildAll()
const entrant = await lingpai(null)
const server = await start(entrant)
const samples: { readonly requests: number; readonly rss: number }[] = []
try {
  const { send, close } = connect(server.target.issuer)
  const mixed = operations.filter(({ name }) => MIXED.some((each) => name.startsWith(each)))
  const prepared = await Promise.all(
    mixed.flatMap((operation) => Array.from({ length: CONNECTIONS }, () => operation.prepare(server.target, send))),
  )
  let requests = 0
  for (let step = 0; step < STEPS; step++) {
    requests += (await drive(prepared, (Number(values.minutes) * 60_000) / STEPS)).operations
    const { rss } = await usage(server.child)
    samples.push({ requests, rss })
    console.log(`${String(requests).padStart(9)} operations, ${(rss / 2 ** 20).toFixed(1)} MiB`)
  }
  close()
} finally {
  await stop(server)
  entrant.remove?.()
}
const slope = slopeOf(samples.slice(STEPS / 2))
console.log(`From ${mib(server.rssAtStart)} at the start; in the second half ${slope.toFixed(1)} bytes an operation`)
process.exitCode = slope > BYTES_A_REQUEST ? 1 : 0

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

/** Least squares: bytes an operation. */
function slopeOf(points: readonly { readonly requests: number; readonly rss: number }[]): number {
  const mean = (pick: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length
  const [x, y] = [mean(({ requests }) => requests), mean(({ rss }) => rss)]
  const above = points.reduce((sum, { requests, rss }) => sum + (requests - x) * (rss - y), 0)
  const below = points.reduce((sum, { requests }) => sum + (requests - x) ** 2, 0)
  return below === 0 ? 0 : above / below
}
