// Scope and consent at the authorization endpoint (RFC 6749 §3.3, OpenID Connect Core §3.1.2.4): what can be granted at
// all, what a no leaves behind, and what a yes covers.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  authorizeUrl,
  countRecords,
  expectCode,
  expectRefusal,
  isAt,
  signIn,
  signInFully,
} from '../support/authorize.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

let host: TestServer
/** Signed in as somebody who has said yes. */
const visitor = new Visitor()

beforeAll(async () => {
  host = await startServer()
  await host.addClient('web')
  await host.addClient('strict', 'openid-connect', { authorize: { unknownScopes: 'refuse' } })
  await host.addUser('alice')
  await signInFully(visitor, host, 'alice')
})
afterAll(() => host.close())

describe('§3.3 scope', () => {
  test('what a client may not have is never granted', async () => {
    expectCode(await visitor.get(authorizeUrl(host, { scope: 'openid profile admin' })))
  })

  test('a strict client is told about names it may not have', async () => {
    const page = await visitor.get(authorizeUrl(host, { client_id: 'strict', scope: 'openid admin' }))
    expectRefusal(page, host, 'invalid_scope')
    expect(isAt(await ask(visitor, host, { client_id: 'strict', scope: 'openid' }), 'consent')).toBe(true)
  })

  test.each(['open"id', 'open\\id', 'a\u0007b', '权限', 'a\u007fb'])(
    'characters it must not hold are refused: %j',
    async (scope) => {
      expectRefusal(await visitor.get(authorizeUrl(host, { scope })), host, 'invalid_scope')
    },
  )
})

describe('§10.12 consent', () => {
  test('denied is told to the client, leaves nothing but an event behind, and is asked again', async () => {
    await host.addUser('carol')
    const browser = new Visitor()
    const consent = await signIn(browser, await ask(browser, host), 'carol')
    expect(isAt(consent, 'consent')).toBe(true)
    const before = await countRecords(host)
    const denied = await browser.submit(consent, 'consent-deny')
    expect(denied.status).toBe(303)
    expectRefusal(denied, host, 'access_denied')
    expect(await countRecords(host)).toEqual({ ...before, interaction: (before['interaction'] ?? 0) - 1 })
    const events = await host.server.parts.store.listEvents(100)
    expect(events.filter(({ type }) => type === 'consent_denied')).toMatchObject([
      { clientId: 'web', userId: 'user-carol' },
    ])
    const again = await ask(browser, host)
    expect(isAt(again, 'consent')).toBe(true)
    expectCode(await browser.submit(again, 'consent-allow'))
    expectCode(await browser.get(authorizeUrl(host)))
  })

  test('Core §3.1.2.4 covers what was agreed to and asks again for more', async () => {
    await host.addUser('dora', { email: 'dora@client.test', emailVerified: true })
    const browser = new Visitor()
    await signInFully(browser, host, 'dora', { scope: 'openid profile' })
    expectCode(await browser.get(authorizeUrl(host, { scope: 'openid' })))
    const wider = await ask(browser, host, { scope: 'openid profile email' })
    expect(isAt(wider, 'consent')).toBe(true)
    expect(wider.html).toContain('dora@client.test')
    expectCode(await browser.submit(wider, 'consent-allow'))
    expectCode(await browser.get(authorizeUrl(host, { scope: 'openid email' })))
    expect(isAt(await ask(browser, host, { scope: 'openid', prompt: 'consent' }), 'consent')).toBe(true)
  })
})
