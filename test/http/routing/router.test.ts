import { describe, expect, it, vi } from 'vitest'
import type { HttpReply, HttpRequest } from '../../../src/http/message.ts'
import { json, text } from '../../../src/http/reply/replies.ts'
import type { Route } from '../../../src/http/routing/route.ts'
import { createRouter, type Problem, type RequestRecord, type RouterOptions } from '../../../src/http/routing/router.ts'
import { createLog, silentLog } from '../../../src/platform/log.ts'
import { OAuthError } from '../../../src/protocol/errors.ts'
import { requestOf } from '../builders.ts'

const errorPage = async (_request: HttpRequest, problem: Problem): Promise<HttpReply> => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: JSON.stringify(problem),
})

function router(routes: readonly Route[], options: Partial<RouterOptions> = {}) {
  return createRouter(routes, { origins: ['https://sso.example.com'], errorPage, log: silentLog, ...options })
}

const shown = (kind: Route['kind'], path = '/p'): Route => ({
  kind,
  path,
  methods: ['GET'],
  endpoint: async (request, parameters) => json(200, { method: request.method, parameters }),
})

const bodyOf = (reply: HttpReply) => JSON.parse(String(reply.body)) as Record<string, unknown>

describe('paths', () => {
  const handle = router([
    shown('machine', '/sso/token'),
    shown('page', '/sso/sign-in/{id}'),
    shown('page', '/sso/{kind}/keys'),
    { ...shown('page', '/sso/sign-in/{id}'), methods: ['POST'], endpoint: async () => text(201, '') },
  ])

  it.each([
    ['/sso/sign-in/in_abc', { id: 'in_abc' }],
    ['/sso/sign-in/%E4%BB%A4', { id: '令' }],
    ['/sso/sign-in/__proto__', { id: '__proto__' }],
    ['/sso/es256/keys', { kind: 'es256' }],
    ['/sso/token', {}],
  ])('%s is found and its segment decoded', async (path, parameters) => {
    const reply = await handle(requestOf({ path }))
    expect(reply.status).toBe(200)
    expect(bodyOf(reply)['parameters']).toEqual(parameters)
  })

  it.each([
    '/sso/sign-in/a%2Fb',
    '/sso/sign-in/a%5Cb',
    '/sso/sign-in/a/b',
    '/sso/sign-in/',
    '/sso/sign-in',
    '/sso/sign-in/%',
    '/sso/sign-in/%ff',
    '/sso/sign-in/%00',
    '/sso/sign-in/a%0d%0ab',
    `/sso/sign-in/${'a'.repeat(257)}`,
    '/sso/token/',
    '/SSO/token',
    '//sso/token',
    '*',
    '/constructor',
    '',
  ])('%s is not found', async (path) => {
    expect((await handle(requestOf({ path }))).status).toBe(404)
  })

  it('one path may have an endpoint for each method', async () => {
    expect((await handle(requestOf({ path: '/sso/sign-in/x', method: 'POST' }))).status).toBe(201)
  })

  it('refuses contradictory routes when it is made', () => {
    expect(() => router([shown('page'), shown('page')])).toThrow('Two routes have GET /p')
    expect(() => router([shown('page', '/a/{b}{c}')])).toThrow(RangeError)
    expect(() => router([shown('page', '/a/x{b}')])).toThrow(RangeError)
    expect(() => router([{ ...shown('page'), methods: [] }])).toThrow(RangeError)
  })
})

