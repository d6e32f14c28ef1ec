// A remembered yes does not stretch: whoever changes what a client is told has to ask the people again.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseClient, settingsOf } from '../../src/model/client/settings.ts'
import { CALLBACK, startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

let host: TestServer
beforeAll(async () => {
  host = await startServer()
  await host.addClient('wiki', 'generic-oauth2', { 'claims.dept': 'custom.department' })
  await host.addUser('alice', { profile: { displayName: '张三', custom: { department: '制作部', salary: '1' } } })
})
afterAll(() => host.close())

async function change(settings: object): Promise<void> {
  const { store } = host.server.parts
  const record = await store.findClient('wiki')
  if (record === null) throw new Error('the client is gone')
  const context = { client_id: 'wiki', preset: record.client.preset }
  const client = parseClient({ ...settingsOf(record.client), ...settings }, context)
  const state = { enabled: true, version: record.version, killIssued: false }
  const event = { type: 'client_updated' as const, at: host.clock.now(), clientId: 'wiki' }
  expect(await store.updateClient(client, state, event)).toBe('updated')
}

test('a new field of the operator asks again, a renamed claim does not', async () => {
  const visitor = new Visitor()
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'wiki',
    redirect_uri: CALLBACK,
    scope: 'profile',
  })
  const authorize = () => visitor.get(`${host.issuer}/sso/authorize?${query.toString()}`)
  const returned = (answer: { headers: Headers }) => answer.headers.get('location')?.startsWith(`${CALLBACK}?code=`)

  const signIn = await visitor.follow(await authorize())
  const consent = await visitor.follow(
    await visitor.submit(signIn, 'login-submit', { username: 'alice', password: TEST_PASSWORD }),
  )
  expect(consent.html).toContain('制作部')
  expect(returned(await visitor.submit(consent, 'consent-allow'))).toBe(true)
  expect(returned(await authorize())).toBe(true)

  await change({ 'claims.dept': null, 'claims.team': 'custom.department' })
  expect(returned(await authorize())).toBe(true)

  await change({ 'claims.pay': 'custom.salary' })
  const asked = await authorize()
  expect(returned(asked)).toBe(false)
  const again = await visitor.follow(asked)
  expect(again.html).toContain('pay')
  expect(returned(await visitor.submit(again, 'consent-allow'))).toBe(true)
  expect(returned(await authorize())).toBe(true)
})
