// The look at a public address, against real sockets: certificates of a small authority of our own, and answers of
// servers that misbehave.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createPlain } from 'node:http'
import { createServer as createEncrypted } from 'node:https'
import { createServer as createSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAddressProbe } from '../../../src/http/outbound/probe.ts'
import { portOf } from './listening.ts'

const folder = mkdtempSync(join(tmpdir(), 'lingpai-probe-'))
const file = (name: string) => join(folder, name)
const read = (name: string) => readFileSync(file(name), 'utf8')
const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'ignore' })
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** Signed by `issuer`, or by itself. */
function makeCertificate(name: string, issuer: string | null, extensions: string, days = '2'): void {
  openssl(
    'req',
    '-new',
    ...NEW_KEY,
    '-subj',
    `/CN=${name}`,
    '-keyout',
    file(`${name}.key`),
    '-out',
    file(`${name}.csr`),
  )
  writeFileSync(file(`${name}.ext`), extensions)
  const signer =
    issuer === null
      ? ['-signkey', file(`${name}.key`)]
      : ['-CA', file(`${issuer}.crt`), '-CAkey', file(`${issuer}.key`), '-CAcreateserial']
  openssl(
    'x509',
    '-req',
    '-in',
    file(`${name}.csr`),
    ...signer,
    '-days',
    days,
    '-extfile',
    file(`${name}.ext`),
    '-out',
    file(`${name}.crt`),
  )
}

