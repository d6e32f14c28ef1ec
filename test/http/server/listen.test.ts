import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request as tlsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { HttpReply, HttpRequest } from '../../../src/http/message.ts'
import { json, text } from '../../../src/http/reply/replies.ts'
import { CannotListen } from '../../../src/http/server/cannot-listen.ts'
import { type Listening, type ListenOptions, listen } from '../../../src/http/server/listen.ts'
import { createLog, silentLog } from '../../../src/platform/log.ts'
import { connectTo, exchange, pause, statusOf } from '../raw-socket.ts'

const open: Listening[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

const ok = async (): Promise<HttpReply> => json(200, { ok: true })

async function start(options: Partial<ListenOptions> = {}): Promise<Listening> {
  const server = await listen({
    host: '127.0.0.1',
    port: 0,
    handle: ok,
    log: silentLog,
    trustedProxies: [],
    ...options,
  })
  open.push(server)
  return server
}

describe('time limits', () => {
  it('ends a connection whose headers do not arrive', async () => {
    const { port } = await start({ timeouts: { headers: 300, request: 600 } })
    const slow = connectTo(port)
    slow.socket.write('GET / HTTP/1.1\r\nHost: h\r\n')
    const reply = await slow.closed
    expect(statusOf(reply)).toBe(408)
  })

  it('ends a connection that says nothing at all', async () => {
    const { port } = await start({ timeouts: { headers: 300, request: 600 } })
    const silent = connectTo(port)
    await expect(Promise.race([silent.closed.then(() => 'closed'), pause(20_000)])).resolves.toBe('closed')
  })

  it('ends a request whose body does not arrive, while a prompt one is answered', async () => {
    let asked = 0
    const handle = async () => json(200, { asked: ++asked })
    const { port } = await start({ handle, timeouts: { headers: 300, request: 600 } })
    const slow = connectTo(port)
    slow.socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\na=')
    const dripping = setInterval(() => slow.socket.write('x'), 100)
    const prompt = await exchange(port, 'POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1\r\n\r\na')
    const reply = await slow.closed
    clearInterval(dripping)
    expect(statusOf(prompt)).toBe(200)
    expect(statusOf(reply)).toBe(408)
    expect(asked).toBe(1)
  })

  it('lets a slow endpoint finish: the limits are for visitors', async () => {
    const handle = async () => {
      await pause(1500)
      return json(200, {})
    }
    const { port } = await start({ handle, timeouts: { headers: 300, request: 600 } })
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200)
  })

  it('ends an idle connection', async () => {
    const { port } = await start({ timeouts: { idle: 200 } })
    const connection = connectTo(port)
    connection.socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await connection.until(/"ok":true\}$/)
    await expect(Promise.race([connection.closed.then(() => 'closed'), pause(20_000)])).resolves.toBe('closed')
  })
})

describe('connections an address', () => {
  it('are limited without trusted proxies, and free again when one closes', async () => {
    const { port } = await start({ connectionsPerAddress: 3 })
    const held = Array.from({ length: 3 }, () => connectTo(port))
    for (const connection of held) {
      connection.socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      await connection.until(/"ok":true\}$/)
    }
    const refused = connectTo(port)
    refused.socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await refused.closed).toBe('')
    held[0]?.socket.destroy()
    await held[0]?.closed
    await pause(50)
    expect(statusOf(await exchange(port, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'))).toBe(200)
    for (const connection of held) connection.socket.destroy()
  })

  it('are 256, and unlimited behind a trusted proxy', async ({ onTestFinished }) => {
    // On a busy machine some would stand in line for longer than they may, and be refused for that.
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const answered = async (trustedProxies: string[]) => {
      const { port } = await start({ trustedProxies })
      const all = Array.from({ length: 260 }, () => connectTo(port))
      const counts = all.map(async (connection) => {
        connection.socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
        return Promise.race([connection.until(/"ok":true\}$/).then(() => 1), connection.closed.then(() => 0)]).catch(
          () => 0,
        )
      })
      const total = (await Promise.all(counts)).reduce<number>((sum, one) => sum + one, 0)
      for (const connection of all) connection.socket.destroy()
      return total
    }
    expect(await answered([])).toBe(256)
    expect(await answered(['127.0.0.1'])).toBe(260)
  })
})

