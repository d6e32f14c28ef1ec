import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readWholeRequest } from '../../../src/http/server/whole-request.ts'
import { threadTime } from '../../support/thread-time.ts'

const read = (text: string) => readWholeRequest(Buffer.from(text, 'latin1'))
const get = (...headers: readonly string[]) => ['GET /a HTTP/1.1', 'Host: h', ...headers, '', ''].join('\r\n')
const post = (body: string, ...headers: readonly string[]) =>
  ['POST /a HTTP/1.1', 'Host: h', `Content-Length: ${body.length}`, ...headers, '', body].join('\r\n')

describe('a whole request', () => {
  it('RFC 9112 §3.2.1: is read with its target, its headers in lower case, and its body', () => {
    expect(
      read('GET /sso/authorize?a=%20b&c HTTP/1.1\r\nHost: h:1\r\nCookie: a=b; c="d"\r\nX-Nothing:x\r\n\r\n'),
    ).toEqual({
      method: 'GET',
      target: '/sso/authorize?a=%20b&c',
      headers: { host: 'h:1', cookie: 'a=b; c="d"', 'x-nothing': 'x' },
      body: new Uint8Array(0),
    })
    expect(read(post('a=b\r\n\r\n', 'Connection: Keep-Alive'))).toMatchObject({
      method: 'POST',
      target: '/a',
      headers: { 'content-length': '7', connection: 'Keep-Alive' },
      body: Buffer.from('a=b\r\n\r\n'),
    })
    expect(read(get('Content-Length: 0'))).toMatchObject({ body: new Uint8Array(0) })
  })

  it('RFC 9110 §7.8: may offer another protocol, which is ignored', () => {
    const offer = get('Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMA', 'Upgrade: h2c')
    expect(read(offer)).toMatchObject({ target: '/a', headers: { upgrade: 'h2c' } })
  })

  it('whose body has not come yet is unfinished', () => {
    expect(read(post('a=b').slice(0, -1))).toBe('unfinished')
    expect(read(post('a=b').slice(0, -3))).toBe('unfinished')
  })

  it.each([
    ['an unfinished head', get().slice(0, -2)],
    ['nothing', ''],
    ['another method', get().replace('GET', 'HEAD')],
    ['a method in small letters', get().replace('GET', 'get')],
    ['an absolute target', get().replace('/a', 'http://h/a')],
    ['a fragment', get().replace('/a', '/a#b')],
    ['a target with a byte above ASCII', get().replace('/a', '/\u00e9')],
    ['a target with a space', get().replace('/a', '/a b')],
    ['HTTP/1.0', get().replace('1.1', '1.0')],
    ['no host', 'GET / HTTP/1.1\r\nAccept: x\r\n\r\n'],
    ['no header at all', 'GET / HTTP/1.1\r\n\r\n'],
    ['two hosts', get('Host: h')],
    ['any header twice', get('Accept: a', 'accept: b')],
    ['a space before the colon', get('Accept : a')],
    ['a tab before the value', get('Accept:\ta')],
    ['a space behind the value', get('Accept: a ')],
    ['an empty value', get('Accept:')],
    ['a folded line', get('Accept: a\r\n b')],
    ['a bare line feed', get('Accept: a\nX: b')],
    ['a bare carriage return', get('Accept: a\rX: b')],
    ['a NUL', get('Accept: a\0b')],
    ['a value above ASCII', get('Accept: \u00e9')],
    ['an underscore in a name', get('Content_Length: 5')],
    ['a name that every object has', get('constructor: x')],
    ['__proto__', get('__proto__: x')],
    ['chunks', get('Transfer-Encoding: chunked')],
    ['chunks and a length', post('0\r\n\r\n', 'Transfer-Encoding: chunked')],
    ['an encoded body', post('a=b', 'Content-Encoding: gzip')],
    ['a wish to be asked first', post('a=b', 'Expect: 100-continue')],
    ['another protocol and a header of this hop', get('Upgrade: websocket', 'Connection: Upgrade, x-user')],
    ['a connection that is to end', get('Connection: close')],
    ['a header of this hop', get('Connection: keep-alive, x-user')],
    ['trailers', get('TE: trailers')],
    ['what some take for Connection', get('Proxy-Connection: close')],
    ['a second request behind it', get() + get()],
    ['bytes behind its body', `${post('a=b')}c`],
    ['a form without a length', 'POST /a HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a length with a sign', post('').replace(': 0', ': +0')],
    ['a length with a zero before it', post('a').replace(': 1', ': 01')],
    ['a length in hexadecimal', post('a').replace(': 1', ': 0x1')],
    ['two lengths in one', post('a').replace(': 1', ': 1, 1')],
    ['a head of more than 8 KiB', get(`X: ${'x'.repeat(8 * 1024)}`)],
    ['a body of more than 32 KiB', post('x'.repeat(32 * 1024))],
    ['the announcement of one', post('x'.repeat(32 * 1024)).slice(0, 100)],
  ])('is none with %s', (_, text) => {
    expect(read(text)).toBe('unusual')
  })

  it('is told from others in time that grows with its length alone', () => {
    const spaces = get(`X: a${' '.repeat(8_000)}`)
    const started = threadTime()
    for (let times = 0; times < 20; times++) expect(read(spaces)).toBe('unusual')
    expect(threadTime() - started).toBeLessThan(500)
  })
})

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly keepsAlive: boolean
}

