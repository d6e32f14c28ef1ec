// OpenID Connect Core §4, Initiating Login from a Third Party: people start here, and come to where the client begins.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approveClient, setClientEnabled } from '../../src/administration/clients.ts'
import { expectPage } from '../support/authorize.ts'
import { PLAIN, registered } from '../support/registration.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const START = 'https://client.test/start?from=lingpai'
let host: TestServer
beforeAll(async () => {
  host = await startServer({ registration: { access: 'open' } })
  await host.addClient('web', 'openid-connect', { initiate_login_uri: START })
  await host.addClient('plain')
})
afterAll(() => host.close())

const start = (clientId: string, fields: Readonly<Record<string, string>> = {}) =>
  new Visitor().get(`${host.origin}/sso/start/${clientId}?${new URLSearchParams(fields).toString()}`)

describe('§4 starting at the provider', () => {
  test('§4 the person comes to the registered address, with iss', async () => {
    const page = await start('web')
    expect(page.status).toBe(302)
    const location = new URL(page.location ?? '')
    expect(location.href.startsWith(START)).toBe(true)
    expect(Object.fromEntries(location.searchParams)).toEqual({ from: 'lingpai', iss: host.issuer })
  })

  test('§4 login_hint and target_link_uri go along', async () => {
    const fields = { login_hint: 'alice', target_link_uri: 'https://client.test/albums?x=1&y=2' }
    const { searchParams } = new URL((await start('web', fields)).location ?? '')
    expect(Object.fromEntries(searchParams)).toMatchObject(fields)
  })

  test('§4 a target elsewhere stays behind, and nothing else leads anywhere', async () => {
    const elsewhere = [
      'https://evil.test/',
      'https://client.test.evil.test/',
      'https://client.test@evil.test/',
      'https://user@client.test/',
      'http://client.test/',
      '//evil.test',
      'javascript:alert(1)',
      'x',
    ]
    for (const target_link_uri of elsewhere) {
      const page = await start('web', { target_link_uri, redirect_uri: target_link_uri, iss: target_link_uri })
      const location = new URL(page.location ?? '')
      expect(location.origin).toBe('https://client.test')
      expect(Object.fromEntries(location.searchParams)).toEqual({ from: 'lingpai', iss: host.issuer })
    }
  })

  test('§4 a client that is unknown, disabled, or begins nothing is a page', async () => {
    for (const clientId of ['plain', 'nobody', '%2e%2e']) {
      const page = await start(clientId)
      expect(page.location).toBeNull()
      expect(page.status).toBe(404)
    }
    const parts = { ...host.server.parts, clock: host.clock }
    await setClientEnabled(parts, 'web', false)
    expectPage(await start('web'), 404)
    await setClientEnabled(parts, 'web', true)
    expect((await start('web')).status).toBe(302)
  })

  test('RFC 9700 §4.11.2 before a client that nobody has verified there is a page that asks', async () => {
    const own = await registered(host, { ...PLAIN, initiate_login_uri: START })
    const page = await start(own.clientId)
    expectPage(page, 200)
    expect(page.html).toMatch(/id="leave-continue"[^>]* href="https:\/\/client\.test\/start\?from=lingpai&amp;iss=/)
    await approveClient({ ...host.server.parts, clock: host.clock }, own.clientId)
    expect((await start(own.clientId)).status).toBe(302)
  })
})
