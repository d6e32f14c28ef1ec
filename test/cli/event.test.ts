// `lingpai event`: what operators and people have done, read by whoever runs the server.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { lingpai, lingpaiJson, scratchFolder } from '../support/cli.ts'
import { CALLBACK, TEST_PASSWORD } from '../support/server.ts'

const scratch = scratchFolder()
const at = ['--data', scratch.path('data')]
const list = (...words: string[]) => lingpaiJson<readonly Record<string, unknown>[]>(['event', 'list', ...words, ...at])

beforeAll(async () => {
  const own = ['--preset', 'openid-connect', '--name', 'Shop', '--client-id', 'shop', '--redirect-uri', CALLBACK]
  await lingpaiJson(['client', 'add', ...own, ...at, '--issuer', 'https://sso.example.com'])
  const person = ['--username', 'alice', '--user-id', 'user-alice', '--password-stdin']
  await lingpaiJson(['user', 'add', ...person, ...at], { stdin: TEST_PASSWORD })
  await lingpaiJson(['client', 'update', 'shop', '--disable', ...at])
})
afterAll(() => scratch.remove())

test('the newest come first, each with whom it is about, and no secret', async () => {
  const events = await list()
  expect(events.map(({ type }) => type).sort()).toEqual(['client_added', 'client_disabled', 'user_added'])
  const [first, last] = [events[0]?.['at'], events.at(-1)?.['at']]
  expect(String(first) >= String(last)).toBe(true)
  expect(events).toContainEqual({
    event_id: expect.stringMatching(/^ev_/),
    at: expect.stringMatching(/Z$/),
    type: 'user_added',
    client_id: null,
    user_id: 'user-alice',
    detail: expect.any(Object),
  })
  expect(JSON.stringify(events)).not.toContain(TEST_PASSWORD)
  expect((await lingpai(['event', 'list', ...at])).stdout).toMatch(/client_disabled +shop/)
})

test('of one person, of one client, and so many', async () => {
  expect((await list('--user', 'alice')).map(({ type }) => type)).toEqual(['user_added'])
  expect(new Set((await list('--client', 'shop')).map(({ client_id }) => client_id))).toEqual(new Set(['shop']))
  expect(await list('--client', 'shop')).toHaveLength(2)
  expect(await list('--client', 'other')).toEqual([])
  expect(await list('--most', '1')).toHaveLength(1)
})

test.each([
  [['--most', '0'], 2, 'invalid_number'],
  [['--user', 'nobody'], 3, 'user_not_found'],
])('%j ends with %i and says what to do', async (words, code, error) => {
  const told = await lingpai(['event', 'list', ...words, ...at, '--json'])
  expect([told.code, JSON.parse(told.stdout)]).toMatchObject([code, { error }])
})