describe('closing', () => {
  it('finishes the request in flight, ends idle connections and accepts nothing further', async () => {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const handle = async (request: HttpRequest) => {
      if (request.path === '/slow') await released
      return json(200, { path: request.path })
    }
    const server = await start({ handle })
    const idle = connectTo(server.port)
    idle.socket.write('GET /idle HTTP/1.1\r\nHost: h\r\n\r\n')
    await idle.until(/idle"\}$/)
    const busy = connectTo(server.port)
    busy.socket.write('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
    await pause(50)
    const closing = server.close()
    await idle.closed
    await expect(fetch(`http://127.0.0.1:${server.port}/`)).rejects.toThrow()
    release()
    expect(await busy.closed).toMatch(/^HTTP\/1\.1 200.*"path":"\/slow"\}$/s)
    await closing
  })

  // The second one is read by Node's server.
  const GET = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n'
  it.each([GET, GET.replace('Host: h', 'Host: h\r\nX:')])(
    'leaves a visitor the time to take a reply whole: %j',
    async (request) => {
      const server = await start({ handle: async () => text(200, 'Q'.repeat(30_000_000)) })
      const slow = connectTo(server.port)
      slow.socket.write(request)
      await slow.until(/^HTTP/)
      slow.socket.pause()
      const idle = connectTo(server.port)
      await pause(50)
      const closing = server.close()
      await idle.closed
      await pause(200)
      slow.socket.resume()
      expect((await slow.closed).replace(/^.*\r\n\r\n/s, '')).toHaveLength(30_000_000)
      await closing
    },
  )

  it.each([GET, GET.replace('Host: h', 'Host: h\r\nX:')])(
    'RFC 9112 §9.6: says so in the reply to a request in flight, and begins none behind it: %j',
    async (request) => {
      let release = () => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      let asked = 0
      const handle = async () => {
        asked++
        await released
        return json(200, {})
      }
      const server = await start({ handle })
      const visitor = connectTo(server.port)
      visitor.socket.write(request)
      await pause(50)
      visitor.socket.write(request + request)
      await pause(50)
      const closing = server.close()
      release()
      const received = await visitor.closed
      expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n/s)
      expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1)
      expect(asked).toBe(1)
      await closing
    },
  )

  it('destroys what has not finished in time', async () => {
    const server = await start({ handle: () => new Promise<HttpReply>(() => {}), timeouts: { close: 200 } })
    const stuck = connectTo(server.port)
    stuck.socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await pause(50)
    const started = performance.now()
    await server.close()
    // Far from the ten seconds that it may take where nobody says otherwise.
    expect(performance.now() - started).toBeLessThan(8_000)
    expect(await stuck.closed).toBe('')
  })
})

describe('a socket that cannot be had', () => {
  it('is one clear sentence', async () => {
    const { port } = await start()
    const second = start({ port })
    await expect(second).rejects.toThrow(CannotListen)
    await expect(second).rejects.toThrow(`Port ${port} on 127.0.0.1 is already in use by another program`)
    await expect(start({ host: '192.0.2.1' })).rejects.toThrow('This machine has no address 192.0.2.1')
  })

  it('names certificate files that cannot be used', async () => {
    await expect(start({ tls: { cert: '/nowhere/c.pem', key: '/nowhere/k.pem' } })).rejects.toThrow(
      'The certificate /nowhere/c.pem and key /nowhere/k.pem cannot be used (ENOENT).',
    )
  })
})

