import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Handle } from '../../../src/http/handle.ts'
import type { HttpReply, HttpRequest, Peer } from '../../../src/http/message.ts'
import { json, redirect, text } from '../../../src/http/reply/replies.ts'
import { createDirectConnections } from '../../../src/http/server/direct-connections.ts'
import { createLoadGate, type LoadGate, type Resting } from '../../../src/http/server/load-gate.ts'
import { createNodeListener, type ListenerSettings } from '../../../src/http/server/node-adapter.ts'
import { createLog, silentLog } from '../../../src/platform/log.ts'
import { connectTo, exchange, pause, statusOf } from '../raw-socket.ts'

/** A second of grace comes on top. */
const AT_ONCE = -900
const TIMEOUTS = { headers: 5_000, request: 5_000, idle: 5_000, silence: 10_000 }
const GET = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n'
const SECOND = GET.replace('/a', '/b')
const LAST = 'GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** Answers what it was asked, and remembers it. */
function echo() {
  const asked: string[] = []
  const handle: Handle = async ({ method, path, body }) => {
    const said = `${method} ${path} ${Buffer.from(body).toString('utf8')}`
    asked.push(said)
    return json(200, { said })
  }
  return { asked, handle }
}

interface Options {
  readonly timeouts?: Partial<typeof TIMEOUTS>
  readonly log?: typeof silentLog
  readonly settings?: Partial<ListenerSettings>
  readonly changed?: (gate: LoadGate) => LoadGate
}