describe('methods', () => {
  it('RFC 9110 §15.5.6 a method the path does not have is 405 with Allow', async () => {
    const handle = router([shown('machine')])
    const reply = await handle(requestOf({ path: '/p', method: 'DELETE' }))
    expect(reply.status).toBe(405)
    expect(reply.headers['allow']).toBe('GET, HEAD')
    expect(bodyOf(reply)['error']).toBe('invalid_request')
  })

  it('HEAD follows GET: the endpoint sees GET, the record HEAD', async () => {
    const record = vi.fn<(entry: RequestRecord) => void>()
    const handle = router([shown('machine')], { record })
    expect(bodyOf(await handle(requestOf({ path: '/p', method: 'HEAD' })))['method']).toBe('GET')
    expect(record.mock.calls[0]?.[0].request.method).toBe('HEAD')
    const postOnly = router([{ ...shown('machine'), methods: ['POST'] }])
    expect((await postOnly(requestOf({ path: '/p', method: 'HEAD' }))).status).toBe(405)
  })

  it('H03 OPTIONS at a page is 405 and has no CORS header', async () => {
    const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' }
    const reply = await router([shown('page')])(requestOf({ path: '/p', method: 'OPTIONS', headers }))
    expect(reply.status).toBe(405)
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('what is not found', () => {
  it('RFC 9110 §15.5.5 is a page for a browser and JSON for a program', async () => {
    const handle = router([])
    const page = await handle(requestOf({ path: '/x', headers: { accept: 'text/html,*/*' } }))
    expect([page.status, page.headers['content-type']]).toEqual([404, 'text/html'])
    const machine = await handle(requestOf({ path: '/x', headers: { accept: '*/*' } }))
    expect([machine.status, bodyOf(machine)['error']]).toEqual([404, 'invalid_request'])
  })

  it('may be known to the fallback, for GET only', async () => {
    const handle = router([], { fallback: async ({ path }) => (path === '/proof.txt' ? text(200, 'proof') : null) })
    expect((await handle(requestOf({ path: '/proof.txt' }))).body).toBe('proof')
    expect((await handle(requestOf({ path: '/other.txt' }))).status).toBe(404)
    expect((await handle(requestOf({ path: '/proof.txt', method: 'POST' }))).status).toBe(404)
  })
})

describe('RFC 9110 §15.5.20 requests we answer', () => {
  const routes = [shown('page', '/page'), shown('machine', '/token'), shown('health', '/health')]
  const handle = router(routes, { origins: ['https://sso.example.com', 'https://alt.example.com:8443'] })

  it.each([
    [true, 'sso.example.com'],
    [true, 'SSO.example.com:443'],
    [true, 'alt.example.com:8443'],
  ])('secure: %s and host %s are ours', async (secure, host) => {
    expect((await handle(requestOf({ path: '/token', secure, host }))).status).toBe(200)
  })

  it.each([
    [false, 'sso.example.com'],
    [false, 'sso.example.com:443'],
    [true, 'sso.example.com:8443'],
    [true, 'alt.example.com'],
    [true, 'sso.example.com.evil.example'],
    [true, 'evil.example'],
    [true, ''],
    [false, '127.0.0.1'],
  ])('secure: %s and host %j are answered 421', async (secure, host) => {
    const machine = await handle(requestOf({ path: '/token', secure, host }))
    expect(machine.status).toBe(421)
    expect(machine.outcome?.rule).toBe('misdirected')
    expect(bodyOf(machine)['error_description']).toBe('This server answers at https://sso.example.com only')
    expect((await handle(requestOf({ path: '/health', secure, host }))).status).toBe(200)
  })

  it('a page links to the right address', async () => {
    const reply = await handle(requestOf({ path: '/page', query: 'a=b', host: 'evil.example' }))
    expect(reply.status).toBe(421)
    expect(bodyOf(reply)).toMatchObject({ rule: 'misdirected', rightAddress: 'https://sso.example.com/page?a=b' })
  })

  it('refuses origins that are none', () => {
    expect(() => router([], { origins: ['sso.example.com'] })).toThrow(RangeError)
    expect(() => router([], { origins: ['ftp://sso.example.com'] })).toThrow(RangeError)
  })
})

describe('refusals', () => {
  const refusal = new OAuthError({
    error: 'invalid_client',
    description: 'Unknown client',
    reason: 'for the operator only',
    status: 401,
    rule: 'client_unknown',
    clause: 'RFC 6749 §5.2',
    headers: { 'www-authenticate': 'Basic realm="x"' },
  })
  const failing = (kind: Route['kind'], error: unknown): Route => ({
    ...shown(kind),
    endpoint: () => Promise.reject(error),
  })

  it('RFC 6749 §5.2 are JSON with their own status and headers, never stored', async () => {
    const reply = await router([failing('machine', refusal)])(requestOf({ path: '/p' }))
    expect(reply.status).toBe(401)
    expect(bodyOf(reply)).toEqual({ error: 'invalid_client', error_description: 'Unknown client' })
    expect(reply.headers).toMatchObject({
      'www-authenticate': 'Basic realm="x"',
      'cache-control': 'no-store',
      pragma: 'no-cache',
    })
    expect(reply.outcome).toMatchObject({ rule: 'client_unknown', reason: 'for the operator only' })
    expect(String(reply.body)).not.toContain('operator')
  })

  it('of a page are a page with the same trace id as the record', async () => {
    const record = vi.fn<(entry: RequestRecord) => void>()
    const reply = await router([failing('page', refusal)], { record })(requestOf({ path: '/p' }))
    expect(reply.status).toBe(401)
    const problem = bodyOf(reply)
    expect(problem).toMatchObject({ rule: 'refused', error: 'invalid_client', description: 'Unknown client' })
    expect(problem['traceId']).toMatch(/^tr_/)
    expect(record.mock.calls[0]?.[0].traceId).toBe(problem['traceId'])
  })

  it('RFC 9110 §15.6.1, §15.6.4 H20 of a store that is away are 503 with Retry-After, any other failure 500 without detail', async () => {
    const lines: string[] = []
    const log = createLog('info', 'json', (line) => lines.push(line))
    const away = Object.assign(new Error('not-a-real-password'), { name: 'StoreUnavailable' })
    for (const kind of ['machine', 'page'] as const) {
      const gone = await router([failing(kind, away)], { log })(requestOf({ path: '/p' }))
      expect([gone.status, gone.headers['retry-after']]).toEqual([503, '2'])
      const broken = await router([failing(kind, new Error('not-a-real-password'))], { log })(requestOf({ path: '/p' }))
      expect(broken.status).toBe(500)
      expect(String(gone.body) + String(broken.body) + lines.join()).not.toContain('password')
    }
    expect(lines).toHaveLength(4)
  })

  it.each([
    ['of our own', new Error('broken')],
    ['of the store', Object.assign(new Error('away'), { name: 'StoreUnavailable' })],
  ])('%s are in the log under the trace number that the page shows', async (_, error) => {
    const lines: string[] = []
    const log = createLog('info', 'json', (line) => lines.push(line))
    const { traceId } = bodyOf(await router([failing('page', error)], { log })(requestOf({ path: '/p' })))
    expect(traceId).toMatch(/^tr_/)
    expect(lines).toEqual([expect.stringContaining(`"trace":"${String(traceId)}"`)])
  })

  it('survive a page renderer and a recorder that fail', async () => {
    const fail = () => {
      throw new Error('no')
    }
    const handle = router([shown('machine')], { errorPage: fail, record: fail })
    expect((await handle(requestOf({ path: '/x', headers: { accept: 'text/html' } }))).status).toBe(500)
    expect((await handle(requestOf({ path: '/p' }))).status).toBe(200)
  })
})

describe('the record', () => {
  it('has request, route, reply, outcome and time of every request', async () => {
    const entries: RequestRecord[] = []
    const outcome = { rule: 'issued', clause: 'RFC 6749 §5.1', reason: 'ok' }
    const route: Route = { ...shown('machine'), endpoint: async () => ({ ...json(200, {}), outcome }) }
    const handle = router([route], { record: (entry) => entries.push(entry) })
    const request = requestOf({ path: '/p' })
    const reply = await handle(request)
    await handle(requestOf({ path: '/x' }))
    expect(entries).toHaveLength(2)
    expect(entries[0]).toMatchObject({ request, route, reply, outcome, traceId: undefined })
    expect(entries[0]?.elapsed).toBeGreaterThanOrEqual(0)
    expect(entries[1]).toMatchObject({ route: undefined, outcome: { rule: 'not_found' } })
  })
})

describe('H02 https', () => {
  it('is remembered by browsers, never promised on http', async () => {
    const origins = ['https://sso.example.com', 'http://localhost:4000'] as const
    const handle = router([shown('page')], { origins })
    expect((await handle(requestOf({ path: '/p' }))).headers['strict-transport-security']).toBe('max-age=31536000')
    const plain = await handle(requestOf({ path: '/p', secure: false, host: 'localhost:4000' }))
    expect(plain.status).toBe(200)
    expect(plain.headers['strict-transport-security']).toBeUndefined()
  })
})
