import { describe, expect, it } from 'vitest'
import { toFetch } from '../../src/http/fetch-adapter.ts'
import type { HttpRequest } from '../../src/http/message.ts'
import { json, redirect } from '../../src/http/reply/replies.ts'

const echo = toFetch(
  async ({ method, path, query, body, peer }: HttpRequest) =>
    json(200, { method, path, query, body: Buffer.from(body).toString(), peer }),
  { maxBody: 100, largeBody: (path) => (path === '/upload' ? 200 : undefined) },
)
const url = 'https://sso.example.com:8443'

describe('a fetch handler', () => {
  it('hands over a plain object', async () => {
    const request = new Request(`${url}/sso/token?a=%20b`, { method: 'POST', body: 'c=令' })
    const reply = await echo(request, { address: '203.0.113.9' })
    expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await reply.json()).toEqual({
      method: 'POST',
      path: '/sso/token',
      query: 'a=%20b',
      body: 'c=令',
      peer: { address: '203.0.113.9', secure: true, host: 'sso.example.com:8443' },
    })
  })

  it('keeps the limits of bodies and encodings', async () => {
    const send = (size: number, path = '/', headers = {}) =>
      echo(new Request(url + path, { method: 'POST', body: 'x'.repeat(size), headers }))
    expect((await send(100)).status).toBe(200)
    expect((await send(101)).status).toBe(413)
    expect((await send(200, '/upload')).status).toBe(200)
    expect((await send(201, '/upload')).status).toBe(413)
    expect((await send(10, '/', { 'content-encoding': 'gzip' })).status).toBe(415)
  })

  it('gives redirects, several cookies, empty bodies and failures', async () => {
    const go = toFetch(async () => redirect(303, '/next', ['a=1', 'b=2']))
    const reply = await go(new Request(url))
    expect([reply.status, reply.headers.get('location'), reply.headers.getSetCookie()]).toEqual([
      303,
      '/next',
      ['a=1', 'b=2'],
    ])
    expect(await (await echo(new Request(url, { method: 'HEAD' }))).text()).toBe('')
    const none = toFetch(async () => ({ status: 204, headers: {}, body: '' }))
    expect((await none(new Request(url))).status).toBe(204)
    const failing = await toFetch(() => Promise.reject(new Error('not-a-real-secret')))(new Request(url))
    expect(failing.status).toBe(500)
    expect(await failing.text()).not.toContain('secret')
  })
})
