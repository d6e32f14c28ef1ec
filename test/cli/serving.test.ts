// A started server from outside: how it ends, and how it is reached over TLS and through a proxy.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { constants } from 'node:os'
import { afterAll, describe, expect, test } from 'vitest'
import { ADMINISTRATOR, openedBy } from '../administration/set-up/builders.ts'
import { eventually } from '../faults/support/caller.ts'
import { cleanEnvironment, REPOSITORY, scratchFolder, startLingpai } from '../support/cli.ts'
import { readable, Visitor } from '../support/visitor.ts'

const scratch = scratchFolder()
afterAll(() => scratch.remove())

/** Milliseconds. An end that waited for a connection which nobody uses would take four seconds: then fetch gives it up. */
const SOON = 3_500

describe('the end', () => {
  test('SIGTERM lets a request in flight finish, and the process ends with 0 soon after it', async () => {
    const server = await startLingpai(['--data', scratch.path('ending')])
    const body = 'grant_type=client_credentials'
    const socket = connect(server.port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text
    })
    socket.write(
      `POST /sso/token HTTP/1.1\r\nHost: localhost:${server.port}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    // An answered request beside it proves that the half one has been read.
    expect((await fetch(`${server.issuer}/sso/jwks`)).status).toBe(200)
    const ended = server.stop()
    // A wrapper hands on the signal that the terminal has sent already: still one wish to stop.
    void server.stop('SIGINT')
    const isClosed = () =>
      fetch(`${server.issuer}/sso/jwks`).then(
        () => false,
        () => true,
      )
    await eventually(isClosed, Boolean)
    const finishing = performance.now()
    socket.write(body)
    await once(socket, 'close')
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
    expect((await ended).code).toBe(0)
    expect(performance.now() - finishing).toBeLessThan(SOON)
  })

  test('an idle server ends soon', async () => {
    const server = await startLingpai(['--data', scratch.path('idle')])
    await fetch(`${server.issuer}/sso/jwks`)
    const { code, milliseconds } = await server.stop()
    expect(code).toBe(0)
    expect(milliseconds).toBeLessThan(SOON)
  })

  test('with a stop delay /readyz says so at once, and new visitors are answered until it is over', async () => {
    const server = await startLingpai(['--data', scratch.path('delayed'), '--stop-delay', '5s'])
    const ask = async (path: string, method = 'GET') => {
      // Each by a connection of its own, as a balancer opens them.
      const reply = await fetch(`${server.issuer}${path}`, { method, headers: { connection: 'close' } })
      return [reply.status, await reply.text()]
    }
    expect(await ask('/readyz')).toEqual([200, '{"status":"ready"}'])
    const ended = server.stop()
    await eventually(
      () => ask('/readyz'),
      (said) => said[0] === 503,
    )
    expect(await ask('/readyz')).toEqual([503, '{"status":"unready","reason":"the server is stopping"}'])
    expect(await ask('/readyz', 'HEAD')).toEqual([503, ''])
    expect(await ask('/healthz')).toEqual([200, '{"status":"ok"}'])
    expect((await ask('/sso/jwks'))[0]).toBe(200)
    const { code, milliseconds } = await ended
    expect(code).toBe(0)
    expect(milliseconds).toBeGreaterThanOrEqual(4_900)
    expect(server.log()).toContain('stopping: not ready any more')
  })

  test('a second signal ends a stop delay', async () => {
    const server = await startLingpai(['--data', scratch.path('impatient'), '--stop-delay', '1m'])
    const ended = server.stop()
    await eventually(
      () => fetch(`${server.issuer}/readyz`),
      ({ status }) => status === 503,
    )
    // Within a second of the first it would be the same wish, handed on by a wrapper.
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    void server.stop('SIGINT')
    expect((await ended).milliseconds).toBeLessThan(30_000)
  })
})

// As a terminal and a supervisor see it: the real npm, its shell and the server.
describe.runIf(process.platform === 'linux')('npm start', () => {
  async function throughNpm(name: string) {
    const words = ['start', '--', '--data', scratch.path(name), '--port', '0']
    // A group of its own, as a shell gives one to each command: a terminal tells all of it at Ctrl+C.
    const npm = spawn('npm', words, { cwd: REPOSITORY, env: cleanEnvironment(), detached: true })
    let said = ''
    for (const stream of [npm.stdout, npm.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    }
    // The pipes close when the last process that holds them has ended.
    const ended = once(npm, 'close') as Promise<[number | null, NodeJS.Signals | null]>
    while (!said.includes('Ctrl+C')) await Promise.race([once(npm.stdout, 'data'), ended.then(() => fail(said))])
    const issuer = /http:\/\/localhost:\d+/.exec(said)?.[0] ?? ''
    expect((await fetch(`${issuer}/healthz`)).status).toBe(200)
    return { pid: npm.pid ?? 0, issuer, ended, said: () => said }
  }
  const fail = (said: string) => {
    throw new Error(`npm start ended: ${said}`)
  }

  test.each([
    ['Ctrl+C, which reaches npm, its shell and the server at once', -1, 'SIGINT'],
    ['SIGTERM to npm alone', 1, 'SIGTERM'],
  ] as const)('ends in good order by %s, without an error of npm', async (_, whom, signal) => {
    const server = await throughNpm(signal)
    process.kill(whom * server.pid, signal)
    const [code, by] = await server.ended
    // Whatever waits for npm is told the signal, as a shell expects of a command that was interrupted.
    expect([null, 0, 128 + constants.signals[signal]]).toContain(code)
    expect([null, signal]).toContain(by)
    expect(server.said()).toContain('stopping: finishing what is in flight')
    expect(server.said()).not.toMatch(/npm (error|ERR!)|Error:/)
    await expect(fetch(`${server.issuer}/healthz`)).rejects.toThrow()
    // What it held is free again.
    const again = await startLingpai(['--data', scratch.path(signal)])
    expect((await again.stop()).code).toBe(0)
  })
})

describe('TLS and proxies', () => {
  test('certificate files make an https server', async () => {
    const [cert, key] = [scratch.path('cert.pem'), scratch.path('key.pem')]
    execFileSync(
      'openssl',
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout ${key} -out ${cert}`.split(
        ' ',
      ),
      { stdio: 'ignore' },
    )
    const server = await startLingpai(['--data', scratch.path('tls'), '--tls-cert', cert, '--tls-key', key])
    expect(server.issuer).toBe(`https://localhost:${server.port}`)
    // A process of its own: which authorities Node believes is settled when it starts.
    const script = `const reply = await fetch('${server.issuer}/.well-known/openid-configuration'); console.log((await reply.json()).issuer)`
    const ask = (env: Record<string, string>) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' })
    expect(ask({ NODE_EXTRA_CA_CERTS: cert }).stdout.trim()).toBe(server.issuer)
    expect(ask({}).stderr).toMatch(/self-signed certificate/i)
    await server.stop()
  })

  test('behind a trusted proxy an https issuer is served, and an untrusted plain request is refused', async () => {
    const issuer = 'https://sso.example.test'
    const document = '/.well-known/openid-configuration'
    const forwarded = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'sso.example.test',
      'x-forwarded-for': '192.0.2.1',
    }
    const trusted = await startLingpai([
      '--data',
      scratch.path('proxied'),
      '--issuer',
      issuer,
      '--trusted-proxies',
      '127.0.0.1',
    ])
    const at = `http://127.0.0.1:${trusted.port}${document}`
    const served = await fetch(at, { headers: forwarded })
    expect(served.status).toBe(200)
    expect(await served.json()).toMatchObject({ issuer, token_endpoint: `${issuer}/sso/token` })
    expect((await fetch(at)).status).toBe(421)
    await trusted.stop()
    const other = await startLingpai(['--data', scratch.path('proxied'), '--trusted-proxies', '192.0.2.77'])
    expect((await fetch(`http://127.0.0.1:${other.port}${document}`, { headers: forwarded })).status).toBe(421)
    await other.stop()
  })
})

test('what is said before any endpoint is asked bears the name that the set-up was given, like every page', async () => {
  const server = await startLingpai(['--data', scratch.path('named')])
  try {
    const visitor = new Visitor()
    const tooLarge = async () => {
      const reply = await visitor.post(`${server.issuer}/sso/sign-in/x`, { username: 'x'.repeat(200_000) })
      expect(reply.status).toBe(413)
      return readable(reply.html)
    }
    expect(await tooLarge()).toContain('Lingpai 令牌')
    const first = await openedBy(visitor, server.setupLink ?? '')
    await visitor.submit(first, 'continue', { ...ADMINISTRATOR, company: 'Morning Star Films' })
    expect(await tooLarge()).toContain('Morning Star Films')
  } finally {
    await server.stop()
  }
})
