// `lingpai resource`: an API is added, seen, changed, switched off and taken away, as an operator types it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { lingpai, lingpaiJson, scratchFolder } from '../support/cli.ts'

const scratch = scratchFolder()
afterAll(() => scratch.remove())

const API = 'https://api.example.com'
const at = ['--data', scratch.path('data')]

beforeAll(async () => {
  const settings = ['--name', 'Videos', '--set', 'scope=read write', '--set', 'tokenLifetime=600']
  await lingpaiJson(['resource', 'add', API, ...settings, ...at, '--issuer', 'https://sso.example.com'])
})

test('a new one has strict defaults, and the way on is told', async () => {
  const { code, stdout } = await lingpai(['resource', 'add', 'urn:example:jobs', ...at])
  expect(code).toBe(0)
  expect(stdout).toContain('No client may ask for it yet')
  expect(await lingpaiJson(['resource', 'show', 'urn:example:jobs', ...at])).toMatchObject({
    identifier: 'urn:example:jobs',
    name: 'urn:example:jobs',
    enabled: true,
    scope: '',
    clients: 'listed',
    tokenFormat: 'opaque',
    typ: 'at+jwt',
    signingAlgorithm: 'RS256',
    tokenLifetime: null,
  })
})

test('settings are changed, in any spelling of its identifier', async () => {
  const set = ['--set', 'tokenFormat=jwt', '--set', 'typ=JWT', '--set', 'tokenLifetime=null']
  const changed = await lingpaiJson(['resource', 'update', `${API}/`, ...set, ...at])
  expect(changed).toMatchObject({
    identifier: API,
    name: 'Videos',
    tokenFormat: 'jwt',
    typ: 'JWT',
    tokenLifetime: null,
  })
  const { stdout } = await lingpai(['resource', 'list', ...at])
  expect(stdout).toMatch(/https:\/\/api\.example\.com +Videos +jwt +listed +enabled/)
})

test('disabled, enabled, removed', async () => {
  expect(await lingpaiJson(['resource', 'disable', API, ...at])).toMatchObject({ enabled: false })
  expect(await lingpaiJson(['resource', 'enable', API, ...at])).toMatchObject({ enabled: true, tokenFormat: 'jwt' })
  expect(await lingpaiJson(['resource', 'remove', API, ...at])).toEqual({ removed: API })
  const gone = await lingpai(['resource', 'show', API, ...at])
  expect([gone.code, gone.stderr]).toEqual([3, expect.stringContaining('resource list')])
  expect(await lingpaiJson(['resource', 'add', API, ...at])).toMatchObject({ identifier: API, tokenFormat: 'opaque' })
})

test.each([
  ['a taken one', [`${API}/`], 4, 'already'],
  ['a relative one', ['/api'], 2, 'no absolute URI'],
  ['one with a fragment', [`${API}/#part`], 2, 'fragment'],
  ['an unknown setting', ['urn:x:y', '--set', 'colour=red'], 2, 'is not a setting of a resource'],
  ['a wrong value', ['urn:x:y', '--set', 'tokenLifetime=5'], 2, 'number of seconds, 10 to 86400'],
  ['a setting without a value', ['urn:x:y', '--set', 'typ'], 2, 'NAME=VALUE'],
])('%s is refused with what to do, and nothing is added', async (_, words, expected, told) => {
  const before = await lingpaiJson<readonly unknown[]>(['resource', 'list', ...at])
  const { code, stderr } = await lingpai(['resource', 'add', ...words, ...at])
  expect([code, stderr]).toEqual([expected, expect.stringContaining(told)])
  expect(await lingpaiJson(['resource', 'list', ...at])).toHaveLength(before.length)
})

test('nothing to change is wrong usage', async () => {
  const { code, stderr } = await lingpai(['resource', 'update', API, ...at])
  expect([code, stderr]).toEqual([2, expect.stringContaining('--set tokenFormat=jwt')])
})
