// What is told when something is wrong: what, where and what to do next, with the exit code that fits; and what is left behind.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { report } from '../../../src/cli/failures/report.ts'
import { createOutput } from '../../../src/cli/output.ts'
import { StoreUnavailable } from '../../../src/store/database/driver.ts'
import {
  cleanEnvironment,
  lingpai,
  lingpaiJson,
  outcomeOf,
  REPOSITORY,
  scratchFolder,
  spawnLingpai,
  startLingpai,
} from '../../support/cli.ts'

const scratch = scratchFolder()
const data = scratch.path('data')
const PEOPLE = 30_000

beforeAll(async () => {
  const person = ['user', 'add', '--username', 'zed', '--issuer', 'http://localhost:4000', '--data', data]
  expect((await lingpai(person)).code).toBe(0)
  writeFileSync(scratch.path('a-file'), 'hello')
  mkdirSync(scratch.path('a-folder'))
  const names = Array.from({ length: PEOPLE }, (_, at) => `person${at},Person ${at}`)
  writeFileSync(scratch.path('many.csv'), `username,name\n${names.join('\n')}\n`)
})
afterAll(() => scratch.remove())

test('a master key that is a pipe is refused at once, also when nobody writes to it', async () => {
  const pipe = scratch.path('pipe')
  execFileSync('mkfifo', [pipe])
  const list = (key: string) =>
    spawnLingpai(['user', 'list', '--data', data], { env: { LINGPAI_MASTER_KEY_FILE: key } })
  const child = list(pipe)
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const { code, stderr } = await outcomeOf(child)
  clearTimeout(late)
  expect([code, stderr]).toEqual([1, `Error: ${pipe} (LINGPAI_MASTER_KEY_FILE) is not a regular file.\n`])
  expect((await outcomeOf(list(`${data}/master.key`))).code).toBe(0)
})

describe('a refusal', () => {
  const place = (name: string) => scratch.path(name)
  test.each<[string, () => string[], number, string, RegExp]>([
    [
      'of a client without an address',
      () => ['client', 'add', '--preset', 'spa', '--name', 'x'],
      2,
      'invalid_setting',
      /redirect_uris needs .* where the application takes people back .*--redirect-uri https:/,
    ],
    [
      'of a setting like no other',
      () => ['client', 'add', '--preset', 'spa', '--name', 'x', '--set', 'a=b'],
      2,
      'invalid_setting',
      /^Error: a is not a setting\. What there is stands in docs.*client show CLIENT_ID --data/,
    ],
    [
      'of a setting that was mistyped says once which was meant',
      () => ['client', 'add', '--preset', 'spa', '--name', 'x', '--set', 'scop=b'],
      2,
      'invalid_setting',
      /^Error: scop is not a setting; did you mean scope\?$/m,
    ],
    [
      'of an unknown initial access token',
      () => ['registration-token', 'revoke', 'it_x'],
      3,
      'registration_token_not_found',
      /See: npx lingpai registration-token list --data/,
    ],
    [
      'of an export into no folder',
      () => ['user', 'export', place('nowhere/all.csv')],
      1,
      'file_unwritable',
      /all\.csv cannot be written: there is no such folder\. Choose another place\.$/m,
    ],
    [
      'of an export over a file',
      () => ['user', 'export', place('a-file')],
      4,
      'file_exists',
      /a-file exists already\. Choose a name that is not taken\.$/m,
    ],
    [
      'of a folder to import',
      () => ['user', 'import', place('a-folder')],
      2,
      'unreadable_file',
      /a-folder is not a regular file\. It is read twice, so a folder or a pipe will not do: name a file\.$/m,
    ],
    [
      'of a backup into no folder',
      () => ['backup', place('nowhere/b')],
      1,
      'backup_failed',
      /cannot be written in .*nowhere: there is no such folder\. Name a file in a folder that is there\.$/m,
    ],
    [
      'of a folder as a configuration',
      () => ['client', 'list', '--config', place('a-folder')],
      2,
      'invalid_option',
      /--config: .*a-folder cannot be read: it is a folder\.$/m,
    ],
  ])('%s', async (_, words, code, error, told) => {
    const refused = await lingpai([...words(), '--data', data, '--json'])
    expect(refused).toMatchObject({ code, stderr: expect.stringMatching(told) })
    expect(refused.stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(JSON.parse(refused.stdout)).toMatchObject({ error })
  })

  test('of a data folder that is a file', async () => {
    const refused = await lingpai(['client', 'list', '--data', scratch.path('a-file')])
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringMatching(/a-file is a file, no data folder\. Name/) })
  })

  test('of PostgreSQL without a master key ends in a command that can be copied', async () => {
    const refused = await lingpai(['client', 'list', '--database', 'postgres://localhost:1/x'])
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/, run: openssl .* > master\.key; chmod 600 master\.key\n$/),
    })
  })

  function toldOf(failure: Error, flags: Record<string, unknown>, language: 'en' | 'zh-CN' = 'en') {
    let told = ''
    const err = new Writable({
      write(chunk: Buffer, _, done) {
        told += chunk.toString()
        done()
      },
    })
    const output = { ...createOutput(false, new Writable({ write: (_, __, done) => done() }), err), language }
    const code = report(output, failure, flags)
    return { code, told }
  }

  test('of a file that may not be written names who may, and where to look', () => {
    const failure = new StoreUnavailable('the database cannot be written: it is read-only (attempt to write)')
    const { code, told } = toldOf(failure, { data: '/srv/lingpai' })
    expect(code).toBe(5)
    expect(told).toMatch(/^Error: The database cannot .* Run it as the user .* npx lingpai config show --data \/srv/)
  })

  test.each([
    '/srv/lingpai/lingpai.sqlite cannot be used: the database file is damaged (database disk image is malformed)',
    '/srv/lingpai/lingpai.sqlite cannot be used: the file is not a database (file is not a database)',
    'the database file is damaged (database disk image is malformed)',
  ])('of a database that is damaged says how to go on: %s', (message) => {
    const { code, told } = toldOf(new StoreUnavailable(message), { data: '/srv/lingpai' })
    expect(code).toBe(5)
    expect(told).toMatch(
      / Keep the folder as it is, and restore a backup into a new one: npx lingpai restore \S+ --data /,
    )
    const chinese = toldOf(new StoreUnavailable(message), { data: '/srv/lingpai' }, 'zh-CN').told
    expect(chinese).toMatch(/^错误：[^]*请保留原目录不动，把备份恢复到新的目录：npx lingpai restore /)
  })
})

