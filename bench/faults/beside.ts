// What clients wait for user info and refreshes while commands run on the same SQLite file, for ten seconds each.
//   node bench/faults/beside.ts [--seconds 10] [--users 100000]
// Prints one line of JSON a command, the quiet server first. Ends with 1 when a request failed or waited for a second.

import { readFlags } from '../../scripts/read-flags.ts'
import { measureBeside } from '../../test/faults/support/beside.ts'

const USAGE = `node bench/faults/beside.ts [--seconds 10] [--users 100000]
What clients wait for while commands run on the same SQLite file.`

const { values } = readFlags(USAGE, {
  options: { seconds: { type: 'string', default: '10' }, users: { type: 'string', default: '100000' } },
})
const figures = await measureBeside({ users: Number(values.users), milliseconds: Number(values.seconds) * 1000 })
for (const each of figures) console.log(JSON.stringify(each))
const waits = figures.flatMap(({ userinfo, refresh }) => [userinfo, refresh])
process.exitCode = waits.some(({ failed, slowest }) => failed > 0 || slowest > 1_000) ? 1 : 0
