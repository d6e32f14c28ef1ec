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
  for (const platform of ['linux', 'darwin', 'win32'] as const) expect(shellWord(name, platform)).toBe(name)
})

test.each(TRICKY)('%j is quoted', (name) => {
  for (const platform of ['linux', 'darwin'] as const) expect(shellWord(name, platform)).toMatch(/^'.*'$/)
})

test('whoever names no system gets the words of this one', () => {
  expect(shellWord("O'Brien")).toBe(shellWord("O'Brien", process.platform))
})

describe('on Windows', () => {
  test.each([
    // Paths, which PowerShell and cmd leave alone.
    ['C:\\lingpai\\data', 'C:\\lingpai\\data'],
    ['C:\\lingpai\\', 'C:\\lingpai\\'],
    ['.\\data', '.\\data'],
    ['..\\data', '..\\data'],
    // Double quotes mean the same to both, and what these hold means nothing between them.
    ['C:\\Jane Doe\\data', '"C:\\Jane Doe\\data"'],
    ["O'Brien", '"O\'Brien"'],
    ['O’Brien', '"O’Brien"'],
    ["'; echo x; '", '"\'; echo x; \'"'],
    ["'& calc &'", '"\'& calc &\'"'],
    ['a|b&c>d<e^f', '"a|b&c>d<e^f"'],
    ['老 板', '"老 板"'],
    ['@list', '"@list"'],
    ['{a,b}', '"{a,b}"'],
    ['(x)', '"(x)"'],
    ['100%', '"100%"'],
    ['~', '"~"'],
    ['#no', '"#no"'],
    ['', '""'],
    // PowerShell takes these for numbers, or for parameters, which it cuts at a full stop.
    ['13800138000', '"13800138000"'],
    ['007', '"007"'],
    ['.5', '".5"'],
    ['1kb', '"1kb"'],
    ['-a.b', '"-a.b"'],
    ['–a', '"–a"'],
    // No form is good for both: that of PowerShell, which takes typographic quotes for its own.
    ['$(calc)', "'$(calc)'"],
    ['$HOME', "'$HOME'"],
    ['`calc`', "'`calc`'"],
    ['say "x"', '\'say "x"\''],
    ['“x”', "'“x”'"],
    ['„x', "'„x'"],
    ["$a'; calc; '", "'$a''; calc; '''"],
    ['$a’; calc; ‘b‚c‛', "'$a’’; calc; ‘‘b‚‚c‛‛'"],
    ['C:\\Jane Doe\\', "'C:\\Jane Doe\\'"],
    ['two\nlines', "'two\nlines'"],
  ])('%j becomes %s', (name, word) => {
    expect(shellWord(name, 'win32')).toBe(word)
  })

  test.each(TRICKY)('%j is quoted, and nothing in it ends the quotes', (name) => {
    const word = shellWord(name, 'win32')
    if (name === 'back\\slash') return expect(word).toBe(name)
    expect(word).toMatch(/^(?:"[^"“”„$`]*"|'(?:[^'‘’‚‛]|(['‘’‚‛])\1)*')$/)
    expect(word.slice(1, -1).replaceAll(/(['‘’‚‛])\1/g, '$1')).toBe(name)
  })
})

test('there is a shell to ask', () => {
  expect(SHELLS).toContain('sh')
})

describe.each(SHELLS)('%s', (shell) => {
  test.each([...PLAIN, ...TRICKY])('takes %j for one word', (name) => {
    const { stdout, stderr } = spawnSync(shell, ['-c', `printf '<%s>' ${shellWord(name, 'linux')}`], {
      encoding: 'utf8',
    })
    expect({ stdout, stderr }).toEqual({ stdout: `<${name}>`, stderr: '' })
  })
})
