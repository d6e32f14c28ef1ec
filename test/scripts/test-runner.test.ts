// `npm test` run on small projects of its own: what its last line and its exit code say.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const repository = fileURLToPath(new URL('../../', import.meta.url))
let root = ''
beforeEach(() => {
  // Inside the repository, so that the projects find vitest.
  mkdirSync(join(repository, '.tmp'), { recursive: true })
  root = mkdtempSync(join(repository, '.tmp', 'runner-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function run(files: Readonly<Record<string, string>>, ...words: readonly string[]) {
  writeFileSync(join(root, 'vitest.config.ts'), "export default { test: { include: ['*.test.ts'], pool: 'forks' } }")
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(root, name), `import { expect, it, beforeAll } from 'vitest'\n${text}\n`)
  }
  // A run inside a run: what vitest tells its own workers must not reach the inner one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')))
  const script = join(repository, 'scripts/test.ts')
  const { status, stdout } = spawnSync(process.execPath, [script, '--root', root, ...words], { encoding: 'utf8', env })
  return { status, last: stdout.trimEnd().split('\n').at(-1) }
}

const GOOD = "it('holds', () => expect(1).toBe(1))"
const BAD = "it('breaks', () => expect(1).toBe(2))"

describe('npm test', () => {
  it('all passed: the last line says so, and the exit code is 0', () => {
    expect(run({ 'a.test.ts': `${GOOD}\nit('also', () => expect(2).toBe(2))`, 'b.test.ts': GOOD })).toEqual({
      status: 0,
      last: '3 passed, 0 failed',
    })
  })

  it('one failed: it is counted, and the exit code is not 0', () => {
    expect(run({ 'a.test.ts': `${GOOD}\n${BAD}` })).toEqual({ status: 1, last: '1 passed, 1 failed' })
  })

  it('a skipped test is never silent', () => {
    expect(run({ 'a.test.ts': `${GOOD}\nit.runIf(false)('elsewhere', () => {})` })).toEqual({
      status: 0,
      last: '1 passed, 0 failed, 1 skipped',
    })
  })

  it('a file that cannot be loaded is a failure', () => {
    expect(run({ 'a.test.ts': GOOD, 'b.test.ts': "throw new Error('broken file')" })).toEqual({
      status: 1,
      last: '1 passed, 1 failed',
    })
  })

  it('an error outside any test is a failure', () => {
    const stray =
      "it('holds', async () => { void Promise.reject(new Error('stray')); await new Promise((r) => setTimeout(r, 50)) })"
    expect(run({ 'a.test.ts': stray })).toEqual({ status: 1, last: '1 passed, 1 failed' })
  })

  it('no test at all is a failure, also where all were filtered away', () => {
    expect(run({})).toEqual({ status: 1, last: '0 passed, 0 failed' })
    expect(run({ 'a.test.ts': GOOD }, 'absent')).toEqual({ status: 1, last: '0 passed, 0 failed' })
    expect(run({ 'a.test.ts': GOOD }, '-t', 'absent')).toEqual({ status: 1, last: '0 passed, 0 failed, 1 skipped' })
  })
})