async function start(
  handle: Handle,
  { timeouts = {}, log = silentLog, settings: own = {}, changed = (gate) => gate }: Options = {},
) {
  const settings = { trustedProxies: [], ...own }
  const node = createHttpServer(createNodeListener(handle, settings, log))
  let handedOver = 0
  const gate = changed(createLoadGate(handle, { log }))
  const direct = createDirectConnections({
    ...settings,
    gate,
    log,
    timeouts: { ...TIMEOUTS, ...timeouts },
    handOver(socket) {
      handedOver++
      node.emit('connection', socket)
    },
  })
  const server = createServer({ allowHalfOpen: true, noDelay: true }, direct.serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  ends.push(() => {
    gate.close()
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { port, direct, handedOver: () => handedOver, sockets }
}

describe('a connection', () => {
  it('is read here as long as each request comes whole and alone', async () => {
    const { asked, handle } = echo()
    const { port, handedOver } = await start(handle)
    const visitor = connectTo(port)
    for (let at = 1; at <= 3; at++) {
      visitor.socket.write(`POST /p${at} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na=${at}`)
      await visitor.until(new RegExp(`POST /p${at} a=${at}`))
    }
    expect(asked).toEqual(['POST /p1 a=1', 'POST /p2 a=2', 'POST /p3 a=3'])
    expect(handedOver()).toBe(0)
  })

  it('tells the gate how many bytes are held for it while it stands in line, and is refused where there is no place', async () => {
    const { asked, handle } = echo()
    const sizes: number[] = []
    const changed = (gate: LoadGate): LoadGate => ({
      ...gate,
      isCrowded: () => true,
      stand: (standing) => sizes.push(standing.size) < 3 && gate.stand(standing),
    })
    const { port, handedOver } = await start(handle, { changed })
    const visitor = connectTo(port)
    const long = `POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n${'a'.repeat(900)}`
    visitor.socket.write(long)
    await visitor.until(/POST \/c a/)
    visitor.socket.write(GET)
    await visitor.until(/GET \/a /)
    visitor.socket.write(SECOND)
    await visitor.until(/try again soon/)
    expect(sizes).toEqual([long.length, GET.length, SECOND.length])
    expect(asked).toHaveLength(2)
    expect(handedOver()).toBe(0)
  })

  it('is read here when a body comes after its head', async () => {
    const { asked, handle } = echo()
    const { port, handedOver } = await start(handle)
    const visitor = connectTo(port)
    for (const body of ['a=1', 'a=2']) {
      visitor.socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n')
      await pause(20)
      visitor.socket.write(body)
      await visitor.until(new RegExp(body))
    }
    expect(asked).toEqual(['POST / a=1', 'POST / a=2'])
    expect(handedOver()).toBe(0)
  })

  it.each([
    ['a head in two parts', ['GET /a HT', `TP/1.1\r\nHost: h\r\n\r\n`], ['GET /a ']],
    ['a body in three parts', ['POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n', 'a', '=1'], ['POST /a a=1']],
    [
      'a body in chunks',
      ['POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n'],
      ['POST /a a=1'],
    ],
    ['HEAD', [GET.replace('GET', 'HEAD')], ['HEAD /a ']],
    [
      'a request that asks first',
      ['POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n', 'a=1'],
      ['POST /a a=1'],
    ],
    ['two requests at once', [GET + SECOND], ['GET /a ', 'GET /b ']],
    [
      'a large body',
      [`POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 40000\r\n\r\n${'x'.repeat(40_000)}`],
      [`POST /a ${'x'.repeat(40_000)}`],
    ],
  ])('goes to the server of Node with %s, and nothing is lost or asked twice', async (_, parts, expected) => {
    const { asked, handle } = echo()
    const { port, handedOver } = await start(handle)
    const visitor = connectTo(port)
    visitor.socket.write(GET.replace('/a', '/first'))
    await visitor.until(/first/)
    for (const part of parts) {
      visitor.socket.write(part)
      await pause(20)
    }
    visitor.socket.write(LAST)
    expect(await visitor.closed).toMatch(/GET \/last /)
    expect(asked).toEqual(['GET /first ', ...expected, 'GET /last '])
    expect(handedOver()).toBe(1)
  })

  it('RFC 9112 §9.3.2: that asks again before it was answered is answered in turn', async () => {
    const { asked, handle } = echo()
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const { port } = await start(async (request) => {
      const reply = await handle(request)
      if (request.path === '/a') await released
      return reply
    })
    const visitor = connectTo(port)
    visitor.socket.write(GET)
    await pause(30)
    visitor.socket.write(SECOND)
    visitor.socket.write(LAST)
    await pause(30)
    expect(asked).toEqual(['GET /a '])
    release()
    const received = await visitor.closed
    expect([...received.matchAll(/GET \/\w+/g)].map(([said]) => said)).toEqual(['GET /a', 'GET /b', 'GET /last'])
    expect(asked).toEqual(['GET /a ', 'GET /b ', 'GET /last '])
  })

  it('is no place for a second request while the reply to the first is not taken', async () => {
    let asked = 0
    const { port } = await start(async () => text(200, 'Q'.repeat(30_000_000 + asked++)))
    const visitor = connectTo(port)
    visitor.socket.write(GET)
    await visitor.until(/^HTTP/)
    visitor.socket.pause()
    visitor.socket.write(SECOND)
    await pause(100)
    expect(asked).toBe(1)
    visitor.socket.resume()
    visitor.socket.write(LAST)
    const received = await visitor.closed
    expect([...received.matchAll(/HTTP\/1\.1 200/g)]).toHaveLength(3)
    expect(received).toHaveLength(received.replaceAll('Q', '').length + 90_000_003)
    expect(asked).toBe(3)
  }, 20_000)

  it('that asks on and on before it was answered is read no further', async () => {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const { asked, handle } = echo()
    const { port, sockets } = await start(async (request) => {
      await released
      return handle(request)
    })
    const visitor = connectTo(port)
    visitor.socket.write(GET)
    await pause(30)
    for (let times = 0; times < 20; times++) visitor.socket.write(SECOND.repeat(50_000))
    await pause(300)
    expect([...sockets][0]?.bytesRead).toBeLessThan(1_000_000)
    expect(asked).toEqual([])
    visitor.socket.destroy()
    release()
  })

  it('has no listeners of ours any more when it has been handed over', async () => {
    const { handle } = echo()
    const { port, sockets } = await start(handle)
    const alone = createHttpServer(createNodeListener(handle, { trustedProxies: [] }, silentLog))
    const fresh: Socket[] = []
    alone.on('connection', (socket: Socket) => fresh.push(socket))
    alone.listen(0, '127.0.0.1')
    await once(alone, 'listening')
    for (const each of [port, (alone.address() as AddressInfo).port]) {
      const visitor = connectTo(each)
      visitor.socket.write(GET.replace('GET', 'HEAD'))
      await visitor.until(/200 OK/)
    }
    const names = ['data', 'end', 'error', 'timeout', 'close', 'drain']
    const counts = [[...sockets][0], fresh[0]].map((socket) => names.map((name) => socket?.listenerCount(name)))
    alone.closeAllConnections()
    alone.close()
    expect(counts[0]).toEqual(counts[1])
  })

  it('has the body limits of its path', async () => {
    const { asked, handle } = echo()
    const largeBody = (path: string) => (path === '/large' ? 2_000 : undefined)
    const { port, handedOver } = await start(handle, { settings: { maxBody: 1_000, largeBody } })
    const post = (path: string, size: number) =>
      `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`
    const statusFor = async (path: string, size: number) => {
      const visitor = connectTo(port)
      visitor.socket.write(post(path, size))
      const status = statusOf(await visitor.until(/\}$/))
      visitor.socket.destroy()
      return status
    }
    expect(await statusFor('/a', 1_000)).toBe(200)
    expect(await statusFor('/large', 1_000)).toBe(200)
    expect(handedOver()).toBe(0)
    expect(await statusFor('/a', 1_001)).toBe(413)
    // Those that count among the large ones are counted where they are received.
    expect(await statusFor('/large', 2_000)).toBe(200)
    expect(await statusFor('/large', 2_001)).toBe(413)
    expect(handedOver()).toBe(3)
    expect(asked).toHaveLength(3)
  })

  it.each([[GET], [GET.replace('GET', 'HEAD')]])(
    'believes its trusted proxies, and nobody else: %s',
    async (request) => {
      const said = request.replace('Host: h', 'Host: h\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https')
      for (const [trustedProxies, expected] of [
        [['127.0.0.1'], { address: '192.0.2.7', secure: true }],
        [[], { address: '127.0.0.1', secure: false }],
      ] as const) {
        const seen: Peer[] = []
        const { port } = await start(
          async ({ peer }) => {
            seen.push(peer)
            return text(200, 'fine')
          },
          { settings: { trustedProxies } },
        )
        const visitor = connectTo(port)
        visitor.socket.write(said)
        await visitor.until(/200 OK/)
        visitor.socket.destroy()
        expect(seen).toEqual([{ ...expected, host: 'h' }])
      }
    },
  )

  it('that ends its side is still answered, and then ended', async () => {
    const { handle } = echo()
    const { port } = await start(handle)
    const visitor = connectTo(port)
    visitor.socket.end(GET)
    expect(await visitor.closed).toMatch(/^HTTP\/1\.1 200 OK.*GET \/a /s)
    const hasted = connectTo(port)
    hasted.socket.end('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na')
    expect(statusOf(await hasted.closed)).toBe(400)
  })

  it('that is gone before its reply harms nobody', async () => {
    const { handle } = echo()
    const { port } = await start(async (request) => {
      await pause(50)
      return handle(request)
    })
    const gone = connectTo(port)
    gone.socket.write(GET)
    await pause(20)
    gone.socket.resetAndDestroy()
    await pause(80)
    expect(statusOf(await exchange(port, LAST))).toBe(200)
  })
})

describe('a reply', () => {
  const replies: readonly [string, HttpReply][] = [
    ['JSON', json(200, { a: 1 }, { 'cache-control': 'max-age=60' })],
    ['text beyond ASCII', text(400, '令牌 é')],
    ['bytes', { status: 200, headers: { 'content-type': 'image/png' }, body: Buffer.from([0, 255, 128, 10]) }],
    ['nothing', text(200, '')],
    ['a redirect with two cookies', redirect(303, 'https://a.example/cb?code=1', ['a=1; Secure', 'b=2'])],
    ['no content', { status: 204, headers: { allow: 'GET' }, body: '' }],
    ['not modified', { status: 304, headers: { etag: '"a"' }, body: '' }],
    ['an unusual status', { status: 599, headers: {}, body: 'x' }],
  ]
  const asLines = (reply: string) => {
    const [head = '', ...body] = reply.split('\r\n\r\n')
    const lines = head.split('\r\n').filter((line) => !/^date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/i.test(line))
    return { lines: lines.map((line) => line.toLowerCase()), body: body.join('\r\n\r\n') }
  }

  it.each(replies)(
    'RFC 9112 §4, RFC 9110 §5.6.7, §8.6, §15.3.5, §15.4.5: of %s is what the server of Node would write',
    async (_, reply) => {
      const { port } = await start(async () => reply, { timeouts: { idle: 7_000 } })
      const node = createHttpServer(
        { keepAliveTimeout: 7_000 },
        createNodeListener(async () => reply, { trustedProxies: [] }, silentLog),
      )
      node.listen(0, '127.0.0.1')
      await once(node, 'listening')
      const received = await Promise.all(
        [port, (node.address() as AddressInfo).port].map(async (each) => {
          const visitor = connectTo(each)
          visitor.socket.write(GET)
          await visitor.until(/\r\n\r\n/)
          await pause(30)
          visitor.socket.destroy()
          return asLines(visitor.received())
        }),
      )
      node.closeAllConnections()
      node.close()
      expect(received[0]).toEqual(received[1])
      expect(received[0]?.lines.length).toBeGreaterThan(2)
    },
  )

  it.each(['a\r\nset-cookie: b', 'a\nb', 'a\0', '令牌'])(
    'RFC 9110 §5.5: with a header that could end its line is none: nothing of it is written',
    async (value) => {
      const lines: string[] = []
      const log = createLog('info', 'text', (line) => lines.push(line))
      const { port } = await start(
        async ({ path }) => (path === '/a' ? text(200, 'secret', { 'x-a': value }) : text(200, 'fine')),
        { log },
      )
      const visitor = connectTo(port)
      visitor.socket.write(GET)
      const received = await visitor.until(/\}$/)
      expect(statusOf(received)).toBe(500)
      expect(received).not.toMatch(/set-cookie|secret/)
      expect(lines.join()).toMatch(/A request failed.*TypeError/)
      visitor.socket.write(SECOND)
      await visitor.until(/fine$/)
    },
  )

  it('to a handler that fails says no more than that', async () => {
    const { port } = await start(async () => {
      throw new Error('secret')
    })
    const visitor = connectTo(port)
    visitor.socket.write(GET)
    expect(await visitor.until(/\}$/)).toMatch(/^HTTP\/1\.1 500 .*server_error/s)
    expect(visitor.received()).not.toContain('secret')
  })
})

