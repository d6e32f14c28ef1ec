// `lingpai user import` says of whom 制作云 may not accept, before and after they are there.

import { writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { lingpai, lingpaiJson, scratchFolder } from '../support/cli.ts'

const scratch = scratchFolder()
afterAll(() => scratch.remove())

test('people without a phone number, or with an unverified one, are told of; those that are left out are not', async () => {
  const here = ['--data', scratch.path('data')]
  const add = ['user', 'add', '--issuer', 'https://sso.example.com', '--username', 'taken', ...here]
  expect((await lingpai(add)).code).toBe(0)
  const file = scratch.path('people.csv')
  const rows = ['zhang,13800138000,是', 'li,,', 'wu,13900139000,', 'taken,,', 'bai,,']
  writeFileSync(file, `用户名,手机号,手机号已验证\n${rows.join('\n')}\n`)
  const told =
    'Applications such as 制作云 may not accept people without a phone number: 2 (lines 3, 6); with one that is not marked as verified: 1 (line 4).'
  const run = (...flags: readonly string[]) => lingpai(['user', 'import', file, '--skip-bad', ...flags, ...here])
  expect((await run('--dry-run')).stdout).toContain(told)
  const chinese = await lingpai(['user', 'import', file, '--skip-bad', '--dry-run', ...here], {
    env: { LANG: 'zh_CN.UTF-8' },
  })
  expect(chinese.stdout).toContain(
    '制作云等应用可能不接受这些用户：没有手机号的 2 位（第 3、6 行）；手机号未标为已验证的 1 位（第 4 行）。',
  )
  expect((await run()).stdout).toContain(told)
  writeFileSync(file, 'username,phone,phone_verified\nzhao,13700137000,true\n')
  expect((await run()).stdout).not.toContain('may not accept')
  expect(await lingpaiJson(['user', 'show', 'bai', ...here])).toMatchObject({ username: 'bai' })
})

test('a blank inside of a user name is refused in a file as it is when it is typed', async () => {
  const here = ['--data', scratch.path('blanks'), '--issuer', 'https://sso.example.com']
  const typed = await lingpai(['user', 'add', '--username', ' zhang san ', ...here])
  expect([typed.code, typed.stderr]).toEqual([
    2,
    expect.stringMatching(/username holds a blank inside\. People type it/),
  ])
  expect((await lingpai(['user', 'add', '--username', ' zhang.san ', ...here])).stdout).toContain('zhang.san is added')
  const file = scratch.path('blanks.csv')
  writeFileSync(file, 'username\nli si\n')
  const read = await lingpai(['user', 'import', file, ...here])
  expect([read.code, read.stdout]).toEqual([
    1,
    expect.stringMatching(/^line 2, username: holds a blank inside\. People type it .* as in li\.si$/m),
  ])
  expect(read.stdout).toContain('User names with a blank inside: 1 (line 2). Releases that let them through keep them;')
  const chinese = await lingpai(['user', 'import', file, ...here], { env: { LANG: 'zh_CN.UTF-8' } })
  expect(chinese.stdout).toMatch(/^第 2 行：用户名中间含有空格。.*，例如 li\.si$/m)
  expect(chinese.stdout).toContain('用户名中间含有空格的：1 位（第 2 行）。')
  writeFileSync(file, 'username\nli.si\n')
  expect((await lingpai(['user', 'import', file, '--dry-run', ...here])).stdout).not.toContain('blank')
  const renamed = await lingpai(['user', 'update', 'zhang.san', '--username', 'zhang san', ...here])
  expect(renamed.code).toBe(2)
})

test('a file from somebody else does nothing to the terminal of whoever imports it', async () => {
  const here = ['--data', scratch.path('acting'), '--issuer', 'https://sso.example.com']
  const acting = '\u009b31m\u202e'
  const file = scratch.path('acting.jsonl')
  writeFileSync(file, `${JSON.stringify({ username: 'li', [`\u001b[2J${acting}`]: 'x' })}\n`)
  for (const flags of [[], ['--json']]) {
    const { code, stdout } = await lingpai(['user', 'import', file, ...flags, ...here])
    expect([code, stdout]).toEqual([1, expect.stringContaining('\\u001b[2J\\u009b31m\\u202e')])
    expect(stdout).not.toMatch(/[\u001b\u009b\u202e]/)
  }
  const csv = scratch.path('acting.csv')
  writeFileSync(csv, `username,${acting}\nli,x\n`)
  const refused = await lingpai(['user', 'import', csv, ...here])
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('no column "\\u009b31m\\u202e"')])
  writeFileSync(file, `${JSON.stringify({ username: 'li', name: '李四' })}\n`)
  expect((await lingpai(['user', 'import', file, ...here])).code).toBe(0)
  expect((await lingpai(['user', 'list', ...here])).stdout).toContain('李四')
})