const CA = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign'
const LOCAL = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
beforeAll(() => {
  makeCertificate('root', null, CA)
  makeCertificate('middle', 'root', CA)
  makeCertificate('leaf', 'middle', LOCAL)
  makeCertificate('other', 'middle', 'subjectAltName=DNS:other.test')
  makeCertificate('alone', null, LOCAL)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const serveTls = (cert: string, key: string) =>
  portOf(createEncrypted({ cert, key: read(`${key}.key`) }, (_request, response) => response.end('{}')))

describe('the certificate', () => {
  it('is good when the whole chain is sent and leads to a trusted root', async () => {
    const probe = createAddressProbe({ roots: [read('root.crt')] })
    const finding = await probe.certificate('127.0.0.1', await serveTls(read('leaf.crt') + read('middle.crt'), 'leaf'))
    expect(finding).toMatchObject({ kind: 'seen', fault: null, nameMatches: true, names: ['localhost', '127.0.0.1'] })
    expect(
      await probe.certificate('localhost', await serveTls(read('leaf.crt') + read('middle.crt'), 'leaf')),
    ).toMatchObject({
      kind: 'seen',
      fault: null,
      nameMatches: true,
    })
  })

  it('RFC 6066 §3 is asked for by name, and of an address without one', async () => {
    const asked: string[] = []
    const server = createEncrypted({
      cert: read('leaf.crt'),
      key: read('leaf.key'),
      SNICallback(name, done) {
        asked.push(name)
        done(null)
      },
    })
    const port = await portOf(server)
    const probe = createAddressProbe({ roots: [read('root.crt')] })
    for (const host of ['127.0.0.1', 'localhost', '127.0.0.1']) {
      expect(await probe.certificate(host, port)).toMatchObject({ kind: 'seen' })
    }
    expect(asked).toEqual(['localhost'])
  })

  it('lacks its intermediate', async () => {
    const probe = createAddressProbe({ roots: [read('root.crt')] })
    const finding = await probe.certificate('127.0.0.1', await serveTls(read('leaf.crt'), 'leaf'))
    expect(finding).toMatchObject({ kind: 'seen', fault: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', sent: 1 })
  })

  it('has a root that is not publicly trusted, whatever this machine trusts besides', async () => {
    const whole = read('leaf.crt') + read('middle.crt') + read('root.crt')
    const finding = await createAddressProbe().certificate('127.0.0.1', await serveTls(whole, 'leaf'))
    expect(finding).toMatchObject({ kind: 'seen', fault: 'SELF_SIGNED_CERT_IN_CHAIN' })
  })

  it('is self-signed', async () => {
    const finding = await createAddressProbe().certificate('127.0.0.1', await serveTls(read('alone.crt'), 'alone'))
    expect(finding).toMatchObject({ kind: 'seen', fault: 'DEPTH_ZERO_SELF_SIGNED_CERT', nameMatches: true, sent: 1 })
  })

  it('was made for another name, which is told apart from the chain; its end is read', async () => {
    const probe = createAddressProbe({ roots: [read('root.crt')] })
    const finding = await probe.certificate(
      '127.0.0.1',
      await serveTls(read('other.crt') + read('middle.crt'), 'other'),
    )
    expect(finding).toMatchObject({ kind: 'seen', fault: null, nameMatches: false, names: ['other.test'] })
    const days = finding.kind === 'seen' ? ((finding.validTo ?? 0) - Date.now() / 1000) / 86_400 : 0
    expect(days).toBeGreaterThan(1.9)
    expect(days).toBeLessThan(2.1)
  })

  it('cannot be seen where nobody listens, where plain http is spoken, and where nothing is ever said', async () => {
    const probe = createAddressProbe({ milliseconds: 300 })
    const gone = createSocket()
    const closed = await portOf(gone)
    await new Promise<unknown>((resolve) => gone.close(resolve))
    expect(await probe.certificate('127.0.0.1', closed)).toEqual({ kind: 'unreachable', code: 'ECONNREFUSED' })
    const plain = await portOf(createPlain((_request, response) => response.end()))
    expect(await probe.certificate('127.0.0.1', plain)).toMatchObject({ kind: 'unreachable' })
    const sockets: { destroy(): void }[] = []
    const silent = await portOf(createSocket((socket) => void sockets.push(socket)))
    expect(await probe.certificate('127.0.0.1', silent)).toEqual({ kind: 'unreachable', code: 'timeout' })
    for (const socket of sockets) socket.destroy()
  })
})

describe('one GET', () => {
  it('brings status and body, over TLS of whatever kind', async () => {
    const probe = createAddressProbe()
    const plain = await portOf(createPlain((_request, response) => response.writeHead(421).end('{"a":1}')))
    expect(await probe.ask(`http://127.0.0.1:${plain}/x`)).toEqual({ kind: 'answered', status: 421, body: '{"a":1}' })
    const encrypted = await serveTls(read('alone.crt'), 'alone')
    expect(await probe.ask(`https://127.0.0.1:${encrypted}/x`)).toEqual({ kind: 'answered', status: 200, body: '{}' })
  })

  it('follows no redirect', async () => {
    let asked = 0
    const port = await portOf(
      createPlain((_request, response) => {
        asked++
        response.writeHead(302, { location: '/elsewhere' }).end()
      }),
    )
    expect(await createAddressProbe().ask(`http://127.0.0.1:${port}/`)).toMatchObject({ status: 302 })
    expect(asked).toBe(1)
  })

  it('reads no more than a few kilobytes, and waits no longer than it says', async () => {
    const endless = await portOf(
      createPlain((_request, response) => {
        const timer = setInterval(() => response.write('x'.repeat(10_000)), 1)
        response.on('close', () => clearInterval(timer))
      }),
    )
    const probe = createAddressProbe({ milliseconds: 500 })
    const answer = await probe.ask(`http://127.0.0.1:${endless}/`)
    expect(answer).toMatchObject({ kind: 'answered', status: 200 })
    expect(answer.kind === 'answered' && answer.body.length).toBe(4096)
    const silent = await portOf(createPlain(() => undefined))
    expect(await probe.ask(`http://127.0.0.1:${silent}/`)).toEqual({ kind: 'unreachable', code: 'timeout' })
  })
})

describe('the name', () => {
  it('leads to its addresses; an address leads to itself', async () => {
    const probe = createAddressProbe()
    expect(await probe.resolve('192.0.2.1')).toEqual(['192.0.2.1'])
    expect((await probe.resolve('localhost'))?.some((address) => address === '127.0.0.1' || address === '::1')).toBe(
      true,
    )
  })

  it('without an address gives none, or says that nobody could be asked', async () => {
    const found = await createAddressProbe({ milliseconds: 3000 }).resolve('no-such-host.invalid')
    expect(found === null || found.length === 0).toBe(true)
  })
})
