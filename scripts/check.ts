// `npm run check [-- --no-tests]`: everything that is checked before a change lands, one line for each step.

import { join } from 'node:path'
import { repository, requireNode } from './node-version.ts'
import { readFlags } from './read-flags.ts'
import { endAs, runToEnd } from './run-to-end.ts'

await requireNode()
const USAGE = `npm run check [-- --no-tests]
Everything that is checked before a change lands, one line for each step; --no-tests leaves the tests out.`
const { values } = readFlags(USAGE, { options: { 'no-tests': { type: 'boolean', default: false } } })

interface Step {
  readonly name: string
  readonly command: string
  readonly words: readonly string[]
  /** Output is shown while the step runs. */
  readonly isLive?: boolean
}

const tool = (name: string) => join(repository, 'node_modules', '.bin', name)
const script = (name: string) => join(repository, 'scripts', name)

const STEPS: readonly Step[] = [
  { name: 'types', command: tool('tsc'), words: ['--noEmit'] },
  { name: 'lint', command: tool('oxlint'), words: ['--type-aware', '--deny-warnings'] },
  { name: 'format', command: tool('biome'), words: ['check', '.'] },
  { name: 'layers', command: process.execPath, words: [script('check-layers.ts'), '--check'] },
  { name: 'reference', command: process.execPath, words: [script('generate-reference.ts'), '--check'] },
]
const TESTS: Step = { name: 'tests', command: process.execPath, words: [script('test.ts')], isLive: true }

const started = performance.now()
const failed: string[] = []
for (const step of STEPS) if (!(await passes(step))) failed.push(step.name)
// The quick steps run together and all are reported. The tests, which take long, run only when the others have passed.
if (failed.length === 0 && !values['no-tests'] && !(await passes(TESTS))) failed.push(TESTS.name)
if (failed.length > 0) console.error(`Failed: ${failed.join(', ')} (${secondsSince(started)})`)
process.exitCode = failed.length > 0 ? 1 : 0

async function passes({ name, command, words, isLive = false }: Step): Promise<boolean> {
  const began = performance.now()
  let said = ''
  const end = await runToEnd(command, words, { cwd: repository, stdio: isLive ? 'inherit' : 'pipe' }, (child) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    }
  })
  if (end.told !== null) endAs({ code: null, signal: end.told })
  const good = end.code === 0
  // With live tests the last line stays theirs.
  if (!isLive) console.log(`${good ? 'ok    ' : 'FAILED'} ${name.padEnd(9)} ${secondsSince(began)}`)
  if (!good && !isLive) console.log(`${said}${end.error?.message ?? ''}`.trim())
  return good
}

function secondsSince(instant: number): string {
  return `${((performance.now() - instant) / 1000).toFixed(1)} s`
}
