// The guarded client against real sockets: nothing but public addresses, what was checked is what is connected to, and
// no target can cost more than its limits. SECURITY-CASES D04 to D06.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecure } from 'node:https'
import { createServer as createSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createOutboundClient, type OutboundSettings } from '../../../src/http/outbound/client.ts'
import type { OutboundRequest } from '../../../src/http/outbound/message.ts'
import { type OutboundUse, onBehalfOf } from '../../../src/http/outbound/on-behalf.ts'
import { testClock } from '../../support/clock.ts'
import { portOf } from './listening.ts'

const GOOD = { 'content-type': 'application/json; charset=utf-8' }

/** A target that may be asked, and what it was asked. */
async function target(listener: RequestListener, settings: OutboundSettings = {}) {
  const seen: { url: string; method: string; headers: NodeJS.Dict<string | string[]>; body: string }[] = []
  const port = await portOf(
    createServer((request, reply) => {
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      request.on('end', () => {
        seen.push({ url: request.url ?? '', method: request.method ?? '', headers: request.headers, body })
        listener(request, reply)
      })
    }),
  )
  const client = createOutboundClient({ allow: [`127.0.0.1:${port}`], ...settings })
  const origin = `http://127.0.0.1:${port}`
  const ask = (request: Partial<OutboundRequest> = {}) =>
    client.ask({
      url: `${origin}/keys`,
      mediaTypes: ['application/json'],
      mostBytes: 1_000,
      milliseconds: 2_000,
      ...request,
    })
  return { port, origin, client, seen, ask }
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

describe('before any packet', () => {
  test.each([
    ...words(`
      https://127.0.0.1/ https://2130706433/ https://0x7f000001/ https://0177.0.0.1/ https://127.1/
      https://[::1]/ https://[::ffff:127.0.0.1]/ https://[0:0:0:0:0:ffff:7f00:1]/ https://0/
      https://localhost/ https://LOCALHOST./ https://①②⑦.⓪.⓪.①/ https://１２７.0.0.1/ https://%6cocalhost/
      https://169.254.169.254/latest/meta-data/ https://metadata.google.internal/ https://printer.local/
      http://keys.example.com/ ftp://keys.example.com/ file:///etc/passwd data:application/json,{}
      https://user@keys.example.com/ https://:pw@keys.example.com/ //keys.example.com/
    `),
    '',
    'no address',
    `https://keys.example.com/${'x'.repeat(2_048)}`,
  ])('D04 %s is refused', async (url) => {
    const asked: string[] = []
    const resolve = async (host: string) => {
      asked.push(host)
      return ['8.8.8.8']
    }
    const client = createOutboundClient({ resolve })
    expect(client.problemOf(url)).not.toBeNull()
    const answer = await client.ask({ url, mediaTypes: null, mostBytes: 10 })
    expect(answer).toMatchObject({ kind: 'failed', why: expect.stringMatching(/^(url|address)$/) })
    expect(asked).toEqual([])
  })

  test('a public address is not refused', () => {
    expect(createOutboundClient().problemOf('https://keys.example.com/jwks?v=1')).toBeNull()
    expect(createOutboundClient().problemOf('https://[2606:4700:4700::1111]:8443/')).toBeNull()
  })

  test('D05 a name that leads to an address that is not public, alone or among others', async () => {
    const { port, seen } = await target((_, reply) => void reply.end())
    for (const found of [['127.0.0.1'], ['8.8.8.8', '10.0.0.1'], ['::ffff:127.0.0.1'], ['fd00::1'], []]) {
      const client = createOutboundClient({ resolve: async () => found })
      const answer = await client.ask({ url: `https://keys.example.com:${port}/`, mediaTypes: null, mostBytes: 10 })
      expect(answer).toMatchObject({ kind: 'failed', why: found.length === 0 ? 'unresolved' : 'address' })
    }
    expect(seen).toEqual([])
  })

  test('D05 a name is asked for once, and only that answer is connected to', async () => {
    let opened = 0
    const port = await portOf(createSocket(() => opened++))
    const answers = [['192.88.98.1'], ['127.0.0.1'], ['127.0.0.1']]
    let asked = 0
    const client = createOutboundClient({ resolve: async () => answers[asked++] ?? ['127.0.0.1'] })
    const answer = await client.ask({
      url: `https://rebinding.example.com:${port}/`,
      mediaTypes: null,
      mostBytes: 10,
      milliseconds: 400,
    })
    expect(answer.kind).toBe('failed')
    expect([asked, opened]).toEqual([1, 0])
  })

  test('the address that was found is the one connected to, whatever DNS knows of the name', async () => {
    const { port, seen } = await target((_, reply) => void reply.writeHead(200, GOOD).end('{}'))
    let asked = 0
    const client = createOutboundClient({
      allow: [`nowhere.example.com:${port}`],
      resolve: async () => {
        asked++
        return ['127.0.0.1']
      },
    })
    const url = `http://nowhere.example.com:${port}/keys`
    expect(await client.ask({ url, mediaTypes: null, mostBytes: 10 })).toMatchObject({ kind: 'answered' })
    expect(asked).toBe(1)
    expect(seen[0]?.headers['host']).toBe(`nowhere.example.com:${port}`)
  })
})

describe('the allow-list', () => {
  test('is exact: host and port, and off by default', async () => {
    const { port, origin, seen, ask } = await target((_, reply) => void reply.writeHead(200, GOOD).end('{}'))
    expect((await ask()).kind).toBe('answered')
    for (const allow of [
      [],
      [`127.0.0.1:${port + 1}`],
      ['127.0.0.1:80'],
      [`127.0.0.11:${port}`],
      [`localhost:${port}`],
    ]) {
      const client = createOutboundClient({ allow })
      expect((await client.ask({ url: `${origin}/`, mediaTypes: null, mostBytes: 10 })).kind).toBe('failed')
    }
    // Another spelling of the same address is the same address.
    const decimal = `http://2130706433:${port}/`
    const client = createOutboundClient({ allow: [`127.0.0.1:${port}`] })
    expect((await client.ask({ url: decimal, mediaTypes: null, mostBytes: 10 })).kind).toBe('answered')
    expect(seen).toHaveLength(2)
  })

  test('is not for strangers, who are told the same of a host that is on it and of one that is not', async () => {
    const { port, origin, seen, client } = await target((_, reply) => void reply.writeHead(200, GOOD).end('{}'))
    const lenient = createOutboundClient({ allow: [`127.0.0.1:${port}`], allowStrangers: true })
    const asked = { mediaTypes: null, mostBytes: 10, stranger: 'network' }
    for (const scheme of ['http', 'https']) {
      const listed = await client.ask({ ...asked, url: `${scheme}://127.0.0.1:${port}/` })
      expect(listed).toMatchObject({ kind: 'failed', why: scheme === 'http' ? 'url' : 'address' })
      expect(await client.ask({ ...asked, url: `${scheme}://127.0.0.1:1/` })).toEqual(listed)
      const url = `${scheme}://127.0.0.1:${port}/`
      expect(client.problemOf(url, 'network')).toBe(client.problemOf(`${scheme}://127.0.0.1:1/`, 'network'))
      expect([client.problemOf(url), lenient.problemOf(url, 'network')]).toEqual([null, null])
    }
    expect(seen).toEqual([])
    expect((await lenient.ask({ ...asked, url: `${origin}/` })).kind).toBe('answered')
  })

  test('is named where it would help whoever runs the server', async () => {
    const { port } = await target((_, reply) => void reply.end())
    const reasonOf = async (url: string, stranger?: string) => {
      const answer = await createOutboundClient().ask({
        url,
        mediaTypes: null,
        mostBytes: 10,
        ...(stranger !== undefined && { stranger }),
      })
      return answer.kind === 'failed' ? answer.reason : 'answered'
    }
    const help = `outboundAllow does not list 127.0.0.1:${port}`
    expect(await reasonOf(`http://127.0.0.1:${port}/`)).toBe(`the address does not begin with https://; ${help}`)
    expect(await reasonOf(`https://127.0.0.1:${port}/`)).toBe(`the host is not a public address; ${help}`)
    for (const url of ['ftp://127.0.0.1/', 'http://u@127.0.0.1/', 'no address', 'http://']) {
      expect(await reasonOf(url)).not.toContain('outboundAllow')
    }
    expect(await reasonOf(`http://127.0.0.1:${port}/`, 'network')).not.toContain('outboundAllow')
  })
})

describe('what is sent', () => {
  test('carries no cookie, no credentials, no address of ours, and asks for nothing packed', async () => {
    const { ask, seen } = await target((_, reply) => {
      reply.writeHead(200, { ...GOOD, 'set-cookie': 'a=b' }).end('{}')
    })
    await ask()
    await ask()
    expect(seen).toHaveLength(2)
    for (const { headers } of seen) {
      expect(Object.keys(headers).sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent'])
      expect(headers['accept-encoding']).toBe('identity')
    }
  })

  test('a form goes by POST, and is not redirected', async () => {
    const { ask, seen } = await target((_, reply) => void reply.writeHead(200).end())
    expect(await ask({ form: 'logout_token=x', mediaTypes: null })).toMatchObject({ kind: 'answered', status: 200 })
    expect(seen[0]).toMatchObject({ method: 'POST', body: 'logout_token=x' })
    const other = await target((_, reply) => void reply.writeHead(307, { location: '/again' }).end())
    expect(await other.ask({ form: 'x=y', redirects: 3 })).toMatchObject({ why: 'redirected' })
    expect(other.seen).toHaveLength(1)
  })
})

describe('what comes back', () => {
  test('RFC 9111 §5.2.2 is the body, and how long it may be kept', async () => {
    const { ask } = await target((_, reply) => {
      reply.writeHead(200, { ...GOOD, 'cache-control': 'public, max-age=120' }).end('{"keys":[]}')
    })
    const answer = await ask()
    expect(answer).toMatchObject({ kind: 'answered', status: 200, maxAge: 120 })
    expect(answer.kind === 'answered' && Buffer.from(answer.body).toString()).toBe('{"keys":[]}')
  })

  test.each<readonly [string, string, RequestListener]>([
    ['an error, whose body is never repeated', 'status', (_, reply) => void reply.writeHead(500, GOOD).end('secret')],
    ['a redirect', 'redirected', (_, reply) => void reply.writeHead(302, { location: '/secret' }).end('secret')],
    [
      'another media type',
      'media_type',
      (_, reply) => void reply.writeHead(200, { 'content-type': 'text/html' }).end('secret'),
    ],
    ['no media type', 'media_type', (_, reply) => void reply.writeHead(200).end('secret')],
    [
      'a packed body, however small',
      'media_type',
      (_, reply) =>
        void reply.writeHead(200, { ...GOOD, 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000))),
    ],
    [
      'a large body that says so',
      'too_large',
      (_, reply) => void reply.writeHead(200, GOOD).end('secret'.repeat(1_000)),
    ],
    [
      'an endless body',
      'too_large',
      (_, reply) => {
        reply.writeHead(200, GOOD)
        const timer = setInterval(() => reply.write('secret'.repeat(50)), 5)
        reply.on('close', () => clearInterval(timer))
      },
    ],
    [
      'a body that drips',
      'too_slow',
      (_, reply) => {
        reply.writeHead(200, GOOD)
        const timer = setInterval(() => reply.write('x'), 50)
        reply.on('close', () => clearInterval(timer))
      },
    ],
    ['silence', 'too_slow', () => undefined],
    [
      'an end in the middle',
      'unreachable',
      (_, reply) => {
        reply.writeHead(200, { ...GOOD, 'content-length': '10' })
        reply.write('{}', () => reply.destroy())
      },
    ],
    [
      'a large header',
      'unreachable',
      (_, reply) => void reply.writeHead(200, { ...GOOD, x: 'x'.repeat(20_000) }).end('{}'),
    ],
  ])('D06 %s', async (_, why, listener) => {
    const { ask } = await target(listener)
    const began = performance.now()
    const answer = await ask({ milliseconds: 500 })
    // A host that goes on for ever would keep it for as long as the test; half a second and what a busy machine adds are less.
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(answer).toMatchObject({ kind: 'failed', why })
    expect(JSON.stringify(answer)).not.toContain('secret')
    const twin = await target((_, reply) => void reply.writeHead(200, GOOD).end('{}'))
    expect((await twin.ask()).kind).toBe('answered')
  })

  test('D06 what speaks no HTTP, and what is not there', async () => {
    const port = await portOf(createSocket((socket) => socket.resume().end('SSH-2.0-secret\r\n')))
    const client = createOutboundClient({ allow: [`127.0.0.1:${port}`, '127.0.0.1:1'] })
    for (const each of [port, 1]) {
      const answer = await client.ask({ url: `http://127.0.0.1:${each}/`, mediaTypes: null, mostBytes: 10 })
      expect(answer).toMatchObject({ kind: 'failed', why: 'unreachable' })
      expect(JSON.stringify(answer)).not.toContain('secret')
    }
  })
})

describe('redirects', () => {
  test('D05 are followed as often as allowed, each checked like the first', async () => {
    const places: Readonly<Record<string, string>> = {
      '/keys': '/two',
      '/two': '/three',
      '/inside': 'http://127.0.0.1:1/',
      '/secure': 'https://127.0.0.1/',
      '/odd': 'http://',
      '/loop': '/loop',
    }
    const { ask, seen, origin } = await target((request, reply) => {
      const location = places[request.url ?? '']
      if (location === undefined) reply.writeHead(200, GOOD).end('{}')
      else reply.writeHead(302, { location }).end()
    })
    expect(await ask({ redirects: 2 })).toMatchObject({ kind: 'answered' })
    expect(await ask({ redirects: 1 })).toMatchObject({ kind: 'failed', why: 'redirected' })
    expect(await ask()).toMatchObject({ kind: 'failed', why: 'redirected' })
    const inside = await ask({ url: `${origin}/inside`, redirects: 5 })
    expect(inside).toMatchObject({ kind: 'failed', why: 'url', reason: 'the address does not begin with https://' })
    expect(await ask({ url: `${origin}/secure`, redirects: 5 })).toMatchObject({ kind: 'failed', why: 'address' })
    expect(await ask({ url: `${origin}/odd`, redirects: 5 })).toMatchObject({ kind: 'failed', why: 'redirected' })
    const before = seen.length
    expect(await ask({ url: `${origin}/loop`, redirects: 5 })).toMatchObject({ kind: 'failed', why: 'redirected' })
    expect(seen.length - before).toBe(6)
  })
})

describe('numbers', () => {
  test('one host holds four connections at most, and gives them back', async () => {
    const held: (() => void)[] = []
    const { ask, seen } = await target((_, reply) => {
      held.push(() => void reply.writeHead(200, GOOD).end('{}'))
    })
    const other = await target((_, reply) => void reply.writeHead(200, GOOD).end('{}'))
    const first = Array.from({ length: 4 }, () => ask())
    expect(await ask()).toMatchObject({ kind: 'failed', why: 'busy' })
    expect((await other.ask()).kind).toBe('answered')
    await expect.poll(() => held.length).toBe(4)
    for (const end of held.splice(0)) end()
    for (const answer of await Promise.all(first)) expect(answer.kind).toBe('answered')
    const again = ask()
    await expect.poll(() => held.length).toBe(1)
    held[0]?.()
    expect((await again).kind).toBe('answered')
    expect(seen).toHaveLength(5)
  })

  test('strangers who keep a host busy keep no client of the operator from it', async () => {
    const held: (() => void)[] = []
    const { port } = await target((_, reply) => {
      held.push(() => void reply.writeHead(200, GOOD).end('{}'))
    })
    const client = createOutboundClient({ allow: [`127.0.0.1:${port}`], allowStrangers: true })
    const request = { url: `http://127.0.0.1:${port}/keys`, mediaTypes: ['application/json'], mostBytes: 1_000 }
    const strangers = [1, 2, 3, 4].map((at) => client.ask({ ...request, stranger: `network ${at}` }))
    expect(await client.ask({ ...request, stranger: 'network 5' })).toMatchObject({ kind: 'failed', why: 'busy' })
    const ours = client.ask(request)
    await expect.poll(() => held.length).toBe(5)
    for (const end of held.splice(0)) end()
    for (const answer of await Promise.all([...strangers, ours])) expect(answer.kind).toBe('answered')
  })

  test('a stranger has 120 things asked in a minute, and keeps nobody else', async () => {
    const clock = testClock()
    const { port, origin, seen } = await target((_, reply) => void reply.writeHead(200, GOOD).end('{}'))
    const settings = { allow: [`127.0.0.1:${port}`], allowStrangers: true, clock }
    const client = createOutboundClient(settings)
    const ask = async (stranger: string | null, by = client) =>
      (await by.ask({ url: origin, mediaTypes: null, mostBytes: 10, ...(stranger !== null && { stranger }) })).kind
    for (let time = 0; time < 120; time++) expect(await ask('network')).toBe('answered')
    expect(await ask('network')).toBe('failed')
    expect(seen).toHaveLength(120)
    expect([await ask('other'), await ask(null)]).toEqual(['answered', 'answered'])
    clock.advance(60)
    expect(await ask('network')).toBe('answered')
    // Where four processes share the work, each has its part.
    const part = createOutboundClient({ ...settings, workers: 4 })
    for (let time = 0; time < 30; time++) expect(await ask('network', part)).toBe('answered')
    expect(await ask('network', part)).toBe('failed')
  })

  test('an unverified client has its keys and sign-outs, however often somebody sends its request objects', async () => {
    const { port, origin } = await target((_, reply) => void reply.writeHead(200, GOOD).end('{}'))
    const outbound = createOutboundClient({ allow: [`127.0.0.1:${port}`], allowStrangers: true, clock: testClock() })
    const [shop, mail] = ['shop', 'mail'].map((client_id) => ({ client_id, verified: false }))
    if (shop === undefined || mail === undefined) throw new Error('no clients')
    const request = { url: origin, mediaTypes: null, mostBytes: 10 }
    const ask = async (client = shop, use: OutboundUse = 'request object') =>
      (await onBehalfOf(client, use, outbound).ask(request)).kind
    for (let time = 0; time < 120; time++) expect(await ask()).toBe('answered')
    expect(await ask()).toBe('failed')
    expect([await ask(shop, 'keys'), await ask(shop, 'sign-out'), await ask(mail)]).toEqual(Array(3).fill('answered'))
    expect(await ask({ ...shop, verified: true })).toBe('answered')
  })

  test('strangers share half of all connections, nobody has more than four, and clients of the operator have the rest', async () => {
    const held: (() => void)[] = []
    const listener: RequestListener = (_, reply) => {
      held.push(() => void reply.writeHead(200, GOOD).end('{}'))
    }
    const { port } = await target(listener)
    const names = Array.from({ length: 64 }, (_, at) => `host-${at}.example.com`)
    const client = createOutboundClient({
      allow: names.map((name) => `${name}:${port}`),
      allowStrangers: true,
      resolve: async () => ['127.0.0.1'],
    })
    const ask = (name: string, stranger?: string) =>
      client.ask({
        url: `http://${name}:${port}/keys`,
        mediaTypes: ['application/json'],
        mostBytes: 1_000,
        ...(stranger !== undefined && { stranger }),
      })
    const busy = { kind: 'failed', why: 'busy' }
    const first = names.slice(0, 32).map((name, at) => ask(name, `network ${at % 8}`))
    expect(await ask('host-40.example.com', 'network 0')).toMatchObject(busy)
    expect(await ask('host-40.example.com', 'network 9')).toMatchObject(busy)
    const ours = ask('host-40.example.com')
    await expect.poll(() => held.length).toBe(33)
    for (const end of held.splice(0)) end()
    for (const answer of await Promise.all([...first, ours])) expect(answer.kind).toBe('answered')
    const four = names.slice(0, 4).map((name) => ask(name, 'network 0'))
    expect(await ask('host-40.example.com', 'network 0')).toMatchObject(busy)
    four.push(ask('host-40.example.com', 'network 1'))
    await expect.poll(() => held.length).toBe(5)
    for (const end of held.splice(0)) end()
    for (const answer of await Promise.all(four)) expect(answer.kind).toBe('answered')
  })
})

describe('TLS', () => {
  test('is verified: a trusted certificate of that name, and no other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lingpai-outbound-'))
    try {
      const file = (name: string) => join(folder, name)
      execFileSync(
        'openssl',
        words(`req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=keys
          -addext subjectAltName=DNS:keys.example.com -keyout ${file('key')} -out ${file('cert')}`),
        { stdio: 'ignore' },
      )
      const cert = readFileSync(file('cert'), 'utf8')
      const names: unknown[] = []
      const port = await portOf(
        createSecure({ cert, key: readFileSync(file('key'), 'utf8') }, (request, reply) => {
          names.push('servername' in request.socket ? request.socket.servername : null)
          reply.writeHead(200, GOOD).end('{}')
        }),
      )
      const ask = (host: string, roots?: readonly string[]) =>
        createOutboundClient({
          allow: [`${host}:${port}`],
          resolve: async () => ['127.0.0.1'],
          ...(roots && { roots }),
        }).ask({ url: `https://${host}:${port}/`, mediaTypes: null, mostBytes: 10 })
      expect((await ask('keys.example.com', [cert])).kind).toBe('answered')
      expect(await ask('keys.example.com')).toMatchObject({
        why: 'unreachable',
        reason: expect.stringMatching(/SELF_SIGNED/),
      })
      expect(await ask('other.example.com', [cert])).toMatchObject({ reason: expect.stringMatching(/ALTNAME/) })
      expect(names).toEqual(['keys.example.com'])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
