// Whole streams of requests as nobody well-behaved would send them, cut anywhere: each is answered once, in turn and with
// what was its own, up to the first that ends the connection; and nothing is carried out that is not answered.

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { text } from '../../../src/http/reply/replies.ts'
import { type Listening, listen } from '../../../src/http/server/listen.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { connectTo } from '../raw-socket.ts'

interface Sent {
  readonly bytes: (name: string) => string
  /** Null: it is answered with its name and its body. */
  readonly status: number | null
  readonly body: string
  /** No request, or one that is never whole: whoever has ended its side is told so, or hears no more than the end. */
  readonly isBroken?: true
}

const plain = (body: string, ...headers: readonly string[]): Sent => ({
  bytes: (name) =>
    [`POST /${name} HTTP/1.1`, 'Host: h', ...headers, `Content-Length: ${body.length}`, '', body].join('\r\n'),
  status: null,
  body,
})
const get = (...headers: readonly string[]): Sent => ({
  bytes: (name) => [`GET /${name} HTTP/1.1`, 'Host: h', ...headers, '', ''].join('\r\n'),
  status: null,
  body: '',
})
const chunked = (parts: readonly string[], trailer = ''): Sent => ({
  bytes: (name) =>
    [
      `POST /${name} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n`,
      ...parts.map((part) => `${part.length.toString(16)};x=y\r\n${part}\r\n`),
      `0\r\n${trailer}\r\n`,
    ].join(''),
  status: null,
  body: parts.join(''),
})
const refused = (status: number, lines: string): Sent => ({
  bytes: (name) => lines.replace('NAME', name),
  status,
  body: '',
})
const broken = (status: number, lines: string): Sent => ({ ...refused(status, lines), isBroken: true })

// What looks like a request is only a body where it is one.
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n'
const body = fc.constantFrom('', 'a=1', smuggled, 'x'.repeat(3_000), '0\r\n\r\n')
const usual: fc.Arbitrary<Sent> = fc.oneof(
  fc.constant(get()),
  fc.constant(get('X-Empty:')),
  body.map((text) => plain(text)),
  body.map((text) => plain(text, 'X-Empty:')),
  fc
    .array(
      body.filter((text) => text !== ''),
      { maxLength: 3 },
    )
    .map((parts) => chunked(parts)),
  body.map((text) => chunked(text === '' ? [] : [text], 'Host: other\r\n')),
)
const ending: fc.Arbitrary<Sent> = fc.oneof(
  fc.constant(get('Connection: close')),
  fc.constant(get('Connection: Upgrade', 'Upgrade: websocket', 'X-Empty:')),
  fc.constantFrom(
    refused(400, 'GET /NAME HTTP/1.1\r\n\r\n'),
    broken(400, 'garbage\r\n\r\n'),
    refused(400, 'GET /NAME HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n'),
    broken(400, 'GET /NAME HTTP/1.1\nHost: h\n\n'),
    broken(400, 'GET /NAME HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n'),
    broken(400, `POST /NAME HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled}`),
    refused(400, `POST /NAME HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`),
    refused(501, `POST /NAME HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${smuggled}`),
    refused(505, 'GET /NAME HTTP/2.0\r\nHost: h\r\n\r\n'),
    refused(417, 'GET /NAME HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n'),
    broken(413, `POST /NAME HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n${smuggled}`),
    refused(415, `POST /NAME HTTP/1.1\r\nHost: h\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc${smuggled}`),
  ),
)
const stream = fc.record({
  before: fc.array(usual, { maxLength: 40 }),
  end: ending,
  behind: fc.array(usual, { maxLength: 3 }),
  /** Where the bytes are cut, as parts of all. */
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
  endsItsSide: fc.boolean(),
})

describe('a stream of requests', () => {
  let server: Listening
  let asked: string[] = []
  beforeAll(async () => {
    server = await listen({
      host: '127.0.0.1',
      port: 0,
      trustedProxies: [],
      log: silentLog,
      handle: async ({ path, body }) => {
        asked.push(path)
        // Some are answered later than those behind them would be.
        if (path.length % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
        return text(200, `[${path} ${Buffer.from(body).toString('base64')}]`)
      },
    })
  })
  afterAll(() => server.close())

  it('RFC 9112 §9.3.2, §9.6, §11.2: is answered in turn, each once, and nothing else is carried out', async () => {
    await fc.assert(
      fc.asyncProperty(stream, async ({ before, end, behind, cuts, endsItsSide }) => {
        asked = []
        const all = [...before, end, ...behind]
        const bytes = Buffer.from(all.map((sent, at) => sent.bytes(`${'n'.repeat(at % 3)}${at}`)).join(''), 'latin1')
        const connection = connectTo(server.port)
        const places = [
          0,
          ...cuts.map((part) => Math.floor(part * bytes.length)).toSorted((a, b) => a - b),
          bytes.length,
        ]
        for (let at = 1; at < places.length; at++) {
          connection.socket.write(bytes.subarray(places[at - 1], places[at]))
          await new Promise((resolve) => setTimeout(resolve, at % 2))
        }
        const isCut = endsItsSide && end.isBroken
        if (endsItsSide) connection.socket.end()
        const received = await connection.closed
        const answers = [...received.matchAll(/HTTP\/1\.1 (\d+)[^[]*?\r\n\r\n(?:\[([^\]]*)\])?/g)]
        const expected = [...before, end].map(({ status, body }, at) =>
          status === null ? `200 /${'n'.repeat(at % 3)}${at} ${Buffer.from(body).toString('base64')}` : String(status),
        )
        const said = answers.map(([, status, said]) => (said === undefined ? status : `${status} ${said}`))
        const ends = isCut ? [[], ['400'], expected.slice(-1)] : [expected.slice(-1)]
        expect(said.slice(0, before.length)).toEqual(expected.slice(0, -1))
        expect(ends).toContainEqual(said.slice(before.length))
        expect(asked).toHaveLength(expected.filter((each) => each.startsWith('200')).length)
      }),
      { numRuns: 200 },
    )
  }, 60_000)
})
