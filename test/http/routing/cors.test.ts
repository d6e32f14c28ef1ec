import { describe, expect, it } from 'vitest'
import { json } from '../../../src/http/reply/replies.ts'
import type { Route } from '../../../src/http/routing/route.ts'
import { createRouter } from '../../../src/http/routing/router.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { invalidRequest } from '../../../src/protocol/errors.ts'
import { requestOf } from '../builders.ts'

const token: Route = {
  kind: 'machine',
  path: '/sso/token',
  methods: ['POST'],
  cors: async (origin) => ['https://app.example.com', 'http://localhost:5173', 'null'].includes(origin),
  endpoint: async ({ body }) => {
    if (body.length === 0) throw invalidRequest('empty', 'RFC 6749 §3.2', 'Nothing was sent')
    return json(200, { ok: true }, { vary: 'Accept' })
  },
}
const jwks: Route = {
  kind: 'machine',
  path: '/sso/jwks',
  methods: ['GET'],
  cors: 'any-origin',
  endpoint: async () => json(200, {}),
}
const handle = createRouter([token, jwks], {
  origins: ['https://sso.example.com'],
  errorPage: () => json(500, {}),
  log: silentLog,
})

const from = (origin: string | undefined, body = 'a=b') =>
  requestOf({ method: 'POST', path: '/sso/token', body, headers: origin === undefined ? {} : { origin } })
const preflight = (origin: string, path = '/sso/token') =>
  requestOf({ method: 'OPTIONS', path, headers: { origin, 'access-control-request-method': 'POST' } })

describe('H04 an allowed origin', () => {
  it.each(['https://app.example.com', 'http://localhost:5173'])('%s may read replies and refusals', async (origin) => {
    for (const body of ['a=b', '']) {
      const { headers } = await handle(from(origin, body))
      expect(headers['access-control-allow-origin']).toBe(origin)
      expect(headers['access-control-allow-credentials']).toBeUndefined()
      expect(headers['vary']).toContain('Origin')
    }
  })

  it('may send what its preflight asked for', async () => {
    const reply = await handle(preflight('https://app.example.com'))
    expect(reply.status).toBe(204)
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'Authorization, Content-Type, Accept, DPoP',
      vary: 'Origin',
    })
  })

  it('does not displace what the reply varies by already', async () => {
    expect((await handle(from('https://app.example.com'))).headers['vary']).toBe('Accept, Origin')
  })
})

describe('H04 any other origin', () => {
  it.each([
    'null',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.example',
    'https://evilapp.example.com',
    'https://sub.app.example.com',
    'https://app.example.co',
    'https://APP.example.com',
    'https://app.example.com/',
    'https://app.example.com, https://evil.example',
  ])('%s is not reflected', async (origin) => {
    for (const reply of [await handle(from(origin)), await handle(preflight(origin))]) {
      expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
      expect(reply.headers['vary']).toContain('Origin')
    }
  })

  it('without an Origin header nothing is said but Vary', async () => {
    const { headers } = await handle(from(undefined))
    expect(headers['access-control-allow-origin']).toBeUndefined()
    expect(headers['vary']).toContain('Origin')
  })
})

describe('a public document', () => {
  it('may be read by any origin, without credentials', async () => {
    for (const origin of ['https://anything.example', 'null']) {
      const { headers } = await handle(requestOf({ path: '/sso/jwks', headers: { origin } }))
      expect(headers['access-control-allow-origin']).toBe('*')
      expect(headers['access-control-allow-credentials']).toBeUndefined()
    }
    expect((await handle(preflight('https://x.example', '/sso/jwks'))).headers['access-control-allow-methods']).toBe(
      'GET, HEAD',
    )
  })
})
