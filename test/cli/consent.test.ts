// `lingpai consent` beside a running server: what a person has agreed to, and ending it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { lingpai, lingpaiJson, type StartedLingpai, scratchFolder, startLingpai } from '../support/cli.ts'
import { OutsideClient } from '../support/cli-client.ts'
import { CALLBACK, TEST_PASSWORD, TEST_SECRET } from '../support/server.ts'

const scratch = scratchFolder()
const data = scratch.path('data')
let server: StartedLingpai

const cli = (words: readonly string[], stdin?: string) =>
  lingpaiJson([...words, '--data', data], stdin === undefined ? {} : { stdin })
const party = (clientId: string) =>
  new OutsideClient({ at: server.issuer, clientId, secret: TEST_SECRET, username: 'alice' })
const agreed = async () => (await cli(['consent', 'list', '--user', 'alice']))['consents']

beforeAll(async () => {
  server = await startLingpai(['--data', data])
  for (const clientId of ['shop', 'mail']) {
    const own = ['--preset', 'openid-connect', '--name', clientId, '--client-id', clientId]
    await cli(['client', 'add', ...own, '--client-secret', TEST_SECRET, '--redirect-uri', CALLBACK])
  }
  await cli(['user', 'add', '--username', 'alice', '--password-stdin'], TEST_PASSWORD)
})
afterAll(async () => {
  await server.stop()
  scratch.remove()
})

test('the list tells what was agreed to, and nothing before', async () => {
  expect(await agreed()).toEqual([])
  await party('shop').signIn()
  expect(await agreed()).toEqual([
    {
      client_id: 'shop',
      scope: 'openid profile offline_access',
      kinds: expect.arrayContaining([expect.any(String)]),
      given_at: expect.stringMatching(/Z$/),
    },
  ])
  expect((await lingpai(['consent', 'list', '--user', 'alice', '--data', data])).stdout).toContain('shop')
})

test('a withdrawn one ends what its client was given and asks again, and touches no other client', async () => {
  const [shop, mail] = [party('shop'), party('mail')]
  const [given, other] = [await shop.signIn(), await mail.signIn()]
  expect(await cli(['consent', 'withdraw', '--user', 'alice', '--client', 'shop'])).toMatchObject({ withdrawn: true })
  expect((await shop.userinfo(given.access)).status).toBe(401)
  expect((await shop.refresh(given.refresh)).body['error']).toBe('invalid_grant')
  expect((await shop.authorize({ prompt: 'none' })).get('error')).toBe('consent_required')
  expect(await agreed()).toMatchObject([{ client_id: 'mail' }])
  expect((await mail.userinfo(other.access)).status).toBe(200)
  expect((await mail.refresh(other.refresh)).status).toBe(200)
  await shop.signIn()
  expect(await agreed()).toHaveLength(2)
})

test('the advice that goes with it is a command that works', async () => {
  const { code, stdout } = await lingpai(['consent', 'withdraw', '--user', 'alice', '--client', 'mail', '--data', data])
  expect(code).toBe(0)
  const advice = /npx lingpai (client update mail --disable --data \S+)/.exec(stdout)?.[1] ?? ''
  expect(await lingpaiJson(advice.split(' '))).toMatchObject({ client_id: 'mail', enabled: false })
})

test.each([
  [['list'], 2, 'wrong_usage'],
  [['withdraw', '--user', 'alice'], 2, 'wrong_usage'],
  [['list', '--user', 'nobody'], 3, 'user_not_found'],
  [['withdraw', '--user', 'nobody', '--client', 'shop'], 3, 'user_not_found'],
  [['withdraw', '--user', 'alice', '--client', 'other'], 3, 'consent_not_found'],
])('%j ends with %i, says what to do, and nothing is withdrawn', async (words, code, error) => {
  const before = await agreed()
  const told = await lingpai(['consent', ...words, '--data', data, '--json'])
  expect([told.code, JSON.parse(told.stdout)]).toMatchObject([code, { error }])
  expect(told.stderr).toMatch(/^Error: .+/)
  expect(await agreed()).toEqual(before)
})
