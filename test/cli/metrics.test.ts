// `lingpai start --metrics-port`: what Prometheus finds there, of one process and of several workers.

import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { METRIC_FAMILIES } from '../../src/model/metrics.ts'
import { Caller, eventually } from '../faults/support/caller.ts'
import { type Child, startChild, tryChild } from '../faults/support/child.ts'
import {
  CALLBACK,
  CLIENT_ID,
  type Prepared,
  preparePostgres,
  prepareSqlite,
  USERNAME,
} from '../faults/support/installation.ts'
import { Exposition } from '../support/exposition.ts'
import { freePort } from '../support/free-port.ts'
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts'
import { Visitor } from '../support/visitor.ts'

const urlOf = (server: Child) => /metrics are told.*"(http:[^"]+)"/.exec(server.log())?.[1] ?? 'no door'
const read = async (server: Child) => new Exposition(await (await fetch(urlOf(server))).text())

describe('one process on SQLite', () => {
  let prepared: Prepared
  let server: Child
  let caller: Caller

  beforeAll(async () => {
    prepared = await prepareSqlite()
    server = await startChild({ words: [...prepared.words, '--metrics-port', '0'] })
    caller = new Caller(server)
  })
  afterAll(async () => {
    caller.close()
    await server.stop()
    prepared.remove()
  })

  test('tells what it has done: requests and how long they took, commits, passwords, itself', async () => {
    const before = await read(server)
    const { access, refresh } = await caller.tokens()
    for (let count = 0; count < 5; count++) expect((await caller.userinfo(access)).status).toBe(200)
    expect((await caller.userinfo('at_made-up')).status).toBe(401)
    expect((await caller.refresh(refresh)).status).toBe(200)
    const after = await read(server)
    const grown = (name: string, labels: Readonly<Record<string, string>> = {}) =>
      (after.value(name, labels) ?? 0) - (before.value(name, labels) ?? 0)
    expect(grown('lingpai_http_requests_total', { path: '/sso/userinfo', status: '200' })).toBe(5)
    expect(grown('lingpai_http_requests_total', { path: '/sso/userinfo', status: '401' })).toBe(1)
    expect(grown('lingpai_http_requests_total', { path: '/sso/token', status: '200' })).toBe(2)
    expect(grown('lingpai_http_request_duration_seconds_count', { path: '/sso/userinfo' })).toBe(6)
    expect(grown('lingpai_outcomes_total', { rule: 'token_issued' })).toBe(2)
    expect(grown('lingpai_database_commit_duration_seconds_count')).toBeGreaterThan(0)
    expect(grown('lingpai_database_lists_total')).toBeGreaterThanOrEqual(3)
    expect(grown('lingpai_event_loop_busy_seconds_total')).toBeGreaterThan(0)
    expect(grown('process_cpu_seconds_total')).toBeGreaterThan(0)
    expect(after.value('lingpai_database_size_bytes', { file: 'database' })).toBeGreaterThan(4_000)
    expect(after.value('lingpai_http_connections')).toBeGreaterThan(0)
    expect(after.value('lingpai_ready')).toBe(1)
    expect(after.value('lingpai_database_trouble')).toBe(0)
    expect(after.value('process_resident_memory_bytes')).toBeGreaterThan(30e6)
    const started = after.value('process_start_time_seconds') ?? 0
    expect(Math.abs(started - Date.now() / 1000)).toBeLessThan(600)
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(after.value('lingpai_build_info', { version, database: 'sqlite' })).toBe(1)
  })

  test('tells how long passwords took, that one was wrong, and what was logged', async () => {
    const before = await read(server)
    const visitor = new Visitor()
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: CALLBACK,
      scope: 'openid',
    })
    const page = await visitor.follow(await visitor.get(`${server.issuer}/sso/authorize?${query.toString()}`))
    await visitor.submit(page, 'login-submit', { username: USERNAME, password: 'not the password' })
    const after = await read(server)
    const wrong = { rule: 'password_wrong' }
    expect(after.value('lingpai_outcomes_total', wrong)).toBe((before.value('lingpai_outcomes_total', wrong) ?? 0) + 1)
    expect(after.value('lingpai_password_duration_seconds_count')).toBe(1)
    expect(after.value('lingpai_password_duration_seconds_sum')).toBeGreaterThan(0.003)
    expect(after.value('lingpai_passwords_waiting')).toBe(0)
    expect(after.value('lingpai_log_lines_total', { level: 'info' })).toBeGreaterThan(0)
  })

  test('tells nothing of anybody, and nothing that is not in the table', async () => {
    const { access } = await caller.tokens()
    await caller.userinfo(access)
    const text = await (await fetch(urlOf(server))).text()
    expect(text).not.toMatch(new RegExp(`"busy"|user-busy|loaded|${access}|127\\.0\\.0\\.1|Correct|correct`))
    const known = METRIC_FAMILIES.map(({ name }) => name)
    for (const family of new Exposition(text).families) expect(known).toContain(family)
  })

  test('is text of the version that Prometheus asks for, which no cache keeps', async () => {
    const reply = await fetch(urlOf(server))
    expect(reply.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(reply.headers.get('cache-control')).toBe('no-store')
    const head = await fetch(urlOf(server), { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  test('is at that door alone, and nothing else is there', async () => {
    const door = new URL(urlOf(server))
    expect((await fetch(`${server.issuer}/metrics`)).status).toBe(404)
    for (const path of ['/', '/sso/jwks', '/healthz', '/metrics/']) {
      expect((await fetch(new URL(path, door))).status, path).toBe(404)
    }
    for (const method of ['POST', 'DELETE', 'OPTIONS']) {
      const reply = await fetch(door, { method })
      expect([reply.status, reply.headers.get('allow')], method).toEqual([405, 'GET, HEAD'])
    }
    expect((await fetch(door)).status).toBe(200)
  })

  test('a body that nobody asked for is not kept, and whoever never ends a request is let go', async () => {
    const door = new URL(urlOf(server))
    const slow = Array.from({ length: 40 }, () =>
      request(door, { method: 'POST', headers: { 'content-length': '9999' } }),
    )
    for (const each of slow) each.on('error', () => undefined).flushHeaders()
    // Those who come while all places are taken are turned away; when one is free again, numbers are told.
    const reply = await eventually(
      () =>
        fetch(door).then(
          ({ status }) => status,
          () => 0,
        ),
      (status) => status === 200,
      20_000,
    )
    expect(reply).toBe(200)
    for (const each of slow) each.destroy()
    expect((await caller.ready()).status).toBe(200)
  }, 30_000)
})

describe('two workers on PostgreSQL', () => {
  let database: FreshDatabase
  let prepared: Prepared
  let server: Child

  beforeAll(async () => {
    database = await freshDatabase()
    prepared = await preparePostgres(database.url)
    server = await startChild({
      words: [...prepared.words, '--workers', '2', '--metrics-port', '0'],
      env: prepared.env,
    })
  })
  afterAll(async () => {
    await server.stop()
    prepared.remove()
    await database.drop()
  })

  const children = () =>
    readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ').map(Number)

  test('are told apart, and together have answered everything', async () => {
    const before = await read(server)
    const callers = Array.from({ length: 8 }, () => new Caller(server, 1))
    await Promise.all(
      callers.map(async (each) => {
        const { access } = await each.tokens()
        for (let count = 0; count < 10; count++) expect((await each.userinfo(access)).status).toBe(200)
      }),
    )
    for (const each of callers) each.close()
    const after = await read(server)
    const answered = { path: '/sso/userinfo', status: '200' }
    const by = (worker: string) => after.value('lingpai_http_requests_total', { ...answered, worker }) ?? 0
    expect(by('1') + by('2')).toBe(80 + (before.value('lingpai_http_requests_total', answered) ?? 0))
    expect(after.all('lingpai_worker_up').map(({ labels, value }) => [labels['worker'], value])).toEqual([
      ['1', 1],
      ['2', 1],
    ])
    expect(after.all('process_resident_memory_bytes').map(({ labels }) => labels['worker'])).toEqual([
      'supervisor',
      '1',
      '2',
    ])
    expect(after.value('lingpai_database_read_duration_seconds_count')).toBeGreaterThan(0)
    expect(after.value('lingpai_database_connections', { for: 'reads' })).toBeGreaterThan(0)
    expect(after.value('lingpai_database_connections', { for: 'changes' })).toBeGreaterThan(0)
  })

  test('one that has died is down until it is back under its number; one that says nothing is down too', async () => {
    const [victim = 0] = children()
    process.kill(victim, 'SIGSTOP')
    try {
      const silent = await read(server)
      expect(silent.all('lingpai_worker_up').filter(({ value }) => value === 0)).toHaveLength(1)
    } finally {
      process.kill(victim, 'SIGKILL')
    }
    const back = await eventually(
      () => read(server),
      (now) => now.value('lingpai_ready') === 2,
      15_000,
    )
    expect(back.all('lingpai_worker_up').map(({ labels, value }) => [labels['worker'], value])).toEqual([
      ['1', 1],
      ['2', 1],
    ])
  }, 30_000)
})

describe('a door that cannot be opened', () => {
  let prepared: Prepared
  beforeAll(async () => {
    prepared = await prepareSqlite()
  })
  afterAll(() => prepared.remove())

  const refused = async (...more: readonly string[]) => {
    const end = await tryChild({ words: [...prepared.words, ...more] })
    if ('port' in end) {
      await end.stop()
      throw new Error('it started')
    }
    return end
  }

  test('because its port is taken ends the start, and names the flag that changes it', async () => {
    const other = await startChild({ words: [...prepared.words, '--metrics-port', '0'] })
    const { port } = new URL(urlOf(other))
    const next = await prepareSqlite()
    const end = await tryChild({ words: [...next.words, '--metrics-port', port] })
    await other.stop()
    next.remove()
    if ('port' in end) throw new Error('it started')
    expect(end.code).toBe(5)
    expect(end.log).toContain(
      `Port ${port} on 127.0.0.1 is already in use by another program; stop it or choose another one with --metrics-port`,
    )
  })

  test('because it is the port of the server is refused before anything is opened', async () => {
    const port = String(await freePort())
    const end = await refused('--port', port, '--metrics-port', port)
    expect(end.code).toBe(2)
    expect(end.log).toContain('--metrics-port is also the port of the server; metrics need one of their own')
  })

  test.each([
    [['--metrics-host', '0.0.0.0'], '--metrics-host is set without metricsPort (--metrics-port)'],
    [['--metrics-port', '70000'], 'must be a whole number from 0 to 65535'],
    [['--metrics-port', '1', '--metrics-host', 'http://x'], 'must be an IP address or a host name'],
  ])('%j is refused', async (words, told) => {
    const end = await refused(...words)
    expect(end.code).toBe(2)
    expect(end.log).toContain(told)
  })
})