test('a command that the disk refuses says so in one line, in either language, and changes nothing', async () => {
  const folder = scratch.path('no-room')
  const server = await startLingpai(['--data', folder])
  const words = ['user', 'add', '--username', 'yan', '--data', folder]
  const node = [process.execPath, join(REPOSITORY, 'bin/lingpai.js')]
  for (const [language, told] of [
    ['en', /^Error: The disk of the database fails \([^\n]+\)\.\n$/],
    ['zh-CN', /^错误：数据库所在的磁盘出错。\n$/],
  ] as const) {
    const env = cleanEnvironment({ LINGPAI_LANGUAGE: language })
    // Its log is longer by now than a file of this process may be.
    const { status, stderr } = spawnSync('prlimit', ['--fsize=65536', ...node, ...words], { env, encoding: 'utf8' })
    expect(stderr).toMatch(told)
    expect(status).toBe(5)
  }
  expect((await lingpai(words)).code).toBe(0)
  await server.stop()
})

describe('the help', () => {
  test.each([
    [['client', 'add'], /or\s+native \(needed\)/],
    [['session', 'list'], /--user <user> .*\(needed\)/],
    [['user', 'add'], /--username <name> .*\(needed\)/],
    [['user', 'import'], /names its columns\. One is needed: username\.[^]*phone_verified/],
  ])('of %j says what is needed', async (words, told) => {
    const { code, stdout } = await lingpai([...words, '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(told)
  })
})

describe('an export to a file', () => {
  test('that is stopped leaves no file, and can be asked for again', async () => {
    const imported = await lingpaiJson<{ imported: number }>([
      'user',
      'import',
      scratch.path('many.csv'),
      '--data',
      data,
    ])
    expect(imported.imported).toBe(PEOPLE)
    const file = scratch.path('all.csv')
    const child = spawnLingpai(['user', 'export', file, '--data', data])
    const ended = outcomeOf(child)
    await expect.poll(() => existsSync(file), { timeout: 20_000, interval: 2 }).toBe(true)
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 1, stderr: 'Error: Stopped; nothing is left behind.\n' })
    expect(existsSync(file)).toBe(false)
    expect(await lingpaiJson(['user', 'export', file, '--data', data])).toEqual({ file, users: PEOPLE + 1 })
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(PEOPLE + 2)
  }, 90_000)

  test('never touches a file that is there', async () => {
    const file = scratch.path('precious.csv')
    writeFileSync(file, 'what was there')
    expect(await lingpai(['user', 'export', file, '--data', data])).toMatchObject({ code: 4 })
    expect(readFileSync(file, 'utf8')).toBe('what was there')
  })

  test('never goes through a link', async () => {
    const link = scratch.path('link.csv')
    symlinkSync(scratch.path('elsewhere.csv'), link)
    expect(await lingpai(['user', 'export', link, '--data', data])).toMatchObject({ code: 4 })
    expect(existsSync(scratch.path('elsewhere.csv'))).toBe(false)
  })
})

describe('when nobody reads any more', () => {
  test('a refusal keeps its exit code', async () => {
    const bad = scratch.path('bad.csv')
    writeFileSync(bad, `username\n${'a b,c\n'.repeat(3_000)}`)
    for (const [words, code] of [
      [['user', 'import', bad, '--data', data, '--json'], 1],
      [['client', 'show', 'nobody', '--data', data, '--json'], 3],
    ] as const) {
      const child = spawnLingpai(words)
      child.stdout?.destroy()
      expect((await outcomeOf(child)).code).toBe(code)
    }
  })

  test('a command ends as it would', async () => {
    const child = spawnLingpai(['client', 'show', 'nobody', '--data', data])
    child.stderr?.destroy()
    expect((await outcomeOf(child)).code).toBe(3)
  })

  test('a server goes on without its log, and ends in good order', async () => {
    const server = await startLingpai(['--data', scratch.path('served')])
    server.deafen()
    for (let count = 0; count < 5; count++) {
      expect((await fetch(`${server.issuer}/sso/authorize?client_id=nobody`)).status).toBe(400)
    }
    expect((await server.stop()).code).toBe(0)
  })
})
