import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCookie } from '../../src/http/cookies.ts'
import type { HttpRequest } from '../../src/http/message.ts'
import { pageReply } from '../../src/http/reply/page-reply.ts'
import { json } from '../../src/http/reply/replies.ts'
import { mediaType, readFormOrJson, readQuery } from '../../src/http/request/form.ts'
import { readMultipart } from '../../src/http/request/multipart.ts'
import { createRouter } from '../../src/http/routing/router.ts'
import { type Listening, listen } from '../../src/http/server/listen.ts'
import { silentLog } from '../../src/platform/log.ts'
import { threadTime } from '../support/thread-time.ts'
import { renderedPage, requestOf } from './builders.ts'
import { connectTo, statusOf } from './raw-socket.ts'

async function readEverything(request: HttpRequest) {
  readQuery(request)
  readCookie(request, 'session')
  if (mediaType(request.headers) === 'multipart/form-data') await readMultipart(request)
  else if (request.method === 'POST') readFormOrJson(request)
  return json(200, {})
}

const handle = createRouter(
  [
    {
      kind: 'machine',
      path: '/sso/token',
      methods: ['GET', 'POST'],
      endpoint: readEverything,
      cors: (origin) => origin === 'https://a.example',
    },
    { kind: 'page', path: '/sso/sign-in/{id}', methods: ['GET', 'POST'], endpoint: readEverything },
  ],
  {
    origins: ['http://h'],
    errorPage: (_request, problem) => pageReply(renderedPage({ status: problem.status })),
    log: silentLog,
  },
)

const path = fc.oneof(
  fc.constantFrom('/sso/token', '/sso/sign-in/x', '/sso/sign-in/%2F', '/sso/sign-in/%', '*', ''),
  fc.string({ unit: 'binary' }).map((text) => `/sso/sign-in/${text}`),
  fc.webPath(),
)
const method = fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE')
const contentType = fc.oneof(
  fc.constantFrom(
    'application/x-www-form-urlencoded',
    'application/json',
    'multipart/form-data; boundary=x',
    'text/plain; charset=utf-16',
  ),
  fc.string(),
)

describe('any request', () => {
  it('as a plain object gets an answer below 500, soon', async () => {
    const worst = { elapsed: 0 }
    await fc.assert(
      fc.asyncProperty(
        method,
        path,
        fc.string({ unit: 'binary' }),
        contentType,
        fc.oneof(
          fc.uint8Array({ maxLength: 500 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        fc.string(),
        async (method, path, query, type, body, other) => {
          const headers = { 'content-type': type, cookie: other, accept: other, origin: other }
          const started = threadTime()
          const reply = await handle(requestOf({ method, path, query, headers, body, secure: false, host: 'h' }))
          worst.elapsed = Math.max(worst.elapsed, threadTime() - started)
          expect(reply.status).toBeLessThan(500)
        },
      ),
      { numRuns: 1500 },
    )
    expect(worst.elapsed).toBeLessThan(500)
  })

  describe('as bytes on a socket', () => {
    let server: Listening
    beforeAll(async () => {
      server = await listen({
        host: '127.0.0.1',
        port: 0,
        handle,
        log: silentLog,
        trustedProxies: ['127.0.0.1'],
        timeouts: { headers: 200, request: 400, idle: 200 },
      })
    })
    afterAll(() => server.close())

    it('gets an answer below 500 or none, and the server lives on', async () => {
      const line = fc.oneof(
        fc.constantFrom(
          'GET /sso/token HTTP/1.1\r\n',
          'POST /sso/token HTTP/1.1\r\n',
          'Host: h\r\n',
          'Content-Length: 3\r\n',
          '\r\n',
          'a=b',
        ),
        fc.constantFrom(
          'Transfer-Encoding: chunked\r\n',
          '3\r\na=b\r\n0\r\n\r\n',
          'X-Forwarded-For: ,,1.1.1.1,\r\n',
          'Expect: 100-continue\r\n',
        ),
        fc.string({ unit: 'binary' }),
      )
      await fc.assert(
        fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
          const connection = connectTo(server.port)
          connection.socket.end(lines.join(''))
          expect(statusOf(await connection.closed)).toBeLessThan(500)
        }),
        { numRuns: 200 },
      )
      const alive = connectTo(server.port)
      alive.socket.write('GET /sso/token HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
      expect(statusOf(await alive.closed)).toBe(200)
    })
  })
})
