// RFC 9207: the issuer in every authorization answer.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizeUrl, expectAnswer, expectRefusal, signInFully } from '../support/authorize.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

let host: TestServer
const visitor = new Visitor()

beforeAll(async () => {
  host = await startServer({ issuerPath: '/tenant' })
  await host.addClient('web')
  await host.addClient('without', 'openid-connect', { authorize: { iss: false } })
  await host.addUser('alice')
})
afterAll(() => host.close())

const start = (parameters: Parameters<typeof authorizeUrl>[1] = {}) =>
  authorizeUrl(host, parameters).replace('/sso/', '/tenant/sso/')

async function walk(parameters: Parameters<typeof authorizeUrl>[1] = {}) {
  let page = await visitor.follow(await visitor.get(start(parameters)))
  if (page.html.includes('id="login-submit"')) {
    const fields = { username: 'alice', password: 'correct horse battery staple' }
    page = await visitor.follow(await visitor.submit(page, 'login-submit', fields))
  }
  return page.html.includes('id="consent-allow"') ? visitor.submit(page, 'consent-allow') : page
}

test('§2 a code comes with iss, equal to the issuer of the metadata', async () => {
  const metadata = await fetch(`${host.issuer}/.well-known/openid-configuration`)
  const { issuer, authorization_response_iss_parameter_supported } = (await metadata.json()) as Record<string, unknown>
  expect(authorization_response_iss_parameter_supported).toBe(true)
  expect(issuer).toBe(host.issuer)
  const first = expectAnswer(await walk())
  expect(first.searchParams.getAll('iss')).toEqual([host.issuer])
  const silent = expectAnswer(await visitor.get(start({ prompt: 'none' })))
  expect(silent.searchParams.get('code')).not.toBeNull()
  expect(silent.searchParams.getAll('iss')).toEqual([host.issuer])
})

test.each([
  ['login_required', { prompt: 'none' }, new Visitor()],
  ['invalid_request', { max_age: 'soon' }, new Visitor()],
  ['unsupported_response_type', { response_type: 'token' }, new Visitor()],
  ['invalid_scope', { scope: '"' }, new Visitor()],
] as const)('§2 the refusal %s comes with iss', async (error, parameters, stranger) => {
  expectRefusal(await stranger.get(start(parameters)), host, error)
})

test('§2.3 a client that cannot bear it gets none, in codes and refusals', async () => {
  const code = expectAnswer(await walk({ client_id: 'without' }))
  expect([...code.searchParams.keys()]).toEqual(['code', 'state'])
  const refusal = expectAnswer(await new Visitor().get(start({ client_id: 'without', prompt: 'none' })))
  expect(refusal.searchParams.get('error')).toBe('login_required')
  expect(refusal.searchParams.has('iss')).toBe(false)
})

test('§2.4 two answers of two issuers are told apart', async () => {
  const other = await startServer()
  try {
    await other.addClient('web')
    await other.addUser('alice')
    const answer = await signInFully(new Visitor(), other, 'alice')
    expect(answer.searchParams.get('iss')).toBe(other.issuer)
    expect(other.issuer).not.toBe(host.issuer)
  } finally {
    await other.close()
  }
})
