// Where a person is signed in: sessions are told apart by the browser they are in.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { lingpai, lingpaiJson, type StartedLingpai, scratchFolder, startLingpai } from '../support/cli.ts'
import { OutsideClient } from '../support/cli-client.ts'
import { CALLBACK, TEST_PASSWORD, TEST_SECRET } from '../support/server.ts'

const scratch = scratchFolder()
const data = scratch.path('data')
let server: StartedLingpai

const AGENTS = [
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50',
    'wechat',
    'iphone',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'chrome',
    'windows',
  ],
  ['a program of somebody', null, null],
] as const

beforeAll(async () => {
  server = await startLingpai(['--data', data])
  const words = ['--preset', 'openid-connect', '--name', 'shop', '--client-id', 'shop', '--redirect-uri', CALLBACK]
  await lingpaiJson(['client', 'add', ...words, '--client-secret', TEST_SECRET, '--data', data])
  const person = ['user', 'add', '--username', 'alice', '--password-stdin', '--data', data]
  await lingpaiJson(person, { stdin: TEST_PASSWORD })
  for (const [agent] of AGENTS) {
    const client = new OutsideClient({ at: server.issuer, clientId: 'shop', secret: TEST_SECRET, username: 'alice' })
    client.visitor.userAgent = agent
    await client.signIn()
  }
})
afterAll(async () => {
  await server.stop()
  scratch.remove()
})

test('session list names the browser of each, for programs and for people', async () => {
  const list = ['session', 'list', '--user', 'alice', '--data', data]
  const { sessions } = await lingpaiJson<{ readonly sessions: readonly object[] }>(list)
  expect(sessions).toHaveLength(AGENTS.length)
  for (const [, browser, system] of AGENTS) {
    expect(sessions).toContainEqual(
      expect.objectContaining({
        session_id: expect.stringMatching(/^se_[0-9a-z]{24}$/),
        browser,
        system,
        clients: ['shop'],
      }),
    )
  }
  const { stdout } = await lingpai(list)
  const [head, ...rows] = stdout.trimEnd().split('\n')
  expect(head).toMatch(/^SESSION +BROWSER +SIGNED IN +/)
  expect(rows.map((row) => row.split(/ {2,}/)[1]).sort()).toEqual(['Chrome on Windows', 'WeChat on iPhone', 'unknown'])
  // No more than the two words is kept.
  expect(stdout + JSON.stringify(sessions)).not.toMatch(/Mozilla|18_0|140|program of/)
})