const piece = <T>(usual: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(usual, ...others) })

const printable = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) })
const headerName = fc.oneof(
  fc.constantFrom(
    'Accept',
    'Cookie',
    'Authorization',
    'X-Forwarded-For',
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'Upgrade',
    'HTTP2-Settings',
  ),
  fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/),
  fc.constantFrom('Transfer-Encoding', 'Content-Length', 'Host', 'X_Y', '', 'toString'),
)
const headerValue = fc.oneof(
  printable.map((text) => text || 'x'),
  fc.constantFrom('keep-alive', 'close', 'upgrade', 'h2c', 'a, b', 'a  b', 'chunked', '5', 'x\ty', '\u00e9', '', 'a\0'),
)
const headerLine = fc
  .tuple(
    headerName,
    piece(': ', ':', ':\t', ' : ', '', ':  '),
    headerValue,
    piece('', ' ', '\t'),
    piece('\r\n', '\n', '\r', '\r\n ', '\n\r'),
  )
  .map((parts) => parts.join(''))
const requestText = fc
  .record({
    method: piece('POST', 'GET', 'HEAD', 'PUT', 'post'),
    gap: piece(' ', '  ', '\t'),
    target: fc.oneof(
      fc.webPath({ size: 'small' }),
      printable.map((text) => `/${text}`),
      fc.constantFrom('*', '//x', '/a#b'),
    ),
    version: piece(' HTTP/1.1\r\n', ' HTTP/1.0\r\n', ' HTTP/1.1\n', '\r\n', ' HTTP/1.1 \r\n'),
    before: fc.array(headerLine, { maxLength: 2 }),
    host: piece('Host: h\r\n', ''),
    body: fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text).toString('latin1')),
    length: piece('right', 'long', 'short', 'none', 'signed'),
    after: fc.array(headerLine, { maxLength: 2 }),
    end: piece('\r\n', '\n', ''),
  })
  .map(({ method, gap, target, version, before, host, body, length, after, end }) => {
    const lengths = {
      right: `${body.length}`,
      long: `${body.length + 2}`,
      short: `${body.length - 1}`,
      none: '',
      signed: `+${body.length}`,
    }
    const line = length === 'none' ? '' : `content-length: ${lengths[length as keyof typeof lengths]}\r\n`
    return [method, gap, target, version, ...before, host, line, ...after, end, body].join('')
  })

describe('what is taken as whole', () => {
  const seen: Seen[] = []
  const server = createServer((req, res) => {
    const parts: Buffer[] = []
    req.on('data', (part: Buffer) => parts.push(part))
    req.on('end', () => {
      const { method, url, headers } = req
      const body = Buffer.concat(parts).toString('latin1')
      seen.push({ method, url, headers, body, keepsAlive: res.shouldKeepAlive })
      res.end()
    })
  })
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  /** All requests that Node's parser finds in these bytes. */
  async function asNodeReads(bytes: Buffer): Promise<Seen[]> {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('not listening')
    const socket = connect(address.port, '127.0.0.1')
    socket.resume().on('error', () => undefined)
    socket.end(bytes)
    await once(socket, 'close')
    return seen.splice(0)
  }

  it('RFC 9112 §11.2: means the same to the parser of Node, and is one request to it', async () => {
    let taken = 0
    await fc.assert(
      fc.asyncProperty(requestText, async (text) => {
        const bytes = Buffer.from(text, 'latin1')
        const whole = readWholeRequest(bytes)
        if (typeof whole === 'string') return
        taken++
        const { method, target: url, headers, body } = whole
        const asText = Buffer.from(body).toString('latin1')
        expect(await asNodeReads(bytes)).toEqual([{ method, url, headers, body: asText, keepsAlive: true }])
      }),
      { numRuns: 4_000 },
    )
    // Else nothing was compared.
    expect(taken).toBeGreaterThan(400)
  })
})
