// RFC 8252: native applications, their loopback addresses and their private-use schemes.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  authorizeUrl,
  countRecords,
  expectCode,
  expectErrorPage,
  expectRefusal,
  isAt,
  signIn,
  signInFully,
} from '../support/authorize.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const PKCE = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }
const HOSTS = ['127.0.0.1', 'localhost', '[::1]'] as const

let host: TestServer
const visitor = new Visitor()

beforeAll(async () => {
  host = await startServer()
  for (const [at, name] of HOSTS.entries()) {
    await host.addClient(`loopback-${at}`, 'native', { redirect_uris: [`http://${name}/cb`] }, null)
  }
  await host.addClient('app', 'native', { redirect_uris: ['com.example.app:/cb'] }, null)
  await host.addClient('claimed', 'native', { redirect_uris: ['https://app.client.test/cb'] }, null)
  await host.addClient('web', 'openid-connect', { redirect_uris: ['http://127.0.0.1/cb'] })
  await host.addUser('alice')
  await signInFully(visitor, host, 'alice', { client_id: 'web', redirect_uri: 'http://127.0.0.1/cb' })
})
afterAll(() => host.close())

describe('§7.3 loopback addresses', () => {
  test.each(HOSTS.map((name, at) => [name, `loopback-${at}`] as const))(
    'http://%s is answered on any port, and on none',
    async (name, client_id) => {
      for (const port of ['', ':1', ':8000', ':65535']) {
        const redirect_uri = `http://${name}${port}/cb`
        const answer = await signInFully(visitor, host, 'alice', { client_id, redirect_uri, ...PKCE })
        expect(answer.href.startsWith(`http://${name}${port}/cb?code=`)).toBe(true)
      }
    },
  )

  test.each([
    'http://127.0.0.1:8000/other',
    'http://127.0.0.1:8000/cb/',
    'http://127.0.0.1:8000/cb?x=1',
    'http://127.0.0.1:8000',
    'http://localhost:8000/cb',
    'http://[::1]:8000/cb',
    'http://127.0.0.2:8000/cb',
    'https://127.0.0.1:8000/cb',
    'http://127.0.0.1:0/cb',
    'http://127.0.0.1:65536/cb',
    'http://127.0.0.1:/cb',
    'http://127.0.0.1:80a/cb',
    'http://127.0.0.1.evil.test/cb',
    'http://127.0.0.1:8000@evil.test/cb',
    'http://127.0.0.1@evil.test/cb',
    'http://evil.test@127.0.0.1/cb',
    'http://127.0.0.1:8000\\@evil.test/cb',
    'http://127.0.0.1:8000/cb\n',
  ])('%j is another address, and shown here', async (redirect_uri) => {
    const before = await countRecords(host)
    expectErrorPage(await visitor.get(authorizeUrl(host, { client_id: 'loopback-0', redirect_uri, ...PKCE })))
    expect(await countRecords(host)).toEqual(before)
  })

  test.each(['http://localhost.evil.test/cb', 'http://localhost@evil.test/cb', 'http://LOCALHOST:8000/cb'])(
    'no rule looks only at the beginning: %s',
    async (redirect_uri) => {
      expectErrorPage(await visitor.get(authorizeUrl(host, { client_id: 'loopback-1', redirect_uri, ...PKCE })))
    },
  )

  test('a web client has the port it registered', async () => {
    const visit = { client_id: 'web', redirect_uri: 'http://127.0.0.1:8000/cb' }
    expectErrorPage(await visitor.get(authorizeUrl(host, visit)))
    expectCode(await visitor.get(authorizeUrl(host, { ...visit, redirect_uri: 'http://127.0.0.1/cb' })))
  })
})

describe('§7.1 private-use schemes', () => {
  test('the answer goes to the scheme, and the form may lead there', async () => {
    const page = await ask(visitor, host, { client_id: 'app', redirect_uri: 'com.example.app:/cb', ...PKCE })
    expect(isAt(page, 'consent')).toBe(true)
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self' com.example.app:;")
    const answer = expectCode(await visitor.submit(page, 'consent-allow'))
    expect(answer.href.startsWith('com.example.app:/cb?code=')).toBe(true)
  })

  test.each(['com.example.app:/cb/x', 'com.example.app:/', 'com.example.app://cb', 'com.example.other:/cb'])(
    '%s is another address',
    async (redirect_uri) => {
      expectErrorPage(await visitor.get(authorizeUrl(host, { client_id: 'app', redirect_uri, ...PKCE })))
    },
  )
})

describe('§8.1 PKCE', () => {
  test('is required', async () => {
    const visit = { client_id: 'app', redirect_uri: 'com.example.app:/cb' }
    expectRefusal(await visitor.get(authorizeUrl(host, visit)), host, 'invalid_request', {
      redirectUri: 'com.example.app:/cb',
    })
  })
})

describe('§8.6 a program that pretends to be the client', () => {
  test.each([
    ['a private-use scheme', 'app', 'com.example.app:/cb'],
    ['a loopback address', 'loopback-0', 'http://127.0.0.1:4711/cb'],
  ])('gets no code at %s without a person, whatever was agreed to before', async (_, client_id, redirect_uri) => {
    const visit = { client_id, redirect_uri, ...PKCE }
    await signInFully(visitor, host, 'alice', visit)
    expect(isAt(await ask(visitor, host, visit), 'consent')).toBe(true)
    const silent = await visitor.get(authorizeUrl(host, { ...visit, prompt: 'none' }))
    expectRefusal(silent, host, 'consent_required', { redirectUri: redirect_uri })
  })

  test('a claimed https address is the client itself, and is remembered', async () => {
    const visit = { client_id: 'claimed', redirect_uri: 'https://app.client.test/cb', ...PKCE }
    const fresh = new Visitor()
    const first = await signIn(fresh, await ask(fresh, host, visit), 'alice')
    expect(isAt(first, 'consent')).toBe(true)
    expectCode(await fresh.submit(first, 'consent-allow'))
    expectCode(await fresh.get(authorizeUrl(host, visit)))
    expectCode(await fresh.get(authorizeUrl(host, { ...visit, prompt: 'none' })))
  })
})
