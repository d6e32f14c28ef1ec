// The account page as a company runs it: https and a path in the issuer, spoken by a proxy; two workers behind it, and
// PostgreSQL.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Browser, Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Child, startChild } from '../faults/support/child.ts'
import { CALLBACK, PASSWORD, type Prepared, preparePostgres, USERNAME } from '../faults/support/installation.ts'
import { launchBrowser, visitQuietly } from '../support/browser.ts'
import { lingpaiJson, scratchFolder } from '../support/cli.ts'
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts'

const scratch = scratchFolder()
let browser: Browser
let database: FreshDatabase
let prepared: Prepared
let proxy: Server
let server: Child
let issuer = ''

beforeAll(async () => {
  browser = await launchBrowser()
  database = await freshDatabase()
  prepared = await preparePostgres(database.url)
  const [cert, key] = [scratch.path('cert.pem'), scratch.path('key.pem')]
  const made = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout ${key} -out ${cert}`
  execFileSync('openssl', made.split(' '), { stdio: 'ignore' })
  // Each request over a connection of its own, so that the workers share them.
  proxy = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (asked, reply) => {
    const headers = {
      ...asked.headers,
      host: 'inside.test',
      'x-forwarded-host': asked.headers.host,
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '192.0.2.1',
    }
    const { method, url: path } = asked
    const to = { host: '127.0.0.1', port: server.port, method, path, headers, agent: false }
    asked.pipe(
      request(to, (answer) => {
        reply.writeHead(answer.statusCode ?? 0, answer.rawHeaders)
        answer.pipe(reply)
      }),
    )
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  issuer = `https://localhost:${(proxy.address() as AddressInfo).port}/login`
  const { words, env } = prepared
  const behind = ['--issuer', issuer, '--trusted-proxies', '127.0.0.1', '--workers', '2']
  server = await startChild({ words: [...words, ...behind], env })
  const client = ['--preset', 'openid-connect', '--name', 'Wiki', '--client-id', 'wiki', '--redirect-uri', CALLBACK]
  await lingpaiJson(['client', 'add', ...words, ...client], { env })
}, 300_000)
afterAll(async () => {
  await browser?.close()
  await server?.stop()
  proxy?.closeAllConnections()
  proxy?.close()
  prepared?.remove()
  await database?.drop()
  scratch.remove()
})

const account = () => `${issuer}/sso/account`

async function signIn(tab: Tab): Promise<void> {
  await tab.fill('#username', USERNAME)
  await tab.fill('#password', PASSWORD)
  await tab.press('#password', 'Enter')
}

async function letIn(tab: Tab): Promise<void> {
  const asked = { response_type: 'code', client_id: 'wiki', redirect_uri: CALLBACK, scope: 'openid', state: 'here' }
  await tab.goto(`${issuer}/sso/authorize?${new URLSearchParams(asked).toString()}`)
  await signIn(tab)
  await tab.waitForSelector('#consent-allow')
  expect(await tab.locator('#account').getAttribute('href')).toBe('/login/sso/account')
  // The client is at another host, which no test reaches.
  const reached = tab.waitForRequest((request) => request.url().startsWith(CALLBACK))
  await tab.click('#consent-allow')
  expect(new URL((await reached).url()).searchParams.get('iss')).toBe(issuer)
}

test('what was let in is withdrawn, and the other browser signed out', async () => {
  const look = { ignoreHTTPSErrors: true }
  const there = await browser.newContext(look)
  try {
    await letIn(await there.newPage())
    const other = await there.newPage()
    await other.goto(account())
    expect(await other.locator('#here').count()).toBe(1)
    await visitQuietly(browser, { ...look, locale: 'en' }, async (tab) => {
      await tab.goto(issuer)
      await tab.click('#account')
      await tab.waitForURL(`${account()}/sign-in`)
      await signIn(tab)
      await tab.waitForURL(account())
      const cookies = await tab.context().cookies()
      expect(cookies.map(({ name, secure }) => [name, secure]).toSorted()).toEqual([
        ['__Host-lingpai-device', true],
        ['__Host-lingpai-session', true],
        ['__Host-lingpai-visit', true],
      ])
      await tab.getByRole('link', { name: 'Withdraw permission for Wiki' }).click()
      await tab.click('#withdraw-confirm')
      await tab.waitForURL(`${account()}?done=withdrawn*`)
      expect(await tab.getByRole('status').innerText()).toContain('You have withdrawn your permission for Wiki')
      await tab.click('#sign-out-elsewhere')
      await tab.waitForURL(`${account()}?done=signed_out_elsewhere*`)
      // Beside the other browser the installation has a session of its own.
      expect(await tab.getByRole('status').innerText()).toBe('2 other browsers were signed out.')
      await tab.reload()
      expect(await tab.locator('#nowhere-else').count()).toBe(1)
    })
    await other.reload()
    expect([other.url(), await other.locator('#login-submit').count()]).toEqual([`${account()}/sign-in`, 1])
  } finally {
    await there.close()
  }
  // Not by the proxy, and so not by https: the same address is refused.
  const direct = await fetch(`http://127.0.0.1:${server.port}/login/sso/account`, { redirect: 'manual' })
  expect(direct.status).toBe(421)
})
