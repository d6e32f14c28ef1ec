// `lingpai client add` for a client that signs: as an operator types it, and nothing secret on the screen.

import { afterAll, expect, test } from 'vitest'
import { newClientKey } from '../support/assertions.ts'
import { lingpai, lingpaiJson, scratchFolder } from '../support/cli.ts'

const scratch = scratchFolder()
afterAll(() => scratch.remove())

const ADD = ['client', 'add', '--data', scratch.path('data'), '--issuer', 'https://sso.example.com', '--name', 'Signer']
const SETTINGS = ['--preset', 'openid-connect', '--redirect-uri', 'https://app.example.com/callback']

test('a client with a key of its own is added by --set, and no secret is printed', async () => {
  const { publicJwk } = await newClientKey()
  const keys = [
    '--set',
    'token_endpoint_auth_method=private_key_jwt',
    '--set',
    `jwks={"keys":[${JSON.stringify(publicJwk)}]}`,
  ]
  const { code, stdout, stderr } = await lingpai([...ADD, ...SETTINGS, ...keys, '--client-id', 'signer'])
  expect(code, stderr).toBe(0)
  expect(stdout).toContain('signer')
  expect(stdout + stderr).not.toMatch(/secret/i)
  const shown = await lingpaiJson(['client', 'show', 'signer', '--data', scratch.path('data')])
  expect(shown).toMatchObject({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [publicJwk] } })
  const without = await lingpai([...ADD, ...SETTINGS, '--set', 'token_endpoint_auth_method=private_key_jwt'])
  expect(without.code).not.toBe(0)
  expect(without.stderr).toContain('jwks or jwks_uri is required')
})

test('a client that signs with its secret is told it once', async () => {
  const method = ['--set', 'token_endpoint_auth_method=client_secret_jwt', '--client-id', 'hmac']
  const made = await lingpaiJson([...ADD, ...SETTINGS, ...method])
  const secret = String(made['ClientSecret'])
  expect(secret).toMatch(/^[A-Za-z0-9]{43}$/)
  const shown = await lingpai(['client', 'show', 'hmac', '--data', scratch.path('data'), '--json'])
  expect(shown.stdout).not.toContain(secret)
})