test('whose number it is already is said, when one is added, changed, enabled again or imported', async () => {
  const here = ['--data', scratch.path('numbers'), '--issuer', 'https://sso.example.com']
  const run = (words: string, env = {}) => lingpai([...words.split(' '), ...here], { env })
  expect((await run('user add --username zhang --phone 13800138000')).code).toBe(0)
  const taken = await run('user add --username li --phone 13800138000')
  expect([taken.code, taken.stderr]).toEqual([
    4,
    expect.stringMatching(
      /^Error: The phone number \+8613800138000 belongs to another enabled user: zhang\. A number .* \("npx lingpai user update zhang --phone NUMBER --data \S+numbers"\)/,
    ),
  ])
  const chinese = await run('user add --username li --phone 13800138000', { LANG: 'zh_CN.UTF-8' })
  expect(chinese.stderr).toMatch(
    /^错误：手机号 \+8613800138000 已属于另一位已启用的用户：zhang。一个号码.*（“npx lingpai user update zhang --phone NUMBER --data \S+numbers”）。\n$/,
  )
  const file = scratch.path('numbers.csv')
  writeFileSync(file, 'username,phone\nli,13800138000\n')
  expect((await run(`user import ${file}`)).stdout).toContain(
    'line 2, phone: belongs to an enabled user that exists already: zhang. ',
  )
  expect((await run(`user import ${file}`, { LANG: 'zh_CN.UTF-8' })).stdout).toContain(
    '第 2 行：手机号已属于另一位已启用的用户 zhang。',
  )
})

test('a number that nobody has said to be verified is told of when it is entered', async () => {
  const here = ['--data', scratch.path('unverified'), '--issuer', 'https://sso.example.com']
  const run = async (words: string) => (await lingpai([...words.split(' '), ...here])).stdout
  const told = 'The number is not marked as verified, and applications such as 制作云 may not accept it.'
  const way = `npx lingpai user update zhang --phone-verified --data ${here[1]}`
  expect(await run('user add --username zhang --phone 13800138000')).toContain(
    `${told} Once you know that it is theirs: ${way}`,
  )
  expect(await run('user update zhang --phone-verified')).not.toContain(told)
  // The mark was another number's.
  expect(await run('user update zhang --phone 13900139000')).toContain(told)
  expect(await run('user update zhang --phone 13700137000 --phone-verified')).not.toContain(told)
  expect(await run('user update zhang --phone 13700137000 --no-phone-verified')).not.toContain(told)
  expect(await run('user update zhang --name 张三')).toBe('zhang is changed.\n')
  expect(await run('user update zhang --name 张三')).toBe('zhang was like that already.\n')
})

test('an empty file is told what its first line has to be', async () => {
  const file = scratch.path('empty.csv')
  writeFileSync(file, '')
  const { code, stderr } = await lingpai([
    'user',
    'import',
    file,
    '--data',
    scratch.path('e'),
    '--issuer',
    'https://sso.example.com',
  ])
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/^Error: The file is empty\. The first line has to name the columns/),
  ])
})
