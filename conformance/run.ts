// `npm run conformance -- [PLAN…]`: drives a conformance suite that is already running against a Lingpai that is already
// running. How to call it is in README.md beside this file.

import { requireNode } from '../scripts/node-version.ts'
import { runConformance } from './runner/command.ts'

requireNode()
process.exitCode = await runConformance(process.argv.slice(2), process.env, (text) => console.log(text))
