// Temporary passwords from the command line: set one by one, from a file, told, and taken along by an export.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lingpai, lingpaiJson, scratchFolder } from '../support/cli.ts'

const scratch = scratchFolder()
afterAll(() => scratch.remove())
const GIVEN = 'given for the first day'
const here = ['--data', scratch.path('data')]
const stateOf = async (username: string, at = here) =>
  (await lingpaiJson<{ password: string }>(['user', 'show', username, ...at])).password

beforeAll(async () => {
  const add = ['user', 'add', '--issuer', 'https://sso.example.com', '--username', 'nobody-yet', ...here]
  expect((await lingpai(add)).code).toBe(0)
})

test('user add and set-password make one that holds once, and user show says so', async () => {
  const add = ['user', 'add', '--username', 'ann', '--password-stdin', ...here]
  expect((await lingpai([...add, '--temporary'], { stdin: GIVEN })).code).toBe(0)
  const told = [await stateOf('nobody-yet'), await stateOf('ann')]
  const set = ['user', 'set-password', 'ann', ...here]
  const lasting = await lingpai(set, { stdin: GIVEN })
  told.push(await stateOf('ann'))
  const again = await lingpai([...set, '--temporary'], { stdin: GIVEN })
  told.push(await stateOf('ann'))
  expect(told).toEqual(['none', 'temporary', 'set', 'temporary'])
  expect(lasting.stdout).not.toContain('signing in once')
  expect(again.stdout).toContain('It is for signing in once: ann chooses another one then.')
  const chinese = await lingpai([...set, '--temporary'], { stdin: GIVEN, env: { LANG: 'zh_CN.UTF-8' } })
  expect(chinese.stdout).toContain('该密码仅供登录一次，ann 登录后须设置自己的密码。')
})

test('without a password there is nothing temporary: refused, and nobody is added', async () => {
  const refused = await lingpai(['user', 'add', '--username', 'bob', '--temporary', ...here])
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringMatching(/--temporary is about a password.*--password-stdin/),
  ])
  expect((await lingpai(['user', 'show', 'bob', ...here])).code).toBe(3)
})

test('user import: those of the file with --temporary-passwords, or by a column, which wins; hashes only by the column', async () => {
  const exported = await lingpai(['user', 'export', '--format', 'jsonl', '--password-hashes', ...here])
  const [, hash = ''] = /"password_hash":"([^"]+)"/.exec(exported.stdout) ?? []
  const file = scratch.path('people.csv')
  const rows = [`cat,${GIVEN},,`, `dan,${GIVEN},,否`, `eve,,"${hash}",`, `fay,,"${hash}",是`, 'gil,,,是']
  writeFileSync(file, `用户名,初始密码,密码哈希,临时密码\n${rows.join('\n')}\n`)
  expect((await lingpai(['user', 'import', file, '--temporary-passwords', ...here])).code).toBe(0)
  const states = []
  for (const name of ['cat', 'dan', 'eve', 'fay', 'gil']) states.push(await stateOf(name))
  expect(states).toEqual(['temporary', 'set', 'set', 'temporary', 'none'])
  writeFileSync(file, `username,password,password_temporary\nhal,${GIVEN},perhaps\n`)
  const refused = await lingpai(['user', 'import', file, ...here])
  expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('line 2, password_temporary')])
  writeFileSync(file, `username,password\nhal,${GIVEN}\n`)
  expect((await lingpai(['user', 'import', file, ...here])).code).toBe(0)
  expect(await stateOf('hal')).toBe('set')
})

test('an export with hashes takes it along, and one without says nothing of it', async () => {
  const file = join(scratch.path('exported.csv'))
  expect((await lingpai(['user', 'export', file, '--password-hashes', ...here])).code).toBe(0)
  const there = ['--data', scratch.path('there')]
  const read = await lingpai(['user', 'import', file, '--issuer', 'https://sso.example.com', ...there])
  expect(read.code).toBe(0)
  for (const name of ['ann', 'cat', 'dan', 'gil']) expect(await stateOf(name, there)).toBe(await stateOf(name))
  const plain = await lingpai(['user', 'export', ...here])
  expect([plain.code, plain.stdout]).toEqual([0, expect.not.stringContaining('password')])
})
