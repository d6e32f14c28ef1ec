// The link that opens the set-up again, and how long it lives: said to people and programs, and where a start names it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { lingpai, lingpaiJson, outcomeOf, scratchFolder, spawnLingpai } from '../support/cli.ts'
import { TEST_PASSWORD } from '../support/server.ts'

const scratch = scratchFolder()
const data = scratch.path('data')
const A_DAY = 24 * 3600 * 1000

beforeAll(async () => {
  const words = ['user', 'add', '--username', 'alice', '--password-stdin', '--issuer', 'http://localhost:4000']
  expect((await lingpai([...words, '--data', data], { stdin: TEST_PASSWORD })).code).toBe(0)
})
afterAll(() => scratch.remove())

function isADayFrom(asked: number, until: string): boolean {
  const left = Date.parse(until) - asked
  return left > A_DAY - 2_000 && left < A_DAY + 60_000
}

test('setup-link says until when the link works', async () => {
  const asked = Date.now()
  const { code, stdout } = await lingpai(['setup-link', '--data', data])
  expect(code).toBe(0)
  const until = /It works once, until (\S+Z); former links no longer do\./.exec(stdout)?.[1] ?? ''
  expect(isADayFrom(asked, until)).toBe(true)
  const told = await lingpaiJson<{ expires_at: string }>(['setup-link', '--data', data])
  expect(isADayFrom(asked, told.expires_at)).toBe(true)
})

test.each([
  ['C.UTF-8', 'by a link that works once, for a day: npx lingpai setup-link'],
  ['zh_CN.UTF-8', '链接一天内有效，只能使用一次）：npx lingpai setup-link'],
])('a start in %s that names the command says it too', async (language, words) => {
  const server = spawnLingpai(['start', '--port', '0', '--data', data], { env: { LANG: language } })
  const ended = outcomeOf(server)
  server.stdout?.on('data', (said: Buffer) => {
    if (said.includes('Ctrl+C')) server.kill()
  })
  const { code, stdout } = await ended
  expect(code).toBe(0)
  expect(stdout).toContain(words)
  expect(stdout).not.toContain('/set-up/')
})
