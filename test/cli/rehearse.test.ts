// The last word of a rehearsal: whether all is there, or something is missing that 制作云 goes by, and its exit code.

import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shellWord } from '../../src/platform/shell-word.ts'
import { lingpai, lingpaiJson, scratchFolder } from '../support/cli.ts'
import { TEST_PASSWORD } from '../support/server.ts'

const scratch = scratchFolder()
const data = scratch.path('data')
const run = (words: string, stdin = '') => lingpai([...words.split(' '), '--data', data], { stdin })

beforeAll(async () => {
  const add = 'client add --preset zhizuoyun --name 制作云 --client-id tenant-a --issuer https://sso.example.com'
  for (const outcome of [
    await run(add),
    await run('client add --preset zhizuoyun --name 测试 --client-id tenant-b'),
    await run('user add --username bob --name 李四 --password-stdin', TEST_PASSWORD),
    await run('user add --username alice --phone 13800138000 --phone-verified --password-stdin', TEST_PASSWORD),
  ]) {
    expect(outcome.code).toBe(0)
  }
})
afterAll(() => scratch.remove())

const ALL_THERE = 'Everything that the client needs is there.'
const MISSING = 'Every step works, but the client may not accept this person:'

test('a person without a phone number passes with a warning, and the command it names mends that', async () => {
  const warned = await run('rehearse tenant-a --user bob')
  expect(warned.code).toBe(0)
  expect(warned.stdout).not.toContain(ALL_THERE)
  const [, said = ''] = warned.stdout.split(`\n${MISSING}\n`)
  expect(said).toMatch(/^ {2}! The sign-in itself works, but 制作云 gets no phone number\. /)
  const command = /npx lingpai (user update bob --phone) … --phone-verified --data (\S+)\n/.exec(said)
  expect(command?.[2]).toBe(data)

  const chinese = await run('rehearse tenant-a --user bob --language zh-CN')
  expect(chinese.code).toBe(0)
  expect(chinese.stdout).toMatch(
    /^每一步都走通了，但应用可能不接受该用户：\n {2}! 登录可以走完，但制作云收不到手机号。/m,
  )

  const json = await run('rehearse tenant-a --user bob --json')
  expect(json.code).toBe(0)
  expect(JSON.parse(json.stdout)).toMatchObject({
    passed: true,
    warnings: [{ en: expect.stringContaining('user update bob --phone'), 'zh-CN': expect.stringContaining('手机号') }],
  })

  expect((await run(`${command?.[1]} 13900139000 --phone-verified`)).code).toBe(0)
  const mended = await run('rehearse tenant-a --user bob')
  expect(mended.code).toBe(0)
  expect(mended.stdout).toContain(`\n${ALL_THERE}\n`)
  expect(mended.stdout).not.toContain(MISSING)
})

test('a client that does not map the number is mended by the command that the warning names', async () => {
  expect((await run('client update tenant-a --set claims.phone_number=null')).code).toBe(0)
  const warned = await run('rehearse tenant-a --user alice')
  const command = /npx lingpai (client update tenant-a --set \S+) /.exec(warned.stdout)?.[1] ?? ''
  expect(warned.stdout).toContain(MISSING)
  expect((await run(command)).code).toBe(0)
  expect((await run('rehearse tenant-a --user alice')).stdout).toContain(`\n${ALL_THERE}\n`)
})

test('what does not hold still fails, with no such word', async () => {
  expect((await run('user disable alice')).code).toBe(0)
  const failed = await run('rehearse tenant-a --user alice')
  expect(failed.code).toBe(1)
  expect(failed.stdout).toContain('Not everything is right yet')
  // The last words name what failed, so that nobody has to look for it.
  const [, last = ''] = failed.stdout.split('Not everything is right yet')
  expect(last).toContain('\n  ✗ The person is enabled\n')
  expect(last).not.toContain('The person has a password')
  expect(failed.stdout).not.toContain(MISSING)
})

test.each(['老;板', 'a;echo"x"$(x)', "O'Brien"])(
  'the command for %j, pasted into a shell, changes that person',
  async (username) => {
    const here = ['--data', data]
    expect((await lingpai(['user', 'add', '--username', username, ...here])).stdout).toContain(
      `npx lingpai user set-password ${shellWord(username)} --data ${data}`,
    )
    const password = await lingpai(['user', 'set-password', username, ...here], { stdin: TEST_PASSWORD })
    expect(password.code).toBe(0)
    const rehearsed = await lingpai(['rehearse', 'tenant-b', '--user', username, ...here])
    const [, words = ''] =
      /npx lingpai (user update .*) --phone … --phone-verified --data /.exec(rehearsed.stdout) ?? []
    const pasted = spawnSync('sh', ['-c', `printf '%s\\n' ${words}`], { encoding: 'utf8' })
      .stdout.trimEnd()
      .split('\n')
    expect(pasted).toEqual(['user', 'update', username])
    expect((await lingpai([...pasted, '--name', '改名', ...here])).code).toBe(0)
    expect(await lingpaiJson(['user', 'show', username, ...here])).toMatchObject({ username, name: '改名' })
  },
)
