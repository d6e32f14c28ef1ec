import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Handle } from '../../../src/http/handle.ts'
import { text } from '../../../src/http/reply/replies.ts'
import { listen } from '../../../src/http/server/listen.ts'
import { createNodeListener } from '../../../src/http/server/node-adapter.ts'
import { createPipelines } from '../../../src/http/server/pipelines.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { connectTo, exchange, pause } from '../raw-socket.ts'

const whole = (begin: () => void) => ({ begin, isWhole: () => true, isAnswered: () => false })

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

interface Place {
  readonly port: number
  /** Of all connections; null where nobody can say. */
  readonly bytesRead: (() => number) | null
}

/** `wait`: milliseconds until a request must be there. */
async function listening(handle: Handle, wait = 20_000): Promise<Place> {
  const timeouts = { headers: wait, request: wait, close: 10 }
  const own = await listen({ host: '127.0.0.1', port: 0, trustedProxies: [], log: silentLog, timeouts, handle })
  ends.push(() => own.close())
  return { port: own.port, bytesRead: null }
}

async function mounted(handle: Handle): Promise<Place> {
  const server = createServer(createNodeListener(handle, { trustedProxies: [] }, silentLog))
  const sockets: Socket[] = []
  server.on('connection', (socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { port, bytesRead: () => sockets.reduce((sum, socket) => sum + socket.bytesRead, 0) }
}

/** Answers with what it was asked, once `released`. */
function slowly(released: Promise<void>) {
  const asked: string[] = []
  const handle: Handle = async ({ method, path, body }) => {
    const said = `${method} ${path} ${Buffer.from(body).toString('utf8')}`
    asked.push(said)
    await released
    return text(200, `[${said}]`)
  }
  return { asked, handle }
}

const answers = (received: string) =>
  [...received.matchAll(/HTTP\/1\.1 (\d+)[^[]*?\r\n\r\n(?:\[([^\]]*)\])?/g)].map(([, status, said = '']) =>
    `${status} ${said}`.trimEnd(),
  )

const POST = 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na=1'
const CHUNKED = 'POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=2\r\n0\r\n\r\n'
const GET = 'GET /b HTTP/1.1\r\nHost: h\r\n\r\n'
const UPGRADE = GET.replace('Host: h', 'Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket')
const LAST = GET.replace('/b', '/last').replace('Host: h', 'Host: h\r\nConnection: close')

describe('RFC 9112 §9.3.2 requests that one connection sends without waiting for replies', () => {
  it('begin one after another; those of another connection do not wait for them', () => {
    const pipelines = createPipelines()
    const [one, other] = [new Socket(), new Socket()]
    const begun: string[] = []
    for (const name of ['a', 'b', 'c'])
      pipelines.enter(
        one,
        whole(() => begun.push(name)),
      )
    pipelines.enter(
      other,
      whole(() => begun.push('other')),
    )
    expect(begun).toEqual(['a', 'other'])
    pipelines.leave(one)
    pipelines.leave(one)
    expect(begun).toEqual(['a', 'other', 'b', 'c'])
    pipelines.leave(one)
    pipelines.enter(
      one,
      whole(() => begun.push('d')),
    )
    expect(begun.at(-1)).toBe('d')
  })

  // Of replies below 16 KiB none fills what a socket itself keeps.
  it.each([100_000, 10_000])('begin only when the reply before has been taken (%i bytes each)', async (size) => {
    let asked = 0
    const handle = async () => {
      asked++
      return text(200, 'x'.repeat(size))
    }
    const server = createServer(createNodeListener(handle, { trustedProxies: [] }, silentLog))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const visitor = connect((server.address() as AddressInfo).port, '127.0.0.1')
    visitor.pause()
    visitor.write(GET.repeat(2_999) + LAST)
    await pause(500)
    // What systems keep between the two is several MB.
    expect(asked).toBeGreaterThan(0)
    expect(asked * size).toBeLessThan(20_000_000)
    let received = 0
    visitor.on('data', (chunk) => {
      received += chunk.length
    })
    visitor.resume()
    await once(visitor, 'close')
    expect(asked).toBe(3_000)
    expect(received).toBeGreaterThan(3_000 * size)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  it('are dropped when the connection is gone', () => {
    const pipelines = createPipelines()
    const socket = new Socket()
    const begun: string[] = []
    for (const name of ['a', 'b'])
      pipelines.enter(
        socket,
        whole(() => begun.push(name)),
      )
    socket.destroy()
    pipelines.leave(socket)
    expect(begun).toEqual(['a'])
  })
})

describe.each(Object.entries({ listening, mounted }))('RFC 9112 §9.3.2 on a connection (%s)', (_, start) => {
  it('requests with a body and without are answered in turn', async () => {
    const { asked, handle } = slowly(Promise.resolve())
    const { port } = await start(handle)
    const received = await exchange(port, POST + GET + CHUNKED + GET + POST + LAST)
    const expected = ['POST /a a=1', 'GET /b', 'POST /c a=2', 'GET /b', 'POST /a a=1', 'GET /last']
    expect(asked.map((each) => each.trimEnd())).toEqual(expected)
    expect(answers(received)).toEqual(expected.map((said) => `200 ${said}`))
  })

  it('RFC 9112 §9.6: no request begins behind a reply that ends the connection', async () => {
    const { asked, handle } = slowly(Promise.resolve())
    const { port } = await start(handle)
    const refused = `POST /a HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx`
    expect(answers(await exchange(port, GET + refused + GET))).toEqual(['200 GET /b', '415'])
    expect(asked).toEqual(['GET /b '])
  })

  it('is read no further while sixteen stand in line, and all are answered when it is read again', async () => {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const { asked, handle } = slowly(released)
    const { port, bytesRead } = await start(handle)
    const visitor = connectTo(port)
    const count = 20_000
    const sent = (GET + POST).repeat(count / 2) + LAST
    visitor.socket.write(sent)
    await pause(300)
    expect(asked).toEqual(['GET /b '])
    if (bytesRead !== null) expect(bytesRead()).toBeLessThan(200_000)
    release()
    expect(answers(await visitor.closed)).toHaveLength(count + 1)
    expect(asked).toHaveLength(count + 1)
    if (bytesRead !== null) expect(bytesRead()).toBe(sent.length)
  }, 30_000)
})

describe('what came in one read', () => {
  it.each([
    ['that are answered', GET, 2_001],
    // Node would refuse it by itself, past the line.
    ['without a host', 'GET / HTTP/1.1\r\n\r\n', 1],
  ])(
    'is made requests of in small pieces, so that hundreds %s behind one that waits take no memory',
    async (_, next, all) => {
      let made = 0
      const count = () => {
        made += 1
      }
      subscribe('http.server.request.start', count)
      ends.push(async () => unsubscribe('http.server.request.start', count))
      let release = () => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      const { asked, handle } = slowly(released)
      const { port } = await listening(handle)
      const visitor = connectTo(port)
      visitor.socket.write(GET + next.repeat(1_999) + LAST)
      await pause(200)
      expect(asked).toHaveLength(1)
      // A piece of 1 KiB holds so many.
      const inPiece = Math.ceil(1_024 / next.length) + 1
      expect(made).toBeGreaterThan(16)
      expect(made).toBeLessThan(16 + 2 * inPiece)
      release()
      expect(await visitor.closed).toMatch(/^HTTP\/1\.1 200 /)
      expect(asked).toHaveLength(all)
    },
  )

  it('is made requests of in small pieces when it came behind one that was asked alone', async () => {
    let [waiting, most] = [0, 0]
    const count = () => {
      waiting += 1
      most = Math.max(most, waiting)
    }
    subscribe('http.server.request.start', count)
    ends.push(async () => unsubscribe('http.server.request.start', count))
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const { asked, handle } = slowly(released)
    const { port } = await listening((request) => {
      waiting -= 1
      return handle(request)
    })
    const visitor = connectTo(port)
    visitor.socket.write(GET)
    await pause(50)
    waiting = 0
    // More than one read, so that the second waits in the socket while nobody reads.
    visitor.socket.write(GET.repeat(10_000) + LAST)
    await pause(200)
    expect(asked).toHaveLength(1)
    release()
    expect(answers(await visitor.closed)).toHaveLength(10_002)
    expect(most).toBeGreaterThan(16)
    expect(most).toBeLessThan(16 + 2 * 37)
  })
})

describe('what cannot be answered as a request', () => {
  it.each([
    ['what is no request', `${GET}garbage\r\n\r\n`, ['200 GET /b', '400']],
    ['what is no request, after two', `${POST}${GET}garbage\r\n\r\n`, ['200 POST /a a=1', '200 GET /b', '400']],
    ['a body that breaks off', `${GET}${CHUNKED.replace('\r\n0\r\n', '\r\nx')}`, ['200 GET /b', '400']],
    ['a body that never comes whole', `${GET}${POST.replace('Length: 3', 'Length: 4')}`, ['200 GET /b', '408']],
    ['a head that never comes whole', `${GET}GET /x HT`, ['200 GET /b', '408']],
    ['more than it said', `${LAST}${GET}`, ['200 GET /last']],
    ['no host', `${POST}GET /x HTTP/1.1\r\n\r\n${GET}`, ['200 POST /a a=1', '400']],
    [
      'an unknown expectation',
      `${POST}${GET.replace('Host', 'Expect: tea\r\nHost')}${GET}`,
      ['200 POST /a a=1', '417'],
    ],
    ['another version', `${GET}GET /x HTTP/2.0\r\nHost: h\r\n\r\n${GET}`, ['200 GET /b', '505']],
    ['no version', `${GET}GET /x\r\n\r\n`, ['200 GET /b', '505']],
    ['another protocol', `${UPGRADE}${GET}`, ['200 GET /b']],
    [
      // The refusal has left already: a second reply could be taken for that to another request.
      'what breaks off behind a refusal',
      CHUNKED.replace('3\r\na=2', `20000\r\n${'x'.repeat(0x20000)}xxx`),
      ['413'],
    ],
  ])('%s is answered behind what came before it', async (_, sent, expected) => {
    const { asked, handle } = slowly(new Promise((resolve) => setTimeout(resolve, 50)))
    const { port } = await listening(handle, 500)
    expect(answers(await exchange(port, sent))).toEqual(expected)
    // RFC 9112 §9.6: nor is anything carried out that nobody hears of.
    expect(asked).toHaveLength(expected.filter((answer) => answer.startsWith('200')).length)
  })
})

describe('a visitor that ends its side', () => {
  it.each([
    ['after one request', GET, ['200 GET /b']],
    ['after one that is not plain', CHUNKED, ['200 POST /c a=2']],
    ['after several', POST + GET + CHUNKED, ['200 POST /a a=1', '200 GET /b', '200 POST /c a=2']],
    ['in the middle of one', GET + POST.slice(0, -1), ['200 GET /b', '400']],
  ])('%s is answered all that came whole', async (_, sent, expected) => {
    const { asked, handle } = slowly(new Promise((resolve) => setTimeout(resolve, 50)))
    const { port } = await listening(handle)
    const visitor = connectTo(port)
    visitor.socket.end(sent)
    expect(answers(await visitor.closed)).toEqual(expected)
    expect(asked).toHaveLength(expected.filter((answer) => answer.startsWith('200')).length)
  })
})
