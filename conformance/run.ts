// `npm run conformance -- [PLAN…]`: drives a conformance suite that is already running against a Lingpai that is already
// running. How to call it is in README.md beside this file.

import { requireNode } from '../scripts/node-version.ts'
import { runConformance } from './runner/command.ts'

await requireNode()
const USAGE = `npm run conformance -- [PLAN…] --suite https://… [--alias NAME | --drivers N] [--only MODULE] [--variant NAME=VALUE]
  [--expect FILE] [--out FOLDER] [--report] [--from FOLDER] [--limit SECONDS] [--list]
Drives a conformance suite that is already running. What each flag means: conformance/README.md`
const words = process.argv.slice(2)
if (words.includes('--help') || words.includes('-h')) console.log(USAGE)
else process.exitCode = await runConformance(words, process.env, (text) => console.log(text))
