import { request as nodeRequest } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { HttpReply, HttpRequest } from '../../../src/http/message.ts'
import { json } from '../../../src/http/reply/replies.ts'
import { type Listening, type ListenOptions, listen } from '../../../src/http/server/listen.ts'
import { createLog, silentLog } from '../../../src/platform/log.ts'
import { connectTo, exchange, pause, statusOf } from '../raw-socket.ts'

const open: Listening[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

async function start(handle: (request: HttpRequest) => Promise<HttpReply>, options: Partial<ListenOptions> = {}) {
  const server = await listen({ host: '127.0.0.1', port: 0, handle, log: silentLog, trustedProxies: [], ...options })
  open.push(server)
  return server.port
}

/** Answers with what it was asked. */
async function echo(request: HttpRequest): Promise<HttpReply> {
  const { method, path, query, headers, peer } = request
  return json(200, { method, path, query, headers, peer, body: Buffer.from(request.body).toString('latin1') })
}

function seen(reply: string): Record<string, unknown> {
  return JSON.parse(reply.slice(reply.indexOf('\r\n\r\n') + 4)) as Record<string, unknown>
}

describe('a request becomes a plain object', () => {
  it('keeps the path as sent and the query raw', async () => {
    const port = await start(echo)
    const reply = await exchange(port, 'GET /sso/%E4%BB%A4?a=%20b&c=+ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    expect(statusOf(reply)).toBe(200)
    expect(seen(reply)).toMatchObject({ method: 'GET', path: '/sso/%E4%BB%A4', query: 'a=%20b&c=+', body: '' })
    expect(seen(reply)['peer']).toEqual({ address: '127.0.0.1', secure: false, host: 'h' })
  })

  it('RFC 9112 §3.2.2 the absolute form outweighs the Host header', async () => {
    const port = await start(echo)
    const reply = await exchange(port, 'GET http://other:81/p?q HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    expect(seen(reply)).toMatchObject({ path: '/p', query: 'q', peer: { host: 'other:81' } })
  })

  it.each([
    ['Host: a\r\nhost: b'],
    ['Host: a\r\nAuthorization: Basic eDp5\r\nauthorization: Bearer z'],
    ['Host: a\r\nContent-Type: text/plain\r\nContent-Type: application/json'],
  ])('RFC 9110 §5.3 refuses a repeated single header: %j', async (headers) => {
    const port = await start(echo)
    expect(statusOf(await exchange(port, `GET / HTTP/1.1\r\n${headers}\r\n\r\n`))).toBe(400)
    const once = headers.split('\r\n').slice(0, 2).join('\r\n').replace('host: b', 'X: b')
    expect(statusOf(await exchange(port, `GET / HTTP/1.1\r\n${once}\r\nConnection: close\r\n\r\n`))).toBe(200)
  })

  it.each([
    'GET / HTTP/1.1\r\n\r\n',
    'GET /\u0000 HTTP/1.1\r\nHost: h\r\n\r\n',
    'nonsense\r\n\r\n',
    'GET nonsense HTTP/1.1\r\nHost: h\r\n\r\n',
  ])('answers 400 to the malformed %j', async (text) => {
    const port = await start(echo)
    expect(statusOf(await exchange(port, text))).toBe(400)
  })

  it.each([
    ['without a host', 'GET / HTTP/1.1', '', 400],
    ['of another version', 'GET / HTTP/2.0', 'Host: h', 505],
    ['with chunks in HTTP/1.0', 'POST / HTTP/1.0', 'Host: h\r\nTransfer-Encoding: chunked', 400],
    ['with another coding', 'POST / HTTP/1.1', 'Host: h\r\nTransfer-Encoding: gzip, chunked', 501],
    ['that expects what is unknown', 'GET / HTTP/1.1', 'Host: h\r\nExpect: tea', 417],
  ])(
    'RFC 9112 §3.2, §6.1, RFC 9110 §10.1.1, §15.6.6: refuses one %s, and ends the connection; made right it is answered',
    async (_, line, headers, status) => {
      const [asked, right] = [vi.fn(echo), 'Host: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue']
      const port = await start(asked)
      const rest = '1\r\nx\r\n0\r\n\r\n'
      const refused = await exchange(port, `${line}\r\n${headers}${headers === '' ? '' : '\r\n'}\r\n${rest}`)
      expect(statusOf(refused)).toBe(status)
      expect(refused).toMatch(/\r\nconnection: close\r\n/i)
      expect(asked).not.toHaveBeenCalled()
      const answered = await exchange(port, `POST / HTTP/1.1\r\n${right}\r\nConnection: close\r\n\r\n${rest}`)
      expect(answered).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
      expect(asked).toHaveBeenCalledOnce()
      // RFC 9110 §10.1.1: in HTTP/1.0 nobody waits to be told.
      const old = await exchange(port, 'POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx')
      expect(statusOf(old)).toBe(200)
    },
  )

  it('refuses headers of more than 16 KiB, and takes 15 KiB', async () => {
    const port = await start(echo)
    const ask = (size: number) =>
      exchange(port, `GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: ${'x'.repeat(size)}\r\n\r\n`)
    expect(statusOf(await ask(17 * 1024))).toBe(431)
    expect(statusOf(await ask(15 * 1024))).toBe(200)
  })
})

describe('a body', () => {
  it('arrives whole, by length and chunked', async () => {
    const port = await start(echo)
    const byLength = await exchange(
      port,
      'POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5\r\n\r\na=b&c',
    )
    expect(seen(byLength)).toMatchObject({ method: 'POST', body: 'a=b&c' })
    const chunked = await exchange(
      port,
      'POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na=\r\n3\r\nb&c\r\n0\r\n\r\n',
    )
    expect(seen(chunked)).toMatchObject({ body: 'a=b&c' })
  })

  it('of exactly the limit is read; one byte more is answered 413 and the connection closes', async () => {
    const port = await start(echo, { maxBody: 100 })
    const send = (size: number) =>
      exchange(
        port,
        `POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`,
      )
    expect(seen(await send(100))['body']).toHaveLength(100)
    const refused = await send(101)
    expect(statusOf(refused)).toBe(413)
    expect(refused.toLowerCase()).toContain('connection: close')
    expect(seen(refused)['error']).toBe('invalid_request')
  })

  it.each([
    ['too large', 'Content-Length: 101', 413],
    ['packed', 'Content-Encoding: gzip\r\nContent-Length: 5', 415],
  ])('RFC 9110 §10.1.1: that is %s is not asked for', async (_, headers, status) => {
    const port = await start(echo, { maxBody: 100 })
    const ask = (lines: string) => {
      const connection = connectTo(port)
      connection.socket.write(`POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n${lines}\r\n\r\n`)
      return connection
    }
    expect(statusOf(await ask(headers).closed)).toBe(status)
    const wanted = ask('Content-Length: 5')
    expect(await wanted.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    wanted.socket.write('a=b&c')
    await wanted.until(/"body":"a=b&c"/)
    wanted.socket.destroy()
  })

  it('that grows too large in chunks is answered 413 without being read to its end', async () => {
    let asked = 0
    const port = await start(async () => json(200, { asked: ++asked }), { maxBody: 1000 })
    const connection = connectTo(port)
    connection.socket.write('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
    connection.socket.write(`400\r\n${'x'.repeat(0x400)}\r\n`)
    expect(statusOf(await connection.closed)).toBe(413)
    expect(asked).toBe(0)
  })

  // Of 200,000 chunks Node makes as many objects, which take 40 MB.
  it('that comes a byte at a time takes no more memory than one that comes at once', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const used = () => {
      collect()
      return process.memoryUsage().heapUsed
    }
    let received = new Uint8Array()
    const port = await start(
      async ({ body }) => {
        if (body.length > 0) received = Uint8Array.from(body)
        return json(200, {})
      },
      { largeBody: () => 1024 * 1024 },
    )
    const count = 200_000
    const before = used()
    const connection = connectTo(port)
    connection.socket.write('POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n')
    connection.socket.write('1\r\nx\r\n'.repeat(count))
    await vi.waitFor(() => expect(connection.socket.writableLength).toBe(0), 10_000)
    // What the system holds between the two is read in turns with these.
    for (let times = 0; times < 20; times++) {
      await exchange(port, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    }
    expect(used() - before).toBeLessThan(10_000_000)
    connection.socket.write('0\r\n\r\n')
    expect(statusOf(await connection.closed)).toBe(200)
    expect(received).toEqual(new Uint8Array(count).fill(0x78))
  }, 20_000)

  it('may be larger on the paths that say so', async () => {
    const port = await start(echo, { maxBody: 10, largeBody: (path) => (path === '/upload' ? 50 : undefined) })
    const send = (path: string) =>
      exchange(
        port,
        `POST ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 40\r\n\r\n${'x'.repeat(40)}`,
      )
    expect(statusOf(await send('/upload'))).toBe(200)
    expect(statusOf(await send('/token'))).toBe(413)
  })

  it('H13 that is larger than usual is received one an address at a time, so that strangers cannot fill the memory', async () => {
    const limits = { maxBody: 10, largeBody: (path: string) => (path === '/upload' ? 50 : undefined) }
    const port = await start(echo, limits)
    const head = (path: string, size: number) =>
      `POST ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`
    const first = connectTo(port)
    first.socket.write(`${head('/upload', 40)}${'x'.repeat(30)}`)
    // Its body is under way.
    await exchange(port, `GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
    const second = await exchange(port, `${head('/upload', 40)}${'x'.repeat(40)}`)
    expect(statusOf(second)).toBe(503)
    expect(second).toMatch(/retry-after: \d/i)
    const inChunks =
      'POST /upload HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'
    expect(statusOf(await exchange(port, inChunks))).toBe(503)
    expect(statusOf(await exchange(port, `${head('/upload', 10)}${'x'.repeat(10)}`))).toBe(200)
    first.socket.write('x'.repeat(10))
    expect(statusOf(await first.closed)).toBe(200)
    expect(statusOf(await exchange(port, `${head('/upload', 40)}${'x'.repeat(40)}`))).toBe(200)

    // Whoever goes away gives the place back.
    const gone = connectTo(port)
    gone.socket.write(`${head('/upload', 40)}x`)
    await exchange(port, `GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
    gone.socket.destroy()
    await gone.closed
    await vi.waitFor(async () => expect(statusOf(await exchange(port, inChunks))).toBe(200), 20_000)
  })

  it.each(['gzip', 'br', 'x-unknown', 'identity, gzip'])(
    'H15 with Content-Encoding %s is answered 415',
    async (encoding) => {
      const port = await start(echo)
      const ask = (name: string, body: Buffer) =>
        fetch(`http://127.0.0.1:${port}/`, {
          method: 'POST',
          headers: { 'content-encoding': name },
          body: new Uint8Array(body),
        })
      expect((await ask(encoding, gzipSync('a=b'))).status).toBe(415)
      expect((await ask('identity', Buffer.from('a=b'))).status).toBe(200)
    },
  )

  it('of a visitor that goes away is never handled', async () => {
    let asked = 0
    const port = await start(async () => json(200, { asked: ++asked }))
    const connection = connectTo(port)
    connection.socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc')
    await pause(50)
    connection.socket.destroy()
    await connection.closed
    const reply = await fetch(`http://127.0.0.1:${port}/`)
    expect(await reply.json()).toEqual({ asked: 1 })
  })
})

describe('a reply', () => {
  it('carries its length, and one line each for several cookies', async () => {
    const port = await start(async () => ({ status: 200, headers: { 'set-cookie': ['a=1', 'b=2'] }, body: '令牌' }))
    const reply = await fetch(`http://127.0.0.1:${port}/`)
    expect(reply.headers.get('content-length')).toBe('6')
    expect(reply.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await reply.text()).toBe('令牌')
  })

  it('to HEAD has the headers of GET and no body', async () => {
    const port = await start(echo)
    const reply = await exchange(port, 'HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    expect(reply).toMatch(/content-length: [1-9]/i)
    expect(reply.endsWith('\r\n\r\n')).toBe(true)
  })

  it('comes over one connection for many requests', async () => {
    const port = await start(echo)
    const connection = connectTo(port)
    for (let count = 1; count <= 3; count++) {
      connection.socket.write(`GET /${count} HTTP/1.1\r\nHost: h\r\n\r\n`)
      await connection.until(new RegExp(`"path":"/${count}".*\\}$`, 's'))
    }
    expect(connection.received()).toContain('Keep-Alive: timeout=65')
    connection.socket.destroy()
  })

  it('H20 to a failing handler is 500 without detail; the log names the place and no secret', async () => {
    const lines: string[] = []
    const log = createLog('debug', 'json', (line) => lines.push(line))
    const secret = 'not-a-real-secret'
    const port = await start(
      async () => {
        throw new TypeError(`cannot read ${secret}`)
      },
      { log },
    )
    // Addresses of interactions and of the set-up are secrets too.
    const reply = await fetch(`http://127.0.0.1:${port}/sso/set-up/${secret}?code=${secret}`)
    expect(reply.status).toBe(500)
    expect(await reply.json()).toEqual({
      error: 'server_error',
      error_description: 'The server failed to answer this request',
    })
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'error', method: 'GET', error: 'TypeError' })
    expect(lines[0]).toContain('node-adapter.test.ts')
    expect(lines.join()).not.toContain(secret)
  })

  it('is 503 with Retry-After when the store is unavailable', async () => {
    const port = await start(async () => {
      throw Object.assign(new Error('disk'), { name: 'StoreUnavailable' })
    })
    const reply = await fetch(`http://127.0.0.1:${port}/`)
    expect(reply.status).toBe(503)
    expect(reply.headers.get('retry-after')).toBe('2')
  })

  it('with a header that cannot be sent becomes 500 and the server lives on', async () => {
    let location = 'a\nb'
    const port = await start(async () => ({ status: 200, headers: { location }, body: '' }))
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(500)
    location = '/b'
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200)
  })
})

describe('H05 forwarding headers', () => {
  const forged = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' }

  async function peerSeen(trustedProxies: string[]) {
    const port = await start(echo, { trustedProxies })
    return new Promise<unknown>((resolve, reject) => {
      const sent = nodeRequest(
        { port, host: '127.0.0.1', headers: { host: 'sso.example.com', ...forged } },
        (reply) => {
          let text = ''
          reply.on('data', (chunk) => {
            text += chunk
          })
          reply.on('end', () => resolve((JSON.parse(text) as { peer: unknown }).peer))
        },
      )
      sent.on('error', reject)
      sent.end()
    })
  }

  it('of an untrusted peer change nothing', async () => {
    expect(await peerSeen([])).toEqual({ address: '127.0.0.1', secure: false, host: 'sso.example.com' })
    expect(await peerSeen(['10.0.0.0/8'])).toEqual({ address: '127.0.0.1', secure: false, host: 'sso.example.com' })
  })

  it('of a trusted proxy are believed', async () => {
    expect(await peerSeen(['127.0.0.0/8'])).toEqual({ address: '203.0.113.9', secure: true, host: 'evil.example' })
  })
})
