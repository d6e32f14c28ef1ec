// What strangers send must not become memory, or series of whoever gathers the numbers.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { Exposition } from '../../support/exposition.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let host: TestServer
beforeAll(async () => {
  host = await startServer()
  await host.addClient('web')
})
afterAll(() => host.close())

const read = async () => new Exposition(await host.server.metrics())
const get = (path: string, init: RequestInit = {}) => fetch(`${host.issuer}${path}`, { redirect: 'manual', ...init })

test('requests are counted by the pattern of their path, however many addresses and methods are asked for', async () => {
  for (let at = 0; at < 30; at++) {
    await get(`/nowhere/${at}`)
    await get(`/sso/sign-in/in_made-up-${at}`)
    await get('/sso/token', { method: at % 2 === 0 ? 'PATCH' : 'PUT' })
  }
  const now = await read()
  const requests = now.all('lingpai_http_requests_total')
  expect(requests.map(({ labels, value }) => [labels['path'], labels['status'], value]).toSorted()).toEqual([
    ['/sso/sign-in/{id}', '400', 30],
    ['/sso/token', '405', 30],
    ['other', '404', 30],
  ])
  expect(now.value('lingpai_http_request_duration_seconds_count', { path: 'other' })).toBe(30)
  expect(now.value('lingpai_outcomes_total', { rule: 'method_not_allowed' })).toBe(30)
  expect(JSON.stringify(now.samples)).not.toMatch(/made-up|nowhere|PATCH/)
})

test('outcomes have the names that the trace has', async () => {
  const before = await read()
  const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } }
  await get('/sso/token', { ...form, body: 'grant_type=authorization_code&code=x&client_id=unknown&client_secret=y' })
  await get('/sso/userinfo', { headers: { authorization: 'Bearer at_none' } })
  const after = await read()
  const grown = after
    .all('lingpai_outcomes_total')
    .filter(({ labels, value }) => value !== (before.value('lingpai_outcomes_total', labels) ?? 0))
  expect(grown.map(({ labels }) => labels['rule']).toSorted()).toEqual(['access_token_unknown', 'client_unknown'])
})

test('a database that is away is told, and the numbers come all the same', async () => {
  let isAway = false
  const broken = await startServer({
    wrap: (driver) => ({
      dialect: driver.dialect,
      rows: (statement, bind) => (isAway ? Promise.reject(new Error('away')) : driver.rows(statement, bind)),
      atomic: (steps) => (isAway ? Promise.reject(new Error('away')) : driver.atomic(steps)),
      script: (sql) => driver.script(sql),
      close: () => driver.close(),
    }),
  })
  expect(new Exposition(await broken.server.metrics()).value('lingpai_ready')).toBe(1)
  isAway = true
  const now = new Exposition(await broken.server.metrics())
  expect(now.value('lingpai_ready')).toBe(0)
  expect(now.value('process_resident_memory_bytes')).toBeGreaterThan(1e6)
  await broken.close()
})

test('a database that says nothing does not keep whoever gathers numbers waiting', async () => {
  let isSilent = false
  const silent = await startServer({
    wrap: (driver) => ({
      dialect: driver.dialect,
      rows: (statement, bind) => (isSilent ? new Promise(() => undefined) : driver.rows(statement, bind)),
      atomic: (steps) => driver.atomic(steps),
      script: (sql) => driver.script(sql),
      close: () => driver.close(),
    }),
  })
  isSilent = true
  expect(new Exposition(await silent.server.metrics()).value('lingpai_ready')).toBe(0)
  isSilent = false
  await silent.close()
})
