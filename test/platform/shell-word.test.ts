// A name in a command arrives in the program as it is, whatever shell it was pasted into.

import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { shellWord } from '../../src/platform/shell-word.ts'

const PLAIN = ['alice', 'a.b_c-d@example.com', '老板', 'Zoë', '/srv/lingpai', 'https://app.example/client']
const TRICKY = [
  '老 板',
  'a;rm -rf x',
  '$(echo x)',
  '`echo x`',
  "O'Brien",
  "'; echo x; '",
  'say "x"',
  '$HOME',
  '~',
  '~root',
  '@list',
  '=ls',
  '*',
  'a|b&c>d<e',
  'back\\slash',
  '!!',
  '#no',
  'a,b',
  '{a,b}',
  '全角；“引号”',
  '',
]
const SHELLS = ['sh', 'bash', 'zsh', 'dash'].filter((shell) => spawnSync(shell, ['-c', 'exit 0']).status === 0)

test.each(PLAIN)('%s stays as it is', (name) => {
  expect(shellWord(name)).toBe(name)
})

test.each(TRICKY)('%j is quoted', (name) => {
  expect(shellWord(name)).toMatch(/^'.*'$/)
})

test('there is a shell to ask', () => {
  expect(SHELLS).toContain('sh')
})

describe.each(SHELLS)('%s', (shell) => {
  test.each([...PLAIN, ...TRICKY])('takes %j for one word', (name) => {
    const { stdout, stderr } = spawnSync(shell, ['-c', `printf '<%s>' ${shellWord(name)}`], { encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: `<${name}>`, stderr: '' })
  })
})