describe('TLS by certificate files', () => {
  let folder = ''
  const file = (name: string) => join(folder, name)
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lingpai-tls-'))
    for (const [name, days] of [
      ['one', '2'],
      ['two', '3'],
    ] as const) {
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-days',
          days,
          '-subj',
          `/CN=${name}`,
          '-keyout',
          file(`${name}.key`),
          '-out',
          file(`${name}.crt`),
        ],
        { stdio: 'ignore' },
      )
    }
    copyFileSync(file('one.crt'), file('live.crt'))
    copyFileSync(file('one.key'), file('live.key'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function ask(port: number): Promise<{ name: string; status: number | undefined }> {
    return new Promise((resolve, reject) => {
      const sent = tlsRequest({ port, host: '127.0.0.1', rejectUnauthorized: false, agent: false }, (reply) => {
        const subject = (reply.socket as TLSSocket).getPeerCertificate().subject
        reply.resume()
        reply.on('end', () => resolve({ name: String(subject.CN), status: reply.statusCode }))
      })
      sent.on('error', reject)
      sent.end()
    })
  }

  it('says so to the endpoint, and reads renewed files on SIGHUP; a pair that does not fit changes nothing', async () => {
    const lines: string[] = []
    const log = createLog('info', 'text', (line) => lines.push(line))
    const handle = async ({ peer }: HttpRequest) => json(peer.secure ? 200 : 500, {})
    const { port, metrics } = await start({ handle, log, tls: { cert: file('live.crt'), key: file('live.key') } })
    expect(await ask(port)).toEqual({ name: 'one', status: 200 })
    const expiry = () => metrics().find(({ name }) => name === 'lingpai_tls_certificate_expires_timestamp_seconds')
    const inUse = (name: string) => {
      const until = new X509Certificate(readFileSync(file(`${name}.crt`))).validToDate.getTime() / 1000
      return [{ labels: [], value: until }]
    }
    expect(inUse('one')).not.toEqual(inUse('two'))
    expect(expiry()?.samples).toEqual(inUse('one'))

    copyFileSync(file('two.crt'), file('live.crt'))
    process.emit('SIGHUP')
    expect(await ask(port)).toEqual({ name: 'one', status: 200 })
    expect(expiry()?.samples).toEqual(inUse('one'))
    expect(lines.join()).toMatch(
      /the old one stays in use reason="The certificate .*live\.crt and key .* cannot be used/,
    )

    copyFileSync(file('two.key'), file('live.key'))
    process.emit('SIGHUP')
    expect(await ask(port)).toEqual({ name: 'two', status: 200 })
    expect(expiry()?.samples).toEqual(inUse('two'))
  })

  it('reads no further than a certificate may be long', async () => {
    await expect(start({ tls: { cert: '/dev/zero', key: file('one.key') } })).rejects.toThrow(CannotListen)
  })

  it('reads files again that are written over in place, without being told', async () => {
    const put = (name: string) => {
      copyFileSync(file(`${name}.crt`), file('over.crt'))
      copyFileSync(file(`${name}.key`), file('over.key'))
    }
    put('one')
    const before = statSync(file('over.crt')).ino
    const { port } = await start({ tls: { cert: file('over.crt'), key: file('over.key') } })
    expect((await ask(port)).name).toBe('one')
    put('two')
    expect(statSync(file('over.crt')).ino).toBe(before)
    await expect.poll(async () => (await ask(port)).name, { timeout: 20_000, interval: 250 }).toBe('two')
  }, 30_000)

  describe('a handshake that does not go on', () => {
    // The beginning of a ClientHello; nothing at all; what is no handshake.
    const beginnings = [Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), Buffer.alloc(0), Buffer.from('GET / HT')]

    it('has as long as headers have, and takes nobody the place after that', async () => {
      const tls = { cert: file('one.crt'), key: file('one.key') }
      const { port } = await start({ tls, timeouts: { headers: 300 }, connectionsPerAddress: 3 })
      const slow = beginnings.map((bytes) => {
        const connection = connectTo(port)
        connection.socket.write(bytes)
        return connection
      })
      for (const connection of slow) expect(await connection.closed).toBe('')
      expect(await ask(port)).toEqual({ name: 'one', status: 200 })
    })

    it('is over when its visitor ends it', async () => {
      const { port } = await start({ tls: { cert: file('one.crt'), key: file('one.key') } })
      for (const bytes of beginnings.slice(0, 2)) {
        const connection = connectTo(port)
        connection.socket.end(bytes)
        expect(await connection.closed).toBe('')
      }
    })

    it('holds up no end, while a request in flight is answered', async () => {
      let release = () => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      const asked = Promise.withResolvers<void>()
      const handle = async () => {
        asked.resolve()
        await released
        return json(200, {})
      }
      const server = await start({ handle, tls: { cert: file('one.crt'), key: file('one.key') } })
      const slow = beginnings.slice(0, 2).map((bytes) => {
        const connection = connectTo(server.port)
        connection.socket.write(bytes)
        return connection
      })
      const busy = ask(server.port)
      await asked.promise
      const closing = server.close()
      for (const connection of slow) expect(await connection.closed).toBe('')
      release()
      expect(await busy).toEqual({ name: 'one', status: 200 })
      const started = performance.now()
      await closing
      // It does not wait for the ten seconds that a close may take.
      expect(performance.now() - started).toBeLessThan(8_000)
    })
  })

  it.each(['Host: h', 'Host: h\r\nX:'])(
    'RFC 8446 §6.1: answers whoever has ended its side behind a request: %j',
    async (headers) => {
      const handle = async ({ path }: HttpRequest) => {
        await pause(50)
        return json(200, { path })
      }
      const { port } = await start({ handle, tls: { cert: file('one.crt'), key: file('one.key') } })
      const visitor = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      visitor.allowHalfOpen = true
      await once(visitor, 'secureConnect')
      visitor.end(`GET /a HTTP/1.1\r\n${headers}\r\n\r\n`)
      expect(Buffer.concat(await visitor.toArray()).toString('utf8')).toMatch(/^HTTP\/1\.1 200 .*"path":"\/a"\}$/s)
    },
  )

  it('serves one request after another of a connection, whole ones and others', async () => {
    const handle = async ({ method, body, peer }: HttpRequest) =>
      json(200, { method, body: Buffer.from(body).toString('utf8'), secure: peer.secure })
    const { port } = await start({ handle, tls: { cert: file('one.crt'), key: file('one.key') } })
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
    const sockets = new Set<unknown>()
    const answers: string[] = []
    for (const headers of [{ 'content-length': 3 }, { 'content-length': 3 }, { 'transfer-encoding': 'chunked' }, {}]) {
      const sent = tlsRequest({ port, host: '127.0.0.1', agent, method: 'POST', headers })
      sent.end('a=b')
      const [reply] = (await once(sent, 'response')) as [IncomingMessage]
      answers.push(Buffer.concat(await reply.toArray()).toString('utf8'))
      sockets.add(sent.socket)
    }
    agent.destroy()
    expect(answers).toEqual(Array.from({ length: 4 }, () => '{"method":"POST","body":"a=b","secure":true}'))
    expect(sockets.size).toBe(1)
  })
})
