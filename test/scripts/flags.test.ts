// Scripts called by people who have not read them.

import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const scripts = globSync(['bench/**/*.ts', 'scripts/*.ts', 'conformance/*.ts'], { cwd: repository }).filter((path) =>
  /\breadFlags\((USAGE|')/.test(readFileSync(join(repository, path), 'utf8')),
)

function call(script: string, ...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(repository, script), ...words], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { status, stdout, stderr }
}

describe('a script that takes flags', () => {
  it('reads them by the one way that knows --help', () => {
    expect(scripts.length).toBeGreaterThan(10)
    const others = globSync(['bench/**/*.ts', 'scripts/**/*.ts'], { cwd: repository }).filter(
      (path) => path !== 'scripts/read-flags.ts' && /\bparseArgs\(/.test(readFileSync(join(repository, path), 'utf8')),
    )
    expect(others).toEqual([])
  })

  it.each(scripts)('%s says how it is called, and refuses a flag that it does not know in one line', (script) => {
    const help = call(script, '--help')
    expect(help).toMatchObject({ status: 0, stderr: '' })
    expect(help.stdout).toMatch(/^(node|npm run) /)
    const wrong = call(script, '--no-such-flag')
    expect(wrong).toMatchObject({ status: 2, stdout: '' })
    expect(wrong.stderr).toMatch(/^Unknown option '--no-such-flag'.*--help\n$/)
  })

  it('conformance/run.ts does so too, whose flags are read elsewhere', () => {
    expect(call('conformance/run.ts', '--help')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^npm run conformance /),
    })
    expect(call('conformance/run.ts', '--no-such-flag')).toMatchObject({
      status: 2,
      stdout: "Unknown option '--no-such-flag'. How to call it: --help\n",
    })
  })

  it('refuses a number that is none', () => {
    expect(call('bench/faults/kill.ts', '--rounds', 'many')).toEqual({
      status: 2,
      stdout: '',
      stderr: "--rounds is a number, and not 'many'. How to call it: --help\n",
    })
  })

  it('refuses an operation that is none', () => {
    const wrong = call('bench/profile.ts', 'no such')
    expect(wrong).toMatchObject({ status: 2, stdout: '' })
    expect(wrong.stderr).toMatch(/^No operation begins with 'no such': .*\n$/)
  })
})