describe('a visitor who is slow', () => {
  const closedWithin = (closed: Promise<string>, ms: number) =>
    Promise.race([closed, pause(ms).then(() => 'still open')])

  it('to begin is told so', async () => {
    const { port } = await start(echo().handle, { timeouts: { headers: 100 } })
    expect(statusOf(await closedWithin(connectTo(port).closed, 3_000))).toBe(408)
  })

  it('to send a body is told so, also on a connection that was answered before', async () => {
    const { asked, handle } = echo()
    const { port } = await start(handle, { timeouts: { request: 100 } })
    const visitor = connectTo(port)
    visitor.socket.write(GET)
    await visitor.until(/GET \/a/)
    visitor.socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na')
    expect(await closedWithin(visitor.closed, 3_000)).toMatch(/HTTP\/1\.1 408 Request Timeout\r\n/)
    expect(asked).toEqual(['GET /a '])
  })

  it('to ask again finds the connection closed, without a word', async () => {
    const { port } = await start(echo().handle, { timeouts: { idle: AT_ONCE } })
    const visitor = connectTo(port)
    visitor.socket.write(GET)
    expect(await closedWithin(visitor.closed, 3_000)).toMatch(/GET \/a "\}$/)
  })

  it('to take a reply is let go', async () => {
    const { port } = await start(async () => text(200, 'x'.repeat(30_000_000)), {
      timeouts: { headers: 100, silence: 300 },
    })
    const visitor = connectTo(port)
    visitor.socket.write(GET)
    await visitor.until(/^HTTP/)
    visitor.socket.pause()
    await pause(1_500)
    visitor.socket.resume()
    expect((await closedWithin(visitor.closed, 5_000)).length).toBeLessThan(30_000_000)
  })

  it('is not who waits for a slow reply', async () => {
    const { port } = await start(
      async () => {
        await pause(400)
        return text(200, 'done')
      },
      { timeouts: { headers: 100, idle: AT_ONCE } },
    )
    const visitor = connectTo(port)
    visitor.socket.write(GET)
    await visitor.until(/done$/)
  })
})

describe('a connection that rests in a crowd', () => {
  /** Of a server in whose eyes there is a crowd at any time. */
  async function startCrowded(milliseconds = 0) {
    const { asked, handle: answer } = echo()
    const handle: Handle = async (request) => {
      if (milliseconds > 0) await pause(milliseconds)
      return answer(request)
    }
    const resting: Resting[] = []
    const changed = (gate: LoadGate): LoadGate => ({ ...gate, rest: (one) => resting.push(one) > 0 })
    const started = await start(handle, { changed })
    const visitor = connectTo(started.port)
    visitor.socket.write(GET)
    await visitor.until(/GET \/a /)
    expect(resting).toHaveLength(1)
    const readOn = () => {
      for (const one of resting.splice(0)) one.readOn()
    }
    return { ...started, asked, visitor, resting, readOn }
  }

  it('is not read before it is told, and then answered', async () => {
    const { asked, visitor, sockets, readOn } = await startCrowded()
    visitor.socket.write(SECOND)
    await pause(50)
    expect(asked).toEqual(['GET /a '])
    expect([...sockets].map(({ bytesRead }) => bytesRead)).toEqual([GET.length])
    readOn()
    await visitor.until(/GET \/b /)
    readOn()
    visitor.socket.write('HEAD /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    expect(await visitor.closed).toMatch(/GET \/b .*HTTP\/1\.1 200 OK/s)
    expect(asked).toEqual(['GET /a ', 'GET /b ', 'HEAD /c '])
  })

  it('does not rest when it has asked for what never stands in line', async () => {
    const { handle } = echo()
    const rest = vi.fn(() => true)
    const changed = (gate: LoadGate): LoadGate => ({ ...gate, isExempt: (path) => path === '/a', rest })
    const { port } = await start(handle, { changed })
    const visitor = connectTo(port)
    visitor.socket.write(GET)
    await visitor.until(/GET \/a /)
    expect(rest).not.toHaveBeenCalled()
    visitor.socket.write(SECOND)
    await visitor.until(/GET \/b /)
    expect(rest).toHaveBeenCalledOnce()
  })

  it('does not rest when it has asked already', async () => {
    const { visitor, resting, readOn, handedOver } = await startCrowded()
    readOn()
    visitor.socket.write(SECOND + GET)
    await visitor.until(/GET \/b .*GET \/a /s)
    expect(handedOver()).toBe(1)
    expect(resting).toEqual([])
  })

  it('whose visitor has ended their side ends, and one that is gone harms nobody', async () => {
    const { visitor, port, resting, readOn } = await startCrowded()
    const gone = connectTo(port)
    gone.socket.write(GET)
    await gone.until(/GET \/a /)
    gone.socket.resetAndDestroy()
    visitor.socket.end()
    await pause(30)
    expect(resting).toHaveLength(2)
    readOn()
    expect(await visitor.closed).toMatch(/^HTTP\/1\.1 200 OK/)
    readOn()
  })

  it('is answered what it has asked when all connections end, and ended when it has not', async () => {
    const { asked, visitor, port, direct, readOn } = await startCrowded()
    const idle = connectTo(port)
    idle.socket.write(GET)
    await idle.until(/GET \/a /)
    visitor.socket.write(SECOND)
    await pause(30)
    direct.close()
    expect(await visitor.closed).toMatch(/HTTP.*HTTP\/1\.1 200 OK.*Connection: close\r\n\r\n.*GET \/b /s)
    expect(await idle.closed).not.toContain('close')
    expect(asked).toEqual(['GET /a ', 'GET /a ', 'GET /b '])
    readOn()
  })
  it('is left to Node’s server at the end of all connections when it has asked for what that answers', async () => {
    const { asked, visitor, direct, handedOver } = await startCrowded(30)
    visitor.socket.write('HEAD /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    await pause(30)
    direct.close()
    expect(await visitor.closed).toMatch(/GET \/a .*HTTP\/1\.1 200 OK/s)
    expect(handedOver()).toBe(1)
    expect(asked).toEqual(['GET /a ', 'HEAD /b '])
  })
})

describe('the end of all connections', () => {
  it('comes at once for those without a request, and with their reply for others', async () => {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const { port, direct } = await start(async ({ path }: HttpRequest) => {
      if (path === '/b') await released
      return text(200, `did ${path}`)
    })
    const [idle, silent, busy, half] = Array.from({ length: 4 }, () => connectTo(port))
    if (!idle || !silent || !busy || !half) throw new Error('no connections')
    idle.socket.write(GET)
    await idle.until(/did/)
    busy.socket.write(SECOND)
    half.socket.write('POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na')
    await pause(30)
    direct.close()
    await idle.closed
    expect(await silent.closed).toBe('')
    half.socket.write('=1')
    expect(await half.closed).toMatch(/^HTTP\/1\.1 200 OK.*Connection: close\r\n\r\ndid \/c$/s)
    release()
    expect(await busy.closed).toMatch(/^HTTP\/1\.1 200 OK.*Connection: close\r\n\r\ndid \/b$/s)
  })

  it('can be forced', async () => {
    const { port, direct } = await start(() => new Promise<HttpReply>(() => {}))
    const stuck = connectTo(port)
    stuck.socket.write(GET)
    await pause(30)
    direct.destroy()
    expect(await stuck.closed).toBe('')
  })
})
