// `npm test [-- FILES OR VITEST FLAGS]`: runs the tests. The last line says how many passed and failed; the exit code is
// 0 only when something ran and nothing failed.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Counts } from './count-reporter.ts'
import { repository, requireNode } from './node-version.ts'
import { runToEnd } from './run-to-end.ts'

await requireNode()
process.exitCode = await runTests(process.argv.slice(2))

async function runTests(words: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-tests-'))
  const file = join(folder, 'counts.json')
  try {
    const vitest = join(repository, 'node_modules', 'vitest', 'vitest.mjs')
    const reporters = ['--reporter=default', `--reporter=${join(repository, 'scripts', 'count-reporter.ts')}`]
    const { code, signal } = await runToEnd(process.execPath, [vitest, 'run', ...reporters, ...words], {
      cwd: repository,
      stdio: 'inherit',
      env: { ...process.env, LINGPAI_TEST_COUNTS: file },
    })
    const { passed, failed, skipped } = readCounts(file)
    if (passed + failed === 0) console.log('No test ran: nothing is proven')
    if (code !== 0 && failed === 0) console.log(`vitest ended with ${code ?? signal ?? 'nothing'}`)
    console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
    return code === 0 && failed === 0 && passed > 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readCounts(file: string): Counts {
  if (!existsSync(file)) return { passed: 0, failed: 0, skipped: 0 }
  return JSON.parse(readFileSync(file, 'utf8')) as Counts
}
